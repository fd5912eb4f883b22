"""The registry of metrics: whole, tied to the record, and the same numbers from older formats."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from ovreport import record as r
from ovreport import store
from ovreport.metrics import GROUPS, HEADLINES, METRICS, MetricValue, metric_values
from ovreport.metrics.accuracy import ACCURACY
from tests.factories import a_failed_record, a_record, energy
from tests.language_factories import a_language_record

FOLDER = Path(__file__).parent
SNAPSHOT = FOLDER / "snapshots" / "metric_values.json"
"""Fixture → metric → its value as the format of the time gave it. A change of it is a change of
what old records say: explain it in the commit."""


def test_every_metric_is_in_one_group() -> None:
    """So it stands once in the glossary and in the tables that follow groups."""
    counts = Counter(key for group in GROUPS for key in group.keys)
    assert set(counts) == set(METRICS)
    assert max(counts.values()) == 1
    titles = [group.title for group in GROUPS]
    assert len(titles) == len(set(titles))


def test_a_group_is_of_one_kind_of_model() -> None:
    """Tokens are never set beside inferences."""
    for group in GROUPS:
        kinds = {metric.measurement == "generation" for metric in group.metrics}
        assert kinds == {group.is_language}


def test_records_have_values_of_exactly_what_is_registered() -> None:
    """No value without its metric; no metric that no record has, but for rated ones."""
    every = {m.key for m in METRICS.values() if not m.rated}
    classic = set(metric_values(a_record(energy=energy())))
    language = set(metric_values(a_language_record()))
    assert classic | language | set(ACCURACY.keys) == every
    assert not classic & language


@pytest.mark.parametrize("key", ACCURACY.keys)
def test_every_accuracy_metric_has_a_value_where_a_task_uses_it(key: str) -> None:
    """And no other accuracy metric has."""
    record = a_record()
    accuracy = msgspec.structs.replace(record.accuracy, metric=key)
    found = metric_values(msgspec.structs.replace(record, accuracy=accuracy))
    assert set(found) & set(ACCURACY.keys) == {key}


def test_a_failed_case_names_every_metric_of_its_kind() -> None:
    """Rated ones too, so that a table shows the reason; accuracy has no metric without a task."""
    found = metric_values(a_failed_record())
    of_kind = {key for g in GROUPS if not g.is_language and g is not ACCURACY for key in g.keys}
    assert set(found) == of_kind


def test_headlines_are_metrics_of_their_own() -> None:
    """Every verdict of a record is that of a metric."""
    assert set(a_record().verdicts) | set(a_language_record().verdicts) <= set(HEADLINES)
    assert set(HEADLINES.values()) <= set(METRICS)
    assert len(set(HEADLINES.values())) == len(HEADLINES)


def test_percentiles_are_named_in_their_keys() -> None:
    """A label of p99 is never computed as another percentile."""
    for metric in METRICS.values():
        if metric.percentile:
            digits = f"{metric.percentile:.3f}".removeprefix("0.").rstrip("0").ljust(2, "0")
            assert f"_p{digits}_" in metric.key


def described(found: MetricValue | r.NotMeasured) -> dict[str, object]:
    """Return a value as the snapshot has it."""
    if not isinstance(found, MetricValue):
        return {"missing": type(found).__name__, "reason": found.reason}
    return {
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "rounds": found.rounds,
        "n": found.n,
        "kind": found.kind,
        "level": found.verdict.level,
        "reasons": [reason.code for reason in found.verdict.reasons],
    }


@pytest.mark.parametrize("path", sorted(FOLDER.glob("records/*.json")), ids=lambda path: path.name)
def test_old_records_keep_their_numbers(path: Path) -> None:
    """Whatever is renamed or dropped when a record is migrated, what it says stays."""
    expected = json.loads(SNAPSHOT.read_text(encoding="utf-8"))[path.name]
    found = {key: described(value) for key, value in metric_values(store.read(path)).items()}
    assert set(found) == set(expected)
    for key, value in found.items():
        wanted = expected[key]
        numbers = {name: v for name, v in wanted.items() if isinstance(v, float)}
        assert {k: v for k, v in value.items() if k not in numbers} == {
            k: v for k, v in wanted.items() if k not in numbers
        }
        for name, number in numbers.items():
            assert value[name] == pytest.approx(number, rel=1e-9), (key, name)
