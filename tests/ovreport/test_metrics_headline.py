"""Headlines: undisturbed or observed, never mixed; the spread of a run; processor time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from ovreport.metrics import MetricValue, metric_values
from ovreport.metrics.efficiency import cpu_times_ms
from ovreport.metrics.spread import run_spreads
from ovreport.record import Level, ProcessNoise, Record
from tests.factories import a_failed_record, a_record, histogram
from tests.language_factories import a_language_record

replace = msgspec.structs.replace
BUSY = {"foreign_cpu_share": 0.5}
QUIET = {"foreign_cpu_share": 0.01}


def visited(*processes: list[float], **readings: Callable[[float], dict[str, float]]) -> Record:
    """Return a record whose latency was timed so often in each process, in ms a round.

    `readings`: `of`, from a round's time to what its own loop read.
    """
    of = readings.get("of", lambda _: {})
    values = [(p, value) for p, visits in enumerate(processes) for value in visits]
    record = a_record(rounds=len(values))
    rounds = [
        replace(
            r,
            process=process,
            median_ms=value,
            min_ms=0.001,
            max_ms=1e6,
            histogram=histogram([value] * r.n),
            readings=of(value),
        )
        for r, (process, value) in zip(record.latency.rounds, values, strict=True)
    ]
    noise = [ProcessNoise(process=p, started_at="", readings={}) for p in range(len(processes))]
    return replace(record, latency=replace(record.latency, rounds=rounds), noise=noise)


def value_of(record: Record, key: str) -> MetricValue:
    """Return a value that a record has to have."""
    found = metric_values(record)[key]
    assert isinstance(found, MetricValue)
    return found


def said(record: Record, key: str) -> tuple[str, Level, set[str]]:
    """Return the kind of a value, its level, and the codes of its reasons."""
    found = value_of(record, key)
    return found.kind, found.verdict.level, {r.code for r in found.verdict.reasons}


BURSTS = [5.0, 8.0, 5.05, 5.0], [7.5, 5.0, 5.0, 5.05], [5.0, 5.05, 5.0, 9.0]


def test_bursts_leave_the_undisturbed_latency_and_show_in_the_observed_one() -> None:
    """Three rounds of twelve were disturbed."""
    record = visited(*BURSTS, of=lambda ms: BUSY if ms > 6 else QUIET)
    assert said(record, "latency_ms") == ("undisturbed", "stable", set())
    undisturbed = value_of(record, "latency_ms")
    assert undisturbed.value == pytest.approx(5.02, rel=0.005)
    assert (undisturbed.rounds, undisturbed.n) == (9, 9000)
    over_all = value_of(record, "latency_observed_ms")
    assert over_all.rounds == 12
    assert over_all.high > 1.1 * over_all.value
    assert over_all.verdict.level != "stable"


def test_a_load_throughout_leaves_the_observed_value_with_its_reason() -> None:
    """All rounds agree, and none of them was quiet: agreement alone proves nothing."""
    record = visited(*[[8.0, 8.01, 8.0, 8.02]] * 4, of=lambda _: BUSY)
    kind, level, codes = said(record, "latency_ms")
    assert (kind, level) == ("observed", "noisy")
    assert "disturbed" in codes
    spread = run_spreads(run(*[0.05] * 9))
    known = metric_values(replace(record, run_spread=spread))
    headline, over_all = known["latency_ms"], known["latency_observed_ms"]
    assert (headline.low, headline.high) == (over_all.low, over_all.high)
    assert value_of(record, "latency_ms").value == pytest.approx(8.0, rel=0.01)


def test_evidence_of_a_loop_comes_before_that_of_its_process() -> None:
    """A process was busy while it compiled; its loops were quiet."""
    quiet = visited(*[[5.0, 5.01]] * 3, of=lambda _: QUIET)
    noise = [replace(n, readings=BUSY) for n in quiet.noise]
    record = replace(quiet, noise=noise)
    assert said(record, "latency_ms") == ("undisturbed", "stable", set())
    assert "foreign-load" in said(record, "latency_observed_ms")[2]
    without = visited(*[[5.0, 5.01]] * 3)
    assert said(replace(without, noise=noise), "latency_ms")[0] == "observed"


@pytest.mark.parametrize("key", ["waiting_share", "steal_share", "foreign_cpu_share"])
def test_any_evidence_vetoes(key: str) -> None:
    """Threads that wait for a processor, time that the hypervisor took, other programs."""
    record = visited(*[[5.0, 5.01]] * 3, of=lambda _: {key: 0.3})
    assert said(record, "latency_ms")[0] == "observed"


MOSTLY_APART = [5.0, 8.0, 8.0, 8.01], [8.0, 8.0, 8.0, 5.01], [8.0, 5.02, 8.0, 8.0], [8.0] * 4


def test_rounds_on_processors_that_were_moved_apart_are_not_quiet() -> None:
    """Most were, and agree: the few on near processors are what an undisturbed machine does."""
    record = visited(*MOSTLY_APART, of=lambda ms: {"core_to_core_ns": 380.0 if ms > 6 else 140.0})
    assert said(record, "latency_ms")[0] == "undisturbed"
    assert value_of(record, "latency_ms").value == pytest.approx(5.01, rel=0.01)
    assert value_of(record, "latency_observed_ms").value == pytest.approx(8.0, rel=0.01)


def test_processors_are_near_or_far_by_the_closest_of_a_case() -> None:
    """What is far on one machine is near on another; without a reading, nothing is said."""
    for ns in (140.0, 380.0):
        record = visited(*[[5.0, 5.01]] * 3, of=lambda _, ns=ns: {"core_to_core_ns": ns})
        assert said(record, "latency_ms") == ("undisturbed", "stable", set())


def test_what_is_not_load_still_speaks_against_an_undisturbed_value() -> None:
    """A laptop on its battery has no stable values, however quiet."""
    record = visited(*[[5.0, 5.01]] * 3)
    record = replace(record, machine=replace(record.machine, power_source="battery"))
    assert said(record, "latency_ms") == ("undisturbed", "noisy", {"on-battery"})


def test_what_is_derived_from_throughput_shares_its_verdict() -> None:
    """Undisturbed per core where the throughput is."""
    found = metric_values(a_record())
    for key in ("throughput_per_core_ips", "throughput_per_gib_ips"):
        derived, headline = found[key], found["throughput_ips"]
        assert isinstance(derived, MetricValue)
        assert isinstance(headline, MetricValue)
        assert (derived.kind, derived.verdict) == (headline.kind, headline.verdict)


@pytest.mark.parametrize("key", ["throughput_ips", "startup_ms"])
def test_other_headlines_are_undisturbed_too(key: str) -> None:
    """Rates are mirrored: the interval is in order, around the value."""
    found = value_of(a_record(), key)
    assert found.kind == "undisturbed"
    assert found.low < found.value < found.high


@pytest.mark.parametrize("key", ["time_to_first_token_ms", "time_per_output_token_ms"])
def test_a_language_models_headlines_are_undisturbed_where_its_processes_were_quiet(
    key: str,
) -> None:
    """Each round is a process of its own."""
    quiet = a_language_record()
    assert value_of(quiet, key).kind == "undisturbed"
    busy = replace(quiet, noise=[replace(n, readings=BUSY) for n in quiet.noise])
    assert value_of(busy, key).kind == "observed"


def starts(*readings: dict[str, float]) -> Record:
    """Return a record of a start for each of these readings."""
    record = a_record(rounds=len(readings))
    rounds = [
        replace(one, readings=read)
        for one, read in zip(record.startup.rounds, readings, strict=True)
    ]
    return replace(record, startup=replace(record.startup, rounds=rounds))


def test_a_start_is_as_quiet_as_it_was_itself() -> None:
    """What its process's rounds met later is not in it; what it met is."""
    quiet = starts(*[QUIET] * 5)
    later = replace(quiet, noise=[replace(n, readings=BUSY) for n in quiet.noise])
    assert value_of(later, "startup_ms").kind == "undisturbed"
    some = value_of(starts(BUSY, QUIET, QUIET, BUSY, QUIET), "startup_ms")
    assert (some.kind, some.rounds) == ("undisturbed", 3)
    assert value_of(starts(BUSY, QUIET, BUSY, BUSY, QUIET), "startup_ms").kind == "observed"


def test_starts_have_their_observed_value_too() -> None:
    """Of all of them: beside the undisturbed one, and the same where there is no such."""
    some = starts(BUSY, QUIET, QUIET, BUSY, QUIET)
    found = value_of(some, "startup_observed_ms")
    assert (found.kind, found.rounds) == ("measured", 5)
    busy = starts(BUSY, QUIET, BUSY, BUSY, QUIET)
    values = [value_of(busy, key) for key in ("startup_ms", "startup_observed_ms")]
    assert len({(v.value, v.low, v.high) for v in values}) == 1


def test_threads_of_a_start_may_wait_for_each_other() -> None:
    """Compiling has as many as it likes."""
    assert value_of(starts(*[{"waiting_share": 0.6}] * 3), "startup_ms").kind == "undisturbed"


def test_starts_of_which_nobody_noted_the_noise_are_observed() -> None:
    """Older records."""
    kind, level, codes = said(starts(*[{}] * 7), "startup_ms")
    assert (kind, level) == ("observed", "noisy")
    assert "disturbed" in codes


def test_waiting_for_disks_speaks_against_quiet_rounds_too() -> None:
    """No round reads it by itself, so that it may have been in any of them."""
    record = visited(*[[5.0, 5.01]] * 3, of=lambda _: QUIET)
    noise = [replace(n, readings={"pressure_io_share": 0.2}) for n in record.noise]
    assert said(replace(record, noise=noise), "latency_ms") == (
        "undisturbed",
        "noisy",
        {"pressure"},
    )


def test_a_burst_speaks_only_against_rounds_without_readings_of_their_own() -> None:
    """Those that have some tell themselves."""
    burst = {"foreign_cpu_share": 0.01, "foreign_cpu_peak_share": 0.5}
    watched, not_watched = (
        visited(*[[5.0, 5.01]] * 3, of=of) for of in (lambda _: QUIET, lambda _: {})
    )
    for record, codes in ((watched, set()), (not_watched, {"foreign-burst"})):
        noisy = replace(record, noise=[replace(n, readings=burst) for n in record.noise])
        assert said(noisy, "latency_ms")[2] == codes


# ---------------------------------------------------------------- the spread of a run


def run(*noises: float, **knobs: Any) -> list[Record]:
    """Return the records of one run, a case for each noise between rounds."""
    return [a_record(noise=n, seed=s, rounds=12, **knobs) for s, n in enumerate(noises)]


def test_a_run_tells_how_far_rounds_and_processes_lie_apart() -> None:
    """Ten cases of 2 %: of headlines, observed values and processor times."""
    found = run_spreads(run(*[0.02] * 10))
    assert found["latency_observed_ms"].deviation == pytest.approx(0.02, rel=0.3)
    assert found["latency_ms"].deviation == pytest.approx(0.02, rel=0.5)
    assert {spread.cases for spread in found.values()} == {10}
    others = {"throughput_ips", "throughput_observed_ips", "startup_ms", "latency_cpu_ms"}
    assert others <= set(found)


def test_one_case_alone_tells_nothing_of_a_run() -> None:
    """Nor do cases that failed."""
    assert run_spreads([]) == {}
    assert run_spreads([a_record(), a_failed_record(), a_record(rounds=2)]) == {}


def test_the_spread_of_its_run_widens_a_case_that_agrees_by_chance() -> None:
    """The same rounds, in a run whose others scatter, and in one whose others do not."""
    case = a_record(noise=0.001, rounds=12)
    wild, calm = (
        value_of(replace(case, run_spread=run_spreads(run(*[n] * 9))), "latency_observed_ms")
        for n in (0.15, 0.002)
    )
    assert wild.high / wild.low > 1.05 > calm.high / calm.low
    assert wild.value == calm.value


# ---------------------------------------------------------------- processor time


def test_processor_time_is_that_of_an_inference() -> None:
    """That of the loop by its inferences; other programs are no reason against it."""
    record = a_record(noise=0.001, rounds=12)
    found = value_of(record, "latency_cpu_ms")
    one, loaded = record.latency.rounds[0], record.throughput.rounds[0]
    assert found.value == pytest.approx(1000 * one.cpu_s / one.n, rel=0.02)
    busy = replace(record, noise=[replace(n, readings=BUSY) for n in record.noise])
    assert value_of(busy, "latency_cpu_ms") == found
    many = value_of(record, "throughput_cpu_ms")
    assert many.value == pytest.approx(1000 * loaded.cpu_s / loaded.n, rel=0.02)


def test_rounds_without_processor_time_have_none() -> None:
    """Older records did not measure it: words, not zero."""
    record = a_record()
    rounds = [replace(r, cpu_s=0.0) for r in record.latency.rounds]
    assert cpu_times_ms(rounds) == {}
    without = replace(record, latency=replace(record.latency, rounds=rounds))
    assert not isinstance(metric_values(without)["latency_cpu_ms"], MetricValue)
    assert isinstance(metric_values(without)["throughput_cpu_ms"], MetricValue)
