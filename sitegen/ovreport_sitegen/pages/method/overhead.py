"""What the measuring itself costs: in a single call, and of the time that a collect takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from ovreport.metrics import MetricValue, significant
from ovreport.record import MEASURING, Latency, MeasuringTime
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import listed, plural

_PARTS = {
    "timed-loops": ("timed loops", "inferences that figures are made of"),
    "warm-up": ("warm-up", "inferences before them, until their times are steady"),
    "timed-starts": ("timed starts", "cold and cached start, from reading to a first answer"),
    "idle-baseline": ("idle baseline", "power while nothing runs, before energy is read"),
    "calibration": ("calibration", "fixed computations around rounds, in records up to format 3"),
    "process": ("processes", "start, imports and end of the fresh process of every round"),
    "compile": ("compiling", "compiling for the other mode, which is not timed"),
    "accuracy": ("accuracy", "answers to all labelled inputs, and judging them"),
    "pilot": ("pilots", "finding out how to drive requests, and for how long"),
    "check": ("checks", "answers compared before and after timing"),
    "inputs": ("inputs", "loading them"),
    "bookkeeping": ("bookkeeping", "noise evidence, the journal, what lies between processes"),
}
"""Part of an `MeasuringTime` → its label and what it is; in the order in which they are shown."""
_OTHER = ("other", "named by the record, not known to this page")


@dataclass(frozen=True, slots=True)
class PartRow:
    """One part of the wall time of a tier's cases."""

    label: str
    meaning: str
    measuring: bool
    x: float
    """Start of its piece of the bar, in per cent."""
    width: float
    share: str
    a_case: str
    """Seconds of an average case."""


@dataclass(frozen=True, slots=True)
class TierEffort:
    """Where the time of all cases of a tier went."""

    tier: str
    n: str
    wall: str
    share: str
    """Measuring, of wall time."""
    parts: tuple[PartRow, ...]


@dataclass(frozen=True, slots=True)
class CallOverhead:
    """What a call costs beside the runtime's own work, where it weighs most."""

    what: str
    href: str
    facts: tuple[tuple[str, str], ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class MeasuringTimeView:
    """Everything the section needs."""

    finding: str
    call: CallOverhead | None
    tiers: tuple[TierEffort, ...]


def view(catalogue: Catalogue) -> MeasuringTimeView:
    """Return the section for all results of a site."""
    call = _call(catalogue.results)
    tiers = tuple(
        found
        for name in ("quick", "standard", "publish")
        if (found := _tier(name, [r for r in catalogue.results if r.record.tier.name == name]))
    )
    shares = [f"{t.share} of the {t.tier} tier's time was measuring ({t.n})" for t in tiers]
    sentences = [*([call.sentence] if call else []), *([listed(shares)] if shares else [])]
    nothing = "No record here tells what its measuring cost."
    return MeasuringTimeView(
        finding=" ".join(f"{s[0].upper()}{s[1:]}." for s in sentences) or nothing,
        call=call,
        tiers=tiers,
    )


def effort_words(measuring_time: MeasuringTime) -> str:
    """Return a case's effort in a line: how long, how much of it measuring, the largest parts."""
    largest = _shares(measuring_time.parts_s)[:4]
    parts = ", ".join(f"{label} {_percent(s)}" for label, _, _, s in sorted(largest, key=_by_share))
    return (
        f"{_duration(measuring_time.wall_s)}, "
        f"{_percent(_share(measuring_time.measuring_s, measuring_time.wall_s))} of it "
        f"measuring: {parts}"
    )


# ---------------------------------------------------------------- a call


def _call(results: Sequence[Result]) -> CallOverhead | None:
    timed = [(f.value, r) for r in results if (f := r.figure("latency_ms"))]
    if not timed:
        return None
    _, fastest = min(timed, key=lambda pair: pair[0])
    latency, overhead = fastest.figure("latency_ms"), fastest.figure("overhead_ms")
    measurement = fastest.record.latency
    if latency is None or overhead is None or not isinstance(measurement, Latency):
        return None
    between_ms = median((r.duration_s * 1000 - r.n * r.mean_ms) / r.n for r in measurement.rounds)
    what = f"{fastest.model.title}, {fastest.device.label}, {fastest.told}"
    n = f"{plural(latency.rounds, 'round')} · {latency.n:,} inferences"
    return CallOverhead(
        what=what,
        href=fastest.href,
        facts=(
            ("Latency at the caller", _with_range(latency)),
            ("Of it, not the runtime's own", _with_range(overhead)),
            (
                "Between two calls, not in the latency",
                f"{_time(max(between_ms, 0))} for the next input, the clock and notes",
            ),
            ("n", n),
        ),
        sentence=f"a call of {fastest.model.title}, the fastest case here, takes "
        f"{_time(latency.value)} at the caller, {_time(overhead.value)} "
        f"({_percent(_share(overhead.value, latency.value))}) of it outside the runtime",
    )


def _with_range(figure: MetricValue) -> str:
    return f"{_time(figure.value)} [{_time(figure.low)}, {_time(figure.high)}]"


def _time(ms: float) -> str:
    """Return a duration in the unit in which it is no row of zeros."""
    return f"{significant(ms)} ms" if ms >= 0.1 else f"{significant(ms * 1000)} µs"


# ---------------------------------------------------------------- a collect


def _tier(name: str, results: Sequence[Result]) -> TierEffort | None:
    efforts = [e for r in results if isinstance(e := r.record.measuring_time, MeasuringTime)]
    if not efforts:
        return None
    wall_s = sum(e.wall_s for e in efforts)
    parts: dict[str, float] = defaultdict(float)
    for key, seconds in (
        item for measuring_time in efforts for item in measuring_time.parts_s.items()
    ):
        parts[key] += seconds
    return TierEffort(
        tier=name,
        n=plural(len(efforts), "case"),
        wall=_duration(wall_s),
        share=_percent(_share(sum(e.measuring_s for e in efforts), wall_s)),
        parts=tuple(_rows(parts, wall_s, len(efforts))),
    )


def _rows(parts: Mapping[str, float], wall_s: float, cases: int) -> list[PartRow]:
    rows, x = [], 0.0
    for label, meaning, measuring, share in _shares(parts):
        rows.append(
            PartRow(
                label,
                meaning,
                measuring,
                round(x, 2),
                round(100 * share, 2),
                _percent(share),
                f"{significant(share * wall_s / cases)} s",
            )
        )
        x += 100 * share
    return rows


def _shares(parts_s: Mapping[str, float]) -> list[tuple[str, str, bool, float]]:
    """Return label, meaning, whether it is measuring, and share of each part; measuring first."""
    total = sum(parts_s.values())
    known = [
        (*_PARTS[key], key in MEASURING, _share(parts_s[key], total))
        for key in _PARTS
        if parts_s.get(key, 0) > 0
    ]
    unknown = sum(s for key, s in parts_s.items() if key not in _PARTS)
    others = [(*_OTHER, False, _share(unknown, total))] if unknown > 0 else []
    return sorted([*known, *others], key=lambda row: (not row[2], -row[3]))


def _by_share(row: tuple[str, str, bool, float]) -> float:
    return -row[3]


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0


def _percent(share: float) -> str:
    return f"{significant(100 * share, 2)} %"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
