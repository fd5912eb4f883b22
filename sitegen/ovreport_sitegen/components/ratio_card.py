"""The card of ratios: each a candidate against its baseline, paired by round."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ovreport.metrics import HEADLINES, significant
from ovreport.record import NotMeasured
from ovreport.stats.comparison import Comparison, outcome_of
from ovreport.stats.intervals import Interval, geometric_mean, is_apart
from ovreport.words import plural
from ovreport_sitegen.charts import MAX_ROWS, Chart, Row
from ovreport_sitegen.components.card import Card, footer
from ovreport_sitegen.components.cells import count_cell, interval_words, looking, status_word
from ovreport_sitegen.components.marks import key_of, look_of_interval, look_of_ratio, of_rows
from ovreport_sitegen.components.table import Cell, Table
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import interval_details, interval_note, listed

PAIRED = "paired by round"
"""How a card of ratios compares, for its footer."""
_LEGEND = "Dot: ratio of rounds paired within one run. Line: 95 % interval."
_NAMED = 2
"""So many models are named in a sentence; of more, their number is given."""


@dataclass(frozen=True)
class Ratio:
    """One row of a card of ratios."""

    result: Result
    """What was compared: gives the colour of the row, and its model the name in sentences."""
    name: str
    """Of the row."""
    comparison: Comparison


def ratio_card(
    ratios: Sequence[Ratio],
    *,
    id_: str,
    title: str,
    conditions: str,
    axis: str,
    finding: str,
    measurement: str,
    better: str = "Higher is better",
    legend: str = _LEGEND,
    table: Table | None = None,
    more: str = "",
    both_ends: bool = False,
) -> Card:
    """Return a card of ratios, the largest first; without a chart where there are none.

    `measurement`: whose days the footer gives.
    `both_ends`: of more than a chart holds, as many of the smallest are drawn as of the largest.
    """
    ranked = [ratio_row(ratio) for ratio in sorted(ratios, key=_falling)]
    rows, shortened = ranked[:MAX_ROWS], f"The first {MAX_ROWS} of {len(ranked)}."
    if both_ends and len(ranked) > MAX_ROWS:
        half = MAX_ROWS // 2
        rows = [*ranked[:half], *ranked[-half:]]
        shortened = f"The {half} largest and smallest of {len(ranked)}."
    notes = [legend, *([shortened] if len(rows) < len(ranked) else [])]
    return Card(
        id=id_,
        title=title,
        conditions=conditions,
        better=better,
        finding=finding,
        chart=Chart("ratios", title, finding, axis, tuple(rows)) if rows else None,
        legend=" ".join(notes) if rows else "",
        marks=of_rows(rows, quick=any(ratio.result.quick for ratio in ratios)),
        table=table,
        footer=footer(
            [ratio.result for ratio in ratios],
            HEADLINES[measurement],
            by=PAIRED,
            pairs={ratio.comparison.pairs for ratio in ratios},
        ),
        more=more,
    )


def _falling(ratio: Ratio) -> float:
    return -ratio.comparison.ratio.value


def ratio_row(ratio: Ratio) -> Row:
    """Return a chart's row of a ratio."""
    interval, look = ratio.comparison.ratio, look_of_ratio(ratio.comparison)
    return Row(
        name=ratio.name,
        label=look.text(times(ratio.comparison)),
        value=interval.value,
        low=interval.low,
        high=interval.high,
        family=ratio.result.device.family,
        faint=look.is_hollow,
        is_approximate=look.is_approximate,
        tip=f"{ratio.name}: {ratio_words(ratio.comparison)}",
    )


def ratio_cell(comparison: Comparison | None, why_none: str = "No round has both.") -> Cell:
    """Return a ratio with its interval, or why there is no comparison."""
    if comparison is None:
        none = outcome_of(comparison)
        return Cell(none, tone="missing", tip=why_none, explained=key_of(none))
    ratio = comparison.ratio
    cell = Cell(
        times(comparison),
        sub=interval_words(ratio.low, ratio.high),
        sort=ratio.value,
        note="" if comparison.significant else comparison.outcome,
    )
    return looking(cell, look_of_ratio(comparison))


def pairs_cell(*comparisons: Comparison | None) -> Cell:
    """Return how many pairs of rounds stand behind a row of ratios."""
    return count_cell(max((c.pairs for c in comparisons if c), default=0))


# ---------------------------------------------------------------- in words


def times(comparison: Comparison, digits: int = 3) -> str:
    """Return a ratio as 1.23×."""
    return f"{significant(comparison.ratio.value, digits)}×"


def speed_words(speedup: float) -> str:
    """Return a speedup as 1.2× as fast, or as 30 % slower."""
    if speedup < 1:
        return f"{significant(100 * (1 - speedup), 2)} % slower"
    return f"{significant(speedup, 2)}× as fast"


def ratio_words(comparison: Comparison, what: str = "") -> str:
    """Return a ratio (`what`: of what) with its interval, its pairs of rounds and its outcome."""
    ratio, pairs = comparison.ratio, comparison.pairs
    return (
        f"{times(comparison)}{what}, {interval_details(ratio.low, ratio.high, pairs)}, "
        f"{plural(pairs, 'pair')} of rounds, {comparison.outcome}"
    )


def mean_ratio(ratios: Sequence[Interval]) -> Interval:
    """Return the geometric mean of some ratios, with its 95 % interval.

    The interval is that of ratios whose errors all point the same way, the widest that is possible:
    they are of one run, and may share what disturbed it.
    """
    value = geometric_mean([ratio.value for ratio in ratios])
    if not all(ratio.low > 0 and math.isfinite(ratio.high) for ratio in ratios):
        return Interval(value, 0.0, math.inf)
    low = geometric_mean([ratio.low for ratio in ratios])
    return Interval(value, low, geometric_mean([ratio.high for ratio in ratios]))


def note_of(interval: Interval, *, named: bool = True) -> str:
    """Return an interval as a sentence has it, in brackets; empty where nothing is known of it."""
    if not math.isfinite(interval.high - interval.low):
        return ""
    return interval_note(significant(interval.low), significant(interval.high), named=named)


def ratio_finding(ratios: Sequence[Ratio], what: str, left_out: str = "") -> str:
    """Return for how many models `what` is faster and slower, the mean, and both extremes.

    `left_out`: how many are in neither count nor mean.
    """
    text = f"{what}: {outcome_counts(ratios)}"
    if len(ratios) > 1:
        mean = mean_ratio([ratio.comparison.ratio for ratio in ratios])
        shown = look_of_interval(mean).text(f"{significant(mean.value)}×")
        text += f"; geometric mean over all {len(ratios)}: {shown}{note_of(mean)}"
    found = [f"{text}{left_out}."]
    ranked = sorted(ratios, key=_falling)
    for word, ratio in (("Highest", ranked[0]), ("Lowest", ranked[-1])):
        others = (other.comparison.ratio for other in ranked if other is not ratio)
        is_extreme = len(ranked) > 1 and is_apart(ratio.comparison.ratio, others)
        if ratio.comparison.significant and is_extreme:
            shown = look_of_ratio(ratio.comparison).text(times(ratio.comparison))
            note = note_of(ratio.comparison.ratio, named=False)
            found.append(f"{word}: {ratio.result.model.title}, {shown}{note}.")
    return " ".join(found)


def left_out_words(
    every: Iterable[Result], counted: Iterable[Result], measurement: str, lack: str = "comparison"
) -> str:
    """Return how many results a mean or a count leaves out, as its sentence ends; or nothing.

    A mean over survivors looks better than what was tried, so those that failed are named with it.
    `measurement`: what of the results it is. `lack`: what those lack that were measured.
    """
    shown = {id(r) for r in counted}
    why = Counter(_why_left_out(r, measurement, lack) for r in every if id(r) not in shown)
    return f"; left out: {listed(f'{n} {word}' for word, n in why.items())}" if why else ""


def _why_left_out(result: Result, measurement: str, lack: str) -> str:
    if not result.completed and isinstance(result.record.outcome, NotMeasured):
        return status_word(result.record.outcome)
    measured = getattr(result.record, measurement)
    return status_word(measured) if isinstance(measured, NotMeasured) else f"without {lack}"


def outcome_counts(ratios: Sequence[Ratio]) -> str:
    """Return how many are faster, slower, and neither: losses are named like wins."""
    faster = [r.result.model.title for r in ratios if r.comparison.above_one]
    slower = [r.result.model.title for r in ratios if r.comparison.below_one]
    few = sum(r.comparison.outcome == "insufficient data" for r in ratios)
    unclear = len(ratios) - len(faster) - len(slower) - few
    counts = (
        f"faster for {_some(faster)}" if faster else "",
        f"slower for {_some(slower)}" if slower else "",
        f"no clear difference for {unclear}" if unclear else "",
        f"insufficient data for {few}" if few else "",
    )
    once = len({ratio.result.model.id for ratio in ratios}) == len(ratios)
    return f"{listed(filter(None, counts))} of {plural(len(ratios), 'model' if once else 'pair')}"


def _some(names: Sequence[str]) -> str:
    unique = list(dict.fromkeys(names))
    return f"{len(names)} ({listed(unique)})" if len(unique) <= _NAMED else str(len(names))
