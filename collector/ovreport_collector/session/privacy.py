"""The last look at a record before it is written: names of this machine or its user are taken out.

What processes report is redacted when it comes back (`process.redact`). Records are made of more
than that, so every string of the whole record is searched once more, in one place, whatever field
is added.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ovreport.record import Record
from ovreport_collector.process.redact import redacted_data, without_folders

_OF_THE_SUITE: tuple[tuple[str, ...], ...] = (
    ("case",),
    ("tier",),
    *(("model", name) for name in ("id", "title", "task", "source", "licence", "homepage", "why")),
    ("model", "published"),
    ("model", "files"),
    ("machine", "id"),
    ("repeat",),
)
"""What the author of a suite wrote, and names made of it: public as the suite is, and no finding
where a word of it is also somebody's name. Paths on this machine are never in there: a suite is
named without its folder, and a local file by its name."""


_IN_WORDS = (("model", "title"), ("model", "licence"), ("model", "why"))
"""What of it is free text: it may name a folder of this machine, which no reader needs."""


def without_names(record: Record) -> Record:
    """Return the record without this machine's and user's names and without local folders.

    As whole words and whole paths only: a user called `root` is not taken out of "square root".
    """
    document = msgspec.json.decode(msgspec.json.encode(record))
    cleaned = redacted_data(document)
    for path in _OF_THE_SUITE:
        _restore(cleaned, document, path)
    return msgspec.convert(cleaned, Record)


def _restore(cleaned: Any, document: Any, path: Sequence[str]) -> None:  # noqa: ANN401
    *parents, name = path
    for key in parents:
        cleaned, document = cleaned[key], document[key]
    cleaned[name] = document[name]
    if path in _IN_WORDS:
        cleaned[name] = without_folders(document[name])
