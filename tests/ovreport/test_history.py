"""Which record of a case is the newest, and which are history."""

from __future__ import annotations

from pathlib import Path

import pytest

from ovreport.history import newest
from ovreport.store import Stored
from tests.factories import a_record


def test_the_newest_record_of_a_case_wins() -> None:
    """Same machine, device, model, weights and precision: the newest is current."""
    old, new, other = (
        Stored(record, Path("x.json"))
        for record in (
            a_record(measured_at="2026-01-01T00:00:00Z"),
            a_record(seed=2),
            a_record(precision="default", measured_at="2026-01-01T00:00:00Z"),
        )
    )
    current, older, doubts = newest([new, old, other])
    assert current in ([other, new], [new, other])
    assert older == [old]
    assert not doubts


@pytest.mark.parametrize("first", ["a.json", "z.json"])
def test_two_records_of_one_case_and_one_time_are_reported(first: str) -> None:
    """Both are named; which is shown hangs on their names, and not on the order of reading."""
    at = "2026-01-01T00:00:00Z"
    a = Stored(a_record(measured_at=at), Path("a.json"))
    z = Stored(a_record(seed=2, measured_at=at), Path("z.json"))
    current, older, (doubt,) = newest([a, z] if first == "a.json" else [z, a])
    assert (current, older) == ([z], [a])
    assert doubt.where == "a.json"
    assert "z.json" in doubt.what
