"""Whether a number can be trusted, derived from a record's samples and noise evidence.

The collector judges when it writes a record, every reader judges again: a record's own word
is never taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ovreport.record import (
    Latency,
    LatencyRound,
    Level,
    NotMeasured,
    Reason,
    Record,
    RoundNoise,
    Throughput,
    ThroughputRound,
    Tier,
    Verdict,
)
from ovreport.statistics import Interval, drift, median_interval

VALID_HALF_WIDTH = 0.03
SUSPECT_HALF_WIDTH = 0.10
DRIFT = 0.05
FOREIGN_CPU_SHARE = 0.05
STEAL_SHARE = 0.02
IDLE_SHARE = 0.10

READINGS = {
    "foreign_cpu_share": "share of the machine's processor time that other processes took",
    "steal_share": "share of processor time that the hypervisor gave to other machines",
    "load_average_1m": "load average when the round began, runnable tasks",
    "pressure_cpu_share": "share of time in which some task waited for a processor (PSI)",
    "swap_pages": "pages swapped in or out during the round",
    "throttle_events": "thermal throttle events counted during the round",
    "context_switches": "context switches of the whole machine during the round",
    "frequency_mhz": "mean processor frequency when the round ended",
    "temperature_c": "highest processor temperature when the round ended",
}
"""Keys of `RoundNoise.readings`, in words."""


@dataclass(frozen=True)
class ReasonText:
    """What a reason code means, and what to do about it."""

    title: str
    meaning: str
    remedy: str


REASONS: dict[str, ReasonText] = {
    "wide-interval": ReasonText(
        "Rounds disagree",
        "The 95 % interval of the median over rounds is wider than ±3 % (suspect) or ±10 % "
        "(invalid).",
        "Measure longer (a higher tier), on a quieter machine.",
    ),
    "too-few-rounds": ReasonText(
        "Too few rounds",
        "With fewer than three rounds nothing can be said about how repeatable a number is.",
        "Let the collect finish, or run it again: it resumes.",
    ),
    "too-few-samples": ReasonText(
        "Too few inferences",
        "A round reached its time cap before the number of inferences that its tier asks for.",
        "Use a higher tier, or accept that this model is slow here.",
    ),
    "drift": ReasonText(
        "Drift within rounds",
        "In half of the rounds or more, the last third ran over 5 % slower or faster than the "
        "first third.",
        "Let the machine reach its steady temperature, and close other programs.",
    ),
    "unstable-warmup": ReasonText(
        "Warm-up did not settle",
        "Three consecutive windows never agreed within 5 % before the cap on warm-up.",
        "Close other programs; on a virtual machine this is often a busy neighbour.",
    ),
    "foreign-load": ReasonText(
        "Other programs ran",
        "Other processes took over 5 % of the machine's processor time during a round.",
        "Close other programs and measure again.",
    ),
    "steal": ReasonText(
        "The hypervisor took time away",
        "Over 2 % of processor time went to other virtual machines during a round.",
        "Measure on bare metal or on a dedicated instance.",
    ),
    "swap": ReasonText(
        "The machine swapped",
        "Memory pages moved to or from disk during a round.",
        "Free memory, or measure fewer or smaller models.",
    ),
    "throttled": ReasonText(
        "The processor throttled",
        "Thermal throttle counters moved during a round.",
        "Improve cooling, and let the machine cool down between runs.",
    ),
    "on-battery": ReasonText(
        "On battery", "The machine ran from its battery.", "Plug the machine in."
    ),
    "powersave": ReasonText(
        "Power-saving governor",
        "The processor's frequency governor was `powersave` without a hardware-managed mode.",
        "`cpupower frequency-set -g performance`",
    ),
    "failed-rounds": ReasonText(
        "Some rounds failed",
        "A round crashed, hung or gave wrong outputs; the figures are of the other rounds.",
        "Look at the failures listed with the result.",
    ),
    "load-generator": ReasonText(
        "The load generator limits",
        "Requests waited for our own loop for over 10 % of their time.",
        "Throughput on this device may be higher than shown.",
    ),
}

Judged = Latency | Throughput


def judge(record: Record) -> dict[str, Verdict]:
    """Return a verdict for each of `latency` and `throughput` that was measured."""
    aspects: dict[str, Judged | NotMeasured] = {
        "latency": record.latency,
        "throughput": record.throughput,
    }
    return {
        name: _verdict(aspect, record)
        for name, aspect in aspects.items()
        if isinstance(aspect, Judged)
    }


def latency_headline(rounds: Sequence[LatencyRound]) -> Interval:
    """Return the median over rounds of each round's median latency, in ms."""
    return median_interval([r.median_ms for r in rounds])


def throughput_headline(rounds: Sequence[ThroughputRound], batch: int) -> Interval:
    """Return the median over rounds of inferences per second."""
    return median_interval([r.n * batch / r.duration_s for r in rounds])


def needs_more_rounds(headline: Interval) -> bool:
    """Return whether another round could turn an invalid or suspect number into a better one."""
    return headline.half_width > VALID_HALF_WIDTH


def _verdict(aspect: Judged, record: Record) -> Verdict:
    headline = (
        latency_headline(aspect.rounds)
        if isinstance(aspect, Latency)
        else throughput_headline(aspect.rounds, aspect.batch)
    )
    reasons = [*_round_reasons(aspect, record.tier), *_evidence(record)]
    return _weighed(headline, len(aspect.rounds), reasons)


def judge_times(headline: Interval, rounds: int, record: Record) -> Verdict:
    """Return a verdict on a figure of one sample a round, such as start-up."""
    return _weighed(headline, rounds, _evidence(record))


def judge_sizes(headline: Interval, rounds: int) -> Verdict:
    """Return a verdict on a figure that other programs do not disturb, such as memory."""
    return _weighed(headline, rounds, [])


def _weighed(headline: Interval, rounds: int, reasons: Sequence[Reason]) -> Verdict:
    level = _level(headline, rounds)
    found = [*_interval_reasons(headline, rounds), *reasons]
    return Verdict(level="suspect" if found and level == "valid" else level, reasons=found)


def _evidence(record: Record) -> list[Reason]:
    return [*_noise_reasons(record.noise), *_record_reasons(record)]


def _level(headline: Interval, rounds: int) -> Level:
    if rounds < 2 or headline.half_width > SUSPECT_HALF_WIDTH:
        return "invalid"
    return "valid" if headline.half_width <= VALID_HALF_WIDTH else "suspect"


def _interval_reasons(headline: Interval, rounds: int) -> Iterator[Reason]:
    if rounds < 3:
        yield Reason(code="too-few-rounds", detail=f"{rounds} of at least 3")
    if rounds > 1 and headline.half_width > VALID_HALF_WIDTH:
        yield Reason(
            code="wide-interval",
            detail=f"±{headline.half_width:.1%} over {rounds} rounds",
        )


def _round_reasons(aspect: Judged, tier: Tier) -> Iterator[Reason]:
    rounds: Sequence[LatencyRound | ThroughputRound] = aspect.rounds
    few = [r.n for r in rounds if r.n < tier.min_inferences]
    if few:
        yield Reason(
            code="too-few-samples",
            detail=f"{min(few)} of {tier.min_inferences} inferences in {_of(few, rounds)}",
        )
    drifted = [d for r in rounds if abs(d := _drift(r)) > DRIFT]
    if 2 * len(drifted) >= len(rounds):
        worst = max(drifted, key=abs)
        yield Reason(code="drift", detail=f"up to {worst:+.1%} in {_of(drifted, rounds)}")
    unstable = [r for r in rounds if not r.warmup_stable]
    if unstable:
        yield Reason(code="unstable-warmup", detail=f"in {_of(unstable, rounds)}")
    if isinstance(aspect, Throughput):
        idle = [r.idle_share for r in aspect.rounds if r.idle_share > IDLE_SHARE]
        if idle:
            yield Reason(
                code="load-generator",
                detail=f"up to {max(idle):.0%} idle in {_of(idle, rounds)}",
            )


def _drift(r: LatencyRound | ThroughputRound) -> float:
    first, last = (
        (r.first_third_median_ms, r.last_third_median_ms)
        if isinstance(r, LatencyRound)
        else (r.first_third_ips, r.last_third_ips)
    )
    return drift(first, last)


def _noise_reasons(noise: Sequence[RoundNoise]) -> Iterator[Reason]:
    limits: tuple[tuple[str, str, float, Callable[[float], str]], ...] = (
        ("foreign-load", "foreign_cpu_share", FOREIGN_CPU_SHARE, "{:.0%} of the machine".format),
        ("steal", "steal_share", STEAL_SHARE, "{:.1%} of processor time".format),
        ("swap", "swap_pages", 0, "{:,.0f} pages".format),
        ("throttled", "throttle_events", 0, "{:,.0f} events".format),
    )
    for code, key, limit, words in limits:
        over = [v for r in noise if (v := r.readings.get(key, 0.0)) > limit]
        if over:
            yield Reason(code=code, detail=f"up to {words(max(over))} in {_of(over, noise)}")


def _record_reasons(record: Record) -> Iterator[Reason]:
    if record.failed_rounds:
        first = record.failed_rounds[0]
        yield Reason(
            code="failed-rounds",
            detail=f"{len(record.failed_rounds)} failed, the first: {first.reason[:200]}",
        )
    if record.machine.power_source == "battery":
        yield Reason(code="on-battery", detail="power source: battery")
    if record.machine.governor == "powersave":
        yield Reason(code="powersave", detail="governor: powersave")


def _of(some: Sequence[object], all_of_them: Sequence[object]) -> str:
    return f"{len(some)} of {len(all_of_them)} rounds"
