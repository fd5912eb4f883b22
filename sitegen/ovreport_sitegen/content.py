"""Pages of the site's own words: every `site/content/NAME.md` becomes `NAME.html`.

What is wrong with one is its author's to mend: it is refused with its file and line.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ovreport.errors import ConfigError, did_you_mean
from ovreport_sitegen.publish import PageFault

_MAX_BYTES = 1_000_000


@dataclass(frozen=True)
class OwnPage:
    """A page of the site's own words."""

    path: Path
    text: str
    """As its author wrote it."""

    @property
    def title(self) -> str:
        """The heading in its first line; without one, the name of its file."""
        return self._parts[0] or self.path.stem

    @property
    def body(self) -> str:
        """The text below the title."""
        return self._parts[1]

    @property
    def _parts(self) -> tuple[str, str]:
        first, _, rest = self.text.partition("\n")
        return (first.lstrip("# ").strip(), rest) if first.startswith("# ") else ("", self.text)

    def line_of(self, words: str) -> int:
        """Return the number of the first line with these words; 1 where none has them."""
        lines = enumerate(self.text.splitlines(), 1)
        return next((number for number, line in lines if words in line), 1)


def read(folder: Path, taken: Collection[str]) -> dict[str, OwnPage]:
    """Return the own pages in a folder by their names in the site; `taken`: names of other pages.

    ConfigError for the first one that cannot be read, or that would hide another page.
    """
    found: dict[str, OwnPage] = {}
    for path in _markdown(folder):
        name = f"{path.stem}.html"
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", path.stem) or name in taken:
            raise ConfigError(
                "this name is taken, or cannot be part of an address",
                where=str(path),
                remedy="Use a-z, 0-9 and hyphens, and no name of a page that the site has anyway.",
            )
        found[name] = OwnPage(path, _text(path))
    return found


def _markdown(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".md")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigError(
            f"cannot be read: {error.strerror}", where=str(folder), remedy="Check its permissions."
        ) from error


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"cannot be read: {error.strerror}", where=str(path), remedy="Check its permissions."
        ) from error
    if len(data) > _MAX_BYTES:
        raise ConfigError(
            f"{len(data):,} bytes: a page has at most {_MAX_BYTES:,}",
            where=str(path),
            remedy="Split it into several pages.",
        )
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            "not UTF-8 text", where=f"{path}:{line}", remedy="Save it as UTF-8."
        ) from error


def refuse(pages: Mapping[str, OwnPage], faults: Sequence[PageFault], known: Sequence[str]) -> None:
    """Raise ConfigError where the own pages, and no others, have faults.

    `known`: names of all files of the site, of which a wrong link may mean one.
    """
    if not faults or any(fault.page not in pages for fault in faults):
        return
    found = [(_place(pages[fault.page], fault), fault) for fault in faults]
    remedy = (
        f"{did_you_mean(found[0][1].words, known)}Link to a page of the site by its name, which "
        "ends in .html, and to anything else by its full address; use no id that the page has."
    )
    if len(found) == 1:
        raise ConfigError(found[0][1].what, where=found[0][0], remedy=remedy)
    lines = [f"  {place}: {fault.what}" for place, fault in found]
    raise ConfigError("\n".join([f"{len(found)} faults in own pages", *lines]), remedy=remedy)


def _place(page: OwnPage, fault: PageFault) -> str:
    return f"{page.path}:{page.line_of(fault.words)}"
