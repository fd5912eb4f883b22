"""What of a catalogue an answer table is of: results that match a state, and its columns."""

from __future__ import annotations

from collections.abc import Sequence

from ovreport.metrics import GROUPS, METRICS, Metric
from ovreport.record import Accuracy
from ovreport.store import slug
from ovreport_sitegen.answer import axes
from ovreport_sitegen.answer.choice import ACCURACY, value_key
from ovreport_sitegen.answer.state import PUBLISHED, TASK, State
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result

MOST_COLUMNS = 6
"""Before the reader asks for more."""
BY_METRIC = "metric"
"""Columns are the metrics of one group."""
ACCURACY_METRIC = Metric(
    ACCURACY, "Accuracy", "%", "higher", "By the metric of each model's task.", ACCURACY, scale=100
)


def metric_of(key: str) -> Metric:
    """Return a metric of the table: one of the registry's, or the accuracy of each model."""
    return ACCURACY_METRIC if key == ACCURACY else METRICS[key]


def pool(catalogue: Catalogue, columns: str) -> list[Result]:
    """Return the results that a table with these columns is of, before any filter.

    Native frameworks and earlier releases only where they are columns; language models, whose
    tokens are no inferences, have pages of their own.
    """
    if columns == "engine":
        return [*_beside_frameworks(catalogue), *catalogue.native]
    earlier = catalogue.earlier_releases if columns == "release" else ()
    return [*catalogue.results, *earlier]


def _beside_frameworks(catalogue: Catalogue) -> list[Result]:
    """Return OpenVINO's results, of a model on a device those of the run that frameworks are of.

    Their rounds alternated: these ratios are paired even where OpenVINO was measured again alone.
    """
    paired = list({id(p.candidate): p.candidate for p in catalogue.framework_speedups}.values())
    cases = {(r.model, r.device) for r in paired}
    return [*paired, *(r for r in catalogue.results if (r.model, r.device) not in cases)]


def matches(result: Result, state: State) -> bool:
    """Return whether a result passes a state's filters."""
    if state.device and result.device.slug not in state.device:
        return False
    if state.models and state.models not in {result.model.slug, f"{TASK}{slug(result.model.task)}"}:
        return False
    weights = result.variant if state.weights != PUBLISHED else _origin(result)
    return state.weights in {"", weights} and _has(result, state.metric)


def _origin(result: Result) -> str:
    return PUBLISHED if result.is_published else ""


def _has(result: Result, metric: str) -> bool:
    """Return whether a metric is one of this kind of model; a failed case has its reason."""
    if metric == ACCURACY:
        return isinstance(result.accuracy, Accuracy)
    return metric in result.metric_values


def columns_of(catalogue: Catalogue, results: Sequence[Result], state: State) -> list[axes.Place]:
    """Return all columns that these results can fill."""
    if state.columns == BY_METRIC:
        return [axes.Place(m.key, m.label) for m in metrics_beside(state.metric)]
    order = [d.slug for d in sorted(catalogue.devices, key=catalogue.rank, reverse=True)]
    filled = [r for r in results if r.metric_value(value_key(r, state.metric))]
    return axes.places(axes.AXES[state.columns], filled or results, order)


def metrics_beside(key: str) -> list[Metric]:
    """Return the metrics of the same group and unit, which can stand beside one another."""
    if key == ACCURACY:
        return [ACCURACY_METRIC]
    group = next(group for group in GROUPS if key in group.keys)
    return [m for m in group.metrics if m.unit == METRICS[key].unit and not m.rated]


def first_of(columns: list[axes.Place], state: State) -> list[axes.Place]:
    """Return the columns that are shown at first; the baseline is always among them."""
    shown = columns[:MOST_COLUMNS]
    base = [c for c in columns if c.key == state.baseline and c not in shown]
    return [*shown[: MOST_COLUMNS - len(base)], *base]
