"""Verdicts: every reason can be reached, and a record's own word is never taken."""

import math

import msgspec
import pytest

from ovreport.metrics import MetricValue, metric_values, verdicts
from ovreport.metrics.reasons import REASONS
from ovreport.record import FailedRound, Latency, Level, ProcessNoise, Reason, Throughput, Verdict
from tests.factories import a_failed_record, a_record, histogram

replace = msgspec.structs.replace


def with_rounds(record, measurement, **changes):
    """Return the record with every round of an measurement changed."""
    part = getattr(record, measurement)
    rounds = [replace(r, **changes) for r in part.rounds]
    return replace(record, **{measurement: replace(part, rounds=rounds)})


def with_readings(record, *rounds):
    """Return the record with these readings, a dict a round."""
    noise = [
        ProcessNoise(process=i, started_at="2026-11-23T12:00:00Z", readings=readings)
        for i, readings in enumerate(rounds)
    ]
    return replace(record, noise=noise)


def with_noise(record, **readings):
    """Return the record with these readings in every round."""
    return with_readings(record, *[readings] * 7)


def with_machine(record, **changes):
    """Return the record from another machine."""
    return replace(record, machine=replace(record.machine, **changes))


def with_medians(*medians):
    """Return a record whose latency rounds have these medians."""
    record = a_record(rounds=len(medians))
    rounds = [
        replace(r, median_ms=m, min_ms=0.001, max_ms=1e6, histogram=histogram([m] * r.n))
        for r, m in zip(record.latency.rounds, medians, strict=True)
    ]
    return replace(record, latency=replace(record.latency, rounds=rounds))


FAILED_ROUND = FailedRound(round=3, reason="killed by signal 9", cause="killed")

REACHED = {
    "wide-interval": lambda: a_record(noise=0.05),
    "too-few-rounds": lambda: a_record(rounds=2),
    "too-few-samples": lambda: replace(
        a_record(), tier=replace(a_record().tier, min_inferences=1001)
    ),
    "disturbed": lambda: with_noise(a_record(), steal_share=0.03),
    "drift": lambda: with_rounds(
        a_record(), "latency", first_third_median_ms=5.0, last_third_median_ms=5.3
    ),
    "unstable-warmup": lambda: with_rounds(a_record(), "latency", warmup_stable=False),
    "foreign-load": lambda: with_noise(a_record(), foreign_cpu_share=0.06),
    "foreign-burst": lambda: with_noise(
        a_record(), foreign_cpu_share=0.05, foreign_cpu_peak_share=0.26
    ),
    "pressure": lambda: with_noise(a_record(), pressure_io_share=0.06),
    "cgroup-throttled": lambda: with_noise(a_record(), cgroup_throttled_periods=1),
    "limited-cores": lambda: with_noise(a_record(), cgroup_cpus=1.5),
    "frequency-drop": lambda: with_readings(
        a_record(), *({"frequency_mhz": 3000.0 - 310 * (i == 3)} for i in range(7))
    ),
    "cores-apart": lambda: with_readings(
        a_record(), *({"core_to_core_ns": 140.0 + 240 * (i == 3)} for i in range(7))
    ),
    "steal": lambda: with_noise(a_record(), steal_share=0.03),
    "swap": lambda: with_noise(a_record(), swap_pages=1),
    "throttled": lambda: with_noise(a_record(), throttle_events=1),
    "on-battery": lambda: with_machine(a_record(), power_source="battery"),
    "powersave": lambda: with_machine(a_record(), governor="powersave"),
    "failed-rounds": lambda: replace(a_record(), failed_rounds=[FAILED_ROUND]),
    "load-generator": lambda: with_rounds(a_record(), "throughput", idle_share=0.11),
}


def test_a_quiet_machine_gives_stable_numbers():
    """The factory's record is sound: what follows changes one thing each."""
    found = verdicts(a_record())
    assert {v.level for v in found.values()} == {"stable"}
    assert all(not v.reasons for v in found.values())


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_can_be_reached_and_makes_a_number_noisy(code):
    """Each code has a record that earns it, and text that explains it."""
    values = [v for v in metric_values(REACHED[code]()).values() if isinstance(v, MetricValue)]
    found = [r for v in values if v.verdict.level != "stable" for r in v.verdict.reasons]
    assert code in {r.code for r in found}
    assert all(r.detail for r in found)
    text = REASONS[code]
    assert text.title
    assert text.meaning.endswith(".")
    assert text.remedy


@pytest.mark.parametrize("code", [c for c in REASONS if c not in {"wide-interval", "disturbed"}])
def test_one_thing_wrong_gives_one_reason(code):
    """Codes do not set each other off, but that too few quiet rounds leave the observed value."""
    own = all_codes(REACHED[code]()) - all_codes(a_record()) - {"disturbed"}
    assert own == {code} - {"too-few-rounds"}


def all_codes(record):
    """Return the codes of all reasons against any value of a record."""
    values = [v for v in metric_values(record).values() if isinstance(v, MetricValue)]
    return {r.code for v in values for r in v.verdict.reasons}


@pytest.mark.parametrize(
    "harmless",
    [
        lambda: with_noise(a_record(), foreign_cpu_share=0.05, steal_share=0.02, swap_pages=0),
        lambda: with_noise(a_record(), pressure_io_share=0.05, pressure_memory_share=0.05),
        lambda: with_noise(a_record(), pressure_cpu_share=0.9, steal_peak_share=0.5),
        lambda: with_noise(a_record(), foreign_cpu_share=0.01, foreign_cpu_peak_share=0.25),
        lambda: with_noise(a_record(), cgroup_cpus=2.0, allowed_processors=1.0, battery_share=0.0),
        lambda: with_noise(a_record(), cgroup_throttled_periods=0, cgroup_throttled_s=0),
        lambda: with_readings(
            a_record(), *({"frequency_mhz": 3000.0 - 300 * (i == 3)} for i in range(7))
        ),
        lambda: with_noise(a_record()),
        lambda: with_rounds(
            a_record(), "latency", first_third_median_ms=5.0, last_third_median_ms=5.2
        ),
        lambda: with_rounds(a_record(), "throughput", idle_share=0.10),
        lambda: replace(a_record(), tier=replace(a_record().tier, min_inferences=1000)),
        lambda: with_machine(a_record(), governor="performance", power_source="unknown"),
    ],
)
def test_evidence_at_the_limit_is_harmless(harmless):
    """Limits are inclusive, and evidence that could not be read speaks against nothing."""
    assert {v.level for v in verdicts(harmless()).values()} == {"stable"}


def test_drift_in_fewer_than_half_of_the_rounds_is_tolerated():
    """Three of seven rounds are chance, four are a pattern."""
    record = a_record()
    for drifted, expected in ((3, "stable"), (4, "noisy")):
        rounds = [
            replace(r, first_third_median_ms=5.0, last_third_median_ms=6.0 if i < drifted else 5.0)
            for i, r in enumerate(record.latency.rounds)
        ]
        changed = replace(record, latency=replace(record.latency, rounds=rounds))
        assert verdicts(changed)["latency"].level == expected


@pytest.mark.parametrize(
    ("spread", "level"),
    [(0.0, "stable"), (0.01, "stable"), (0.05, "noisy"), (0.07, "noisy"), (0.25, "unreliable")],
)
def test_the_level_follows_the_width_of_the_interval(spread, level: Level):
    """Up to ±3 % stable, up to ±10 % noisy, beyond that unreliable."""
    medians = [5 * (1 + spread * math.cos(2.6 * i)) for i in range(16)]
    verdict = verdicts(with_medians(*medians))["latency"]
    assert verdict.level == level
    assert ("wide-interval" in {r.code for r in verdict.reasons}) == (level != "stable")


def test_one_round_is_unreliable_and_says_why():
    """No spread can be known from one round."""
    for verdict in verdicts(a_record(rounds=1)).values():
        assert verdict.level == "unreliable"
        assert {r.code for r in verdict.reasons} == {"too-few-rounds", "disturbed"}


def test_a_records_own_verdict_is_never_taken():
    """A record that calls itself stable gets its verdict from its samples."""
    boast = Verdict(level="stable", reasons=[])
    record = a_record(noise=0.3, verdicts={"latency": boast, "throughput": boast})
    assert {v.level for v in verdicts(record).values()} == {"unreliable"}
    slander = Verdict(level="unreliable", reasons=[Reason(code="swap", detail="made up")])
    record = a_record(verdicts={"latency": slander})
    assert verdicts(record)["latency"] == Verdict(level="stable", reasons=[])


def test_only_what_was_measured_has_a_verdict():
    """A failed case has no verdict, one failed measurement leaves the other's."""
    assert verdicts(a_failed_record()) == {}
    assert set(verdicts(a_record(latency=a_failed_record().latency))) == {"throughput"}


@pytest.mark.parametrize("measurement", ["latency", "throughput"])
def test_reasons_of_one_measurement_do_not_touch_the_other(measurement):
    """Rounds speak for themselves; evidence about the machine speaks for both."""
    found = verdicts(with_rounds(a_record(), measurement, warmup_stable=False))
    assert {name for name, v in found.items() if v.reasons} == {measurement}
    assert {Latency, Throughput} == {type(a_record().latency), type(a_record().throughput)}
