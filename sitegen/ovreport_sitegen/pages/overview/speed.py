"""What the overview says of speed: which device is fastest, and how fast the main one is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ovreport.metrics import METRICS, MetricValue, significant
from ovreport.stats.comparison import Comparison, outcome_of
from ovreport.stats.intervals import Interval
from ovreport.words import plural
from ovreport_sitegen.answer.means import mean_ratio_of
from ovreport_sitegen.answer.state import State
from ovreport_sitegen.answer.table import Answer
from ovreport_sitegen.components.marks import look, look_of_interval, look_of_ratio
from ovreport_sitegen.components.ranking import preferred
from ovreport_sitegen.components.ratio_card import left_out_words, mean_ratio, note_of
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.pages.overview.takeaway import Takeaway
from ovreport_sitegen.text import interval_note, listed


def fastest(catalogue: Catalogue, table: Answer) -> Takeaway | None:
    """Return how the main device compares with the fastest of the others.

    Of those that share at least half as many models with it as any does.
    """
    keys = [column.key for column in table.columns]
    main = catalogue.main_device
    if main.slug not in keys:
        return None
    own = keys.index(main.slug)
    found = [
        (n, mean, column)
        for i, column in enumerate(table.columns)
        if i != own and (pair := mean_ratio_of(table.rows, own, i, table.state.metric))
        for mean, n in (pair,)
    ]
    if not found:
        return None
    most = max(n for n, *_ in found)
    n, mean, other = min((one for one in found if 2 * one[0] >= most), key=lambda one: one[1].value)
    out = len(table.rows) - n
    over = f"over {plural(n, 'model')}, each in its best precision that keeps 99 % of the accuracy"
    over += f"; no comparison for {out}: not on both, other files, or unreliable." if out else "."
    href = f"#{State(device=(main.slug, other.key), baseline=other.key).fragment(table.state)}"
    devices = len(table.columns)
    topic = f"Which of {devices} devices is fastest" if devices > 2 else "Which is fastest"
    if mean.low <= 1 <= mean.high:
        text = f"between {main.label} and {other.label}{note_of(mean)}, {over}"
        return Takeaway(topic, "No clear difference", text, href)
    names = main.label, other.label
    if mean.value < 1:
        mean, names = Interval(1 / mean.value, 1 / mean.high, 1 / mean.low), names[::-1]
    text = f"as {names[1]}{note_of(mean)}, {over}"
    value = f"{names[0]}: {significant(mean.value)}× as fast"
    return Takeaway(topic, value, text, href)


@dataclass(frozen=True)
class _Range:
    """The smallest and the largest value of a metric, over models."""

    words: str
    """With the unit; `≈` before what is unreliable."""
    lowest: Result
    highest: Result
    of: int
    is_rough: bool
    """An end is unreliable: the range tells the order of magnitude only."""


def _range(results: Iterable[Result], key: str) -> _Range | None:
    """Return the range of a metric, None where no result has a value."""
    found = [(v, r) for r in results if (v := r.metric_value(key))]
    if not found:
        return None
    low, high = min(found, key=_value), max(found, key=_value)
    looks, ends = [look(value) for value, _ in (low, high)], [_end(low[0]), _end(high[0])]
    if all(shown.is_approximate for shown in looks):
        words = looks[0].text(" – ".join(dict.fromkeys(ends)))  # ≈ once for both
    else:
        each = (shown.text(end) for shown, end in zip(looks, ends, strict=True))
        words = " – ".join(dict.fromkeys(each))
    return _Range(
        words=f"{words} {METRICS[key].unit}",
        lowest=low[1],
        highest=high[1],
        of=len(found),
        is_rough=any(shown.is_approximate for shown in looks),
    )


def _value(pair: tuple[MetricValue, Result]) -> float:
    return pair[0].value


def _end(value: MetricValue) -> str:
    """Return an end of a range, to two digits: a table has the third."""
    return significant(value.value * METRICS[value.metric].scale, 2)


def fast(catalogue: Catalogue, results: Sequence[Result]) -> Takeaway | None:
    """Return the range of latencies and throughputs, and what the default precision does."""
    shown = [r for r in preferred(results) if r.completed]
    latency, throughput = _range(shown, "latency_ms"), _range(shown, "throughput_ips")
    if latency is None:
        return None
    text = "for one inference"
    if latency.of > 1:
        text += f", from {_named(latency.lowest, shown)} to {_named(latency.highest, shown)}"
    text += f". Throughput: {throughput.words}." if throughput else "."
    text += " ≈: unreliable, the order of magnitude only." if latency.is_rough else ""
    return Takeaway("How fast", latency.words, f"{text}{_default(catalogue)}", "latency.html")


def _named(result: Result, others: Sequence[Result]) -> str:
    """Return the model, and the device where results are of several."""
    several = len({r.device for r in others}) > 1
    return f"{result.model.title} on {result.device.label}" if several else result.model.title


def _default(catalogue: Catalogue) -> str:
    """Return the mean speedup of the default precision over f32, or what comes of it instead."""
    every = catalogue.default_results(catalogue.main_device)
    found = [
        (r, pair.latency)
        for r in every
        if (pair := catalogue.speedup(r)) is not None and pair.latency is not None
    ]
    ratios = [ratio for _, ratio in found]
    clear = sum(ratio.significant for ratio in ratios)
    left_out = left_out_words(every, (r for r, _ in found), "latency")
    ran = {r.executed for r in every if r.completed}
    (only,) = ran if len(ran) == 1 else (None,)
    name = f"{only}, the default here," if only else "The default precision"
    if not clear:
        return _unclear(name, ratios, left_out) if ran - {"f32"} else ""
    rough = sum(look_of_ratio(ratio).is_approximate for ratio in ratios)
    text = f" {name} is {_mean_words(mean_ratio([c.ratio for c in ratios]))}"
    text += (
        f", geometric mean of {len(ratios)} models; a clear difference for {clear} of them"
        if len(ratios) > 1
        else f" for {found[0][0].model.title}"
    )
    text += f"{left_out}."
    if rough:
        text += f" {rough} of the ratios {'is' if rough == 1 else 'are'} unreliable"
        text += ", which widens the interval."
    return text


def _unclear(name: str, ratios: Sequence[Comparison], left_out: str) -> str:
    """Return what is known of a speed that shows no clear difference from f32's anywhere."""
    if not ratios:
        return f" {name} has no comparison with f32 in speed: no rounds of both alternated."
    counts = Counter(outcome_of(ratio) for ratio in ratios)
    words = listed(f"{outcome} for {plural(n, 'model')}" for outcome, n in counts.most_common())
    return f" {name} against f32 in speed: {words}{left_out}."


def _mean_words(mean: Interval) -> str:
    """Return a mean speedup over f32 with its interval: in percent where all of it is below 1."""
    shown = look_of_interval(mean)
    if mean.high < 1:
        value, most, least = (
            significant(100 * (1 - end), 2) for end in (mean.value, mean.low, mean.high)
        )
        note = interval_note(least, most, "\N{NO-BREAK SPACE}%")
        return f"{shown.text(value)} % slower than f32{note}"
    return f"{shown.text(significant(mean.value))}× as fast as f32{note_of(mean)}"
