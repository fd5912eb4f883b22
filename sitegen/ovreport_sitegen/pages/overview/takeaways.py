"""What the first table shows, in a few sentences: which is fastest, what it costs, how sure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ovreport.metrics import METRICS, MetricValue, significant
from ovreport.metrics.verdict import STABLE_HALF_WIDTH
from ovreport.record import Completed, TokenAgreement
from ovreport.stats.comparison import Comparison, outcome_of
from ovreport.stats.intervals import Interval
from ovreport_sitegen.answer.means import mean_ratio_of
from ovreport_sitegen.answer.presets import presets
from ovreport_sitegen.answer.state import DEFAULT_STATE, State
from ovreport_sitegen.answer.table import Answer
from ovreport_sitegen.components import accuracy_cells
from ovreport_sitegen.components.generation import generation_of, main_result, value_words
from ovreport_sitegen.components.marks import look, look_of_interval, look_of_ratio
from ovreport_sitegen.components.ranking import comparable, preferred
from ovreport_sitegen.components.ratio_card import left_out_words, mean_ratio, note_of, times
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.pages.accuracy import sentences
from ovreport_sitegen.text import interval_note, line, listed, percent, plural


@dataclass(frozen=True)
class Takeaway:
    """A number in large type with one sentence."""

    topic: str
    """What it answers: how fast, say."""
    value: str
    text: str
    href: str


def takeaways(catalogue: Catalogue, table: Answer) -> tuple[Takeaway, ...]:
    """Return what is known of speed, and what the default precision and INT8 do.

    `table`: the first one, whole.
    What a machine can do is not what a limited run of it could, where there is another.
    """
    results = catalogue.of_machine(catalogue.machines[0])
    whole = comparable(results)
    found = (
        _failed(results),
        _fastest(catalogue, table) or _fast(catalogue, whole),
        _right(catalogue, whole),
        _optimized(catalogue),
    )
    return tuple(filter(None, found))


def further(catalogue: Catalogue, table: Answer) -> tuple[Takeaway, ...]:
    """Return what stands below the first table: a phone shows that within two screens."""
    return tuple(filter(None, (_sure(table), _language(catalogue))))


# ---------------------------------------------------------------- which is fastest


def _fastest(catalogue: Catalogue, table: Answer) -> Takeaway | None:
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


# ---------------------------------------------------------------- how fast


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


def _fast(catalogue: Catalogue, results: Sequence[Result]) -> Takeaway | None:
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


# ---------------------------------------------------------------- how right, how sure


def _right(catalogue: Catalogue, results: Sequence[Result]) -> Takeaway | None:
    """Return how many results are shown to keep the accuracy of f32, and the largest loss.

    Those of the default precision; of variants only where there are no others.
    """
    known = [r for r in results if not r.is_baseline and accuracy_cells.eligible(r) is not None]
    default = [r for r in known if r.is_published]
    tried = [r for r in results if r.requested == "default" and r.is_published]
    below = default or known
    if not below:
        return _exact(results)
    kept = sum(bool(accuracy_cells.shown_to_keep(r)) for r in below)
    are = "is" if kept == 1 else "are"
    noun = "models" if len({r.model.id for r in below}) == len(below) else "results"
    what = (
        f"{noun} with labelled data {are} shown to keep 99 % of the accuracy of f32 in the default "
        "precision"
    )
    if not default:
        what = f"optimized variants {are} shown to keep 99 % of the accuracy of f32"
    what += f"{accuracy_cells.others_words(below)}{accuracy_cells.failed_words(tried)}."
    if not default:
        what += " The published files ran in f32."
    worst = max(below, key=sentences.share_lost)
    if not accuracy_cells.eligible(worst):
        effect = sentences.Effect(worst, catalogue.speedup(worst))
        what += f" {sentences.sentence(effect, many=len(catalogue.devices) > 1)}"
    return Takeaway("How right", f"{kept} of {len(below)}", what, "accuracy.html")


def _optimized(catalogue: Catalogue) -> Takeaway | None:
    """Return for how many models INT8 buys speed at no loss, and for how many it costs accuracy."""
    found = [
        effect
        for effect in sentences.effects(catalogue, catalogue.results)
        if effect.result.variant == "int8" and not effect.result.is_published
        if effect.result.completed
    ]
    known = [e for e in found if accuracy_cells.eligible(e.result) is not None]
    if not known:
        return None
    faster = [e for e in known if sentences.speed_change(e.ratio("latency")) == "more"]
    good = [e for e in faster if accuracy_cells.eligible(e.result)]
    lost = [e for e in known if accuracy_cells.eligible(e.result) is False]
    text = f"results are clearly faster with INT8 and keep 99 % of the accuracy; {len(lost)} "
    text += f"{'loses' if len(lost) == 1 else 'lose'} more than 1 %."
    best, worst = sentences.best_choice(known), sentences.largest_loss(known)
    if best and (ratio := best.ratio("latency")):
        text += f" Most gained: {best.result.model.title}, {times(ratio)} as fast as f32"
        text += f"{note_of(ratio.ratio)}."
    if worst:
        points = accuracy_cells.cost_cell(worst.result).text
        text += f" Most lost: {worst.result.model.title}, {points} points"
        text += f"{accuracy_cells.cost_note(worst.result, named=not best)}."
    state = next((p.state for p in presets(catalogue) if p.state.columns == "weights"), None)
    href = f"#{state.fragment(DEFAULT_STATE)}" if state else "accuracy.html"
    return Takeaway("What INT8 buys and costs", f"{len(good)} of {len(known)}", text, href)


def _exact(results: Sequence[Result]) -> Takeaway | None:
    """Return that whatever ran, ran in f32, with which accuracies are compared.

    None where something ran in another precision, whatever was requested, or in derived weights.
    """
    ran = [r for r in results if r.completed]
    if not ran or not all(r.is_published and r.executed == "f32" for r in ran):
        return None
    exact, every = {r.model.id for r in ran}, {r.model.id for r in results}
    without = {r.model.id: r for r in results if not r.completed}
    text = "models ran in f32, with which accuracies are compared: no precision was given up"
    text += f"{left_out_words(without.values(), (), 'latency')}."
    return Takeaway("How right", f"{len(exact)} of {len(every)}", text, "#answers")


def _failed(results: Sequence[Result]) -> Takeaway | None:
    """Return why there is no result, where there is none."""
    outcomes = [r.record.outcome for r in results]
    reasons = Counter(line(o.reason, 200) for o in outcomes if not isinstance(o, Completed))
    if not results or reasons.total() < len(results):
        return None
    (reason, n), *_ = reasons.most_common(1)
    total = len(results)
    text = "cases have no result: they failed or are unsupported. "
    text += f"Most often ({n}): {reason}. " if n < total else f"Each says: {reason}. "
    if total == 1:
        text = f"case has no result. It says: {reason}. "
    text += "The table leads to what was written before the end and to the command that tries it "
    text += "again; ovreport devices and ovreport doctor look at the machine."
    return Takeaway("What happened", f"{total} of {total}", text, "#answers")


def _sure(table: Answer) -> Takeaway | None:
    """Return how many of the values in the table are stable."""
    cells = [cell for row in table.rows for cell in row.cells if cell]
    levels = Counter(cell.level for cell in cells if cell.level)
    if not levels:
        return None
    others = [f"{levels[level]} {level}" for level in ("noisy", "unreliable") if levels[level]]
    width = f"±{percent(STABLE_HALF_WIDTH)}".replace(" ", "\N{NO-BREAK SPACE}")
    text = f"latencies, of all models and devices, are stable: known to {width}, and nothing "
    text += "speaks against them"
    text += f"; {' and '.join(others)}, drawn pale or as an outline." if others else "."
    value = f"{levels['stable']} of {levels.total()}"
    return Takeaway("How sure", value, text, "method.html#verdicts")


def _language(catalogue: Catalogue) -> Takeaway | None:
    """Return the speed of a language model, or its token agreement if the speed is unreliable."""
    best = main_result(catalogue.language)
    if best is None:
        return None
    name = f"{best.model.title}, a language model with {best.variant} weights, on "
    name += best.device.label
    topic, href = "Language models", "language-models.html"
    if best.trusted("tokens_per_s"):
        first = value_words(best, "time_to_first_token_ms")
        text = f"from {name}: its first token after {first}."
        return Takeaway(topic, value_words(best, "tokens_per_s"), text, href)
    measured = generation_of(best)
    agreement = measured.agreement if measured else None
    if not isinstance(agreement, TokenAgreement):
        return None
    return Takeaway(
        topic,
        f"{agreement.identical} of {len(agreement.common)}",
        f"greedy outputs of {name} equal those in f32 token for token. Its speed was too noisy for "
        "a headline.",
        href,
    )
