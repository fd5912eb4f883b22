"""The answer table for a state: rows of models, columns of whatever the reader asks for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from ovreport.metrics import GROUPS, METRICS, Metric, MetricValue
from ovreport.metrics.apart import interval_of
from ovreport.record import Accuracy, Level, NotMeasured
from ovreport.stats.intervals import Interval
from ovreport.store import slug
from ovreport_sitegen.answer import axes, ratios
from ovreport_sitegen.answer.cells import (
    NO_COMPARISON,
    ONE_RUN,
    SEPARATE_RUNS,
    AnswerCell,
    Words,
    bars,
    excluded_cell,
    mean_words,
    ratio_of,
    value_cell,
)
from ovreport_sitegen.answer.choice import ACCURACY, choose, counts, fullness, value_key
from ovreport_sitegen.answer.state import DEFAULT_STATE, KEPT, PUBLISHED, TASK, State
from ovreport_sitegen.components.cells import status_word
from ovreport_sitegen.components.ratio_card import mean_ratio
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.names import grouped
from ovreport_sitegen.data.result import DeviceRef, ModelRef, Result
from ovreport_sitegen.text import plural

MOST_COLUMNS = 6
"""Before the reader asks for more."""
MOST_CELLS = 54
"""The same; whole rows."""
BY_METRIC = "metric"
"""Columns are the metrics of one group."""
ACCURACY_METRIC = Metric(
    ACCURACY, "Accuracy", "%", "higher", "By the metric of each model's task.", ACCURACY, scale=100
)


@dataclass(frozen=True)
class AnswerRow:
    """A row: a model, on one device where the columns are not devices."""

    model: ModelRef
    device: DeviceRef | None
    """Named where several devices have rows."""
    note: str
    """Below the model's name."""
    cells: tuple[AnswerCell | None, ...]
    """None: there is nothing."""
    keys: tuple[str, ...]
    """The metric of each cell."""


@dataclass(frozen=True)
class MeanRow:
    """The geometric mean over the models that every column has."""

    label: str
    note: str
    """How many are in it, and how many are left out and why."""
    cells: tuple[AnswerCell | None, ...]


@dataclass(frozen=True)
class Answer:
    """The answer table."""

    state: State
    caption: str
    reading: str
    """Unit and direction."""
    columns: tuple[axes.Place, ...]
    more_columns: int
    """That are not shown before the reader asks for them."""
    means: tuple[MeanRow, ...]
    groups: tuple[tuple[str, tuple[AnswerRow, ...]], ...]
    """Title of a task, empty for rows without; its rows."""
    more_rows: int
    counts: str
    """How many values are stable, noisy and unreliable, and how they are compared."""

    @property
    def rows(self) -> list[AnswerRow]:
        """All rows."""
        return [row for _, rows in self.groups for row in rows]


def metric_of(key: str) -> Metric:
    """Return a metric of the table: one of the registry's, or the accuracy of each model."""
    return ACCURACY_METRIC if key == ACCURACY else METRICS[key]


def answer(catalogue: Catalogue, state: State = DEFAULT_STATE, *, whole: bool = False) -> Answer:
    """Return the table for a state; to fix a model or a device, name it in the state.

    `whole`: with all columns and rows, as a reader may ask for.
    """
    results = [r for r in pool(catalogue, state.columns) if _matches(r, state)]
    columns = columns_of(catalogue, results, state)
    shown = columns if whole else _within(columns, state)
    rows = [
        row
        for (model, device), some in _by_row(results, state).items()
        if (row := _row(state, model, device, some, shown))
    ]
    rows, tier = _with_tiers(_with_bars(_named(rows, state)))
    most = len(rows) if whole else MOST_CELLS // max(len(shown), 1)
    first = rows[:most]
    return Answer(
        state=state,
        caption=metric_of(state.metric).label,
        reading=reading(state),
        columns=tuple(shown),
        more_columns=len(columns) - len(shown),
        means=_means(rows, shown, state),
        groups=tuple(_groups(first, state)),
        more_rows=len(rows) - len(first),
        counts=_counts(rows) + tier,
    )


def reading(state: State) -> str:
    """Return how the numbers are to be read: what, in which unit, and which direction is better."""
    metric = metric_of(state.metric)
    return f"{metric.label} in {metric.unit}. {metric.better}."


# ---------------------------------------------------------------- which results


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


def _matches(result: Result, state: State) -> bool:
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


# ---------------------------------------------------------------- columns


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


def _within(columns: list[axes.Place], state: State) -> list[axes.Place]:
    """Return the columns that are shown at first; the baseline is always among them."""
    shown = columns[:MOST_COLUMNS]
    base = [c for c in columns if c.key == state.baseline and c not in shown]
    return [*shown[: MOST_COLUMNS - len(base)], *base]


# ---------------------------------------------------------------- rows


def _by_row(
    results: Iterable[Result], state: State
) -> Mapping[tuple[ModelRef, DeviceRef | None], list[Result]]:
    by_device = state.columns == "device"
    found = grouped(((r.model, None if by_device else r.device), r) for r in results)
    return dict(sorted(found.items(), key=lambda item: row_order(item[0][0])))


def row_order(model: ModelRef) -> tuple[str, str, str]:
    """Return what rows are sorted by: by task, then by title."""
    return model.task.lower(), model.title.lower(), model.id


def _row(
    state: State,
    model: ModelRef,
    device: DeviceRef | None,
    results: Sequence[Result],
    columns: Sequence[axes.Place],
) -> AnswerRow | None:
    """Return a row; None where there is nothing in it, or nothing to compare."""
    chosen = _chosen(state, results, columns)
    cells = [_cell(r, key, state) if r else None for r, key in chosen]
    if not any(cells):
        return None
    keys = [column.key for column in columns]
    if state.baseline in keys:
        base = keys.index(state.baseline)
        if cells[base] is None or sum(cell is not None for cell in cells) < 2:
            return None
        cells = [
            cell if i == base else _with_ratio(chosen[base][1], cells[base], chosen[i][1], cell)
            for i, cell in enumerate(cells)
        ]
    note = accuracy_label(results[0]) if state.metric == ACCURACY else ""
    return AnswerRow(model, device, note, tuple(cells), tuple(key for _, key in chosen))


def _chosen(
    state: State, results: Sequence[Result], columns: Sequence[axes.Place]
) -> list[tuple[Result | None, str]]:
    """Return the result and the metric of each cell of a row."""

    def choice(some: Sequence[Result]) -> Result | None:
        found = choose(some, state.metric, state.precision)
        if found is None and state.precision == KEPT:
            return min(some, key=fullness, default=None)
        return found

    if state.columns == BY_METRIC:
        one = choice(results)
        return [(one, column.key) for column in columns]
    place = axes.AXES[state.columns].place
    by_place = grouped((place(r).key, r) for r in results)
    return [(choice(by_place.get(column.key, [])), state.metric) for column in columns]


def _cell(result: Result, key: str, state: State) -> AnswerCell:
    if result.completed and state.precision == KEPT and not counts(result):
        return excluded_cell(result)
    return value_cell(result, key, stable=state.stable)


def accuracy_label(result: Result) -> str:
    """Return what a result's accuracy is called; empty where it has none."""
    accuracy = result.accuracy
    return METRICS[accuracy.metric].label if isinstance(accuracy, Accuracy) else ""


def _with_ratio(
    base_key: str, base: AnswerCell | None, key: str, cell: AnswerCell | None
) -> AnswerCell | None:
    """Return a cell with its ratio to the baseline's; `key`, `base_key`: their metrics."""
    if base is None or cell is None or cell.value is None or key == ACCURACY:
        return cell
    if base.value is None:
        return replace(cell, ratio=Words(NO_COMPARISON, tip="The baseline has no value."))
    if base.result is None or cell.result is None:
        return cell
    if key != base_key:
        return replace(cell, ratio=_across(cell.result, key, base_key))
    if base.result is cell.result:
        return cell
    found = ratios.against(cell.result, base.result, key)
    return replace(cell, ratio=ratio_of(found, METRICS[key]))


def _across(result: Result, key: str, base_key: str) -> Words | None:
    """Return a metric of a result against another of it, such as the memory of two modes."""
    first, second = result.metric_value(key), result.metric_value(base_key)
    if first is None or second is None:
        return None
    words = ratio_of(ratios.apart(first, second), METRICS[key])
    return words if words.text == NO_COMPARISON else replace(words, tip=ONE_RUN)


def _with_bars(rows: Sequence[AnswerRow]) -> list[AnswerRow]:
    """Return rows with bars: one scale a row, or one for all where there is one column."""
    if rows and len(rows[0].cells) == 1:
        drawn = iter(_drawn([(row.cells[0], row.keys[0]) for row in rows]))
        return [replace(row, cells=(next(drawn),)) for row in rows]
    return [
        replace(row, cells=tuple(_drawn(list(zip(row.cells, row.keys, strict=True)))))
        for row in rows
    ]


def _drawn(cells: Sequence[tuple[AnswerCell | None, str]]) -> list[AnswerCell | None]:
    values: dict[int, tuple[MetricValue, str]] = {}
    for i, (cell, key) in enumerate(cells):
        result = cell.result if cell is not None and cell.value is not None else None
        if result and (found := result.metric_value(value_key(result, key))):
            values[i] = found, result.device.family
    drawn = dict(zip(values, bars(list(values.values())), strict=True))
    return [
        replace(cell, bar=drawn[i]) if cell is not None and i in drawn else cell
        for i, (cell, _) in enumerate(cells)
    ]


def _with_tiers(rows: Sequence[AnswerRow]) -> tuple[list[AnswerRow], str]:
    """Return rows whose quick results are marked, and a sentence instead where all are quick."""
    shown = [cell.result for row in rows for cell in row.cells if cell and cell.result]
    quick = [result.quick for result in shown]
    if all(quick) or not any(quick):
        return list(rows), " All of the quick tier." if any(quick) else ""
    return [replace(row, cells=tuple(map(_marked_quick, row.cells))) for row in rows], ""


def _marked_quick(cell: AnswerCell | None) -> AnswerCell | None:
    if cell is None or cell.result is None or not cell.result.quick or not cell.ran:
        return cell
    return replace(cell, ran=f"{cell.ran} · quick")


def _named(rows: Sequence[AnswerRow], state: State) -> list[AnswerRow]:
    """Return rows that name their device where several have rows."""
    if len({row.device for row in rows}) > 1 or state.models in {r.model.slug for r in rows}:
        return list(rows)
    return [replace(row, device=None) for row in rows]


def _groups(rows: Sequence[AnswerRow], state: State) -> Iterable[tuple[str, tuple[AnswerRow, ...]]]:
    if state.models and not state.models.startswith(TASK):
        return [("", tuple(rows))] if rows else []
    found = grouped((row.model.task, row) for row in rows)
    return [(task or "Other", tuple(some)) for task, some in found.items()]


# ---------------------------------------------------------------- means and counts


def _means(
    rows: Sequence[AnswerRow], columns: Sequence[axes.Place], state: State
) -> tuple[MeanRow, ...]:
    """Return the geometric mean of every column, for each device that rows are of.

    It is over the rows that all columns have a value in; unreliable values are left out. There is
    none of fewer than two rows, nor of accuracies: those of different tasks have no mean.
    """
    if state.metric == ACCURACY or state.columns == BY_METRIC:
        return ()
    by_device = grouped((row.device, row) for row in rows)
    found = (_mean_row(device, some, columns, state) for device, some in by_device.items())
    return tuple(filter(None, found))


def _mean_row(
    device: DeviceRef | None, rows: Sequence[AnswerRow], columns: Sequence[axes.Place], state: State
) -> MeanRow | None:
    whole = [row for row in rows if all(cell and cell.value for cell in row.cells)]
    reliable = [row for row in whole if all(map(_is_reliable, row.cells))]
    shared = _compared_alike(reliable)
    if len(shared) < 2:
        return None
    without = Counter(filter(None, map(_why_without, rows)))
    left_out = (
        *((without[why], why) for why in ("failed", "unsupported")),
        (len(whole) - len(reliable), "unreliable"),
        (len(reliable) - len(shared), "without a comparison"),
        (len(rows) - len(whole) - without.total(), "without a value in every column"),
    )
    words = [f"{n} {why}" for n, why in left_out if n]
    note = f"of {plural(len(shared), 'model')}" + (
        f"; left out: {', '.join(words)}" if words else ""
    )
    metric, keys = METRICS[state.metric], [column.key for column in columns]
    cells = [_mean_cell([row.cells[i] for row in shared], metric) for i in range(len(keys))]
    if state.baseline in keys:
        base = keys.index(state.baseline)
        cells = [
            cell if i == base else replace(cell, ratio=_mean_ratio(shared, i, base, metric))
            for i, cell in enumerate(cells)
        ]
    name = f"Geometric mean, {device.label}" if device else "Geometric mean"
    return MeanRow(name, note, tuple(cells))


def _compared_alike(rows: Sequence[AnswerRow]) -> list[AnswerRow]:
    """Return the rows that have a ratio in every column that has ratios at all.

    The means of values and of ratios are then of the same models. All rows without a baseline.
    """
    found = [{i for i, cell in enumerate(row.cells) if _is_compared(cell)} for row in rows]
    columns = set[int]().union(*found)
    return [row for row, compared in zip(rows, found, strict=True) if compared == columns]


def _is_compared(cell: AnswerCell | None) -> bool:
    return bool(cell and cell.ratio and cell.ratio.text != NO_COMPARISON)


def _why_without(row: AnswerRow) -> str:
    """Return `failed` or `unsupported` of a row with such a case, `failed` of one with both."""
    outcomes = (cell.result.record.outcome for cell in row.cells if cell and cell.result)
    words = {status_word(outcome) for outcome in outcomes if isinstance(outcome, NotMeasured)}
    return min(words, default="")


def _is_reliable(cell: AnswerCell | None) -> bool:
    return cell is not None and cell.level != "unreliable"


def _mean_cell(cells: Sequence[AnswerCell | None], metric: Metric) -> AnswerCell:
    found = [
        interval_of(value)
        for cell in cells
        if cell and cell.result and (value := cell.result.metric_value(metric.key))
    ]
    mean = mean_ratio(found)
    interval = f"{metric.format(mean.low)} – {metric.format(mean.high)}"
    return AnswerCell(
        metric.format(mean.value),
        value=mean.value * metric.scale,
        interval=interval if mean.high < float("inf") else "",
    )


def _mean_ratio(
    rows: Sequence[AnswerRow], candidate: int, base: int, metric: Metric
) -> Words | None:
    found = mean_ratio_of(rows, candidate, base, metric.key)
    return mean_words(*found, metric) if found else None


def mean_ratio_of(
    rows: Sequence[AnswerRow], candidate: int, base: int, key: str
) -> tuple[Interval, int] | None:
    """Return the mean ratio of two columns and its n; None of fewer than two ratios."""
    pairs = [(row.cells[candidate], row.cells[base]) for row in rows]
    found = [
        comparison.ratio
        for one, other in pairs
        if one and other and one.result and other.result
        if (comparison := ratios.against(one.result, other.result, key).comparison)
    ]
    return (mean_ratio(found), len(found)) if len(found) > 1 else None


def _counts(rows: Sequence[AnswerRow]) -> str:
    cells = [cell for row in rows for cell in row.cells if cell]
    levels = Counter(cell.level for cell in cells if cell.level)
    if not levels:
        return "No values: each cell says why."
    words = [f"{levels[level]} {level}" for level in get_args(Level) if levels[level]]
    text = f"{plural(levels.total(), 'value')}: {', '.join(words)}."
    hows = Counter(cell.ratio.tip for cell in cells if cell.ratio and cell.ratio.interval)
    ways = {how: hows.pop(how, 0) for how in (SEPARATE_RUNS, ONE_RUN)}
    ways = {"paired by round": hows.total()} | {f"of {how}": n for how, n in ways.items()}
    if told := [f"{n} {how}" for how, n in ways.items() if n]:
        text += f" Ratios: {', '.join(told)}."
    return text
