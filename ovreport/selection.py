"""Some of the records in a folder: those of a release, a day or a time.

site/records                 the newest of each case
site/records@2026.4          those of an OpenVINO release, or of a build of it
site/records@2026-11-24      those of a day; @2026-11-24T18 those of an hour, and so on
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ovreport.errors import InputError, RecordError, one_line
from ovreport.history import newest
from ovreport.record import Record
from ovreport.store import Stored, read_all

_TIME = re.compile(r"\d{4}-\d{2}(-\d{2}(T\d{2}(:\d{2}(:\d{2}Z?)?)?)?)?")
_RELEASE = re.compile(r"\d+\.\d+[\w.+/-]*")


@dataclass(frozen=True)
class Selection:
    """A folder or file of records, and which of them."""

    path: Path
    of: str = ""
    """A release or the beginning of a time; empty: all."""

    def __str__(self) -> str:
        path = one_line(str(self.path))
        return f"{path}@{self.of}" if self.of else path

    def has(self, record: Record) -> bool:
        """Return whether a record is among the selected."""
        if not self.of:
            return True
        if _TIME.fullmatch(self.of):
            return record.measured_at.startswith(self.of)
        rest = record.software.openvino.removeprefix(self.of)
        return record.software.openvino.startswith(self.of) and (not rest or not rest[0].isdigit())


def parse(text: str, default: Path | None = None) -> Selection:
    """Return a selection: PATH, PATH@RELEASE, PATH@TIME; the default's path where it has none.

    InputError where there is no such path, or what follows is neither a release nor a time.
    """
    if Path(text).exists():
        return Selection(Path(text))
    name, at, of = text.rpartition("@")
    if at and not (_TIME.fullmatch(of) or _RELEASE.fullmatch(of)):
        raise InputError(
            f"“{one_line(of)}” is neither an OpenVINO release nor a time",
            where=one_line(text),
            remedy="For example records@2026.4, records@2026-11-24 or records@2026-11-24T18.",
        )
    path = Path(name) if name else default
    if not at or path is None or not path.exists():
        raise InputError(
            "there is no such file or folder of records",
            where=one_line(text if path is None else str(path)),
            remedy="Name a folder of records, as `ovreport collect` prints it.",
        )
    return Selection(path, of)


def read(selection: Selection) -> tuple[list[Record], list[RecordError]]:
    """Return the newest selected record of each case, and what is wrong with other files.

    InputError where nothing is selected.
    """
    loaded = read_all([selection.path], check=True, keep=True)
    chosen = [one for one in loaded.stored if selection.has(one.record)]
    if not chosen:
        raise InputError(
            "no record is of that release or time" if loaded.stored else "no record found",
            where=str(selection),
            remedy=_offered(loaded.stored),
        )
    return [one.record for one in newest(chosen)[0]], loaded.faults


def _offered(stored: list[Stored]) -> str:
    if not stored:
        return "`ovreport validate` says what is wrong with the files there."
    days = sorted({one.record.measured_at[:10] for one in stored})
    builds = sorted({one_line(one.record.software.openvino, 60) for one in stored})
    return f"There are records of {', '.join(days[-5:])} and of {', '.join(builds[-3:])}."
