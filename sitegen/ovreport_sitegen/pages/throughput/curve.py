"""The latency–throughput curve: how parallel requests trade latency for throughput."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ovreport.metrics import load, significant
from ovreport.record import Curve, CurveGap, CurvePoint
from ovreport.stats.comparison import Comparison, compare
from ovreport.words import plural
from ovreport_sitegen.charts import Plane, Point
from ovreport_sitegen.components.card import Card
from ovreport_sitegen.components.cells import (
    count_cell,
    interval_cell,
    interval_words,
    too_few_cell,
)
from ovreport_sitegen.components.ranking import model_name, preferred
from ovreport_sitegen.components.ratio_card import times
from ovreport_sitegen.components.table import Cell, Column, Table, TableRow
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import day, line

MAX_CURVES = 4
"""Of one page."""
_VARIED = "streams, requests and batch varied"
_X, _Y = "Samples per second, log scale", "Milliseconds, log scale"
_KEY = (
    "Mark: median latency; thin line up: bound of p90. Circle: batch 1; square: larger batch. "
    "Line: same number of streams. Filled: no other setting has more throughput at less latency."
)


def model_cards(results: Sequence[Result]) -> tuple[Card, ...]:
    """Return the curves of a model's results, at most four; their tables are with the results."""
    measured = [r for r in results if curve_of(r) is not None]
    return tuple(
        replace(card(r, f"{r.device.label} · {r.label}", _VARIED, more=r.href), table=None)
        for r in measured[:MAX_CURVES]
    )


def result_card(result: Result) -> Card | None:
    """Return the curve of one result, with its table; None where it was not measured."""
    return None if curve_of(result) is None else card(result, "Latency against throughput", _VARIED)


def some_models(catalogue: Catalogue) -> tuple[Card, ...]:
    """Return the curves of the fastest, the middle and the slowest model on the main device."""
    on_device = preferred(catalogue.of_device(catalogue.main_device))
    ranked = sorted(
        (metric_value.value, i, r)
        for i, r in enumerate(on_device)
        if curve_of(r) is not None and (metric_value := r.metric_value("curve_best_ips"))
    )
    if not ranked:
        return ()
    places = dict.fromkeys((len(ranked) - 1, len(ranked) // 2, 0))
    found = [ranked[place][2] for place in places]
    return tuple(
        card(r, f"Latency and throughput: {model_name(r)}", r.device.label, more=r.model.href)
        for r in found
    )


def curve_of(result: Result) -> Curve | None:
    """Return a result's curve, None where it was not measured."""
    found = result.record.curve
    return found if isinstance(found, Curve) and result.completed else None


def card(result: Result, title: str, conditions: str, *, more: str = "") -> Card:
    """Return the card of a curve."""
    curve = curve_of(result)
    if curve is None:
        raise ValueError("this result has no curve")
    finding = _finding(curve)
    id_ = f"curve-{result.model.slug}-{result.anchor}"
    return Card(
        id=id_,
        title=title,
        conditions=conditions,
        better="Right and down is better",
        finding=finding,
        footer=_footer(result, curve),
        chart=Plane(title, finding, _X, _Y, _marks(result, curve)),
        legend=_KEY,
        table=_table(id_, title, result, curve),
        more=more,
    )


def _footer(result: Result, curve: Curve) -> str:
    metric_value = result.metric_value("curve_best_ips")
    rounds = {len(point.rounds) for point in curve.points}
    parts = [
        plural(max(rounds), "round"),
        f"≥ {curve.seconds:g} s a point",
        f"OpenVINO {result.release}",
        day(result.measured_at("curve")),
        f"best point {metric_value.verdict.level}" if metric_value else "",
        "quick tier" if result.quick else "",
    ]
    return " · ".join(part for part in parts if part)


# ---------------------------------------------------------------- in words


def setting(point: CurvePoint | CurveGap) -> str:
    """Return a setting in words."""
    streams = plural(point.streams, "stream") if point.streams else "streams by hint"
    batch = f", batch {point.batch}" if point.batch > 1 else ""
    return f"{streams}, {plural(point.requests, 'request')}{batch}"


def _finding(curve: Curve) -> str:
    """Return the throughput and latency of the best settings over one request, paired by round.

    Two settings: the best within a latency budget, and the best of all where it has more still.
    """
    unloaded, near, best = load.unloaded(curve), load.within_budget(curve), load.best(curve.points)
    near_ratio, best_ratio = (_ratio(p, unloaded, load.rates) for p in (near, best))
    if best is not unloaded and best_ratio is not None and best_ratio.ratio.low <= 1:
        return f"No setting clearly beats one request at a time. Best: {_effect(best, unloaded)}."
    found = []
    if near is not unloaded:
        found.append(f"{_capital(_effect(near, unloaded, ' of one request at a time'))}.")
    if near_ratio is None or (best_ratio and best_ratio.ratio.value > near_ratio.ratio.value):
        found.append(f"Highest throughput: {_effect(best, unloaded)}.")
    return " ".join(found) or "No setting has more throughput than one request at a time."


def _effect(point: CurvePoint, unloaded: CurvePoint, whose: str = "") -> str:
    """Return a setting with its throughput and latency over those of one request."""
    more, longer = _ratio(point, unloaded, load.rates), _ratio(point, unloaded, _medians)
    if more is None or longer is None:
        return f"{setting(point)}, no comparison: in no round beside one request"
    bounds = "one round" if more.pairs == 1 else interval_words(more.ratio.low, more.ratio.high)
    unclear = "" if more.significant else f", {more.outcome}"
    return (
        f"{setting(point)}: {times(more)} the throughput ({bounds}{unclear}) and "
        f"{times(longer)} the latency{whose}"
    )


def _medians(point: CurvePoint) -> list[float]:
    return [r.median_ms for r in point.rounds]


def _ratio(
    point: CurvePoint, unloaded: CurvePoint, values: Callable[[CurvePoint], list[float]]
) -> Comparison | None:
    """Return a ratio paired by the rounds that measured both; None where none did."""
    mine, theirs = (
        dict(zip([r.round for r in p.rounds], values(p), strict=True)) for p in (point, unloaded)
    )
    return compare(mine, theirs)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# ---------------------------------------------------------------- chart and table


def _marks(result: Result, curve: Curve) -> tuple[Point, ...]:
    """Return a mark for each point; series by streams, larger batches in series of their own."""
    front = load.front(curve)
    marks: list[Point] = []
    for streams in sorted({p.streams for p in curve.points}):
        mine = [p for p in curve.points if p.streams == streams]
        plain = sorted((p for p in mine if p.batch == 1), key=lambda p: p.requests)
        marks += [_mark(result, p, f"s{streams}", p in front) for p in plain]
        larger = sorted((p for p in mine if p.batch > 1), key=lambda p: p.batch)
        start = [p for p in plain if larger and p.requests == larger[0].requests]
        marks += [_mark(result, p, f"b{streams}", False, joint=True) for p in start]
        marks += [_mark(result, p, f"b{streams}", p in front) for p in larger]
    return tuple(marks)


def _mark(
    result: Result, point: CurvePoint, series: str, front: bool, *, joint: bool = False
) -> Point:
    throughput, latency = load.throughput(point), load.latency(point)
    tail = load.percentile_ms(point, 0.9)
    found = f", p90 at most {significant(tail)} ms" if tail else ""
    return Point(
        x=throughput.value,
        y=latency.value,
        y_high=tail,
        series=series,
        label="" if joint or not front else _short(point),
        tip=f"{setting(point)}: {significant(throughput.value)} samples/s "
        f"({interval_words(throughput.low, throughput.high)}), "
        f"median {significant(latency.value)} ms{found}, {plural(len(point.rounds), 'round')}, "
        f"n {load.samples(point):,}",
        family=result.device.family,
        filled=front,
        shape="square" if point.batch > 1 else "circle",
        joint=joint,
    )


def _short(point: CurvePoint) -> str:
    parts = [plural(point.requests, "request")]
    if point.streams:
        parts.insert(0, plural(point.streams, "stream"))
    if point.batch > 1:
        parts = [*parts[:1], f"batch {point.batch}"]
    return ", ".join(parts)


_COLUMNS = (
    Column("Setting"),
    Column("Throughput", "samples/s", "higher", True, tip="Median over rounds, 95 % interval"),
    Column("Latency", "ms", "lower", True, tip="Median of a request, median over rounds"),
    Column("p90", "ms", "lower", True, tip="90 % are at least this fast, at 99 % confidence"),
    Column("p99", "ms", "lower", True, tip="99 % are at least this fast, at 99 % confidence"),
    Column("n", "inferences", "", True),
)


def _table(id_: str, title: str, result: Result, curve: Curve) -> Table:
    front = load.front(curve)
    rows = [_row(result, point, point in front) for point in curve.points]
    rows += [
        TableRow(
            (
                Cell(setting(gap), href=result.href),
                Cell("not measured", sub=line(gap.reason, 200), tone="missing", span=5),
            )
        )
        for gap in curve.gaps
    ]
    return Table(f"{id_}-table", f"Every setting: {title}", _COLUMNS, tuple(rows))


def _row(result: Result, point: CurvePoint, front: bool) -> TableRow:
    marks = ("front",) if front else ()
    n = load.samples(point)
    return TableRow(
        (
            Cell(setting(point), href=result.href, marks=marks),
            interval_cell(load.throughput(point)),
            interval_cell(load.latency(point)),
            *(_bound_cell(point, percentile) for percentile in (0.9, 0.99)),
            count_cell(n, plural(len(point.rounds), "round")),
        )
    )


def _bound_cell(point: CurvePoint, percentile: float) -> Cell:
    value = load.percentile_ms(point, percentile)
    if value is None:
        return too_few_cell("one round only" if len(point.rounds) == 1 else "")
    return Cell(significant(value), sort=value)
