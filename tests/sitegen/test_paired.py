"""Comparing two cases by the rounds of one run: what is a ratio, and what has none."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import pytest

from ovreport import record as r
from ovreport_sitegen.compare import MEASUREMENTS, PairedComparison
from tests.factories import a_failed_record, a_record


@dataclass(frozen=True)
class Case:
    """The least that can be compared."""

    record: r.Record

    @property
    def completed(self) -> bool:
        """Whether the case ran."""
        return isinstance(self.record.outcome, r.Completed)


def compared(baseline: r.Record, candidate: r.Record) -> PairedComparison[Case]:
    """Return the comparison of two records."""
    return PairedComparison(Case(baseline), Case(candidate))


def another_hour(record: r.Record) -> r.Record:
    """Return a record whose rounds ran at another time."""
    later = [msgspec.structs.replace(n, started_at="2026-12-01T15:00:00Z") for n in record.noise]
    return msgspec.structs.replace(record, noise=later)


def test_above_one_the_candidate_is_faster() -> None:
    """Half the latency and twice the throughput are both a speedup of two."""
    pair = compared(a_record(seed=1), a_record(seed=2, median_ms=2.5))
    for measurement in MEASUREMENTS:
        found = pair.of(measurement)
        assert found is not None
        assert found.above_one
        assert found.ratio.low < 2 < found.ratio.high
        assert pair.usable(measurement) is found


def test_the_other_way_round_the_ratio_is_inverted() -> None:
    """No side is favoured."""
    one, other = a_record(seed=1), a_record(seed=2, median_ms=2.5)
    there, back = compared(one, other).latency, compared(other, one).latency
    assert there is not None
    assert back is not None
    assert there.ratio.value == pytest.approx(1 / back.ratio.value)
    assert back.below_one


@pytest.mark.parametrize(
    ("baseline", "candidate", "why"),
    [
        (a_record(seed=1), another_hour(a_record(seed=2)), "alternate"),
        (a_failed_record(), a_record(seed=2), "failed"),
        (
            msgspec.structs.replace(a_record(seed=1), latency=r.Skipped(reason="left out")),
            a_record(seed=2),
            "not measured",
        ),
    ],
)
def test_what_did_not_run_together_is_no_comparison(
    baseline: r.Record, candidate: r.Record, why: str
) -> None:
    """None, with the reason: neither "insufficient data" nor "no clear difference"."""
    pair = compared(baseline, candidate)
    assert pair.latency is None
    assert pair.usable("latency") is None
    assert why in pair.exclusion_reason("latency")


def test_too_few_rounds_are_insufficient_data() -> None:
    """However clear the ratio looks."""
    pair = compared(a_record(seed=1, rounds=4), a_record(seed=2, rounds=4, median_ms=2))
    assert pair.latency is not None
    assert pair.latency.outcome == "insufficient data"
    assert "4 pairs" in pair.exclusion_reason("latency")


def test_no_clear_difference_is_usable_where_its_interval_is_narrow() -> None:
    """Alike is something known; a wide interval is not."""
    narrow = compared(a_record(seed=1), a_record(seed=2))
    assert narrow.latency is not None
    assert narrow.latency.outcome == "no clear difference"
    assert narrow.exclusion_reason("latency") == ""
    factors = [1, 2, 0.5, 1, 0.4, 1.7, 1]
    wide = compared(a_record(seed=1), a_record(seed=2, factors=factors))
    assert wide.latency is not None
    assert wide.latency.outcome == "no clear difference"
    assert "anything from" in wide.exclusion_reason("latency")


def test_a_case_is_not_compared_with_itself() -> None:
    """It would be a ratio of exactly one by any number of rounds."""
    case = Case(a_record())
    assert PairedComparison(case, case).latency is None


def test_any_value_of_a_round_can_be_compared() -> None:
    """The candidate's over the baseline's: more is above one, and only shared rounds count."""
    pair = compared(a_record(seed=1), a_record(seed=2))
    mine, theirs = dict.fromkeys(range(5), 3.0), dict.fromkeys(range(6), 2.0)
    found = pair.ratio(lambda case: mine if case is pair.candidate else theirs)
    assert found is not None
    assert found.ratio.value == pytest.approx(1.5)
    assert found.pairs == 5
