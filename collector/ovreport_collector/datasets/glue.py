"""Sentences with a class each, as GLUE has SST-2: tab-separated, with a header.

    dev.tsv, or validation.tsv, or the only .tsv of the folder; the file itself can be named too
        sentence<TAB>label         in any order, among other columns; nothing is quoted
        it 's a charming journey .<TAB>1

A label is a whole number from 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ovreport.errors import InputError
from ovreport_collector.datasets.files import checksum, first_of, text_of

USUAL = ("dev.tsv", "validation.tsv")
SENTENCE, LABEL = "sentence", "label"
MAX_CLASSES = 100_000


@dataclass(frozen=True)
class LabelledSentence:
    """A sentence, and the number of its class."""

    text: str
    label: int


@dataclass(frozen=True)
class Contents:
    """All sentences of a table, in its order."""

    sentences: tuple[LabelledSentence, ...]
    checksum: str
    warning: str = ""
    """Nothing is guessed."""

    @property
    def n(self) -> int:
        """How many sentences there are."""
        return len(self.sentences)


def read(folder: Path) -> Contents:
    """Return what a table holds; InputError with the place and the remedy where it is unusable."""
    path = folder if folder.is_file() else _table(folder)
    # Only "\n" ends a line: sentences may hold other characters that Python takes for line ends.
    lines = [line.rstrip("\r") for line in text_of(path).split("\n")]
    header = lines[0].split("\t")
    for column in (SENTENCE, LABEL):
        if column not in header:
            raise InputError(
                f'no column "{column}" in the header',
                where=f"{path.name}, line 1",
                remedy=f"a first line with {SENTENCE} and {LABEL}, a tab between; test sets of "
                "GLUE have no labels, use dev.tsv",
            )
    rows = [
        _row(line, number, header, path.name)
        for number, line in enumerate(lines[1:], 2)
        if line.strip()
    ]
    if not rows:
        raise InputError("no sentence below the header", where=path.name, remedy="use dev.tsv")
    return Contents(tuple(rows), checksum((row.text, row.label) for row in rows))


def _table(folder: Path) -> Path:
    usual = [folder / name for name in USUAL if (folder / name).is_file()]
    found = usual[:1] or sorted(folder.glob("*.tsv"))
    if len(found) != 1:
        names = first_of(path.name for path in found) or "there is none"
        raise InputError(
            f"which .tsv is meant? ({names})",
            where=folder.name,
            remedy=f"name the file itself, or call it {USUAL[0]}",
        )
    return found[0]


def _row(line: str, number: int, header: list[str], name: str) -> LabelledSentence:
    cells = line.split("\t")
    where = f"{name}, line {number}"
    if len(cells) != len(header):
        raise InputError(
            f"{len(cells)} columns, and the header has {len(header)}",
            where=where,
            remedy="separate columns by one tab each, and put no tab into a sentence",
        )
    named = dict(zip(header, cells, strict=True))
    label = named[LABEL]
    if not (label.isascii() and label.isdigit()) or int(label) >= MAX_CLASSES:
        raise InputError(
            "the label is not the number of a class",
            where=where,
            remedy="write whole numbers, counted from 0",
        )
    return LabelledSentence(named[SENTENCE], int(label))
