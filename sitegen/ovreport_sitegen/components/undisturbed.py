"""Undisturbed and observed, side by side and never mixed: what a page says of its headlines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ovreport.metrics import METRICS, MetricValue
from ovreport_sitegen.components.card import Card
from ovreport_sitegen.components.cells import reason_words
from ovreport_sitegen.components.models_card import models_card
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import how_many_are, line, listed

OBSERVED = {
    "latency_ms": "latency_observed_ms",
    "throughput_ips": "throughput_observed_ips",
    "startup_ms": "startup_observed_ms",
}
"""Headline → the metric of the same over all rounds."""


def is_undisturbed(result: Result, key: str) -> bool:
    """Return whether a headline is what quiet rounds agree on."""
    found = result.metric_value(key)
    return bool(found and found.kind == "undisturbed")


def quiet_note(results: Sequence[Result], key: str) -> str:
    """Return how many headlines are undisturbed, and why the others are not; empty without any."""
    measured = [found for r in results if (found := r.metric_value(key))]
    observed = [found for found in measured if found.kind == "observed"]
    label = METRICS[key].label.lower()
    if not measured:
        return ""
    if not observed:
        return f"Every {label} here is undisturbed: quiet rounds of three processes or more agree."
    good = len(measured) - len(observed)
    text = f"No {label} here is undisturbed, but a median over all rounds, marked “observed”"
    if good:
        text = f"{how_many_are(good, len(measured), f'{label} value')} undisturbed. The others "
        text += "are medians over all rounds, marked “observed”"
    text += f": {_why(observed)}."
    codes = Counter(r.code for found in observed for r in found.verdict.reasons)
    del codes["disturbed"]
    common = [reason_words(code, n, len(observed)) for code, n in codes.most_common(3)]
    return f"{text} Other reasons: {listed(common)}." if common else text


def _why(observed: Sequence[MetricValue]) -> str:
    """Return why values are not undisturbed: the reason that they share, or that of most."""
    details = {
        reason.detail
        for found in observed
        for reason in found.verdict.reasons
        if reason.code == "disturbed"
    }
    if len(details) == 1:
        return line(details.pop(), 200)
    return "fewer than three processes, or too few of them, had quiet rounds that agree"


def observed_card(catalogue: Catalogue) -> Card | None:
    """Return the card of observed latencies beside the undisturbed ones; None without any pair."""
    key = "latency_ms"
    card = models_card(
        catalogue, OBSERVED[key], keep=lambda r: not r.completed or is_undisturbed(r, key)
    )
    return card if card.chart else None
