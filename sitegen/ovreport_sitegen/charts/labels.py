"""Places for names beside the marks of a plane: a drawing has no way to avoid overlaps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

_CHARACTER, _LINE = 6.7, 13
"""Size of a label's character at 11 px: a little more than most fonts need."""
_MARK, _GAP = 5, 8
"""Half the width of a mark, and how far its name stands from its middle."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""
Align = Literal["left", "center", "right"]


class Place(NamedTuple):
    """A place for a label: the point that it is aligned to, in pixels."""

    x: float
    y: float
    align: Align


class Labels:
    """Places that cover neither a mark nor another label; a label without one is left out.

    Nor do they cover a line, where another place is free.
    """

    def __init__(
        self,
        marks: Sequence[tuple[float, float]],
        *,
        width: float,
        height: float,
        lines: Sequence[Box] = (),
    ) -> None:
        self._width, self._height = width, height
        self._taken: list[Box] = [(x - _MARK, y - _MARK, x + _MARK, y + _MARK) for x, y in marks]
        self._lines = lines

    def place(self, text: str, mark: tuple[float, float]) -> Place | None:
        """Return where the label of a mark goes, None where there is no room."""
        free = [(at, box) for at in _around(*mark) if self._is_free(box := _box(at, text))]
        clear = (pair for pair in free if not any(_overlap(pair[1], line) for line in self._lines))
        best = next(clear, free[0] if free else None)
        if best is None:
            return None
        self._taken.append(best[1])
        return best[0]

    def _is_free(self, box: Box) -> bool:
        inside = box[0] >= 0 and box[2] <= self._width and box[1] >= 0 and box[3] <= self._height
        return inside and not any(_overlap(box, other) for other in self._taken)


def _around(x: float, y: float) -> Iterator[Place]:
    """Yield places for a label, the best first: beside the mark, then below and above it."""
    for dy in (0, 13, -13, 20, -20):
        yield Place(x + _GAP, y + dy, "left")
        yield Place(x - _GAP, y + dy, "right")
        if dy:
            yield Place(x, y + dy, "center")


def _box(at: Place, text: str) -> Box:
    width = len(text) * _CHARACTER
    left = at.x - {"left": 0.0, "center": 0.5, "right": 1.0}[at.align] * width
    return left, at.y - _LINE / 2, left + width, at.y + _LINE / 2


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
