"""Tables: cells, rows and columns, with their markup."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from html import escape as escape_html
from typing import Literal

import msgspec
from markupsafe import Markup

from ovreport_sitegen.components import marks

Tone = Literal["", "failed"]

escape = lru_cache(maxsize=1 << 16)(escape_html)
"""Half a million texts are escaped for a thousand results, most of them the same ones."""

_TEXT_TONES = frozenset({"missing", "bad", "best", "unreliable"})
"""They style the text of a cell and not what stands beneath it: it has an element then."""

FIRST_CELLS, FEW_CELLS, LEAST_ROWS = 100, 15, 3
"""Cells in the page itself, the second of a table that is closed at first, but so many rows at
least; a script adds the rest when a reader asks for it."""


class Cell(msgspec.Struct, frozen=True, dict=True):
    """One cell.

    It renders its own markup, once, rather than a template: a site of a thousand results shows
    four hundred thousand cells, many of them on several pages. A struct is created in a fifth of
    a dataclass's time.
    """

    text: str
    sub: str = ""
    """Second, smaller line."""
    sort: float | str | None = None
    """What it sorts by; None sorts last."""
    href: str = ""
    tone: str = ""
    """`missing`, `bad`, `best` or `unreliable`: how its text looks; or another class."""
    tip: str = ""
    family: str = ""
    """Shown as a coloured mark before the text."""
    span: int = 1
    """Columns it takes: the reason why a case has no values stands once."""
    marks: tuple[str, ...] = ()
    """Words in small frames: quick, architecture only."""
    sign: str = ""
    """Key of the mark in front of the text, shown as its sign."""
    explained: str = ""
    """Key of the mark that explains the text, which opens the explanation."""
    note: str = ""
    """Words below the text that a mark explains: no clear difference."""

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
            # A table shows three digits: nine keep the order.
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
        if self.href:
            inner = f'<a href="{escape(self.href)}">{text}</a>'
        elif self.explained:
            inner = marks.explained(self.explained, text)
        else:
            inner = f"<span>{text}</span>" if self._styles_text else text
        if self.sign:
            inner = f"{marks.sign(self.sign)}{inner}"
        if self.family:
            inner = f'<i class="fam {self.family}"></i>{inner}'
        if self.marks:
            inner += "".join(map(_framed, self.marks))
        if self.sub:
            inner += f"<small>{escape(self.sub)}</small>"
        return f"{inner}<small>{_words(self.note)}</small>" if self.note else inner

    @property
    def _styles_text(self) -> bool:
        return bool(self.tone) and not _TEXT_TONES.isdisjoint(self.tone.split())


def _framed(words: str) -> str:
    """Return words in a small frame, which open their explanation if there is one."""
    return f' <b class="mark">{_words(words)}</b>'


def _words(words: str) -> str:
    key = marks.key_of(words)
    return marks.explained(key, escape(words)) if key else escape(words)


DASH = Cell("–", tone="missing")
"""Stands where another cell says why there is no value, or where there can be none."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column; its head shows label, unit and direction."""

    label: str
    unit: str = ""
    direction: str = ""
    """`lower` or `higher` is better, or nothing."""
    numeric: bool = False
    wide: bool = False
    """Hidden on narrow screens, where the first column has it as a second line."""
    tip: str = ""


class TableRow(msgspec.Struct, frozen=True, dict=True):
    """One row."""

    cells: tuple[Cell, ...]
    tone: Tone = ""
    under: str = ""
    """Second line of the first cell on narrow screens."""
    filters: tuple[str, ...] = ()
    """Model, precision, family and variant, which the selects filter by."""
    labels: tuple[str, ...] = ()
    """Names of the cells after the first, where narrow screens show the row as a card."""

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
            *map(_labelled, self.labels, self.cells[1:]),
            *[c.html for c in self.cells[1 + len(self.labels) :]],
            "</tr>\n",
        ]
        return Markup("".join(parts))  # noqa: S704 - every part of it is escaped above


def _labelled(label: str, cell: Cell) -> str:
    return f'<td{cell.attributes}><b class="label">{escape(label)}</b>{cell.content}</td>'


@dataclass(frozen=True)
class Table:
    """A table of a page."""

    id: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    searchable: bool = False
    look: str = ""
    """Its class in the style sheet."""
    note: str = ""
    """What it leaves out, and where to find it."""
    first_cells: int = FIRST_CELLS
    """More where a reader wants the whole table, and it is the page's only one."""

    def first(self, *, few: bool = False) -> tuple[TableRow, ...]:
        """Return the rows in the page itself; `few`: of a table that is closed at first."""
        cells = FEW_CELLS if few else self.first_cells
        return self.rows[: max(LEAST_ROWS, cells // len(self.columns))]

    def choices(self, index: int) -> list[str]:
        """Return the values that a select can filter by."""
        return sorted({row.filters[index] for row in self.rows if len(row.filters) > index})
