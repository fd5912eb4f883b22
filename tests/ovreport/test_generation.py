"""Generation by a language model: what a record may say, and what follows from it."""

from __future__ import annotations

import math

import msgspec
import pytest

from ovreport import record as r
from ovreport import store
from ovreport.errors import RecordError
from ovreport.metrics import METRICS, MetricValue, metric_values
from ovreport.metrics.percentiles import TOO_FEW
from tests.factories import a_record
from tests.language_factories import a_failed_language_record, a_generation, a_language_record


def test_a_record_is_read_back_as_written() -> None:
    """Nothing is lost, and it stays small."""
    record = a_language_record(rounds=7)
    data = store.encode(record)
    assert store.decode(data, where="here") == record
    assert len(data) < 30_000


def test_records_of_before_say_that_they_are_none() -> None:
    """A record of this format without the field is of a classic model."""
    document = msgspec.to_builtins(a_record())
    del document["generation"]
    read = store.decode(msgspec.json.encode(document), where="here")
    assert read.generation == r.NOT_LANGUAGE


def test_values_are_of_one_kind() -> None:
    """A language model has no value of inferences, and a classic one none of tokens."""
    tokens, inferences = metric_values(a_language_record()), metric_values(a_record())
    assert {METRICS[key].measurement for key in tokens} == {"generation"}
    assert not {key for key in inferences if METRICS[key].measurement == "generation"}
    assert set(metric_values(a_failed_language_record())) == set(tokens)


def test_values_of_the_headline() -> None:
    """Known truth: the middle prompt, the longest answer; percentiles bound the median."""
    found = metric_values(a_language_record(time_per_output_token_ms=12.0, noise=0.001))
    middle = found["time_per_output_token_ms"]
    assert isinstance(middle, MetricValue)
    assert middle.value == pytest.approx(12.0 * (1 + 128 / 5000), rel=0.02)
    assert middle.verdict.level == "stable"
    assert found["time_to_first_token_ms"].value == pytest.approx(102.4, rel=0.02)
    keys = [f"time_per_output_token_p{p}_ms" for p in (50, 90, 99)]
    bounds = [found[key].value for key in keys if isinstance(found[key], MetricValue)]
    assert len(bounds) == 3
    assert middle.value * 0.99 < bounds[0] <= bounds[1] <= bounds[2]
    assert found["concurrent_tokens_per_s"].value == pytest.approx(32 * 8 / 1.5, rel=0.05)
    assert found["token_agreement"].value == 9 / 12
    assert found["perplexity"].value == pytest.approx(math.exp((780 + 5 * 7.5) / 256))


def test_rounds_that_disagree_are_unreliable() -> None:
    """A wide interval makes the headline unreliable, in the record and when it is read."""
    record = a_language_record(noise=0.4)
    assert record.verdicts["time_per_output_token"].level == "unreliable"
    assert metric_values(record)["time_per_output_token_ms"].verdict.level == "unreliable"


def test_one_round_has_no_percentiles() -> None:
    """One process says nothing about another."""
    found = metric_values(a_language_record(rounds=1))
    assert TOO_FEW in found["time_per_output_token_p90_ms"].reason


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
def test_a_generation_in_a_classic_record_counts_for_nothing(engine: str) -> None:
    """What kind a record is, its engine says: values and verdicts are of that kind."""
    record = a_record(engine=engine, generation=a_generation(12.0, [1.0, 1.0, 1.0]))
    assert "tokens_per_s" not in metric_values(record)
    assert set(record.verdicts) == {"latency", "throughput"}


def _broken(path: list[str | int], value: object) -> bytes:
    document = msgspec.to_builtins(a_language_record())
    at = document["generation"]
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return msgspec.json.encode(document)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["points", 0, "rounds", 0, "generations"], 9, "the histogram holds"),
        (["points", 0, "rounds", 0, "time_per_output_token_ms"], 0.0, "tokens take time"),
        (["points", 0, "histogram", "growth"], 1.05, "buckets of 1.02"),
        (["points", 0, "prompt_tokens"], 128, "stands there twice"),
        (["perplexity", "low"], 900.0, "do not rise"),
        (["agreement", "common", 0], 65, "in common than were generated"),
        (["concurrency", "points", 1, "requests"], 1, "must rise strictly"),
        (["concurrency", "points", 0, "rounds", 0, "tokens"], 0, "has tokens"),
        (["loads", 1, "round"], 0, "must rise strictly"),
    ],
)
def test_contradictions_are_refused(path: list[str | int], value: object, words: str) -> None:
    """A record that contradicts itself is none."""
    with pytest.raises(RecordError, match=words):
        store.decode(_broken(path, value), where="here")
