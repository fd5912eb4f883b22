"""Records, suites and settings that somebody edits are refused or used, and never a traceback.

A few of each kind; `tests/benchmarks/mutate_records.py` and `mutate_settings.py` make many.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ovreport import paths
from tests.benchmarks import mutate_records, mutate_settings
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
    """Of what is not refused sites are built, and of what is refused and can be read."""
    outcome = Outcome()
    mutate_records.change_at_random(outcome, documents, RANDOM, tmp_path)
    mutate_records.build_all(outcome, tmp_path, most=40)
    assert outcome.tried["random"] == RANDOM
    assert not outcome.broken


@pytest.fixture
def edited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a model and records, and keep caches to it."""
    for variable in (paths.CACHE, paths.STATE):
        monkeypatch.setenv(variable, str(tmp_path / "own"))
    mutate_settings.prepare(tmp_path)
    return tmp_path


def test_edited_suites_are_refused_or_listed(edited: Path) -> None:
    """By `ovreport models`; the large test plans them too."""
    outcome = mutate_settings.Outcome()
    mutate_settings.change_suites(outcome, edited, 2, plan=False)
    assert outcome.tried.total() > outcome.refused.total() > 0
    assert not outcome.broken


def test_edited_settings_are_refused_or_built_with(edited: Path) -> None:
    """By `ovreport build`."""
    outcome = mutate_settings.Outcome()
    mutate_settings.change_settings(outcome, edited, 1)
    assert outcome.tried.total() > outcome.refused.total() > 0
    assert not outcome.broken
