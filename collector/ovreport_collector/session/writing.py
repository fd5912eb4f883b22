"""Writes the record of a case, whatever came of it: one that cannot be written costs no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from ovreport import store
from ovreport.errors import RecordError
from ovreport.record import MEASUREMENTS, Failed, Measured, Record
from ovreport_collector.measurements.base import FAILED_BEFORE
from ovreport_collector.session.privacy import without_names


def write(record: Record, out: Path) -> tuple[Path, str]:
    """Write a record below `out`; return its path, and why it could not hold what was measured.

    Empty where it does. A model of thousands of outputs, say, makes a record that is too large: in
    its place there is one that tells so. StoreError if the disk refuses.
    """
    try:
        return store.write(without_names(record), out), ""
    except (RecordError, msgspec.ValidationError) as error:
        what = error.what if isinstance(error, RecordError) else str(error)
        why = f"what was measured fits into no record: {what}"
    return store.write(without_names(_in_its_place(record, why)), out), why


def _in_its_place(record: Record, why: str) -> Record:
    """Return a record of the same case that failed as a whole, without what may be at fault."""
    tried = (n for n in MEASUREMENTS if isinstance(getattr(record, n), Measured | Failed))
    empty: dict[str, Any] = dict.fromkeys(tried, FAILED_BEFORE)
    return msgspec.structs.replace(
        record,
        **empty,
        outcome=Failed(reason=why, cause="error"),
        model=msgspec.structs.replace(record.model, inputs=[], outputs=[]),
        additional_accuracy=[],
        additional_accuracy_missing={},
        failed_rounds=[],
        noise=[],
        noise_unreadable={},
        run_spread={},
        verdicts={},
    )
