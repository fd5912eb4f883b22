"""What CONTRIBUTING.md says of the places of additions, read from its table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

_ROW = re.compile(r"^\| an? (?P<kind>\w+) \|(?P<files>[^|]*)\|(?P<tables>[^|]*)\|$", re.MULTILINE)
_TABLE = re.compile(r"(?:`(?P<symbol>\w+)`|imports) in `(?P<file>[^`]+)`")


@dataclass(frozen=True)
class Places:
    """The places of one kind of addition, with placeholders in capitals."""

    kind: str
    new_files: tuple[str, ...]
    """Paths; a folder stands for all files in it."""
    tables: tuple[tuple[str, str], ...]
    """File, and what it defines; empty: its imports."""

    def named(self, names: dict[str, str]) -> Places:
        """Return the places with placeholders replaced."""

        def replaced(text: str) -> str:
            return re.sub(r"\b[A-Z]+\b", lambda m: names.get(m.group(), m.group()), text)

        return Places(
            self.kind,
            tuple(map(replaced, self.new_files)),
            tuple((replaced(file), replaced(symbol)) for file, symbol in self.tables),
        )


def places() -> dict[str, Places]:
    """Return the places by kind, from the rows of three columns."""
    found = {}
    for row in _ROW.finditer(TEXT):
        files = tuple(re.findall(r"`([^`]+)`", row["files"]))
        tables = tuple((m["file"], m["symbol"] or "") for m in _TABLE.finditer(row["tables"]))
        found[row["kind"]] = Places(row["kind"], files, tables)
    return found
