"""What speaks against a number: noise of the machine, failed rounds, and irregular timed loops.

Every reason has a code, which `ovreport.metrics.reasons` puts in words.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from ovreport.metrics.verdict import NOISY_HALF_WIDTH
from ovreport.record import LatencyRound, ProcessNoise, Reason, Record, ThroughputRound, Tier
from ovreport.stats.intervals import drift

DRIFT = 0.05
_DRIFT_ROUNDTRIPS = 100
"""Of each request: in a shorter loop, what ends in the first third is too few by what was under way
when it began, a share of it that looks like a drift."""
_DRIFT_SECONDS = 0.9
"""In a shorter loop under load a third is the time in which a system finds a place for threads."""
FOREIGN_CPU_SHARE = 0.05
FOREIGN_PEAK_SHARE = 0.25
"""Far above what the kernel's 10 ms ticks can be wrong by in half a second (2 % a processor)."""
PRESSURE_SHARE = 0.05
"""The same limit as for drift: a stall of this share of the time moves a time by as much."""
STEAL_SHARE = 0.02
WAITING_SHARE = 0.05
"""Of a loop with one request at a time, whose threads are no more than the processors."""
IDLE_SHARE = 0.10
CORES_APART = 2.0
"""Where this was seen, a round trip took 130 to 230 ns while small models ran at full speed, mostly
140, and 340 to 400 ns while they were slow."""
FREQUENCY_DROP = NOISY_HALF_WIDTH
"""Computing time goes with the clock: such a drop by itself makes rounds differ by as much."""

READINGS = {
    "foreign_cpu_share": "share of the machine's processor time that other programs took",
    "foreign_cpu_peak_share": "share that other programs took in the worst half second",
    "steal_share": "share of processor time that the hypervisor gave to other machines",
    "steal_peak_share": "share that the hypervisor gave away in the worst half second",
    "load_average_1m": "load average when it began, runnable tasks",
    "pressure_cpu_share": "share of time in which some task, ours too, waited for a processor "
    "(PSI)",
    "pressure_io_share": "share of time in which all tasks that could run waited for disks (PSI)",
    "pressure_memory_share": "share of time in which some task waited for memory (PSI)",
    "swap_pages": "pages swapped in or out meanwhile",
    "throttle_events": "thermal throttle events counted meanwhile",
    "context_switches": "context switches of the whole machine meanwhile",
    "involuntary_switches": "times the measuring process had to leave a processor",
    "voluntary_switches": "times the measuring process gave a processor back, to wait",
    "waiting_share": "time for which threads of the measuring process were ready and had to wait "
    "for a processor, summed, as a share of the time",
    "core_to_core_ns": "round trip of a byte between the first and the last processor, the longest "
    "before and after, nanoseconds",
    "frequency_mhz": "mean processor frequency, MHz",
    "frequency_min_mhz": "lowest mean processor frequency at one look, MHz",
    "temperature_c": "highest processor temperature, °C",
    "battery_share": "share of the looks at which the machine ran from its battery",
    "allowed_processors": "processors that the affinity of our processes allows",
    "cgroup_cpus": "processors that our control group's quota allows",
    "cgroup_memory_gib": "memory that our control group may use, GiB",
    "cgroup_throttled_periods": "periods in which the quota was used up and our group stood still",
    "cgroup_throttled_s": "time for which it stood still, seconds summed over processors",
    "looks": "looks at the machine in between",
    "looking_cpu_share": "share of one processor that this looking took",
}
"""Keys of readings, in words: of all visits of a process, of a timed loop, or of a timed start."""


def _share(what: str, digits: int = 0) -> Callable[[float], str]:
    """Return a function that puts a share in words: `3 % of the machine`."""
    return lambda share: f"{100 * share:.{digits}f} % {what}"


_LIMITS: tuple[tuple[str, str, float, Callable[[float], str]], ...] = (
    ("foreign-load", "foreign_cpu_share", FOREIGN_CPU_SHARE, _share("of the machine")),
    ("pressure", "pressure_memory_share", PRESSURE_SHARE, _share("of the time, memory")),
    ("pressure", "pressure_io_share", PRESSURE_SHARE, _share("of the time, disks")),
    ("steal", "steal_share", STEAL_SHARE, _share("of processor time", 1)),
    ("swap", "swap_pages", 0, "{:,.0f} pages".format),
    ("throttled", "throttle_events", 0, "{:,.0f} events".format),
    ("cgroup-throttled", "cgroup_throttled_periods", 0, "{:,.0f} periods".format),
)
"""Code, reading, what is harmless, and how more than that is put in words."""


def evidence(record: Record) -> list[Reason]:
    """Return what speaks against every time of a record: the machine, and failed rounds."""
    return [*_noise_reasons(record.noise), *_record_reasons(record)]


def evidence_without_load(
    record: Record, processes: Collection[int], *, is_watched: bool = False
) -> list[Reason]:
    """Return what speaks against a value that is made of quiet rounds of some processes.

    Other programs do not: their load in other rounds is not in the value. `is_watched`: the rounds
    have readings of their own; without, a burst in their process may have been in any of them.
    """
    noise = [n for n in record.noise if n.process in processes]
    left_out = _LOAD | _BURST if is_watched else _LOAD
    own = [reason for reason in _noise_reasons(noise) if reason.code not in left_out]
    return [*own, *_record_reasons(record)]


_LOAD = frozenset({"foreign-load", "steal", "cores-apart"})
"""Codes of what other programs and machines did, which a round's own readings tell. Not so that
tasks waited for memory or disks, which is read of a whole process only."""
_BURST = frozenset({"foreign-burst"})


def is_quiet(readings: Mapping[str, float], *, one_at_a_time: bool = False) -> bool:
    """Return whether nothing that was read speaks of other load.

    `one_at_a_time`: the readings are of a loop with one request at a time, in which no thread of
    ours has to wait for another's processor.
    """
    if one_at_a_time and readings.get("waiting_share", 0.0) > WAITING_SHARE:
        return False
    for _, key, limit, _ in _LIMITS:  # noqa: SIM110 - asked of every round: `all` takes twice as long
        if readings.get(key, 0.0) > limit:
            return False
    return True


def quiet_processes(record: Record) -> dict[int, bool]:
    """Return whether each process of a case was quiet, all its rounds together."""
    near = cores_near([n.readings for n in record.noise])
    return {
        n.process: is_quiet(n.readings) and is_near
        for n, is_near in zip(record.noise, near, strict=True)
    }


def cores_near(readings: Sequence[Mapping[str, float]]) -> list[bool]:
    """Return of each round or process whether the host ran our processors close to each other.

    As close as in the closest of them, that is: what one machine calls far is near on another.
    """
    ns = [one.get("core_to_core_ns", 0.0) for one in readings]
    limit = CORES_APART * min(filter(None, ns), default=0.0)
    return [value <= limit for value in ns]


def is_whole(quota: float) -> bool:
    """Return whether a quota is a whole number of processors, but for rounding."""
    return abs(quota - round(quota)) <= 0.01


def round_reasons(rounds: Sequence[LatencyRound | ThroughputRound], tier: Tier) -> Iterator[Reason]:
    """Yield what speaks against a latency or a throughput because of its own timed loops."""
    few = [r.n for r in rounds if r.n < tier.min_inferences]
    if few:
        where = _of(few, rounds, "rounds")
        yield Reason(
            code="too-few-samples",
            detail=f"{min(few)} of {tier.min_inferences} inferences in {where}",
        )
    drifted = [d for r in rounds if abs(d := _drift(r)) > DRIFT]
    if 2 * len(drifted) >= len(rounds):
        worst = max(drifted, key=abs)
        where = _of(drifted, rounds, "rounds")
        yield Reason(code="drift", detail=f"up to {100 * worst:+.1f} % in {where}")
    unstable = [r for r in rounds if not r.warmup_stable]
    if unstable:
        yield Reason(code="unstable-warmup", detail=f"in {_of(unstable, rounds, 'rounds')}")
    idle = [share for r in rounds if (share := _idle_share(r)) > IDLE_SHARE]
    if idle:
        yield Reason(
            code="load-generator",
            detail=f"up to {100 * max(idle):.0f} % idle in {_of(idle, rounds, 'rounds')}",
        )


def _idle_share(r: LatencyRound | ThroughputRound) -> float:
    """Return the share of their time in which requests had no work; one at a time has no such."""
    return r.idle_share if isinstance(r, ThroughputRound) else 0.0


def _drift(r: LatencyRound | ThroughputRound) -> float:
    if isinstance(r, ThroughputRound) and (
        r.n < _DRIFT_ROUNDTRIPS * r.requests or r.duration_s < _DRIFT_SECONDS
    ):
        return 0.0
    first, last = (
        (r.first_third_median_ms, r.last_third_median_ms)
        if isinstance(r, LatencyRound)
        else (r.first_third_ips, r.last_third_ips)
    )
    return drift(first, last)


def _noise_reasons(noise: Sequence[ProcessNoise]) -> Iterator[Reason]:
    for code, key, limit, words in _LIMITS:
        over = [v for r in noise if (v := r.readings.get(key, 0.0)) > limit]
        if over:
            yield Reason(
                code=code, detail=f"up to {words(max(over))} in {_of(over, noise, 'processes')}"
            )
    yield from _burst_reasons(noise)
    yield from _frequency_reasons(noise)
    yield from _core_reasons(noise)
    yield from _quota_reasons(noise)


def _burst_reasons(noise: Sequence[ProcessNoise]) -> Iterator[Reason]:
    """Yield bursts that the mean of their process hides; those of busy ones are in the mean."""
    calm = [r for r in noise if r.readings.get("foreign_cpu_share", 0.0) <= FOREIGN_CPU_SHARE]
    peaks = [r.readings.get("foreign_cpu_peak_share", 0.0) for r in calm]
    over = [peak for peak in peaks if peak > FOREIGN_PEAK_SHARE]
    if over:
        yield Reason(
            code="foreign-burst",
            detail=f"up to {100 * max(over):.0f} % of the machine in "
            f"{_of(over, noise, 'processes')}",
        )


def _frequency_reasons(noise: Sequence[ProcessNoise]) -> Iterator[Reason]:
    """Compare the processes of one case: they do the same work, so they should run at one clock."""
    mhz = [r.readings["frequency_mhz"] for r in noise if "frequency_mhz" in r.readings]
    fastest = max(mhz, default=0.0)
    low = [f for f in mhz if f < fastest * (1 - FREQUENCY_DROP)]
    if low:
        where = _of(low, noise, "processes")
        yield Reason(
            code="frequency-drop",
            detail=f"down to {min(low):,.0f} from {fastest:,.0f} MHz in {where}",
        )


def _core_reasons(noise: Sequence[ProcessNoise]) -> Iterator[Reason]:
    """Compare the processes of one case: they run on the same processors."""
    near = cores_near([r.readings for r in noise])
    ns = [r.readings.get("core_to_core_ns", 0.0) for r in noise]
    apart = [value for value, is_near in zip(ns, near, strict=True) if not is_near]
    if apart:
        yield Reason(
            code="cores-apart",
            detail=f"up to {max(apart):,.0f} ns a round trip, {min(filter(None, ns)):,.0f} in the "
            f"closest, in {_of(apart, noise, 'processes')}",
        )


def _quota_reasons(noise: Sequence[ProcessNoise]) -> Iterator[Reason]:
    quotas = [r.readings["cgroup_cpus"] for r in noise if "cgroup_cpus" in r.readings]
    parts = [q for q in quotas if not is_whole(q)]
    if parts:
        yield Reason(
            code="limited-cores",
            detail=f"{parts[0]:.2f} processors allowed in {_of(parts, noise, 'processes')}",
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
        yield Reason(code="on-battery", detail=f"in {_of(unplugged, record.noise, 'processes')}")
    if record.machine.governor == "powersave":
        yield Reason(code="powersave", detail="governor: powersave")


def _of(some: Sequence[object], every: Sequence[object], what: str) -> str:
    return f"{len(some)} of {len(every)} {what}"
