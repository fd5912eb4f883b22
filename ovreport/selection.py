"""Some of the records in a folder: those of a release, an arm, a day or a time.

site/records                 the newest of each case, and of a run's releases the newest one
site/records@2026.4          those of an OpenVINO release, or of a build of it
site/records@2026-11-24      those of a day; @2026-11-24T18 those of an hour, and so on
site/records@NAME            those of an arm, by the name that its run gave it

Of a release that was measured once more against itself, and of settings that a run compared, only
their names select the records: they are no results of the case.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ovreport.errors import InputError, RecordError, one_line
from ovreport.history import CaseKey, by_case, newest
from ovreport.pairing import best_pair, in_turn
from ovreport.record import Record
from ovreport.store import Stored, read_all

_TIME = re.compile(r"\d{4}-\d{2}(-\d{2}(T\d{2}(:\d{2}(:\d{2}Z?)?)?)?)?")
_NAME = re.compile(r"[A-Za-z0-9][\w.+/-]*")


@dataclass(frozen=True)
class Selection:
    """A folder or file of records, and which of them."""

    path: Path
    of: str = ""
    """A release, the name of an arm or the beginning of a time; empty: all."""

    def __str__(self) -> str:
        path = one_line(str(self.path))
        return f"{path}@{self.of}" if self.of else path

    def has(self, record: Record) -> bool:
        """Return whether a record is among the selected."""
        if self.names(record):
            return True
        if record.arm and not record.arm.is_result:
            return False
        if not self.of:
            return True
        if _TIME.fullmatch(self.of):
            return record.measured_at.startswith(self.of)
        rest = record.software.openvino.removeprefix(self.of)
        return record.software.openvino.startswith(self.of) and (not rest or not rest[0].isdigit())

    def names(self, record: Record) -> bool:
        """Return whether a record is of the arm of this name."""
        return record.arm is not None and record.arm.name == self.of


def parse(text: str, default: Path | None = None) -> Selection:
    """Return a selection: PATH, PATH@RELEASE, PATH@TIME; the default's path where it has none.

    InputError where there is no such path, or what follows can be no release, name or time.
    """
    if Path(text).exists():
        return Selection(Path(text))
    name, at, of = text.rpartition("@")
    if at and not (_TIME.fullmatch(of) or _NAME.fullmatch(of)):
        raise InputError(
            f"“{one_line(of)}” is no OpenVINO release, no name of an arm and no time",
            where=one_line(text),
            remedy="For example records@2026.4, records@2026-11-24 or records@2026-11-24T18.",
        )
    path = (Path(name) if name else default) if at else Path(text)
    if path is None or not path.exists():
        raise InputError(
            "there is no such file or folder of records",
            where=one_line(text if path is None else str(path)),
            remedy="Name a folder of records, as `ovreport collect` prints it.",
        )
    return Selection(path, of)


def read_both(
    first: Selection, second: Selection
) -> tuple[list[Record], list[Record], list[RecordError]]:
    """Return a selected record of each case on either side, and what is wrong with other files.

    Of a case that was measured in turn on both sides in one run, the newest such pair; else the
    newest of each. InputError where nothing is selected.
    """
    (before, wrong), (after, also_wrong) = _read(first), _read(second)
    for case in before.keys() & after.keys():
        before[case], after[case] = ([one] for one in best_pair(before[case], after[case], in_turn))
    faults = list({str(fault): fault for fault in [*wrong, *also_wrong]}.values())
    return [runs[-1] for runs in before.values()], [runs[-1] for runs in after.values()], faults


def _read(selection: Selection) -> tuple[dict[CaseKey, list[Record]], list[RecordError]]:
    """Return the selected records of each case, its result last, and faults of other files."""
    loaded = read_all([selection.path], check=True, keep=True)
    chosen = [one for one in loaded.stored if selection.has(one.record)]
    # A wheel of one's own may say that it is of the same release: it has a name of its own.
    named = {one.record.run for one in chosen if selection.names(one.record)}
    chosen = [c for c in chosen if selection.names(c.record) or c.record.run not in named]
    if not chosen:
        raise InputError(
            "no record is of that release, arm or time" if loaded.stored else "no record found",
            where=str(selection),
            remedy=_offered(loaded.stored),
        )
    # Of a run's releases the newest is the result, whichever was measured last.
    results = set(map(id, newest(chosen)[0]))
    found = {
        case: sorted(runs, key=lambda one: id(one) in results)
        for case, runs in by_case(chosen).items()
    }
    return {case: [one.record for one in runs] for case, runs in found.items()}, loaded.faults


def _offered(stored: list[Stored]) -> str:
    if not stored:
        return (
            "`ovreport validate` says what is wrong with files that are there; `ovreport collect "
            "--out FOLDER` writes some."
        )
    days = sorted({one.record.measured_at[:10] for one in stored})
    builds = sorted({one_line(one.record.software.openvino, 60) for one in stored})
    arms = sorted({one.record.arm.name for one in stored if one.record.arm})
    named = f", and the arms {', '.join(arms[:10])}" if arms else ""
    return f"There are records of {', '.join(days[-5:])} and of {', '.join(builds[-3:])}{named}."
