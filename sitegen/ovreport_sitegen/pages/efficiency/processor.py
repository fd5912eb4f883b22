"""Processor time an inference: what it costs the host; evidence where wall time is disturbed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ovreport.record import NotMeasured
from ovreport.stats.comparison import Comparison
from ovreport.words import plural
from ovreport_sitegen.components.card import Card
from ovreport_sitegen.components.cells import interval_words, missing_words
from ovreport_sitegen.components.models_card import models_card
from ovreport_sitegen.components.ratio_card import times
from ovreport_sitegen.components.undisturbed import is_undisturbed
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result

KEYS = ("latency_cpu_ms", "throughput_cpu_ms")
"""The metrics of processor time."""
_MOST = 3
"""Findings in sentences; the table has all ratios."""


@dataclass(frozen=True)
class ProcessorSection:
    """The section on processor time."""

    missing: str
    """Why there is nothing to show; empty where there is."""
    card: Card | None
    findings: tuple[str, ...]
    """Ratios of precisions by processor time, where wall time was disturbed."""


def section(catalogue: Catalogue) -> ProcessorSection:
    """Return the section; without any processor time, a sentence."""
    if not any(r.metric_value(key) for r in catalogue.results for key in KEYS):
        return ProcessorSection(_missing(catalogue.results), None, ())
    card = models_card(catalogue, KEYS[1])
    return ProcessorSection("", card, tuple(_findings(catalogue)))


def _missing(results: Sequence[Result]) -> str:
    """Return why no result has a processor time: what is said of most."""
    found = [r.metric_values.get(KEYS[0]) for r in results]
    reasons = Counter(missing_words(why) for why in found if isinstance(why, NotMeasured))
    why = f": {reasons.most_common(1)[0][0]}" if reasons else ""
    return f"No result here has a processor time{why}."


def _findings(catalogue: Catalogue) -> list[str]:
    """Return what processor time tells of precisions whose wall time was disturbed."""
    found = []
    for pair in catalogue.speedups:
        ratio = pair.processor_time
        both = (pair.baseline, pair.candidate)
        if ratio and ratio.significant and not all(is_undisturbed(r, "latency_ms") for r in both):
            found.append(_sentence(pair.candidate, ratio))
    more = len(found) - _MOST
    if more <= 0:
        return found
    return [*found[:_MOST], f"{more} more {'is' if more == 1 else 'are'} in the table."]


def _sentence(result: Result, ratio: Comparison) -> str:
    """Return the ratio of two precisions by processor time, labelled as such."""
    bounds = interval_words(ratio.ratio.low, ratio.ratio.high)
    return (
        f"By processor time, while latency was disturbed: {result.model.title} in f32 takes "
        f"{times(ratio)} as much as in {result.short_label} on {result.device.label} (95 % "
        f"interval {bounds}, {plural(ratio.pairs, 'pair')} of rounds)."
    )
