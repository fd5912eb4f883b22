"""How the times of language models grow with prompts and answers, in pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ovreport.metrics import METRICS, generation, significant
from ovreport.record import Generation, GenerationPoint
from ovreport.stats.intervals import Interval
from ovreport_sitegen.charts import Plane, Point
from ovreport_sitegen.components.cells import interval_cell
from ovreport_sitegen.components.generation import ASPECT, generation_of, main_result, result_name
from ovreport_sitegen.components.page import Card, footer
from ovreport_sitegen.components.table import Cell, Column, Table, TableRow
from ovreport_sitegen.data import variants
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.pages.language.tables import bound_cell
from ovreport_sitegen.text import plural

_SERIES = 6
"""Results that one picture shows: more lines could not be told apart."""
_KEY = "A line: one result over the lengths. Filled: default precision. Hollow square: f32."


@dataclass(frozen=True)
class _Picture:
    """What one of the two pictures shows."""

    id: str
    title: str
    x_axis: str
    y_axis: str
    key: str
    """Of the metric."""
    x: Callable[[GenerationPoint], float]
    y: Callable[[GenerationPoint], Interval]
    at: str
    """What x is, to end a sentence on a number."""


def _context(point: GenerationPoint) -> float:
    """Return the tokens before a generated one, on average over the answer."""
    return point.prompt_tokens + point.new_tokens / 2


_FIRST = _Picture(
    "first-token",
    "Time to the first token",
    "Tokens of the prompt, log scale",
    "ms, log scale",
    "time_to_first_token_ms",
    lambda p: float(p.prompt_tokens),
    generation.first_token,
    "tokens of prompt",
)
_EACH = _Picture(
    "each-token",
    "Time of each further token",
    "Tokens before it on average, log scale",
    "ms, log scale",
    "time_per_output_token_ms",
    _context,
    generation.per_token,
    "tokens before it",
)


def cards(results: Sequence[Result]) -> list[Card]:
    """Return both pictures of some results, none where nothing can be drawn."""
    shown = [r for r in results if generation_of(r) and r.trusted(_EACH.key)]
    return [_card(picture, shown[:_SERIES], results) for picture in (_FIRST, _EACH)]


def _card(picture: _Picture, shown: Sequence[Result], results: Sequence[Result]) -> Card:
    measured = [r for r in results if generation_of(r)]
    finding = _grows(picture, shown)
    spots = tuple(spot for r in shown for spot in _spots(picture, r, many=len(shown) > 1))
    left_out = len(measured) - len(shown)
    key = f"{_KEY} {left_out} unreliable, left out: see the table." if left_out else _KEY
    return Card(
        id=picture.id,
        title=picture.title,
        conditions="one request at a time, greedy",
        better=METRICS[picture.key].better,
        finding=finding,
        chart=Plane(picture.title, finding, picture.x_axis, picture.y_axis, spots)
        if spots
        else None,
        key=key if spots else "",
        table=_card_table(picture, measured[:_SERIES]),
        footer=footer(measured, ASPECT),
        more="#lengths",
    )


def _points(picture: _Picture, result: Result) -> list[GenerationPoint]:
    """Return a result's points by x: of those with the same x, the longest answer."""
    measured = generation_of(result)
    by_x: dict[float, GenerationPoint] = {}
    for point in measured.points if isinstance(measured, Generation) else ():
        x = picture.x(point)
        if x not in by_x or by_x[x].new_tokens < point.new_tokens:
            by_x[x] = point
    return [by_x[x] for x in sorted(by_x)]


def _spots(picture: _Picture, result: Result, *, many: bool) -> list[Point]:
    points, series, name = _points(picture, result), result.href, result_name(result)
    found = []
    for i, point in enumerate(points):
        interval, x = picture.y(point), picture.x(point)
        tip = (
            f"{name}: {METRICS[picture.key].format_unit(interval.value)} at {x:g} {picture.at}, "
            f"95 % interval {significant(interval.low)} to {significant(interval.high)}, "
            f"{plural(len(point.rounds), 'round')}"
        )
        found.append(
            Point(
                x=x,
                y=interval.value,
                series=series,
                tip=tip,
                family=result.device.family,
                label=_mark(result) if many and i == len(points) - 1 else "",
                filled=result.requested != "f32",
                shape="square" if result.requested == "f32" else "circle",
            )
        )
    return found


def _mark(result: Result) -> str:
    """Return what tells a line from the others: its precision, or what was made of the weights."""
    return result.requested if result.is_published else variants.short(result.variant)


def _grows(picture: _Picture, shown: Sequence[Result]) -> str:
    """Return how the time grows from the shortest to the longest, of the preferred result."""
    best = main_result(shown)
    points = _points(picture, best) if best else []
    if best is None or not points:
        return "No result here is steady enough to be drawn: the table has them all."
    metric, (first, last) = METRICS[picture.key], (points[0], points[-1])
    values = [picture.y(p).value for p in (first, last)]
    return (
        f"{best.model.title}, {best.requested}: {metric.format_unit(values[0])} at "
        f"{picture.x(first):g} {picture.at}, {metric.format_unit(values[1])} at "
        f"{picture.x(last):g}: {significant(values[1] / values[0], 2)}× the time for "
        f"{significant(picture.x(last) / picture.x(first), 2)}× the tokens."
    )


def _card_table(picture: _Picture, results: Sequence[Result]) -> Table:
    percentiles = {} if picture is _FIRST else generation.PERCENTILES
    rows = tuple(
        TableRow(
            (
                Cell(result.model.title, href=result.href, sort=result.model.title.lower()),
                Cell(result.precision, sub=result.variant_name, sort=result.precision),
                Cell(f"{picture.x(point):g}", sort=picture.x(point)),
                interval_cell(picture.y(point), picture.key),
                Cell(str(len(point.rounds)), sort=len(point.rounds)),
                *(
                    bound_cell(key, generation.percentile_ms(point, p))
                    for key, p in percentiles.items()
                ),
            ),
            under=result.label,
        )
        for result in results
        for point in _points(picture, result)
    )
    columns = (
        Column("Model"),
        Column("Precision", wide=True),
        Column("At", picture.at, "", True),
        Column(METRICS[picture.key].label, "ms", "lower", True),
        Column("n", "rounds", "", True),
        *(Column(METRICS[key].label, "ms", "lower", True) for key in percentiles),
    )
    return Table(f"{picture.id}-card-table", picture.title, columns, rows)
