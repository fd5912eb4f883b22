"""Values of metrics, against the truth that the factories were made with."""

import math

import msgspec
import pytest

from ovreport.metrics import METRICS, MetricValue, metric_values
from ovreport.metrics.accuracy import accuracy_metric
from ovreport.metrics.percentiles import TOO_FEW, percentiles_of
from ovreport.metrics.speed import LATENCY
from ovreport.record import Failed, Skipped, Unsupported
from ovreport.store import decode, encode
from tests.factories import a_failed_record, a_record, energy

replace = msgspec.structs.replace
_OTHERS = {"accuracy", "generation"}
NOT_ACCURACY = {key for key, metric in METRICS.items() if metric.measurement not in _OTHERS}
RATED = {key for key, metric in METRICS.items() if metric.rated}


def test_headlines_are_the_truth_of_the_factory():
    """5 ms an inference; four requests of 8 ms each; sixteen cores; 240 MiB."""
    found = metric_values(a_record(noise=0.001))
    assert found["latency_ms"].value == pytest.approx(5, rel=0.01)
    assert found["throughput_ips"].value == pytest.approx(500, rel=0.01)
    assert found["throughput_per_core_ips"].value == pytest.approx(500 / 16, rel=0.01)
    assert found["throughput_per_gib_ips"].value == pytest.approx(500 / 240 * 1024, rel=0.01)
    assert found["loaded_latency_ms"].value == pytest.approx(8, rel=0.02)
    assert found["overhead_ms"].value == pytest.approx(0.05, rel=0.02)
    assert found["overhead_ms"].kind == "range"
    assert found["compile_ms"].value == pytest.approx(120, rel=0.01)
    assert found["startup_ms"].value == pytest.approx(12.5 + 120 + 12, rel=0.01)
    assert found["startup_cached_ms"].value == pytest.approx(12.5 + 30 + 3, rel=0.01)
    assert found["peak_memory_bytes"].value == pytest.approx(240 * 1024**2)
    assert found["peak_memory_latency_bytes"].value == pytest.approx(153 * 1024**2)
    assert found["top1"].value == 0.97
    assert found["top1"].n == 402


def test_the_overhead_is_the_median_of_the_rounds_with_its_range():
    """Of an even number of rounds the mean of the middle two; zero is none of a logarithm."""
    record = a_record(rounds=4)
    rounds = [
        replace(one, runtime_median_ms=one.median_ms - ms)
        for one, ms in zip(record.latency.rounds, (0.0, 0.1, 0.2, 0.4), strict=True)
    ]
    record = replace(record, latency=replace(record.latency, rounds=rounds))
    found = metric_values(record)["overhead_ms"]
    assert (found.low, found.value, found.high) == pytest.approx((0.0, 0.15, 0.4))


def test_headlines_survive_the_file():
    """Values of a decoded record are those of the record."""
    record = a_record()
    assert metric_values(decode(encode(record), where="")) == metric_values(record)


@pytest.mark.parametrize(("key", "z"), [("p90", 1.2816), ("p95", 1.6449), ("p99", 2.3263)])
def test_percentile_bounds_are_beyond_the_truth_but_near(key, z):
    """Conservative: not below the true percentile, and with 7,000 samples close to it."""
    truth = 5 * math.exp(0.05 * z)
    value = metric_values(a_record(noise=0.0))[f"latency_{key}_ms"]
    assert truth <= value.value <= truth * 1.05
    assert value.kind == "bound"
    assert (value.n, value.rounds) == (7000, 7)


def test_every_value_is_in_order_and_complete():
    """All metrics but rated ones are there, each named, with its bounds around it."""
    found = metric_values(a_record(energy=energy()))
    assert set(found) == (NOT_ACCURACY - RATED) | {"top1"}
    for key, value in found.items():
        assert isinstance(value, MetricValue), key
        assert value.metric == key
        assert value.low <= value.value <= value.high
        assert value.n > 0


def test_too_few_samples_give_no_percentile():
    """2,000 inferences say nothing certain of the p99.9: words instead of a number."""
    record = a_record(rounds=2)
    found = metric_values(record)
    assert isinstance(found["latency_p999_ms"], Skipped)
    assert found["latency_p999_ms"].reason.startswith(TOO_FEW)
    assert isinstance(found["latency_p99_ms"], MetricValue)


def test_one_round_gives_no_percentile():
    """However many inferences it has: another round may be another story."""
    found = metric_values(a_record(rounds=1))
    assert found["latency_p90_ms"].reason == f"{TOO_FEW}: one round says nothing about another"


def test_correlated_samples_count_for_less():
    """The same samples, strongly correlated, no longer carry a p99."""
    record = a_record(rounds=2)
    rounds = [replace(r, autocorrelation=0.9) for r in record.latency.rounds]
    found = metric_values(replace(record, latency=replace(record.latency, rounds=rounds)))
    assert isinstance(found["latency_p99_ms"], Skipped)
    assert "2,000 inferences, an effective sample size of 105" in found["latency_p99_ms"].reason


def test_correlation_widens_a_bound_but_keeps_the_percentile():
    """Worth a third of the samples: still a p90, not the p97 that a third of the rank gives."""
    record = a_record(noise=0.0)
    rounds = [replace(r, autocorrelation=0.5) for r in record.latency.rounds]
    correlated = metric_values(replace(record, latency=replace(record.latency, rounds=rounds)))
    bound = correlated["latency_p90_ms"].value
    truth = 5 * math.exp(0.05 * 1.2816)
    assert metric_values(record)["latency_p90_ms"].value <= bound <= truth * 1.02


def test_percentiles_never_exceed_the_slowest_inference_where_rounds_agree():
    """A bucket's bound may lie beyond the largest sample; the value does not."""
    record = a_record()
    rounds = [replace(r, round=i) for i, r in enumerate([record.latency.rounds[0]] * 3)]
    record = replace(record, latency=replace(record.latency, rounds=rounds))
    found = metric_values(record)
    bounds = [
        found[k].value for k in percentiles_of(LATENCY.metrics) if isinstance(found[k], MetricValue)
    ]
    assert len(bounds) >= 3
    assert max(bounds) <= rounds[0].max_ms


def test_rounds_that_differ_raise_a_bound():
    """The same inferences, dealt to rounds of different level, say less about a repetition."""
    calm, noisy = metric_values(a_record(noise=0.0)), metric_values(a_record(noise=0.05))
    assert noisy["latency_p90_ms"].value > 1.03 * calm["latency_p90_ms"].value


def test_rounds_that_differ_wildly_bound_nothing():
    """A bound of many times what was seen would say nothing: words instead of a number."""
    found = metric_values(a_record(noise=0.5))["latency_p99_ms"]
    assert isinstance(found, Skipped)
    assert "differ" in found.reason


def test_a_failed_case_gives_its_reason_for_every_metric():
    """Nothing is dropped, and nothing is zero."""
    record = a_failed_record()
    assert metric_values(record) == dict.fromkeys(NOT_ACCURACY, record.outcome)


def test_a_fast_wrong_answer_shows_no_speed():
    """A case that failed after it was timed does not show what was timed."""
    wrong = Failed(reason="outputs differ from the reference", cause="wrong-output")
    found = metric_values(a_record(outcome=wrong))
    assert set(found.values()) == {wrong}


@pytest.mark.parametrize(
    ("measurement", "lost"),
    [
        ("latency", "latency_ms"),
        ("throughput", "throughput_per_core_ips"),
        ("startup", "compile_ms"),
        ("startup_cached", "startup_cached_ms"),
        ("memory", "peak_memory_bytes"),
    ],
)
def test_a_missing_measurement_gives_its_reason(measurement, lost):
    """The metrics of one measurement map to its reason, the others stay."""
    why = Unsupported(reason="this driver cannot")
    found = metric_values(a_record(**{measurement: why}))
    for key, metric in METRICS.items():
        if metric.measurement == measurement:
            assert found[key] is why
    assert found[lost] is why
    assert sum(isinstance(f, MetricValue) for f in found.values()) > 5


def test_without_memory_there_is_no_throughput_per_gib():
    """The value says what it lacks."""
    found = metric_values(a_record(memory=Skipped(reason="not asked for")))
    assert isinstance(found["throughput_per_gib_ips"], Skipped)


def test_cores_are_counted_for_processors_only():
    """A GPU has no CPU cores to divide by."""
    found = metric_values(a_record(device="GPU.0", family="dGPU"))
    assert isinstance(found["throughput_per_core_ips"], Unsupported)
    assert isinstance(found["throughput_ips"], MetricValue)


def test_batches_count_as_inferences():
    """Throughput counts samples, not calls."""
    record = a_record()
    doubled = replace(record, throughput=replace(record.throughput, batch=2))
    one, two = metric_values(record)["throughput_ips"], metric_values(doubled)["throughput_ips"]
    assert two.value == pytest.approx(2 * one.value)


def test_values_carry_the_verdict_of_their_measurement():
    """A noisy record's values are unreliable, percentiles included."""
    found = metric_values(a_record(noise=0.15))
    assert found["latency_ms"].verdict.level == "unreliable"
    assert found["latency_p90_ms"].verdict.level == "unreliable"
    assert found["throughput_per_core_ips"].verdict.level == "unreliable"


def test_the_accuracy_metric_is_that_of_the_task():
    """None where the weights are constants."""
    assert accuracy_metric(a_record()) == "top1"
    assert accuracy_metric(a_record(architecture_only=True)) is None


def test_energy_is_of_the_headline_domain_gross_and_net():
    """45 W for 10 s and a thousand inferences; 15 W of it were taken when idle; dram is apart."""
    found = metric_values(a_record(energy=energy(power_w=45, idle_w=15)))
    gross, net = found["energy_per_inference_j"], found["energy_per_inference_net_j"]
    assert gross.value == pytest.approx(0.45, rel=0.01)
    assert net.value == pytest.approx(0.30, rel=0.01)
    assert found["power_w"].value == pytest.approx(45)
    assert (gross.rounds, gross.n) == (7, 7021)
    assert gross.scope == net.scope == "package (powercap)"
    assert METRICS["energy_per_inference_j"].format_unit(gross.value) == "449 mJ"
    assert gross.verdict.level == "stable"


def test_noise_of_the_machine_speaks_against_energy():
    """Other programs are in the value."""
    noisy = [replace(n, readings={"foreign_cpu_share": 0.3}) for n in a_record().noise]
    value = metric_values(replace(a_record(energy=energy()), noise=noisy))["energy_per_inference_j"]
    assert value.verdict.level == "noisy"
    assert [r.code for r in value.verdict.reasons] == ["foreign-load"]


def test_a_run_that_takes_no_more_than_idle_has_no_net_energy():
    """A difference below nothing is noise: it is said, not shown."""
    found = metric_values(a_record(energy=energy(power_w=10, idle_w=10.5)))
    assert isinstance(found["energy_per_inference_j"], MetricValue)
    assert isinstance(found["energy_per_inference_net_j"], Unsupported)
    assert "idle" in found["energy_per_inference_net_j"].reason


def test_energy_that_was_not_measured_says_why():
    """No zero, but the reason."""
    found = metric_values(a_record())
    assert found["energy_per_inference_j"] == found["power_w"] == a_record().energy
