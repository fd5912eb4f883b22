"""A card: a chart with what is needed to read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import get_args

from ovreport.metrics import METRICS
from ovreport.record import Level
from ovreport.words import plural
from ovreport_sitegen.charts import ChartSpec
from ovreport_sitegen.components.table import Table
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import day, listed


@dataclass(frozen=True)
class Card:
    """A chart with what is needed to read it: conditions, finding, legend, table and source."""

    id: str
    title: str
    conditions: str
    better: str
    finding: str
    """A sentence computed from the data; the reason where nothing can be drawn."""
    footer: str
    chart: ChartSpec | None = None
    """None where nothing can be drawn."""
    legend: str = ""
    """What the marks mean."""
    marks: tuple[str, ...] = ()
    """Keys of further marks, whose explanations open from below the chart."""
    left_out: tuple[str, ...] = ()
    """What is not drawn, each with the reason."""
    table: Table | None = None
    more: str = ""
    """Address of the page, or the part of one, that has everything."""


def footer(
    results: Sequence[Result], key: str, *, by: str = "", pairs: Collection[int] = ()
) -> str:
    """Return rounds, release, days and verdicts of what a card shows: of the metric `key`.

    `by`: how a card of ratios compares; the verdicts of single values say nothing of ratios.
    `pairs`: the numbers of rounds that the ratios are of.
    """
    if not results:
        return "nothing to show"
    values = [v for r in results if (v := r.metric_value(key))]
    days = sorted(r.measured_at(METRICS[key].measurement) for r in results)
    levels = Counter(value.verdict.level for value in values if not by)
    quick = sum(r.quick for r in results)
    parts = (
        _rounds_words(set(pairs) or {value.rounds for value in values}),
        by or _kinds_words([value.kind for value in values]),
        f"OpenVINO {listed(sorted({r.release for r in results}))}",
        " – ".join(dict.fromkeys((day(days[0]), day(days[-1])))),
        ", ".join(f"{levels[level]} {level}" for level in get_args(Level) if levels[level]),
        f"{quick} of the quick tier" if 0 < quick < len(results) else "quick tier" if quick else "",
    )
    return " · ".join(filter(None, parts))


def _rounds_words(counts: set[int]) -> str:
    if len(counts) > 1:
        return f"{min(counts)}–{max(counts)} rounds"
    return plural(counts.pop(), "round") if counts else "no rounds"


def _kinds_words(kinds: Sequence[str]) -> str:
    """Return what the values are: undisturbed, or the median over all rounds."""
    if "bound" in kinds:
        return "bounds at 99 % confidence"
    if "range" in kinds:
        return "median and range over rounds"
    if "rated" in kinds:
        return "computed from the throughput"
    undisturbed = kinds.count("undisturbed")
    if not undisturbed:
        return "median over rounds"
    observed = kinds.count("observed")
    return f"undisturbed, {observed} observed" if observed else "undisturbed"
