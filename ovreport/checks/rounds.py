"""Rounds together: none is a copy, each has its process, the evidence is there, the tier is met."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import cache
from operator import attrgetter

import msgspec

from ovreport.checks.fault import Fault, number
from ovreport.checks.loops import timed_loops
from ovreport.record import (
    Energy,
    Generation,
    Latency,
    Record,
    Startup,
    StartupCached,
    Throughput,
    Tier,
)

MANY_BUCKETS, MANY_SAMPLES = 8, 100
"""So many samples do not fill so many buckets alike in two rounds by chance."""
FEWEST_STABLE = 5
"""Fewer rounds have never been enough for a stable value."""
WELL_SHORT = 5.0
"""A loop that took less than a fifth of what its tier asks for was not measured at that tier: the
next tier down asks for less than that. No loop ends early; the rest is slack for odd clocks."""
MISSING_EVIDENCE = ("foreign_cpu_share", "steal_share", "swap_pages")
"""Readings without which nobody knows whether the machine was quiet."""
ALWAYS_READ = "involuntary_switches"
"""Reading that every kernel gives of a process: whoever reads it of a start reads it of a loop."""
_NOT_MEASURED = frozenset({"round", "process", "warmup_n", "warmup_s", "warmup_stable", "readings"})


def copies(record: Record) -> Iterator[Fault]:
    """Yield rounds that are another round under a new number."""
    for name, rounds in _timed(record):
        seen: dict[Hashable, int] = {}
        for index, one in enumerate(rounds):
            found = _fingerprints(one)
            first = next((seen[key] for key in found if key in seen), None)
            if first is not None:
                what = f"the same times as in rounds[{first}]: no two rounds are alike"
                yield Fault(f"$.{name}.rounds[{index}]", what)
            for key in found:
                seen.setdefault(key, index)


def _timed(record: Record) -> Iterator[tuple[str, Sequence[msgspec.Struct]]]:
    """Yield lists of rounds whose times are read from a clock of nanoseconds, unrounded."""
    for name in ("latency", "throughput", "startup", "startup_cached"):
        measured = getattr(record, name)
        if isinstance(measured, Latency | Throughput | Startup | StartupCached):
            yield name, measured.rounds
    if isinstance(record.energy, Energy):
        for index, domain in enumerate(record.energy.domains):
            yield f"energy.domains[{index}]", domain.rounds
    if isinstance(record.generation, Generation):
        for index, point in enumerate(record.generation.points):
            yield f"generation.points[{index}]", point.rounds


def _fingerprints(one: msgspec.Struct) -> list[Hashable]:
    """Return what two rounds do not share: all their times, and all their samples."""
    histogram = getattr(one, "histogram", None)
    found: list[Hashable] = [_times_of(type(one))(one)]
    if (
        histogram is not None
        and len(histogram.buckets) >= MANY_BUCKETS
        and histogram.total >= MANY_SAMPLES
    ):
        found.append((histogram.growth, *histogram.buckets))
    return found


@cache
def _times_of(kind: type[msgspec.Struct]) -> Callable[[msgspec.Struct], Hashable]:
    """Return a function that returns the times of a kind of rounds."""
    types = {f.name: msgspec.inspect.type_info(f.type) for f in msgspec.structs.fields(kind)}
    times = [name for name, found in types.items() if isinstance(found, msgspec.inspect.FloatType)]
    return attrgetter(*(name for name in times if name not in _NOT_MEASURED))


def processes(record: Record) -> Iterator[Fault]:
    """Yield rounds that are not in the process that their number says."""
    each = record.tier.rounds_per_process
    for path, r in timed_loops(record):
        if r.process != r.round // each:
            yield Fault(
                f"{path}.process",
                f"process {r.process}, where round {r.round} of {each} a process is in process "
                f"{r.round // each}",
            )


def evidence(record: Record) -> Iterator[Fault]:
    """Yield processes that measured, of whose noise nothing is known."""
    known = {one.process for one in record.noise}
    numbers = [one.process for one in record.noise]
    if numbers != sorted(known):
        yield Fault("$.noise", f"processes are numbered upwards, each once: {numbers}")
    measured = _processes(record)
    lost = {failed.round // record.tier.rounds_per_process for failed in record.failed_rounds}
    missing = sorted(measured - known - lost)
    if missing:
        yield Fault("$.noise", f"the noise during process {missing[0]} is missing")
    for index, one in enumerate(record.noise):
        for key in MISSING_EVIDENCE:
            if key not in one.readings and key not in record.noise_unreadable:
                yield Fault(
                    f"$.noise[{index}].readings", f"{key} is neither read nor said to be unreadable"
                )
    yield from _unwatched(record)


def _unwatched(record: Record) -> Iterator[Fault]:
    """Yield loops without readings where starts have them: both are watched in the same way."""
    starts = record.startup.rounds if isinstance(record.startup, Startup) else []
    if any(ALWAYS_READ in one.readings for one in starts):
        for path, r in timed_loops(record):
            if ALWAYS_READ not in r.readings:
                yield Fault(f"{path}.readings", f"{ALWAYS_READ} is read of starts, and not here")


def _processes(record: Record) -> set[int]:
    if isinstance(record.generation, Generation):
        return {load.round for load in record.generation.loads}
    return {r.process for _, r in timed_loops(record)}


def tier(record: Record) -> Iterator[Fault]:
    """Yield rounds that fall well short of what the tier demands, and missing rounds."""
    demanded = record.tier
    for path, r in timed_loops(record):
        if r.duration_s * WELL_SHORT < min(demanded.min_seconds, demanded.max_seconds):
            yield Fault(
                f"{path}.duration_s",
                f"{number(r.duration_s)} s, where the tier {demanded.name} demands "
                f"{number(demanded.min_seconds)} s",
            )
        few = r.n * WELL_SHORT < demanded.min_inferences
        if few and r.duration_s * WELL_SHORT < demanded.max_seconds:
            yield Fault(
                f"{path}.n",
                f"{r.n} inferences, where the tier {demanded.name} demands "
                f"{demanded.min_inferences}, well before its cap of "
                f"{number(demanded.max_seconds)} s",
            )
    yield from _counts(record, demanded)


def _counts(record: Record, demanded: Tier) -> Iterator[Fault]:
    # A process that was killed leaves its finished rounds, and another makes up for the others.
    most = 2 * demanded.max_processes * demanded.rounds_per_process
    for name, least, rounds in _main(record, demanded):
        if len(rounds) < least and not record.failed_rounds:
            yield Fault(
                f"$.{name}",
                f"{len(rounds)} rounds, where the tier {demanded.name} demands {least} and none "
                "is said to have failed",
            )
        if len(rounds) > most:
            yield Fault(f"$.{name}", f"{len(rounds)} rounds, more than the tier ever makes")


def _main(record: Record, demanded: Tier) -> Iterator[tuple[str, int, Sequence[object]]]:
    """Yield the measurements that every round makes: name, least rounds, rounds."""
    if isinstance(record.latency, Latency):
        yield "latency.rounds", demanded.rounds, record.latency.rounds
    if isinstance(record.throughput, Throughput):
        yield "throughput.rounds", demanded.rounds, record.throughput.rounds
    if isinstance(record.startup, Startup):
        yield "startup.rounds", demanded.processes, record.startup.rounds
    if isinstance(record.generation, Generation):
        yield "generation.loads", demanded.processes, record.generation.loads


def verdicts(record: Record) -> Iterator[Fault]:
    """Yield verdicts that contradict their own reasons, or are of too few rounds."""
    for name, verdict in record.verdicts.items():
        path = f"$.verdicts.{name}"
        if (verdict.level == "stable") == bool(verdict.reasons):
            what = "with reasons against it" if verdict.reasons else "for no reason"
            yield Fault(path, f"{verdict.level} {what}")
        measured = getattr(record, name, None)
        if not isinstance(measured, Latency | Throughput) or verdict.level != "stable":
            continue
        if len(measured.rounds) < FEWEST_STABLE:
            yield Fault(path, f"stable, of {len(measured.rounds)} rounds")
