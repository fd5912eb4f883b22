"""Results as a list of links to their pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ovreport.record import Completed, Level
from ovreport_sitegen.components.cells import status_word
from ovreport_sitegen.data.result import Result

WITH_VERDICT = ("latency", "throughput", "time_to_first_token", "time_per_output_token")
"""Measurements whose verdicts stand for a result."""


@dataclass(frozen=True)
class Listed:
    """A result in a list."""

    result: Result
    status: str
    """Why there are no numbers, in a word; empty where it ran."""
    levels: tuple[tuple[str, Level], ...]
    """Measurement and verdict."""


def listed(results: Iterable[Result]) -> tuple[Listed, ...]:
    """Return results as a list."""
    return tuple(Listed(r, _status(r), levels(r)) for r in results)


def levels(result: Result) -> tuple[tuple[str, Level], ...]:
    """Return the measurements of a result that have a verdict, in words, and their verdicts."""
    found = ((name, result.verdict(name)) for name in WITH_VERDICT)
    return tuple((name.replace("_", " "), verdict.level) for name, verdict in found if verdict)


def _status(result: Result) -> str:
    outcome = result.record.outcome
    return "" if isinstance(outcome, Completed) else status_word(outcome)
