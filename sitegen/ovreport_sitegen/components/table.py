"""Tables: what a cell says and how it sorts, and the markup of both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from html import escape as escape_html
from typing import Literal

import msgspec
from markupsafe import Markup

Tone = Literal["", "noisy", "unreliable", "failed"]

escape = lru_cache(maxsize=1 << 16)(escape_html)
"""Half a million texts are escaped for a thousand results, and most of them are alike."""

FIRST_ROWS = 60
"""Rows that lie in the page itself; the rest waits in a template element."""


class Cell(msgspec.Struct, frozen=True, dict=True):
    """One cell.

    Its markup is made here and not in a template, and once: a site of a thousand results shows
    four hundred thousand cells, many of them on several pages. A struct, not a dataclass: made
    in a fifth of the time.
    """

    text: str
    sub: str = ""
    """Second, smaller line."""
    sort: float | str | None = None
    """What it sorts by; None sorts last."""
    href: str = ""
    tone: str = ""
    """`missing` or `bad`; `judged`: the row's verdict does not speak of it; `judged unreliable`:
    its own one does."""
    tip: str = ""
    family: str = ""
    """Shown as a coloured mark before the text."""
    span: int = 1
    """Columns it takes: why a whole case has no figures is said once."""
    marks: tuple[str, ...] = ()
    """Words in small frames: quick, architecture only."""

    @property
    def html(self) -> str:
        """The cell, escaped and every attribute quoted."""
        kept = self.__dict__  # `cached_property` takes a lock before Python 3.12
        if "html" not in kept:
            kept["html"] = f"<td{self.attributes}>{self.content}</td>"
        html: str = kept["html"]
        return html

    @property
    def attributes(self) -> str:
        """Attributes of the element."""
        names, sort, found = self.tone, self.sort, ""
        if isinstance(sort, str):
            found = f' data-s="{escape(sort)}"'
        elif sort is not None:
            # Nine digits tell apart whatever a table shows with three.
            found = f' data-s="{sort:.9g}"'
            if not names.startswith("badge"):
                names = f"num {names}".rstrip()
        if names:
            found += f' class="{names}"'
        if self.span > 1:
            found += f' colspan="{self.span}"'
        return f'{found} title="{escape(self.tip)}"' if self.tip else found

    @property
    def content(self) -> str:
        """Content of the element."""
        text = escape(self.text)
        inner = f'<a href="{escape(self.href)}">{text}</a>' if self.href else f"<span>{text}</span>"
        if self.family:
            inner = f'<i class="fam {self.family}"></i>{inner}'
        if self.marks:
            inner += "".join(f' <b class="mark">{escape(mark)}</b>' for mark in self.marks)
        return f"{inner}<small>{escape(self.sub)}</small>" if self.sub else inner


@dataclass(frozen=True, slots=True)
class Column:
    """One column: label, unit and direction stand in its head."""

    label: str
    unit: str = ""
    direction: str = ""
    """`lower` or `higher` is better, or nothing."""
    numeric: bool = False
    wide: bool = False
    """Left out on narrow screens, where the first column carries it as a second line."""
    tip: str = ""


class TableRow(msgspec.Struct, frozen=True, dict=True):
    """One row."""

    cells: tuple[Cell, ...]
    tone: Tone = ""
    under: str = ""
    """Second line of the first cell on narrow screens."""
    filters: tuple[str, ...] = ()
    """Values of model, precision, family and variant, that the selects filter by."""

    @cached_property
    def html(self) -> Markup:
        """The row, escaped."""
        names = f' class="{self.tone}"' if self.tone else ""
        for key, value in zip("mpfv", self.filters, strict=False):
            names += f' data-{key}="{escape(value)}"'
        first = self.cells[0]
        under = f'<small class="under">{escape(self.under)}</small>' if self.under else ""
        parts = [
            f'<tr{names}><th scope="row"{first.attributes}>{first.content}{under}</th>',
            *[c.html for c in self.cells[1:]],
            "</tr>\n",
        ]
        return Markup("".join(parts))  # noqa: S704 - every part of it is escaped above


@dataclass(frozen=True)
class Table:
    """A table of a page."""

    id: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    searchable: bool = False
    note: str = ""
    """What it leaves out, and where that is."""

    @property
    def first(self) -> tuple[TableRow, ...]:
        """Rows in the page itself."""
        return self.rows[:FIRST_ROWS]

    @property
    def rest(self) -> tuple[TableRow, ...]:
        """Rows that a script adds."""
        return self.rows[FIRST_ROWS:]

    def choices(self, index: int) -> list[str]:
        """Return the values that a select can filter by."""
        return sorted({row.filters[index] for row in self.rows if len(row.filters) > index})
