"""What the first table shows, in a few sentences: which is fastest, what it costs, how sure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ovreport.metrics.verdict import STABLE_HALF_WIDTH
from ovreport.record import Completed, TokenAgreement
from ovreport_sitegen.answer.presets import presets
from ovreport_sitegen.answer.state import DEFAULT_STATE
from ovreport_sitegen.answer.table import Answer
from ovreport_sitegen.components import accuracy_cells
from ovreport_sitegen.components.generation import generation_of, main_result, value_words
from ovreport_sitegen.components.ranking import comparable
from ovreport_sitegen.components.ratio_card import left_out_words, note_of, times
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.pages.accuracy import sentences
from ovreport_sitegen.pages.overview.speed import fast, fastest
from ovreport_sitegen.pages.overview.takeaway import Takeaway
from ovreport_sitegen.text import line, percent


def takeaways(catalogue: Catalogue, table: Answer) -> tuple[Takeaway, ...]:
    """Return what is known of speed, and what the default precision and INT8 do.

    `table`: the first one, whole.
    What a machine can do is not what a limited run of it could, where there is another.
    """
    results = catalogue.of_machine(catalogue.machines[0])
    whole = comparable(results)
    found = (
        _failed(results),
        fastest(catalogue, table) or fast(catalogue, whole),
        _right(catalogue, whole),
        _optimized(catalogue),
    )
    return tuple(filter(None, found))


def further(catalogue: Catalogue, table: Answer) -> tuple[Takeaway, ...]:
    """Return what stands below the first table: a phone shows that within two screens."""
    return tuple(filter(None, (_sure(table), _language(catalogue))))


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
