"""What results are told apart by: each of these can be the columns of the answer table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ovreport.engines import ENGINES
from ovreport.store import slug
from ovreport.variants import VARIANTS
from ovreport_sitegen.answer.state import PUBLISHED
from ovreport_sitegen.data.result import Result

_PRECISIONS = ("f32", "f16", "bf16", "i8", "mixed")
"""From full to reduced."""
_VARIANTS = list(VARIANTS)
NATIVE = "native"
"""All frameworks that models come from: each model has one of them."""


@dataclass(frozen=True)
class Place:
    """What a column stands for."""

    key: str
    """In addresses."""
    label: str
    note: str = ""
    """Second line of its head."""
    order: tuple[object, ...] = ()


@dataclass(frozen=True)
class Axis:
    """One way to tell results apart."""

    key: str
    title: str
    """In the list of what columns can be."""
    place: Callable[[Result], Place]


def _device(result: Result) -> Place:
    return Place(result.device.slug, result.device.label, result.device.family)


def ran(result: Result) -> str:
    """Return the precision that ran; the requested one where it did not, or was not told."""
    return result.executed or result.precision


def _precision(result: Result) -> Place:
    return Place(slug(ran(result)), ran(result), order=_precision_order(ran(result)))


def _precision_order(name: str) -> tuple[object, ...]:
    return (_PRECISIONS.index(name) if name in _PRECISIONS else len(_PRECISIONS), name)


def _weights(result: Result) -> Place:
    if result.is_published:  # of one model fp32, of another fp16
        return Place(PUBLISHED, "As published", order=(-1,))
    variant = VARIANTS[result.variant]
    return Place(variant.name, variant.label, order=(_VARIANTS.index(variant.name),))


def _choice(result: Result) -> Place:
    label = f"{VARIANTS[result.variant].short} · {ran(result)}"
    order = (_VARIANTS.index(result.variant), *_precision_order(ran(result)))
    return Place(slug(label), label, order=order)


def _engine(result: Result) -> Place:
    if result.framework:
        return Place(NATIVE, "Native framework", "that the model comes from", (1,))
    engine = ENGINES[result.record.case.engine]
    return Place("openvino", "OpenVINO", "" if engine.kind == "openvino" else engine.title, (0,))


def _release(result: Result) -> Place:
    return Place(result.release, f"OpenVINO {result.release}", order=_newest_first(result.release))


def _newest_first(release: str) -> tuple[object, ...]:
    numbers = [-int(part) for part in re.findall(r"\d{1,9}", release)]
    return (*numbers, *[1] * (4 - len(numbers)), release)


AXES: dict[str, Axis] = {
    axis.key: axis
    for axis in (
        Axis("device", "Devices", _device),
        Axis("precision", "Precisions that ran", _precision),
        Axis("weights", "Weights", _weights),
        Axis("choice", "Weights and precision", _choice),
        Axis("engine", "OpenVINO and native", _engine),
        Axis("release", "Releases", _release),
    )
}
"""By key; beside them, columns can be the metrics of one group (`metric`)."""


def places(axis: Axis, results: Iterable[Result], devices: Sequence[str]) -> list[Place]:
    """Return what the columns of some results are, in order; `devices`: slugs in theirs."""
    found = {place.key: place for place in map(axis.place, results)}
    if axis.key == "device":
        order = {key: i for i, key in enumerate(devices)}
        return sorted(found.values(), key=lambda place: order.get(place.key, len(order)))
    return sorted(found.values(), key=lambda place: place.order)
