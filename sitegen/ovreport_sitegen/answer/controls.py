"""What a reader can choose from: the controls of the answer table, with what is chosen at first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ovreport.metrics import GROUPS
from ovreport.record import Accuracy
from ovreport.store import slug
from ovreport.variants import VARIANTS
from ovreport_sitegen.answer import axes
from ovreport_sitegen.answer.choice import ACCURACY
from ovreport_sitegen.answer.columns import BY_METRIC
from ovreport_sitegen.answer.state import ANY, DEFAULT, KEPT, PUBLISHED, TASK, State
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result, with_value


@dataclass(frozen=True)
class Option:
    """One of a list to choose from."""

    key: str
    label: str
    is_chosen: bool = False


@dataclass(frozen=True)
class Choices:
    """Options under a title; an empty one stands without."""

    title: str
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Controls:
    """The lists of the controls, named as the fields of the state."""

    metric: tuple[Choices, ...]
    columns: tuple[Choices, ...]
    precision: tuple[Choices, ...]
    weights: tuple[Choices, ...]
    models: tuple[Choices, ...]
    device: tuple[Option, ...]
    baseline: tuple[Option, ...]
    """The columns that are shown; the script replaces them with those of another state."""
    stable: bool


def controls(catalogue: Catalogue, state: State, columns: Sequence[axes.Place]) -> Controls:
    """Return the controls of a table in its first state, which has these columns."""
    results = [*catalogue.results, *catalogue.native]
    return Controls(
        metric=tuple(_metrics(results, state)),
        columns=(Choices("", tuple(_columns(catalogue, results, state))),),
        precision=(Choices("", tuple(_precisions(results, state))),),
        weights=(Choices("", tuple(_weights(results, state))),),
        models=tuple(_models(catalogue, results, state)),
        device=tuple(
            Option(d.slug, d.label, not state.device or d.slug in state.device)
            for d in sorted(catalogue.devices, key=catalogue.rank, reverse=True)
        ),
        baseline=(
            Option("", "Nothing", not state.baseline),
            *(Option(c.key, c.label, c.key == state.baseline) for c in columns),
        ),
        stable=state.stable,
    )


def _metrics(results: list[Result], state: State) -> Iterable[Choices]:
    """Yield the metrics that have a value, by group; accuracy is one, whatever a model's is."""
    measured = with_value(results)
    if any(isinstance(r.accuracy, Accuracy) for r in results):
        yield Choices("", (Option(ACCURACY, "Accuracy", state.metric == ACCURACY),))
    for group in GROUPS:
        found = [m for m in group.metrics if m.key in measured and m.measurement != ACCURACY]
        if found:
            options = (Option(m.key, m.label, state.metric == m.key) for m in found)
            yield Choices(group.title, tuple(options))


def _columns(catalogue: Catalogue, results: list[Result], state: State) -> Iterable[Option]:
    for axis in axes.AXES.values():
        some = [*results, *catalogue.earlier_releases] if axis.key == "release" else results
        if axis.key == state.columns or _differ(axis.place(r).key for r in some):
            yield Option(axis.key, axis.title, state.columns == axis.key)
    yield Option(BY_METRIC, "Metrics of this kind", state.columns == BY_METRIC)


def _differ(keys: Iterable[str]) -> bool:
    """Return whether there are two keys, as soon as there are."""
    rest = iter(keys)
    first = next(rest, None)
    return any(key != first for key in rest)


def _precisions(results: list[Result], state: State) -> Iterable[Option]:
    yield Option(KEPT, "Best that keeps 99 % accuracy", state.precision == KEPT)
    yield Option(ANY, "Best, at any accuracy", state.precision == ANY)
    requested = sorted({r.requested for r in results}, key=lambda name: (name != DEFAULT, name))
    for name in requested:
        label = "Device’s default" if name == DEFAULT else f"{name} requested"
        yield Option(name, label, state.precision == name)


def _weights(results: list[Result], state: State) -> Iterable[Option]:
    yield Option("", "All", not state.weights)
    yield Option(PUBLISHED, "As published", state.weights == PUBLISHED)
    found = {r.variant for r in results}
    for name in VARIANTS:
        if name in found:
            yield Option(name, VARIANTS[name].label, state.weights == name)


def _models(catalogue: Catalogue, results: list[Result], state: State) -> Iterable[Choices]:
    yield Choices("", (Option("", "All models", not state.models),))
    tasks = sorted({r.model.task for r in results if r.model.task})
    keys = {f"{TASK}{slug(task)}": task for task in tasks}
    options = (Option(key, task.capitalize(), state.models == key) for key, task in keys.items())
    yield Choices("Task", tuple(options))
    models = (Option(m.slug, m.title, state.models == m.slug) for m in catalogue.models)
    yield Choices("Model", tuple(models))
