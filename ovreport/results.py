"""Records in Python: for notebooks and scripts.

results = ovreport.load("site/records")
results.records          every record, as typed objects
results.figures()        every value of every record, a row each
results.to_pandas()      the same rows as a DataFrame
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import astuple

from ovreport.errors import InputError, OvreportError, RecordError
from ovreport.figures import Figure, figures_of
from ovreport.history import newest
from ovreport.metrics import metric_values
from ovreport.record import Record
from ovreport.store import Stored, read_all

_NAMED = 10
"""Faults that a warning names; all are in `Results.faults`."""


class RecordWarning(UserWarning):
    """Files that are no usable records were left out."""


@dataclass(frozen=True, repr=False)
class Results:
    """Records that were read, and the faults of files that could not be."""

    stored: Sequence[Stored]
    """Each record with the path of its file."""
    faults: Sequence[RecordError]
    """What is wrong with the files that were left out."""

    @property
    def records(self) -> list[Record]:
        """Every record, as it is on disk, in the current format."""
        return [one.record for one in self.stored]

    def __repr__(self) -> str:
        # A notebook shows this, and a record alone would fill its page.
        return f"<Results: {len(self.stored):,} records, {len(self.faults):,} files left out>"

    def figures(self) -> list[Figure]:
        """Return every value of every record, or why there is none, a row each.

        Values are computed from the samples, as the site's are. A case that was measured several
        times has rows of each time: `current` marks those of the newest record.
        """
        current = {id(one.record) for one in newest(self.stored)[0]}
        return [
            row
            for record in self.records
            for row in figures_of(record, metric_values(record), current=id(record) in current)
        ]

    def to_pandas(self) -> Any:  # noqa: ANN401 - pandas is not a dependency
        """Return `figures()` as a pandas DataFrame; OvreportError where pandas is not installed."""
        try:
            import pandas as pd
        except ImportError as error:
            raise OvreportError(
                "pandas is not installed", remedy="pip install pandas, or use figures()."
            ) from error
        frame = pd.DataFrame(map(astuple, self.figures()), columns=Figure.__struct_fields__)
        whole = {"rounds": "Int64", "n": "Int64"}  # whole numbers that may be missing
        return frame.astype({"value": float, "low": float, "high": float, **whole}).assign(
            measured_at=pd.to_datetime(frame["measured_at"])
        )


def load(*paths: str | os.PathLike[str], strict: bool = False) -> Results:
    """Return the records in files and folders, those below them included.

    A file that is no usable record, or of which no figures follow, is left out, with a
    RecordWarning that names it. `strict`: it raises RecordError instead, and so does a record that
    contradicts itself or was renamed, which `ovreport validate` refuses. InputError for a path that
    does not exist.
    """
    folders = [Path(path).expanduser() for path in paths]
    for folder in folders:
        if not folder.exists():
            raise InputError(
                "there is no such file or folder",
                where=str(folder),
                remedy="Measure first (ovreport collect), or name a folder of records.",
            )
    loaded = read_all(folders, check=True, keep=not strict)
    if loaded.faults and strict:
        raise loaded.faults[0]
    if loaded.faults:
        warnings.warn(_left_out(loaded.faults), RecordWarning, stacklevel=2)
    return Results(tuple(loaded.stored), tuple(loaded.faults))


def _left_out(faults: Sequence[RecordError]) -> str:
    named = [f"{fault.where}: {fault.what}" for fault in faults[:_NAMED]]
    more = [f"and {len(faults) - _NAMED} more"] if len(faults) > _NAMED else []
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    return "\n  ".join([f"{count} in files that are left out:", *named, *more])
