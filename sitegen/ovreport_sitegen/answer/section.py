"""The answer table as a part of a page: the table, its controls, and comparisons as links."""

from __future__ import annotations

from dataclasses import dataclass

from ovreport_sitegen.answer.controls import Controls, controls
from ovreport_sitegen.answer.presets import presets
from ovreport_sitegen.answer.state import DEFAULT_STATE, State
from ovreport_sitegen.answer.table import Answer, answer
from ovreport_sitegen.data.catalogue import Catalogue


@dataclass(frozen=True)
class Link:
    """A comparison as a link."""

    label: str
    href: str


@dataclass(frozen=True)
class Section:
    """What the partial `answer.html` shows."""

    title: str
    answer: Answer
    controls: Controls
    asks: tuple[Link, ...]


def section(catalogue: Catalogue, title: str, state: State = DEFAULT_STATE) -> Section:
    """Return the answer table of a page, in its first state."""
    table = answer(catalogue, state)
    asks = (
        Link(preset.label, f"#{preset.state.fragment(state)}")
        for preset in presets(catalogue)
        if preset.state != state
    )
    return Section(title, table, controls(catalogue, state, table.columns), tuple(asks))
