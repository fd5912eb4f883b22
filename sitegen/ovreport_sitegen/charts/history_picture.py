"""A value over time, as a small picture: a point a run, with its interval.

Written directly, as that of rounds is: a page has dozens of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from html import escape
from itertools import pairwise

from markupsafe import Markup

from ovreport_sitegen.charts.rows import COLOURS

_WIDTH, _HEIGHT = 330, 120
_LEFT, _RIGHT, _TOP, _BOTTOM = 10, 262, 14, 88
_RADIUS = 3.5
_BEYOND = 1.0
"""An interval is drawn so many times the height of all points beyond them, then cut."""


@dataclass(frozen=True)
class HistoryMark:
    """One run."""

    at: float
    """Time in any unit."""
    value: float
    low: float
    high: float
    """Ends of the interval; those of which nothing is known are infinite or 0."""
    line: int
    """Points of the same number are joined."""
    filled: bool
    """Undisturbed; else an outline."""
    tip: str
    """Hover text, in full words."""


@dataclass(frozen=True)
class HistoryPicture:
    """What is drawn of some runs."""

    title: str
    """Names the picture, and says what it shows, for a screen reader."""
    marks: tuple[HistoryMark, ...]
    """From old to new; at least one."""
    steps: tuple[tuple[float, str], ...]
    """Where the level changed: a time, and the change in words."""
    lowest: str
    highest: str
    """Texts at the ends of the scale."""
    first: str
    last: str
    """Days at the ends of the time."""
    family: str = "CPU"

    @property
    def svg(self) -> Markup:
        """The picture as an `<svg>` element."""
        parts = "".join((*self._texts(), *self._steps(), *self._lines(), *self._points()))
        head = f'<svg class="chart" role="img" width="{_WIDTH}" height="{_HEIGHT}" '
        head += f'viewBox="0 0 {_WIDTH} {_HEIGHT}" aria-label="{escape(self.title)}">'
        return Markup(f"{head}{parts}</svg>")  # noqa: S704 - its texts are escaped

    @property
    def _colour(self) -> str:
        return COLOURS.get(self.family, COLOURS["other"])

    def _texts(self) -> Iterator[str]:
        for y in (_TOP, _BOTTOM):
            yield _line(_LEFT - 6, y, _RIGHT + 6, y, "var(--line)", 1)
        yield _text(_RIGHT + 12, _TOP + 4, self.highest)
        yield _text(_RIGHT + 12, _BOTTOM + 4, self.lowest)
        yield _text(_LEFT - 6, _HEIGHT - 8, self.first)
        if self.last != self.first:
            yield _text(_RIGHT + 6, _HEIGHT - 8, self.last, "end")

    def _steps(self) -> Iterator[str]:
        for at, words in self.steps:
            yield _line(self._x(at), _TOP - 6, self._x(at), _BOTTOM, "var(--bad)", 1)
            anchor = "end" if self._x(at) > (_LEFT + _RIGHT) / 2 else "start"
            yield _text(self._x(at) + (-4 if anchor == "end" else 4), _TOP - 3, words, anchor)

    def _lines(self) -> Iterator[str]:
        for a, b in pairwise(self.marks):
            if a.line == b.line:
                ends = self._x(a.at), self._y(a.value), self._x(b.at), self._y(b.value)
                yield _line(*ends, self._colour, 1.2)

    def _points(self) -> Iterator[str]:
        for one in self.marks:
            x = self._x(one.at)
            if 0 < one.low <= one.high < float("inf"):
                yield _line(x, self._y(one.low), x, self._y(one.high), self._colour, 1.2)
            fill = self._colour if one.filled else "var(--card)"
            yield (
                f'<circle cx="{x:.1f}" cy="{self._y(one.value):.1f}" r="{_RADIUS}" fill="{fill}" '
                f'stroke="{self._colour}" stroke-width="1.5">'
                f"<title>{escape(one.tip, quote=False)}</title></circle>"
            )

    def _x(self, at: float) -> float:
        start, end = self.marks[0].at, self.marks[-1].at
        return _LEFT + (_RIGHT - _LEFT) * ((at - start) / (end - start) if end > start else 0.5)

    def _y(self, value: float) -> float:
        low, high = self.ends
        share = (min(max(value, low), high) - low) / (high - low)
        return _BOTTOM - (_BOTTOM - _TOP) * share

    @cached_property
    def ends(self) -> tuple[float, float]:
        """The values at the ends of the scale."""
        return scale([(one.low, one.value, one.high) for one in self.marks])


def scale(values: list[tuple[float, float, float]]) -> tuple[float, float]:
    """Return the ends of a scale for values with their intervals, at least 10 % apart."""
    low, high = min(v for _, v, _ in values), max(v for _, v, _ in values)
    beyond = _BEYOND * (high - low) or 0.05 * high
    ends = [end for a, _, b in values for end in (a, b) if 0 < end < float("inf")]
    low, high = min([low, *ends]), max([high, *ends])
    low = max(low, min(v for _, v, _ in values) - beyond)
    high = min(high, max(v for _, v, _ in values) + beyond)
    missing = max(0.05 * (high + low) - (high - low), 0.0) / 2
    return low - missing, high + missing


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
        f'stroke-width="{width}"/>'
    )


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="12px" text-anchor="{anchor}" '
        f'fill="var(--muted)">{escape(text, quote=False)}</text>'
    )
