"""The guide: what one does with ovreport, beside what the results say.

Its text lies in `templates/prose/guide`; tables of what the code defines are made from the code.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

import msgspec

from ovreport.errors import EXIT_CODES
from ovreport.paths import VARIABLES
from ovreport.record import NotMeasured, Record
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.pages.page import Head, Page


@dataclass(frozen=True)
class Completion:
    """How a shell learns to complete commands."""

    shell: str
    line: str
    file: str


@dataclass(frozen=True)
class GuideView:
    """Everything the template of the page needs."""

    head: Head
    completions: tuple[Completion, ...]
    exit_codes: tuple[tuple[int, str], ...]
    variables: tuple[tuple[str, str], ...]
    parts: tuple[tuple[str, str], ...]
    """Field of a record, and what it holds."""


# click makes these scripts: https://click.palletsprojects.com/en/stable/shell-completion/
_COMPLETIONS = (
    Completion("bash", 'eval "$(_OVREPORT_COMPLETE=bash_source ovreport)"', "~/.bashrc"),
    Completion("zsh", 'eval "$(_OVREPORT_COMPLETE=zsh_source ovreport)"', "~/.zshrc"),
    Completion(
        "fish",
        "_OVREPORT_COMPLETE=fish_source ovreport | source",
        "~/.config/fish/completions/ovreport.fish",
    ),
)


def view(_: Catalogue) -> GuideView:
    """Return the view of the page, which no record changes."""
    head = Head(
        "Guide",
        "How to make a site like this of your own machines and models, and how to use its data.",
    )
    return GuideView(
        head, _COMPLETIONS, tuple(EXIT_CODES.items()), tuple(VARIABLES.items()), tuple(_parts())
    )


def _parts() -> Iterator[tuple[str, str]]:
    """Yield the fields of a record whose types say what they hold."""
    for field in msgspec.structs.fields(Record):
        if documented := _documented(field.type):
            yield field.name, documented


def _documented(kind: object) -> str:
    """Return what the first record part in a type holds; empty: there is none."""
    if kind in get_args(NotMeasured):
        return ""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return " ".join((kind.__doc__ or "").partition("\n\n")[0].split())
    return next((said for part in get_args(kind) if (said := _documented(part))), "")


PAGE = Page("guide", "Guide", view, parent="data")
"""Not in the navigation, which is about results; the foot of every page leads to it."""
