"""Charts of how the times of language models grow with the length of prompts and outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ovreport.metrics import METRICS, generation, significant
from ovreport.record import Generation, GenerationPoint
from ovreport.stats.intervals import Interval
from ovreport.variants import VARIANTS
from ovreport.words import plural
from ovreport_sitegen.charts import Plane, Point
from ovreport_sitegen.components.card import Card, footer
from ovreport_sitegen.components.cells import count_cell, interval_cell, model_cell
from ovreport_sitegen.components.generation import generation_of, main_result, result_name
from ovreport_sitegen.components.marks import look_of_interval
from ovreport_sitegen.components.table import Cell, Column, Table, TableRow
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.pages.language.tables import bound_cell
from ovreport_sitegen.text import interval_details

_SERIES = 6
"""Results in one chart; more lines would be hard to distinguish."""
_KEY = (
    "Line over the lengths: one result. Line through a mark: 95 % interval. Circle: default "
    "precision. Square: f32."
)


@dataclass(frozen=True)
class _Spec:
    """What one of the two charts shows."""

    id: str
    title: str
    x_axis: str
    y_axis: str
    key: str
    """Of the metric."""
    x: Callable[[GenerationPoint], float]
    y: Callable[[GenerationPoint], Interval]
    at: str
    """Unit of x, as it follows a number in a sentence."""


def _context(point: GenerationPoint) -> float:
    """Return the tokens before a generated one, on average over the output."""
    return point.prompt_tokens + point.new_tokens / 2


_FIRST = _Spec(
    "first-token",
    "Time to the first token",
    "Tokens of the prompt, log scale",
    "ms, log scale",
    "time_to_first_token_ms",
    lambda p: float(p.prompt_tokens),
    generation.first_token,
    "tokens of prompt",
)
_EACH = _Spec(
    "each-token",
    "Time per output token",
    "Tokens before it on average, log scale",
    "ms, log scale",
    "time_per_output_token_ms",
    _context,
    generation.per_token,
    "tokens before it",
)


def cards(results: Sequence[Result]) -> list[Card]:
    """Return both cards of some results; without a chart where nothing can be drawn."""
    measured = [r for r in results if generation_of(r)]
    return [_card(spec, measured) for spec in (_FIRST, _EACH)]


def _card(spec: _Spec, measured: Sequence[Result]) -> Card:
    shown = measured[:_SERIES]
    finding = _grows(spec, shown)
    spots = tuple(spot for r in shown for spot in _spots(spec, r, many=len(shown) > 1))
    more = len(measured) > len(shown)
    key = f"{_KEY} The first {len(shown)} of {len(measured)} results." if more else _KEY
    return Card(
        id=spec.id,
        title=spec.title,
        conditions="one request at a time, greedy",
        better=METRICS[spec.key].better,
        finding=finding,
        chart=Plane(spec.title, finding, spec.x_axis, spec.y_axis, spots) if spots else None,
        legend=key if spots else "",
        marks=("hollow", "precision") if any(not spot.filled for spot in spots) else ("precision",),
        table=_card_table(spec, measured[:_SERIES]),
        footer=footer(measured, spec.key),
        more="#all",
    )


def _points(spec: _Spec, result: Result) -> list[GenerationPoint]:
    """Return a result's points by x: of those with the same x, the longest output."""
    measured = generation_of(result)
    by_x: dict[float, GenerationPoint] = {}
    for point in measured.points if isinstance(measured, Generation) else ():
        x = spec.x(point)
        if x not in by_x or by_x[x].new_tokens < point.new_tokens:
            by_x[x] = point
    return [by_x[x] for x in sorted(by_x)]


def _spots(spec: _Spec, result: Result, *, many: bool) -> list[Point]:
    points, series, name = _points(spec, result), result.href, result_name(result)
    found = []
    for i, point in enumerate(points):
        interval, x = spec.y(point), spec.x(point)
        tip = (
            f"{name}: {METRICS[spec.key].format_unit(interval.value)} at {x:g} {spec.at}, "
            f"{interval_details(interval.low, interval.high, len(point.rounds))}, "
            f"{plural(len(point.rounds), 'round')}"
        )
        found.append(
            Point(
                x=x,
                y=interval.value,
                y_low=interval.low,
                y_high=interval.high,
                series=series,
                tip=tip,
                family=result.device.family,
                label=_mark(result) if many and i == len(points) - 1 else "",
                filled=not look_of_interval(interval).is_hollow,
                shape="square" if result.requested == "f32" else "circle",
            )
        )
    return found


def _mark(result: Result) -> str:
    """Return the label of a line: its precision, or its variant."""
    return result.requested if result.is_published else VARIANTS[result.variant].short


def _grows(spec: _Spec, shown: Sequence[Result]) -> str:
    """Return how the time grows from the shortest to the longest, of the preferred result."""
    best = main_result(shown)
    points = _points(spec, best) if best else []
    if best is None or not points:
        return "Nothing was measured here; the table of results says why."
    metric, (first, last) = METRICS[spec.key], (points[0], points[-1])
    ends = [spec.y(p) for p in (first, last)]
    shorter, longer = (look_of_interval(y).text(metric.format_unit(y.value)) for y in ends)
    text = (
        f"{best.model.title}, {best.requested}: {shorter} at {spec.x(first):g} {spec.at}, "
        f"{longer} at {spec.x(last):g}"
    )
    if any(look_of_interval(y).is_approximate for y in ends):
        return f"{text}. The intervals are wide: only the order of magnitude is known."
    return (
        f"{text}: {significant(ends[1].value / ends[0].value, 2)}× the time for "
        f"{significant(spec.x(last) / spec.x(first), 2)}× the tokens."
    )


def _card_table(spec: _Spec, results: Sequence[Result]) -> Table:
    percentiles = {} if spec is _FIRST else generation.PERCENTILES
    rows = tuple(
        TableRow(
            (
                model_cell(result.model, result.href),
                Cell(result.precision, sub=result.variant_name, sort=result.precision),
                Cell(f"{spec.x(point):g}", sort=spec.x(point)),
                interval_cell(spec.y(point), spec.key),
                count_cell(len(point.rounds)),
                *(
                    bound_cell(key, generation.percentile_ms(point, p))
                    for key, p in percentiles.items()
                ),
            ),
            under=result.label,
        )
        for result in results
        for point in _points(spec, result)
    )
    columns = (
        Column("Model"),
        Column("Precision", wide=True),
        Column("At", spec.at, "", True),
        Column(METRICS[spec.key].label, "ms", "lower", True),
        Column("n", "rounds", "", True),
        *(Column(METRICS[key].label, "ms", "lower", True) for key in percentiles),
    )
    return Table(f"{spec.id}-card-table", spec.title, columns, rows)
