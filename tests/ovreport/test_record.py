"""The contract: what a record may hold, and what is refused with the path to the fault."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import get_args, get_type_hints

import jsonschema
import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ovreport import store
from ovreport.errors import RecordError
from ovreport.metrics import METRICS
from ovreport.record import (
    FORMAT,
    MEASUREMENTS,
    METHOD,
    Histogram,
    NotMeasured,
    Record,
    json_schema,
    pooled,
)
from tests.factories import a_failed_record, a_record, histogram

FIXTURES = sorted((Path(__file__).parent / "records").glob("*.json"))

SOUND = json.loads(store.encode(a_record()))


def changed(path: str, value: object) -> bytes:
    """Return a sound record's JSON with one value replaced: `latency.rounds.0.n`."""
    document = json.loads(json.dumps(SOUND))
    *parents, last = [int(p) if p.isdigit() else p for p in path.split(".")]
    part = document
    for key in parents:
        part = part[key]
    part[last] = value
    return json.dumps(document).encode()


def fault(data: bytes) -> RecordError:
    """Return the error that decoding raises."""
    with pytest.raises(RecordError) as caught:
        store.decode(data, where="x.json")
    return caught.value


def free_strings(part: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield path and value of every string that the schema leaves free."""
    if isinstance(part, dict):
        for key, value in part.items():
            yield from free_strings(value, f"{path}.{key}".lstrip("."))
    elif isinstance(part, list):
        for index, value in enumerate(part[:1]):
            yield from free_strings(value, f"{path}.{index}")
    elif isinstance(part, str):
        try:
            store.decode(changed(path, "Free text?"), where="")
        except RecordError:
            return
        yield path, part


FREE = [path for path, _ in free_strings(SOUND)]


@pytest.mark.parametrize("record", [a_record(), a_failed_record()], ids=["sound", "failed"])
def test_a_record_survives_a_round_trip(record):
    """Decoding what was encoded gives an equal record."""
    assert store.decode(store.encode(record), where="") == record


@pytest.mark.parametrize("path", FIXTURES, ids=lambda p: p.name)
def test_records_of_every_format_stay_readable(path):
    """Fixtures are never regenerated: a format that once was written is read for ever."""
    record = store.read(path)
    assert record.model.id == json.loads(path.read_text())["model"]["id"]
    assert record.format == FORMAT


def test_what_was_timed_around_rounds_is_ignored():
    """Up to format 3 a record had a calibration; all else of it reads the same."""
    time = {"median_ms": 0.5, "mean_ms": 0.51}
    times = ("device_before", "device_after", "host_before", "host_after")
    part = {
        "status": "measured",
        "version": 1,
        "rounds": [{"round": 0, **dict.fromkeys(times, time)}],
    }
    old = json.dumps({**SOUND, "format": 3, "calibration": part}).encode()
    read = store.decode(old, where="")
    assert msgspec.structs.replace(read, method=METHOD) == store.decode(
        json.dumps(SOUND).encode(), where=""
    )


def test_only_what_a_method_changed_is_of_another_version():
    """Memory of format 4 cannot be compared with that of today, latency can."""
    old, new = (msgspec.structs.replace(a_record(), method=method) for method in (1, METHOD))
    assert old.method_of("memory") != new.method_of("memory")
    assert old.method_of("latency") == new.method_of("latency")
    later = msgspec.structs.replace(new, method=METHOD + 1)
    assert later.method_of("latency") != new.method_of("latency")


def test_there_is_a_fixture_of_every_format():
    """A new format comes with a fixture."""
    formats = {json.loads(path.read_text())["format"] for path in FIXTURES}
    assert formats == set(range(1, max(formats) + 1))
    assert max(formats) == a_record().format


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        ("latency.rounds.0.n", "1000", "$.latency.rounds[0].n"),
        ("latency.rounds.0.n", 1000.5, "$.latency.rounds[0].n"),
        ("latency.rounds.0.n", True, "$.latency.rounds[0].n"),
        ("latency.rounds.0.median_ms", "5", "$.latency.rounds[0].median_ms"),
        ("latency.rounds.0.median_ms", -1, "$.latency.rounds[0].median_ms"),
        ("latency.rounds", [], "$.latency.rounds"),
        ("latency", None, "$.latency"),
        ("latency.status", "perhaps", "$.latency.status"),
        ("case.precision", "f64", "$.case.precision"),
        ("case.colour", "red", "$.case"),
        ("machine", [], "$.machine"),
        ("machine.memory_bytes", 2**63, "$.machine.memory_bytes"),
        ("throughput.batch", 0, "$.throughput.batch"),
        ("device.properties", {"KEY": 1}, "$.device.properties.KEY"),
        ("model.title", "x" * 20_001, "$.model.title"),
        ("model.sha256", "00", "$.model.sha256"),
        ("verdicts", {"memory": {"level": "stable", "reasons": []}}, "$.verdicts"),
        ("measured_at", "2026-11-23 12:00", "$.measured_at"),
        ("measured_at", "٢٠٢٦-11-23T12:00:00Z", "$.measured_at"),
        ("noise.0.readings", {"steal_share": None}, "$.noise[0].readings.steal_share"),
    ],
)
def test_the_error_gives_the_path_of_the_fault(path, value, where):
    """Decoding is strict, and says where the document is wrong."""
    error = fault(changed(path, value))
    assert error.where.startswith(f"x.json: {where}")
    assert error.remedy


@pytest.mark.parametrize(
    ("path", "value", "what"),
    [
        ("latency.rounds.0.n", 7, "histogram holds 1000 samples, n says 7"),
        ("latency.rounds.0.duration_s", 0, "takes time"),
        ("latency.rounds.0.median_ms", 0, "takes time"),
        ("latency.rounds.0.max_ms", 0.001, "do not rise"),
        ("latency.rounds.0.mean_ms", 1e6, "do not rise"),
        ("latency.rounds.0.histogram.buckets", [[2, 500], [1, 500]], "rise strictly"),
        ("latency.rounds.0.histogram.buckets", [[1, 500], [1, 500]], "rise strictly"),
        ("latency.rounds.0.histogram.buckets", [[1, 1000], [2, 0]], "above zero"),
        ("latency.rounds.0.histogram.buckets", [[10**9, 1000]], "out of range"),
        ("throughput.rounds.0.n", 0, "at least one inference"),
        ("throughput.rounds.0.n", 10**11, "more than"),
        ("throughput.rounds.0.duration_s", 1e-300, "takes time"),
        ("accuracy.metric", "throughput_ips", "unknown accuracy metric"),
        ("accuracy.metric", "nonsense", "unknown accuracy metric"),
        ("accuracy.low", 0.99, "do not rise"),
        ("accuracy.reference.delta_high", -1, "do not rise"),
        ("measured_at", "2026-02-30T12:00:00Z", "no time"),
    ],
)
def test_a_record_that_contradicts_itself_is_refused(path, value, what):
    """Types alone do not make a record sound."""
    assert what in fault(changed(path, value)).what


@pytest.mark.parametrize("field", ["machine.id", "model.id", "case.model", "model.task"])
@pytest.mark.parametrize(
    "name", ["../up", "/etc", "a/b", "a\\b", "..", ".", "", "A", "é", "a\n", "a\x00", "a" * 81]
)
def test_names_that_become_paths_hold_nothing_but_a_name(field, name):
    """Folder and file names are made from these: none can lead out, or end in a newline."""
    assert fault(changed(field, name)).where == f"x.json: $.{field}"


HOSTILE = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "\"'`--><![CDATA[",
    "\u202egnp.exe\u200f",
    "{{ 7 * 7 }} {% raw %}",
    "=HYPERLINK(1)",
    "line\nbreak\r\x00\x1b[2J",
    "n" * 10_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_plain_data_in_every_free_field(text):
    """All free string fields at once: the text comes back as it went in."""
    document = json.loads(json.dumps(SOUND))
    for path in FREE:
        *parents, last = [int(p) if p.isdigit() else p for p in path.split(".")]
        part = document
        for key in parents:
            part = part[key]
        part[last] = text
    record = store.decode(json.dumps(document).encode(), where="")
    again = store.decode(store.encode(record), where="")
    assert again == record
    assert record.model.title == record.repeat.ovreport == record.case.device == text


def test_enough_fields_are_free_for_that_to_mean_something():
    """The search for free fields finds the ones that pages show."""
    assert {"model.title", "device.full_name", "machine.cpu", "accuracy.data"} <= set(FREE)
    assert len(FREE) > 40


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=200), st.sampled_from(FREE))
def test_any_text_survives_in_any_free_field(text, path):
    """Whatever Unicode can spell is kept exactly."""
    data = changed(path, text)
    record = store.decode(data, where="")
    assert store.decode(store.encode(record), where="") == record


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_bytes_that_are_no_record_give_a_record_error(data):
    """No input makes decoding raise anything else."""
    fault(data)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_damaged_record_gives_a_record_error_or_a_record(data):
    """Overwritten bytes are refused in words, or leave a record that follows the contract."""
    raw = bytearray(store.encode(a_record()))
    start = data.draw(st.integers(0, len(raw) - 1))
    raw[start : start + 4] = data.draw(st.binary(max_size=8))
    try:
        record = store.decode(bytes(raw), where="")
    except RecordError:
        return
    assert isinstance(record, Record)
    assert store.decode(store.encode(record), where="") == record


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e400"])
def test_numbers_that_are_none_are_refused(value):
    """JSON has no NaN and no infinity, and neither has a record."""
    data = store.encode(a_record()).replace(b'"mean_ms":', b'"mean_ms":' + value.encode() + b",", 1)
    fault(data)


@pytest.mark.parametrize("version", [0, -1, FORMAT + 1, "1", True, None, 1.0, 10**30, [1]])
def test_other_formats_are_refused(version):
    """A format is one of the whole numbers that this version knows."""
    error = fault(changed("format", version))
    assert error.where == "x.json: $.format"


def test_a_newer_format_says_to_upgrade():
    """The remedy is the command."""
    assert "pip install --upgrade ovreport" in fault(changed("format", FORMAT + 1)).remedy


def test_a_missing_format_is_refused():
    """A record without its version cannot be read safely."""
    document = {k: v for k, v in SOUND.items() if k != "format"}
    assert fault(json.dumps(document).encode()).where == "x.json: $.format"


def test_a_histogram_knows_its_number_of_samples():
    """The sum of its counts."""
    assert Histogram(growth=1.1, buckets=[(-3, 2), (5, 40)]).total == 42


def test_records_are_frozen():
    """A record cannot be changed once it is made."""
    with pytest.raises(AttributeError):
        a_record().format = 3


def test_the_schema_accepts_what_we_write():
    """Records validate against the published JSON Schema, under an independent validator."""
    validator = jsonschema.Draft202012Validator(json_schema())
    validator.check_schema(json_schema())
    for record in (a_record(), a_failed_record(), a_record(architecture_only=True)):
        validator.validate(json.loads(store.encode(record)))


@pytest.mark.parametrize(
    ("path", "value"),
    [("case.precision", "f64"), ("latency", None), ("machine.id", "../x"), ("case.colour", "red")],
)
def test_the_schema_refuses_what_we_refuse(path, value):
    """Someone who validates with the schema alone finds the same faults."""
    validator = jsonschema.Draft202012Validator(json_schema())
    assert not validator.is_valid(json.loads(changed(path, value)))


def test_every_accuracy_metric_can_be_recorded():
    """The table of metrics and the contract agree on what accuracy is."""
    for key, metric in METRICS.items():
        if metric.measurement == "accuracy":
            store.decode(changed("accuracy.metric", key), where="")


@pytest.mark.parametrize("scale_ms", [0.05, 5.0, 900.0])
def test_samples_of_a_publish_record_stay_below_20_kb(scale_ms):
    """Eleven rounds of a minute, with a heavy tail: histograms stay small."""
    rng = np.random.default_rng(3)
    sizes = 0
    for _ in range(11):
        samples = scale_ms * (1 + 0.1 * rng.pareto(1.5, 200_000))
        sizes += sum(len(msgspec.json.encode(histogram(samples, limit))) for limit in (120, 60))
    assert sizes < 20_000


def test_histograms_of_one_growth_are_pooled() -> None:
    """Counts of the same bucket add up; what cannot be added is refused."""
    first = Histogram(growth=1.07, buckets=[(0, 2), (5, 1)])
    second = Histogram(growth=1.07, buckets=[(-3, 4), (5, 6)])
    assert pooled([first, second]).buckets == [(-3, 4), (0, 2), (5, 7)]
    assert pooled([first]) == first
    for unlike in ([], [first, Histogram(growth=1.05, buckets=[(0, 1)])]):
        with pytest.raises(ValueError, match="growth"):
            pooled(unlike)


def test_measurements_are_the_fields_that_may_be_missing_for_a_reason():
    """A new measurement is listed, so that a failed case has its reason there too."""
    hints = get_type_hints(Record)
    optional = {
        name for name, hint in hints.items() if set(get_args(NotMeasured)) <= set(get_args(hint))
    }
    assert optional - {"measuring_time"} == set(MEASUREMENTS)
