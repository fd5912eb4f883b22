"""Times, rates, gains and shares of the way from an image to the answer."""

import msgspec
import pytest

from ovreport.errors import RecordError
from ovreport.metrics import MetricValue, end_to_end, metric_values
from ovreport.record import PipelineRound, Unsupported
from ovreport.store import decode, encode
from tests.factories import a_record

replace = msgspec.structs.replace


def test_values_are_the_truth_of_the_factory():
    """2 + 1 + 0.1 + 5 + 0.05 ms on the host; no preprocessing and a slower model in the graph."""
    found = metric_values(a_record(noise=0.001))
    assert found["end_to_end_ms"].value == pytest.approx(8.15, rel=0.01)
    assert found["end_to_end_graph_ms"].value == pytest.approx(7.4, rel=0.01)
    assert found["end_to_end_ips"].value == pytest.approx(1000 / 8.15, rel=0.01)
    assert found["end_to_end_async_ips"].value == pytest.approx(1300 / 8.15, rel=0.01)
    assert (found["end_to_end_ms"].rounds, found["end_to_end_ms"].n) == (5, 500)
    assert found["end_to_end_ms"].verdict.level == "stable"


def test_gains_are_paired_by_round():
    """Rounds differ by a fifth, and the ratio of the two ways does not."""
    measured = a_record(noise=0.2).end_to_end
    gain = end_to_end.graph_gain(measured)
    assert gain.outcome == "different"
    assert gain.ratio.value == pytest.approx(8.15 / 7.4)
    assert gain.ratio.half_width < 1e-6
    assert end_to_end.async_gain(measured.pipelines[0]).ratio.value == pytest.approx(1.3)


def test_the_share_of_inference_is_that_of_all_stages():
    """5 of 8.15 ms."""
    host = end_to_end.of_way(a_record().end_to_end, "host")
    assert end_to_end.inference_share(host).value == pytest.approx(5 / 8.15)


def test_a_missing_way_gives_its_reason():
    """The graph's metrics map to why they have no value; the host's stay."""
    record = a_record()
    host = [p for p in record.end_to_end.pipelines if p.way == "host"]
    alone = replace(record.end_to_end, pipelines=host, missing={"graph": "cannot"})
    found = metric_values(replace(record, end_to_end=alone))
    assert found["end_to_end_graph_ms"] == Unsupported(reason="cannot")
    assert isinstance(found["end_to_end_ms"], MetricValue)
    assert end_to_end.graph_gain(alone) is None


@pytest.mark.parametrize(
    "change",
    [
        {"n": 0},
        {"median_ms": 0.0},
        {"sync_ips": 0.0},
        {"async_ips": 1e200},
        {"stages_ms": {}},
        {"stages_ms": {"decode": 1.0}},
        {"stages_ms": {"infer": 0.0}},
    ],
)
def test_rounds_that_cannot_be_are_refused(change):
    """Ratios and logarithms are made of these numbers: zero and absurd ones are no records."""
    sound = a_record().end_to_end.pipelines[0].rounds[0]
    with pytest.raises(ValueError):  # noqa: PT011 - any of several messages
        PipelineRound(**{**msgspec.structs.asdict(sound), **change})


def test_a_way_cannot_be_measured_twice():
    """Nor be measured and missing."""
    record = a_record()
    twice = msgspec.json.decode(encode(record))
    twice["end_to_end"]["missing"] = {"host": "why?"}
    with pytest.raises(RecordError, match="measured once, or missing"):
        decode(msgspec.json.encode(twice), where="")
