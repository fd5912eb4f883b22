"""Rules for what a well-formed suite says: whether its models and datasets can be measured."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ovreport.errors import did_you_mean
from ovreport.metrics import METRICS
from ovreport.variants import OPTIMIZATIONS
from ovreport_collector import tasks
from ovreport_collector.datasets import LAYOUTS
from ovreport_collector.models import variants
from ovreport_collector.models.inspect.names import key
from ovreport_collector.plan.validation import Fault, files, text
from ovreport_collector.suite.language import is_language
from ovreport_collector.suite.model import Dataset, Model, Published, Suite

MAX_ELEMENTS = 1 << 31
"""Of one input. More is a typing error, and would fill the memory."""


def faults(suite: Suite) -> Iterator[Fault]:
    """Yield everything that keeps a suite of the right types from being measured."""
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
    yield from _task_and_data(path, model, suite)
    yield from _options(f"{path}.options", model)
    yield from _variants(f"{path}.variants", model)
    if is_language(model):
        yield from _language_model(path, model)
    else:
        yield from _shapes(f"{path}.shapes", model)
    yield from files.pinned(f"{path}.file", model.file, suite)
    yield from files.model_file(f"{path}.file.uri", model, suite)
    for role, file in model.files.items():
        yield from text.slug(f"{path}.files.{role}", role)
        yield from files.pinned(f"{path}.files.{role}", file, suite)
    for index, published in enumerate(model.published):
        yield from _published(f"{path}.published[{index}]", published)


def _task_and_data(path: str, model: Model, suite: Suite) -> Iterator[Fault]:
    names = tasks.names()
    if model.task not in names:
        what = f'unknown task "{model.task}"'
        remedy = f"{did_you_mean(model.task, names)}use one of: {', '.join(names)}"
        yield Fault(f"{path}.task", what, remedy)
    if model.data and model.data not in suite.datasets:
        what = f'unknown dataset "{model.data}"'
        known = ", ".join(suite.datasets)
        remedy = f"use one of: {known}" if known else "add it below [datasets]"
        remedy = did_you_mean(model.data, suite.datasets) + remedy
        yield Fault(f"{path}.data", what, f"{remedy}; or remove data")


def _options(path: str, model: Model) -> Iterator[Fault]:
    """Yield a fault for each option that the task does not have, where it says which it has."""
    task = tasks.TASKS.get(model.task)
    if not isinstance(task, tasks.HasOptions):
        return
    for name in model.options:
        if not any(option.accepts(name) for option in task.options):
            _, _, of_input = name.partition(".")
            known = [one.name.replace("INPUT", of_input or "INPUT") for one in task.options]
            remedy = f"use one of: {', '.join(known)}" if known else "remove it: it has none"
            what = f'the task {model.task} has no option "{name}"'
            yield Fault(f"{path}.{key(name)}", what, f"{did_you_mean(name, known)}{remedy}")


def _published(path: str, published: Published) -> Iterator[Fault]:
    texts = {"variant": published.variant, "source": published.source, "note": published.note}
    yield from text.lines(path, **texts)
    known = [key for key, metric in METRICS.items() if metric.measurement == "accuracy"]
    if published.metric not in known:
        what = f'"{published.metric}" is not an accuracy metric'
        remedy = f"{did_you_mean(published.metric, known)}use one of: {', '.join(known)}"
        yield Fault(f"{path}.metric", what, remedy)
    if not -1 <= published.value <= 1:
        what = f"{published.value:g} is neither a share nor a coefficient"
        yield Fault(f"{path}.value", what, "write 0.751 for 75.1 %")
    yield from text.link(f"{path}.url", published.url)
    if not published.source:
        remedy = "name what publishes it: a model card, a paper, a table"
        yield Fault(f"{path}.source", "no source", remedy)


def _language_model(path: str, model: Model) -> Iterator[Fault]:
    if model.shapes:
        what = "a language model has no static shapes"
        yield Fault(f"{path}.shapes", what, "remove shapes: prompts differ in length")
    if not model.data:
        what = "a language model needs a text for its prompts"
        yield Fault(f"{path}.data", what, "name a dataset that has a file of the role text")


def _variants(path: str, model: Model) -> Iterator[Fault]:
    possible = variants.possible(model)
    if unknown := sorted(set(model.variants) - set(OPTIMIZATIONS)):
        known = ", ".join(possible or OPTIMIZATIONS)
        remedy = f"{did_you_mean(unknown[0], possible or OPTIMIZATIONS)}use one of: {known}"
        yield Fault(path, f'unknown variant "{unknown[0]}"', remedy)
    elif model.variants and not possible:
        what = f"the published file is {model.variant} already"
        yield Fault(path, what, "remove variants: only floating-point models are optimized")
    elif impossible := sorted(set(model.variants) - set(possible)):
        what = f"a language model cannot be optimized to {impossible[0]}"
        yield Fault(path, what, f"use one of: {', '.join(possible)}")
    for name in {n for n in model.variants if model.variants.count(n) > 1}:
        yield Fault(path, f'"{name}" is listed twice', "list each variant once")


def _dataset(path: str, name: str, dataset: Dataset, suite: Suite) -> Iterator[Fault]:
    yield from text.slug(path, name)
    yield from text.lines(path, title=dataset.title, licence=dataset.licence)
    yield from text.homepage(f"{path}.homepage", dataset.homepage)
    if not dataset.files and not dataset.layout:
        remedy = "add at least one, with its role; or a layout, for data that users provide"
        yield Fault(f"{path}.files", "no file", remedy)
    if dataset.files and dataset.layout:
        remedy = "remove one: files are fetched, data of a layout are provided by the user"
        yield Fault(f"{path}.layout", "both files and a layout", remedy)
    if dataset.layout and dataset.layout not in LAYOUTS:
        what = f'unknown layout "{dataset.layout}"'
        remedy = f"{did_you_mean(dataset.layout, LAYOUTS)}use one of: {', '.join(LAYOUTS)}"
        yield Fault(f"{path}.layout", what, remedy)
    for role, file in dataset.files.items():
        yield from text.slug(f"{path}.files.{role}", role)
        yield from files.pinned(f"{path}.files.{role}", file, suite)


def _shapes(path: str, model: Model) -> Iterator[Fault]:
    """Yield faults of static shapes; those of a model's file are compared once it is there."""
    if model.converter and not model.shapes:
        remedy = "give each input a static shape: { input = [1, 3, 224, 224] }"
        yield Fault(path, "no shape", remedy)
    for name, shape in model.shapes.items():
        at = f'{path}."{name}"'
        yield from text.lines(path, **{f'"{name}"': name})
        if any(dimension <= 0 for dimension in shape):
            what = f"{shape} has a dimension that is not positive"
            yield Fault(at, what, "give a static shape of positive whole numbers")
        elif math.prod(shape) > MAX_ELEMENTS:
            yield Fault(at, f"{shape} has more than 2³¹ elements", "give a smaller shape")
