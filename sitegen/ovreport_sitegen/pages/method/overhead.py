"""What measuring costs: in a single call, and as a share of the time that a collect takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from ovreport.metrics import MetricValue, significant
from ovreport.record import Latency, MeasuringTime
from ovreport.words import plural
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import interval_note, listed

_TIERS = ("quick", "standard", "publish")


@dataclass(frozen=True, slots=True)
class TierOverhead:
    """How much of the time of a tier's cases was measuring."""

    tier: str
    cases: str
    """How many cases."""
    wall: str
    """What they took in all."""
    share: str
    """Share of it that was measuring."""


@dataclass(frozen=True, slots=True)
class CallOverhead:
    """What a call costs in addition to the runtime's own work, in the fastest case."""

    what: str
    href: str
    facts: tuple[tuple[str, str], ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class OverheadView:
    """The section on the method page."""

    finding: str
    call: CallOverhead | None
    tiers: tuple[TierOverhead, ...]


def section(catalogue: Catalogue) -> OverheadView:
    """Return the section for all results of a site."""
    call = _call(catalogue.results)
    tiers = tuple(found for name in _TIERS if (found := _tier(name, catalogue.results)))
    shares = [f"{t.share} of the {t.tier} tier's time was measuring ({t.cases})" for t in tiers]
    sentences = [*([call.sentence] if call else []), *([listed(shares)] if shares else [])]
    return OverheadView(
        finding=" ".join(f"{s[0].upper()}{s[1:]}." for s in sentences)
        or "No record here says how long measuring took.",
        call=call,
        tiers=tiers,
    )


def time_words(time: MeasuringTime) -> str:
    """Return how long a case took, and how much of it was measuring."""
    share = _percent(_share(time.measuring_s, time.wall_s))
    return f"{_duration(time.wall_s)}, {share} of it measuring"


# ---------------------------------------------------------------- a call


def _call(results: Sequence[Result]) -> CallOverhead | None:
    timed = [(f.value, r) for r in results if (f := r.metric_value("latency_observed_ms"))]
    if not timed:
        return None
    _, fastest = min(timed, key=lambda pair: pair[0])
    latency = fastest.metric_value("latency_observed_ms")
    overhead = fastest.metric_value("overhead_ms")
    measurement = fastest.record.latency
    if latency is None or overhead is None or not isinstance(measurement, Latency):
        return None
    between_ms = median((r.duration_s * 1000 - r.n * r.mean_ms) / r.n for r in measurement.rounds)
    return CallOverhead(
        what=f"{fastest.model.title}, {fastest.device.label}, {fastest.label}",
        href=fastest.href,
        facts=(
            ("Latency at the caller", _with_interval(latency)),
            ("Of it, outside the runtime, lowest to highest round", _with_interval(overhead)),
            (
                "Between two calls, not part of the latency",
                f"{_time(max(between_ms, 0))} to fetch the next input and read the clock",
            ),
            ("n", f"{plural(latency.rounds, 'round')} · {latency.n:,} inferences"),
        ),
        sentence=f"a call of {fastest.model.title}, the fastest case here, takes "
        f"{_time(latency.value)} at the caller, {_time(overhead.value)} "
        f"({_percent(_share(overhead.value, latency.value))}) of it outside the runtime",
    )


def _with_interval(value: MetricValue) -> str:
    if not math.isfinite(value.high - value.low):
        return _time(value.value)
    return _time(value.value) + interval_note(_time(value.low), _time(value.high))


def _time(ms: float) -> str:
    """Return a duration in the unit that needs no leading zeros."""
    return f"{significant(ms)} ms" if ms >= 0.1 else f"{significant(ms * 1000)} µs"


# ---------------------------------------------------------------- a collect


def _tier(name: str, results: Sequence[Result]) -> TierOverhead | None:
    times = [
        time
        for r in results
        if r.record.tier.name == name and isinstance(time := r.record.measuring_time, MeasuringTime)
    ]
    if not times:
        return None
    wall_s = sum(time.wall_s for time in times)
    return TierOverhead(
        tier=name,
        cases=plural(len(times), "case"),
        wall=_duration(wall_s),
        share=_percent(_share(sum(time.measuring_s for time in times), wall_s)),
    )


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0


def _percent(share: float) -> str:
    return f"{significant(100 * share, 2)} %"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
