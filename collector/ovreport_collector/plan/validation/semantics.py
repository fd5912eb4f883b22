"""What a well-formed suite says: whether its models and datasets can be measured."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from ovreport.metrics import METRICS
from ovreport_collector import tasks
from ovreport_collector.models import variants
from ovreport_collector.plan.validation import files, text
from ovreport_collector.plan.validation.fault import Fault
from ovreport_collector.suite.language import is_language
from ovreport_collector.suite.model import Dataset, Model, Published, Suite

MAX_ELEMENTS = 1 << 31
"""Of one input. More is a slip of the pen, and would fill the memory."""


def meaning(suite: Suite) -> Iterator[Fault]:
    """Yield the faults of a well-formed suite: names, pins, addresses, shapes."""
    yield from text.slug("$.id", suite.id)
    yield from text.lines("$", title=suite.title)
    if not suite.models:
        yield Fault("$.models", "no model", "add at least one [[models]]")
    for pin, wheel in suite.wheels.items():
        yield from files.wheel(f'$.wheels."{pin}"', pin, wheel)
    for name, dataset in suite.datasets.items():
        yield from _dataset(f"$.datasets.{name}", name, dataset, suite)
    seen: set[str] = set()
    for index, model in enumerate(suite.models):
        path = f"$.models[{index}]"
        if model.id in seen:
            yield Fault(f"{path}.id", f'"{model.id}" is used twice', "give each model its own id")
        seen.add(model.id)
        yield from _model(path, model, suite)


def _model(path: str, model: Model, suite: Suite) -> Iterator[Fault]:
    yield from text.slug(f"{path}.id", model.id)
    yield from text.lines(path, title=model.title, licence=model.licence, why=model.why)
    yield from text.homepage(f"{path}.homepage", model.homepage)
    names = tasks.names()
    if model.task not in names:
        known = f"use one of: {', '.join(names)}"
        yield Fault(f"{path}.task", f'unknown task "{model.task}"', known)
    if model.data and model.data not in suite.datasets:
        known = ", ".join(suite.datasets) or "there is none yet"
        remedy = f"use one of [datasets] ({known}), or leave data out"
        yield Fault(f"{path}.data", f'unknown dataset "{model.data}"', remedy)
    yield from _variants(f"{path}.variants", model)
    if is_language(model):
        yield from _of_language(path, model)
    else:
        yield from _shapes(f"{path}.shapes", model.shapes)
    yield from files.pinned(f"{path}.file", model.file, suite)
    yield from files.network(f"{path}.file.uri", model, suite)
    for role, file in model.files.items():
        yield from text.slug(f"{path}.files.{role}", role)
        yield from files.pinned(f"{path}.files.{role}", file, suite)
    for index, figure in enumerate(model.published):
        yield from _published(f"{path}.published[{index}]", figure)


def _published(path: str, figure: Published) -> Iterator[Fault]:
    yield from text.lines(path, variant=figure.variant, source=figure.source, note=figure.note)
    known = [key for key, metric in METRICS.items() if metric.measurement == "accuracy"]
    if figure.metric not in known:
        what = f'"{figure.metric}" is no metric of accuracy'
        yield Fault(f"{path}.metric", what, f"use one of: {', '.join(known)}")
    if not -1 <= figure.value <= 1:
        what = f"{figure.value:g} is no share and no coefficient"
        yield Fault(f"{path}.value", what, "write 0.751 for 75.1 %")
    if not (figure.url.startswith("https://") and figure.url.isprintable()):
        remedy = "write the https:// address where a reader finds the figure"
        yield Fault(f"{path}.url", f'"{figure.url[:80]}" is not an address', remedy)
    if not figure.source:
        yield Fault(f"{path}.source", "no source", "say what publishes the figure")


def _of_language(path: str, model: Model) -> Iterator[Fault]:
    if model.shapes:
        remedy = "leave shapes out: prompts have lengths of their own"
        yield Fault(f"{path}.shapes", "a language model has no static shapes", remedy)
    if not model.data:
        remedy = "name one of [datasets] whose file has the role text"
        yield Fault(f"{path}.data", "no text to take prompts from", remedy)


def _variants(path: str, model: Model) -> Iterator[Fault]:
    possible = variants.possible(model)
    if model.variants and not possible:
        what = f"the published file is {model.variant} already"
        yield Fault(path, what, "leave variants out: only fp32 models are optimized")
    elif unfit := sorted(set(model.variants) - set(possible)):
        what = f"a language model cannot be made {unfit[0]}"
        yield Fault(path, what, f"use {' or '.join(possible)}")
    for name in {n for n in model.variants if model.variants.count(n) > 1}:
        yield Fault(path, f'"{name}" is named twice', "name each variant once")


def _dataset(path: str, name: str, dataset: Dataset, suite: Suite) -> Iterator[Fault]:
    yield from text.slug(path, name)
    yield from text.lines(path, title=dataset.title, licence=dataset.licence)
    yield from text.homepage(f"{path}.homepage", dataset.homepage)
    if not dataset.files and not dataset.layout:
        remedy = "name at least one, with its role; or a layout, where users bring the data"
        yield Fault(f"{path}.files", "no file", remedy)
    if dataset.files and dataset.layout:
        remedy = "leave one out: files are fetched, what has a layout is brought by the user"
        yield Fault(f"{path}.layout", "files and a layout", remedy)
    for role, file in dataset.files.items():
        yield from text.slug(f"{path}.files.{role}", role)
        yield from files.pinned(f"{path}.files.{role}", file, suite)


def _shapes(path: str, shapes: Mapping[str, list[int]]) -> Iterator[Fault]:
    if not shapes:
        yield Fault(
            path, "no shape", "give each input a static shape: { input = [1, 3, 224, 224] }"
        )
    for name, shape in shapes.items():
        at = f'{path}."{name}"'
        yield from text.lines(path, **{f'"{name}"': name})
        if any(dimension <= 0 for dimension in shape):
            what = f"{shape} has a dimension that is not positive"
            yield Fault(at, what, "give a static shape: positive whole numbers only")
        elif math.prod(shape) > MAX_ELEMENTS:
            yield Fault(at, f"{shape} is more than 2³¹ elements", "give a smaller shape")
