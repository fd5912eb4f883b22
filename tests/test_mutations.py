"""What somebody edits in a record is refused, and never a traceback: a small mutation test.

The large one is `tests/benchmarks/mutate_records.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks import mutate_records
from tests.benchmarks.mutate_records import Outcome
from tests.contradictions import KINDS, Document

RANDOM = 200


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    """Return a few real records, and made ones of every engine."""
    return list(mutate_records.sources(4))


def test_what_is_changed_was_sound(documents: list[Document], tmp_path: Path) -> None:
    """Else every change would be refused, and nothing be shown."""
    for document in documents:
        assert not isinstance(mutate_records.examined(document, tmp_path), list)


def test_every_contradiction_is_refused(documents: list[Document], tmp_path: Path) -> None:
    """Each kind on each record that has something of it."""
    outcome = Outcome()
    mutate_records.contradict(outcome, documents, 1, tmp_path)
    assert len(KINDS) >= 100
    assert not [name for name in KINDS if not outcome.tried[name]]
    assert not [name for name in KINDS if outcome.refused[name] < outcome.tried[name]]


def test_random_changes_are_refused_or_harmless(documents: list[Document], tmp_path: Path) -> None:
    """What is not refused is built to a site."""
    outcome = Outcome()
    mutate_records.change_at_random(outcome, documents, RANDOM, tmp_path)
    mutate_records.build_all(outcome, tmp_path)
    assert outcome.tried["random"] == RANDOM
    assert not outcome.broken
