"""The card of how far rounds of a case differ: every round against the median of its case."""

from __future__ import annotations

from collections.abc import Sequence

from ovreport.metrics import METRICS, MetricValue
from ovreport.record import Latency
from ovreport.stats import intervals
from ovreport_sitegen.charts import MAX_ROWS, Chart, Row
from ovreport_sitegen.compare.paired import latencies
from ovreport_sitegen.components.card import Card, footer
from ovreport_sitegen.components.ranking import value_details
from ovreport_sitegen.data.result import Result


def card(results: Sequence[Result]) -> Card | None:
    """Return the card of each round's latency against the median of its case; None without any."""
    measured = [r for r in results if r.metric_value("latency_ms")]
    drawn = [(row, r) for r in measured[:MAX_ROWS] if (row := _spread_row(r))]
    if not drawn:
        return None
    rows = [row for row, _ in drawn]
    widest, by = max(((row, _spread_of(r)) for row, r in drawn), key=lambda pair: pair[1])
    finding = (
        f"Widest spread: {widest.name}, standard deviation {100 * by:.1f} %, up to "
        f"{max(map(abs, widest.points)):.1f} % off the median."
    )
    title = "Spread over rounds"
    legend = "Circle: one round, a fresh process. Band: 95 % interval of the median."
    if len(measured) > len(rows):
        legend += f" The first {len(rows)} of {len(measured)} results."
    chart = Chart("rounds", title, finding, "Latency, % off the median of rounds", tuple(rows))
    return Card(
        id="spread",
        title=title,
        conditions="latency, every round",
        better="Narrow is better",
        finding=finding,
        footer=footer(measured, "latency"),
        chart=chart,
        legend=legend,
    )


def _spread_of(result: Result) -> float:
    """Return the relative standard deviation of a result's rounds, 0 for one round."""
    medians = list(latencies(result.record).values())
    return intervals.spread(medians) if len(medians) > 1 else 0.0


def _spread_row(result: Result) -> Row | None:
    median, latency = result.metric_values["latency_ms"], result.record.latency
    if not isinstance(median, MetricValue) or not isinstance(latency, Latency):
        return None
    middle = median.value
    name = f"{result.device.label} · {result.label}"
    return Row(
        name=name,
        label="",
        value=0,
        low=(median.low / middle - 1) * 100,
        high=(median.high / middle - 1) * 100,
        family=result.device.family,
        points=tuple((r.median_ms / middle - 1) * 100 for r in latency.rounds),
        tip=f"{name}: {METRICS['latency_ms'].format_unit(middle)}, {value_details(median)}",
    )
