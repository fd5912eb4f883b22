"""Rounds in their order, as a small picture: value by value, process by process.

Written directly, not by the drawing library: every result has two of them, and a drawing takes a
tenth of a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from markupsafe import Markup

from ovreport_sitegen.charts.rows import COLOURS

_WIDTH, _HEIGHT = 330, 88
_LEFT, _RIGHT, _TOP, _BOTTOM = 6, 248, 10, 62
_RADIUS = 3.2


@dataclass(frozen=True)
class RoundMark:
    """One round."""

    value: float
    process: int
    is_quiet: bool
    """Drawn filled; else as an outline."""
    tip: str
    """Hover text, in full words."""


@dataclass(frozen=True)
class RoundsPicture:
    """What is drawn of some rounds."""

    title: str
    """Names the picture, and says what it shows, for a screen reader."""
    rounds: tuple[RoundMark, ...]
    """In the order in which they were measured; at least one."""
    value: float
    """Drawn as a line across, within its interval."""
    low: float
    high: float
    lowest: str
    """Text at the bottom of the scale: the lowest round."""
    highest: str
    family: str = "CPU"

    @property
    def svg(self) -> Markup:
        """The picture as an `<svg>` element."""
        parts = "".join((*self._frame(), *self._marks()))
        head = f'<svg class="chart" role="img" width="{_WIDTH}" height="{_HEIGHT}" '
        head += f'viewBox="0 0 {_WIDTH} {_HEIGHT}" aria-label="{escape(self.title)}">'
        return Markup(f"{head}{parts}</svg>")  # noqa: S704 - its texts are escaped

    def _frame(self) -> Iterator[str]:
        """Yield the interval, the value, the borders between processes, and the texts."""
        high, low = self._y(self.high), self._y(self.low)
        width = _RIGHT - _LEFT + 8
        yield _rectangle(_LEFT - 4, high, width, max(low - high, 1))
        yield _line(_LEFT - 4, self._y(self.value), _RIGHT + 4, self._y(self.value), "--good")
        for i, (one, following) in enumerate(pairwise(self.rounds)):
            if one.process != following.process:
                x = (self._x(i) + self._x(i + 1)) / 2
                yield _line(x, _TOP - 6, x, _BOTTOM + 6, "--control")
        yield _text(_RIGHT + 10, _TOP + 4, self.highest)
        yield _text(_RIGHT + 10, _BOTTOM + 4, self.lowest)
        processes = len({one.process for one in self.rounds})
        counts = [(len(self.rounds), "round", "s"), (processes, "process", "es")]
        words = ", ".join(f"{n} {one}{ending * (n > 1)}" for n, one, ending in counts)
        yield _text(_LEFT - 4, _HEIGHT - 6, f"{words} →")

    def _marks(self) -> Iterator[str]:
        colour = COLOURS.get(self.family, COLOURS["other"])
        for i, one in enumerate(self.rounds):
            fill = colour if one.is_quiet else "var(--card)"
            yield (
                f'<circle cx="{self._x(i):.1f}" cy="{self._y(one.value):.1f}" r="{_RADIUS}" '
                f'fill="{fill}" stroke="{colour}" stroke-width="1.5">'
                f"<title>{escape(one.tip, quote=False)}</title></circle>"
            )

    def _x(self, index: int) -> float:
        return _LEFT + (_RIGHT - _LEFT) * (index + 0.5) / len(self.rounds)

    def _y(self, value: float) -> float:
        """Return the height of a value; what lies beyond the rounds, as an interval may, is cut."""
        lowest, highest = _range([one.value for one in self.rounds])
        share = (min(max(value, lowest), highest) - lowest) / (highest - lowest)
        return _BOTTOM - (_BOTTOM - _TOP) * share


def _range(values: Sequence[float]) -> tuple[float, float]:
    lowest, highest = min(values), max(values)
    if highest > lowest:
        return lowest, highest
    return lowest * 0.99, lowest * 1.01 or 1.0


def _rectangle(x: float, y: float, width: float, height: float) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
        'fill="var(--band)"/>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="var({colour})"/>'


def _text(x: float, y: float, text: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="12px" fill="var(--muted)">'
        f"{escape(text, quote=False)}</text>"
    )
