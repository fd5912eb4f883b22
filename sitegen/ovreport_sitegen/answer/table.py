"""The answer table for a state: rows of models, columns of whatever the reader asks for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import get_args

from ovreport.record import Level
from ovreport.words import plural
from ovreport_sitegen.answer import axes
from ovreport_sitegen.answer.cells import ONE_RUN, SEPARATE_RUNS
from ovreport_sitegen.answer.columns import columns_of, first_of, matches, metric_of, pool
from ovreport_sitegen.answer.means import MeanRow, means_of
from ovreport_sitegen.answer.rows import AnswerRow, rows_of
from ovreport_sitegen.answer.state import DEFAULT_STATE, TASK, State
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.names import grouped

MOST_CELLS = 54
"""Before the reader asks for more; whole rows."""


@dataclass(frozen=True)
class Answer:
    """The answer table."""

    state: State
    caption: str
    reading: str
    """Unit and direction."""
    columns: tuple[axes.Place, ...]
    more_columns: int
    """That are not shown before the reader asks for them."""
    means: tuple[MeanRow, ...]
    groups: tuple[tuple[str, tuple[AnswerRow, ...]], ...]
    """Title of a task, empty for rows without; its rows."""
    more_rows: int
    counts: str
    """How many values are stable, noisy and unreliable, and how they are compared."""

    @property
    def rows(self) -> list[AnswerRow]:
        """All rows."""
        return [row for _, rows in self.groups for row in rows]


def answer(catalogue: Catalogue, state: State = DEFAULT_STATE, *, whole: bool = False) -> Answer:
    """Return the table for a state; to fix a model or a device, name it in the state.

    `whole`: with all columns and rows, as a reader may ask for.
    """
    results = [r for r in pool(catalogue, state.columns) if matches(r, state)]
    results.sort(key=lambda r: catalogue.rank(r.device), reverse=True)  # rows of a model, in turn
    columns = columns_of(catalogue, results, state)
    shown = columns if whole else first_of(columns, state)
    rows, tier = rows_of(results, shown, state)
    most = len(rows) if whole else MOST_CELLS // max(len(shown), 1)
    first = rows[:most]
    return Answer(
        state=state,
        caption=metric_of(state.metric).label,
        reading=_reading(state, shown),
        columns=tuple(shown),
        more_columns=len(columns) - len(shown),
        means=means_of(rows, shown, state),
        groups=tuple(_groups(first, state)),
        more_rows=len(rows) - len(first),
        counts=_counts(rows) + tier,
    )


def _reading(state: State, columns: Sequence[axes.Place]) -> str:
    """Return how the numbers are to be read: their unit, what is better, what they are against."""
    metric = metric_of(state.metric)
    base = [f" Compared with {c.label}." for c in columns if c.key == state.baseline]
    return f"{metric.label} in {metric.unit}. {metric.better}.{''.join(base)}"


def _groups(rows: Sequence[AnswerRow], state: State) -> Iterable[tuple[str, tuple[AnswerRow, ...]]]:
    if state.models and not state.models.startswith(TASK):
        return [("", tuple(rows))] if rows else []
    found = grouped((row.model.task, row) for row in rows)
    return [(task or "Other", tuple(some)) for task, some in found.items()]


def _counts(rows: Sequence[AnswerRow]) -> str:
    cells = [cell for row in rows for cell in row.cells if cell]
    levels = Counter(cell.level for cell in cells if cell.level)
    if not levels:
        return "No values: each cell says why."
    words = [f"{levels[level]} {level}" for level in get_args(Level) if levels[level]]
    text = f"{plural(levels.total(), 'value')}: {', '.join(words)}."
    hows = Counter(cell.ratio.tip for cell in cells if cell.ratio and cell.ratio.interval)
    ways = {how: hows.pop(how, 0) for how in (SEPARATE_RUNS, ONE_RUN)}
    ways = {"paired by round": hows.total()} | {f"of {how}": n for how, n in ways.items()}
    if told := [f"{n} {how}" for how, n in ways.items() if n]:
        text += f" Ratios: {', '.join(told)}."
    return text
