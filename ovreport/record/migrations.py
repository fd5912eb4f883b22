"""How the record's format came about, and how an older record becomes a current one.

History
    1  2026-11  first format
    2  2026-11  curve, open loop, end to end, energy, calibration and effort; other engines
    3  2026-11  how a model's file came about, what others published of it, further accuracies,
                language models
    4  2026-11  no calibration around rounds

A change that an old reader would misread raises `ovreport.record.FORMAT` by one and adds one
step here: a pure function from the decoded JSON of format n to that of format n + 1. A fixture
of every format stays in `tests/ovreport/records/`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ovreport.errors import RecordError
from ovreport.record import FORMAT

Document = dict[str, object]

_ADDED_IN_2 = ("curve", "open_loop", "end_to_end", "energy", "calibration", "effort")


def _to_2(document: Document) -> Document:
    skipped = {"status": "skipped", "reason": "not measured yet by the ovreport of that time"}
    return {**document, "format": 2, **dict.fromkeys(_ADDED_IN_2, skipped)}


def _to_3(document: Document) -> Document:
    return {**document, "format": 3}  # what is new has a default that says what was so before


def _to_4(document: Document) -> Document:
    kept = {name: part for name, part in document.items() if name != "calibration"}
    return {**kept, "format": 4}


STEPS: Mapping[int, Callable[[Document], Document]] = {1: _to_2, 2: _to_3, 3: _to_4}
"""Format n → function that makes format n + 1."""


def migrate(document: Document, *, where: str) -> Document:
    """Return the document in the current format.

    Raises RecordError for a missing or unknown format.
    """
    found = document.get("format")
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise RecordError(
            "not a record: `format` is missing or is not a version number",
            where=f"{where}: $.format",
            remedy="`ovreport schema` prints what a record looks like.",
        )
    if found > FORMAT:
        raise RecordError(
            f"format {found} is newer than this ovreport knows ({FORMAT})",
            where=f"{where}: $.format",
            remedy="Upgrade: pip install --upgrade ovreport",
        )
    for version in range(found, FORMAT):
        document = STEPS[version](document)
    return document
