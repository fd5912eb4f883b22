"""Whether a number can be trusted, derived from a record's samples and noise evidence.

The collector judges when it writes a record, every reader judges again: a record's own word
is never taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ovreport.metrics import generation
from ovreport.record import (
    Generation,
    JudgedName,
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
from ovreport.stats.intervals import Interval, drift, median_interval

STABLE_HALF_WIDTH = 0.03
NOISY_HALF_WIDTH = 0.10
DRIFT = 0.05
FOREIGN_CPU_SHARE = 0.05
FOREIGN_PEAK_SHARE = 0.25
"""Far above what the kernel's 10 ms ticks can be wrong by in half a second (2 % a processor)."""
PRESSURE_SHARE = 0.05
"""As drift: a stall of this share of the time moves a number by as much."""
STEAL_SHARE = 0.02
IDLE_SHARE = 0.10
FREQUENCY_DROP = NOISY_HALF_WIDTH
"""Computing time goes with the clock: a drop of this much alone makes rounds disagree so far."""

READINGS = {
    "foreign_cpu_share": "share of the machine's processor time that other programs took",
    "foreign_cpu_peak_share": "share that other programs took in the worst half second",
    "steal_share": "share of processor time that the hypervisor gave to other machines",
    "steal_peak_share": "share that the hypervisor gave away in the worst half second",
    "load_average_1m": "load average when the round began, runnable tasks",
    "pressure_cpu_share": "share of time in which some task, ours too, waited for a processor "
    "(PSI)",
    "pressure_io_share": "share of time in which all tasks that could run waited for disks (PSI)",
    "pressure_memory_share": "share of time in which some task waited for memory (PSI)",
    "swap_pages": "pages swapped in or out during the round",
    "throttle_events": "thermal throttle events counted during the round",
    "context_switches": "context switches of the whole machine during the round",
    "involuntary_switches": "times the measuring process had to leave a processor",
    "voluntary_switches": "times the measuring process gave a processor back, to wait",
    "frequency_mhz": "mean processor frequency during the round, MHz",
    "frequency_min_mhz": "lowest mean processor frequency at one look, MHz",
    "temperature_c": "highest processor temperature during the round, °C",
    "battery_share": "share of the looks at which the machine ran from its battery",
    "allowed_processors": "processors that the affinity of our processes allows",
    "cgroup_cpus": "processors that our control group's quota allows",
    "cgroup_memory_gib": "memory that our control group may use, GiB",
    "cgroup_throttled_periods": "periods in which the quota was used up and our group stood still",
    "cgroup_throttled_s": "time for which it stood still, seconds summed over processors",
    "looks": "looks at the machine while the round ran",
    "looking_cpu_share": "share of one processor that this looking took",
}
"""Keys of `RoundNoise.readings`, in words."""


Judged = Latency | Throughput


def judge(record: Record, against: Sequence[Reason] | None = None) -> dict[JudgedName, Verdict]:
    """Return a verdict for each headline that was measured.

    `against`: the record's `evidence`, where it is known already.
    """
    if record.case.is_language:
        tokens = record.generation
        if not isinstance(tokens, Generation):
            return {}
        return _judge_tokens(tokens, evidence(record) if against is None else against)
    measurements: dict[JudgedName, Judged | NotMeasured] = {
        "latency": record.latency,
        "throughput": record.throughput,
    }
    found = evidence(record) if against is None else against
    return {
        name: _verdict(measurement, record.tier, found)
        for name, measurement in measurements.items()
        if isinstance(measurement, Judged)
    }


def _judge_tokens(measured: Generation, against: Sequence[Reason]) -> dict[JudgedName, Verdict]:
    point = generation.headline(measured.points)
    headlines: dict[JudgedName, Interval] = {
        "time_to_first_token": generation.first_token(point),
        "time_per_output_token": generation.per_token(point),
    }
    return {k: judge_times(h, len(point.rounds), against) for k, h in headlines.items()}


def latency_headline(rounds: Sequence[LatencyRound]) -> Interval:
    """Return the median over rounds of each round's median latency, in ms."""
    return median_interval([r.median_ms for r in rounds])


def throughput_headline(rounds: Sequence[ThroughputRound], batch: int) -> Interval:
    """Return the median over rounds of inferences per second."""
    return median_interval([r.n * batch / r.duration_s for r in rounds])


def needs_more_rounds(headline: Interval) -> bool:
    """Return whether another round could turn an unreliable or noisy number into a better one."""
    return headline.half_width > STABLE_HALF_WIDTH


def is_whole(quota: float) -> bool:
    """Return whether a quota is a whole number of processors, but for rounding."""
    return abs(quota - round(quota)) <= 0.01


def _verdict(measurement: Judged, tier: Tier, against: Sequence[Reason]) -> Verdict:
    headline = (
        latency_headline(measurement.rounds)
        if isinstance(measurement, Latency)
        else throughput_headline(measurement.rounds, measurement.batch)
    )
    reasons = [*_round_reasons(measurement, tier), *against]
    return _weighed(headline, len(measurement.rounds), reasons)


def judge_times(headline: Interval, rounds: int, against: Sequence[Reason]) -> Verdict:
    """Return a verdict on a figure of one sample a round, such as start-up.

    `against`: what speaks against it, the record's `evidence` above all.
    """
    return _weighed(headline, rounds, against)


def judge_sizes(headline: Interval, rounds: int) -> Verdict:
    """Return a verdict on a figure that other programs do not disturb, such as memory."""
    return _weighed(headline, rounds, [])


def _weighed(headline: Interval, rounds: int, reasons: Sequence[Reason]) -> Verdict:
    level = _level(headline, rounds)
    found = [*_interval_reasons(headline, rounds), *reasons]
    return Verdict(level="noisy" if found and level == "stable" else level, reasons=found)


def evidence(record: Record) -> list[Reason]:
    """Return what speaks against every timed figure of a record: the machine, and lost rounds."""
    return [*_noise_reasons(record.noise), *_record_reasons(record)]


def _level(headline: Interval, rounds: int) -> Level:
    if rounds < 2 or headline.half_width > NOISY_HALF_WIDTH:
        return "unreliable"
    return "stable" if headline.half_width <= STABLE_HALF_WIDTH else "noisy"


def _interval_reasons(headline: Interval, rounds: int) -> Iterator[Reason]:
    if rounds < 3:
        yield Reason(code="too-few-rounds", detail=f"{rounds} of at least 3")
    if rounds > 1 and headline.half_width > STABLE_HALF_WIDTH:
        yield Reason(
            code="wide-interval",
            detail=f"±{headline.half_width:.1%} over {rounds} rounds",
        )


def _round_reasons(measurement: Judged, tier: Tier) -> Iterator[Reason]:
    rounds: Sequence[LatencyRound | ThroughputRound] = measurement.rounds
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
    if isinstance(measurement, Throughput):
        idle = [r.idle_share for r in measurement.rounds if r.idle_share > IDLE_SHARE]
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
        ("pressure", "pressure_memory_share", PRESSURE_SHARE, "{:.0%} of the time, memory".format),
        ("pressure", "pressure_io_share", PRESSURE_SHARE, "{:.0%} of the time, disks".format),
        ("steal", "steal_share", STEAL_SHARE, "{:.1%} of processor time".format),
        ("swap", "swap_pages", 0, "{:,.0f} pages".format),
        ("throttled", "throttle_events", 0, "{:,.0f} events".format),
        ("cgroup-throttled", "cgroup_throttled_periods", 0, "{:,.0f} periods".format),
    )
    for code, key, limit, words in limits:
        over = [v for r in noise if (v := r.readings.get(key, 0.0)) > limit]
        if over:
            yield Reason(code=code, detail=f"up to {words(max(over))} in {_of(over, noise)}")
    yield from _burst_reasons(noise)
    yield from _frequency_reasons(noise)
    yield from _quota_reasons(noise)


def _burst_reasons(noise: Sequence[RoundNoise]) -> Iterator[Reason]:
    """Yield what a mean hides; a round whose mean is over its limit is told of already."""
    calm = [r for r in noise if r.readings.get("foreign_cpu_share", 0.0) <= FOREIGN_CPU_SHARE]
    peaks = [r.readings.get("foreign_cpu_peak_share", 0.0) for r in calm]
    over = [peak for peak in peaks if peak > FOREIGN_PEAK_SHARE]
    if over:
        yield Reason(
            code="foreign-burst",
            detail=f"up to {max(over):.0%} of the machine in {_of(over, noise)}",
        )


def _frequency_reasons(noise: Sequence[RoundNoise]) -> Iterator[Reason]:
    """Compare the rounds of one case: they do the same work, so they should run at one clock."""
    mhz = [r.readings["frequency_mhz"] for r in noise if "frequency_mhz" in r.readings]
    fastest = max(mhz, default=0.0)
    low = [f for f in mhz if f < fastest * (1 - FREQUENCY_DROP)]
    if low:
        yield Reason(
            code="frequency-drop",
            detail=f"down to {min(low):,.0f} from {fastest:,.0f} MHz in {_of(low, noise)}",
        )


def _quota_reasons(noise: Sequence[RoundNoise]) -> Iterator[Reason]:
    quotas = [r.readings["cgroup_cpus"] for r in noise if "cgroup_cpus" in r.readings]
    parts = [q for q in quotas if not is_whole(q)]
    if parts:
        yield Reason(
            code="limited-cores",
            detail=f"{parts[0]:.2f} processors allowed in {_of(parts, noise)}",
        )


def _record_reasons(record: Record) -> Iterator[Reason]:
    if record.failed_rounds:
        first = record.failed_rounds[0]
        yield Reason(
            code="failed-rounds",
            detail=f"{len(record.failed_rounds)} failed, the first: {first.reason[:200]}",
        )
    unplugged = [r for r in record.noise if r.readings.get("battery_share", 0.0) > 0]
    if record.machine.power_source == "battery":
        yield Reason(code="on-battery", detail="power source: battery")
    elif unplugged:
        yield Reason(code="on-battery", detail=f"in {_of(unplugged, record.noise)}")
    if record.machine.governor == "powersave":
        yield Reason(code="powersave", detail="governor: powersave")


def _of(some: Sequence[object], all_of_them: Sequence[object]) -> str:
    return f"{len(some)} of {len(all_of_them)} rounds"
