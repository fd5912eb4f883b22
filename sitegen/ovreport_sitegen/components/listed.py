"""Results as a list of links to their pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ovreport.metrics import HEADLINES, METRICS
from ovreport.record import Completed, Level
from ovreport_sitegen.components.cells import status_word
from ovreport_sitegen.components.marks import look
from ovreport_sitegen.data.result import Result

WITH_VERDICT = ("latency", "throughput", "time_to_first_token", "time_per_output_token")
"""Measurements whose verdicts stand for a result."""


@dataclass(frozen=True)
class Listed:
    """A result in a list."""

    result: Result
    status: str
    """Why there are no numbers, in a word; empty where it ran."""
    headlines: tuple[tuple[str, str, Level], ...]
    """Measurement, value and verdict."""


def listed(results: Iterable[Result]) -> tuple[Listed, ...]:
    """Return results as a list."""
    return tuple(Listed(r, _status(r), tuple(_headlines(r))) for r in results)


def _headlines(result: Result) -> Iterator[tuple[str, str, Level]]:
    for name in WITH_VERDICT:
        if found := result.metric_value(HEADLINES[name]):
            shown = look(found).text(METRICS[found.metric].format_unit(found.value))
            yield name.replace("_", " "), shown, found.verdict.level


def _status(result: Result) -> str:
    outcome = result.record.outcome
    return "" if isinstance(outcome, Completed) else status_word(outcome)
