"""From a pile of records to results: the newest of each case, named, with what it builds on."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from ovreport.engines import ENGINES
from ovreport.errors import RecordError, one_line
from ovreport.metrics import MetricValues, metric_values
from ovreport.record import Record
from ovreport.store import Stored
from ovreport_sitegen.compare.paired import same_run
from ovreport_sitegen.data import history, variants
from ovreport_sitegen.data.result import DeviceKey, DeviceRef, ModelRef, Result
from ovreport_sitegen.text import line, short_name, unique_slugs

K = TypeVar("K")
V = TypeVar("V")
Anchor = tuple[str, ...]
ModelKey = tuple[bool, str]
"""Whether it is a language model, and its id: the pages of the two kinds differ."""


@dataclass(frozen=True)
class Names:
    """What pages call the models, the devices and the cases that records are of."""

    models: Mapping[ModelKey, ModelRef]
    devices: Mapping[DeviceKey, DeviceRef]
    anchors: Mapping[Anchor, str]

    def result(self, record: Record, metric_values: MetricValues) -> Result:
        """Return a record with its names."""
        return Result(
            record=record,
            metric_values=metric_values,
            model=self.models[_model_key(record)],
            device=self.devices[device_key(record)],
            anchor=f"case-{self.anchors[case_key(record)]}",
        )


def names(records: Sequence[Record]) -> Names:
    """Return the names of everything that the newest records are of."""
    return Names(_models(records), _devices(records), _anchors(records))


def results(current: Sequence[Record], older: Iterable[Record], named: Names) -> Iterator[Result]:
    """Yield every record with its figures, and what its run left out from the one before."""
    before = grouped((case_key(record), record) for record in older)
    for record in current:
        whole, of_earlier = history.completed(record, before.get(case_key(record), []))
        yield replace(
            named.result(whole, history.figures_of(whole, of_earlier)),
            of_earlier=of_earlier,
        )


def partners(native: Sequence[Result], older: Iterable[Record], named: Names) -> Iterator[Result]:
    """Yield OpenVINO's earlier results that ran beside the newest of a native framework.

    OpenVINO measured again alone leaves them the last pair that there is.
    """
    beside = grouped(((r.model.id, r.device.key), r.record) for r in native)
    for record in older:
        others = beside.get((record.model.id, device_key(record)), [])
        is_ours = ENGINES[record.case.engine].kind == "openvino"
        if is_ours and any(same_run(other, record) for other in others):
            yield named.result(record, metric_values(record))


def _anchors(records: Sequence[Record]) -> dict[Anchor, str]:
    """Return the name of each case's place on its model's page."""
    by_model: dict[str, list[tuple[str, ...]]] = {}
    for record in records:
        by_model.setdefault(record.model.id, []).append(case_key(record))
    found: dict[Anchor, str] = {}
    for keys in by_model.values():
        found |= unique_slugs(keys, _anchor)
    return found


def _anchor(key: tuple[str, ...]) -> str:
    machine, engine, _, device, _, variant, precision = key
    own = [engine] if ENGINES[engine].kind == "native" else []
    return "-".join((*own, device, machine, variant, precision))


def device_key(record: Record) -> DeviceKey:
    """Return what makes a device one: the machine, and its full name there."""
    return record.machine.id, record.device.full_name


def case_key(record: Record) -> tuple[str, ...]:
    """Return what makes two records measurements of the same case."""
    case = record.case
    return (
        record.machine.id,
        case.engine,
        record.device.full_name,
        case.device,
        case.model,
        case.variant,
        case.precision,
    )


def newest(stored: Iterable[Stored]) -> tuple[list[Record], list[Record], list[RecordError]]:
    """Return the newest record of each case, all others from old to new, and what is in doubt.

    In doubt is which of two records of one case and one time is the newer: the one of the longer
    tier counts as such, then the one whose file name is the later in the alphabet.
    """
    by_case = grouped((case_key(one.record), one) for one in sorted(stored, key=_age))
    doubts = [
        _same_time(one, after)
        for of_case in by_case.values()
        for one, after in itertools.pairwise(of_case)
        if one.record.measured_at == after.record.measured_at
    ]
    older = sorted((one for of_case in by_case.values() for one in of_case[:-1]), key=_age)
    return [of_case[-1].record for of_case in by_case.values()], [o.record for o in older], doubts


def _age(one: Stored) -> tuple[str, float, str]:
    return one.record.measured_at, one.record.tier.min_seconds, one.path.name


def _same_time(one: Stored, after: Stored) -> RecordError:
    return RecordError(
        f"of the same case and time as {one_line(str(after.path), limit=1000)}, which counts as "
        "the newer",
        where=one_line(str(one.path), limit=1000),
        remedy="Keep one of the two.",
    )


def _model_key(record: Record) -> ModelKey:
    return record.case.is_language, record.model.id


def _models(records: Sequence[Record]) -> dict[ModelKey, ModelRef]:
    mine: dict[ModelKey, list[Record]] = {}
    for record in sorted(records, key=lambda r: r.measured_at):
        mine.setdefault(_model_key(record), []).append(record)
    described = {key: of_model[-1].model for key, of_model in mine.items()}
    slugs = unique_slugs(sorted(described), lambda key: key[1])
    return {
        key: ModelRef(
            id=key[1],
            title=line(model.title, 60) or key[1],
            slug=slugs[key],
            task=line(model.task.replace("-", " "), 40),
            architecture_only=model.architecture_only,
            variants=variants.ordered(r.case.variant for r in mine[key]),
            published=variants.published(mine[key]),
        )
        for key, model in described.items()
    }


def _devices(records: Sequence[Record]) -> dict[DeviceKey, DeviceRef]:
    families = {device_key(r): r.device.family for r in records}
    keys = sorted(families)
    names = {key: short_name(key[1]) for key in keys}
    shared = {n for n in names.values() if list(names.values()).count(n) > 1}
    slugs = unique_slugs(keys, lambda key: f"{short_name(key[1])}-{key[0]}"[:60])
    return {
        key: DeviceRef(
            key=key,
            label=f"{names[key]} ({key[0]})" if names[key] in shared else names[key],
            slug=slugs[key],
            family=families[key],
        )
        for key in keys
    }


def grouped(pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    """Return the values of each key, in their order."""
    groups: dict[K, list[V]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups
