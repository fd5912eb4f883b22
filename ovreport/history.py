"""Which records are of the same case, and which of those is the newest.

Another file is another model, whatever its id: its records are of another case.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from ovreport.errors import RecordError, one_line
from ovreport.record import Completed, Model, Record
from ovreport.store import Stored

CaseKey = tuple[str, ...]
"""Machine, engine, the device's full name and string, model, variant and requested precision, and
the checksum of the model."""

_LISTED_SINCE = {
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db": (
        "0f91854e3e3f48b8d5a1c6362b2ed28e2f7a71fab71d4b0ff636c8dea8b39d84"
    )
}
"""Checksum of the main file, in records of before a model's other files were listed → that of all
of them: of the one model of a built-in suite that has several, whose address pins them."""


def model_checksum(model: Model) -> str:
    """Return what makes two models of one id the same: the checksum of all their files.

    Empty where nothing is known of the files.
    """
    return _LISTED_SINCE.get(model.sha256, model.sha256)


def case_key(record: Record) -> CaseKey:
    """Return what makes two records measurements of the same case."""
    return (*_named(record), model_checksum(record.model))


def _named(record: Record) -> CaseKey:
    """Return the case by its names alone, whatever files it is of."""
    case, machine, full_name = record.case, record.machine.id, record.device.full_name
    return machine, case.engine, full_name, case.device, case.model, case.variant, case.precision


def had_no_file(record: Record) -> bool:
    """Return whether a case failed because its model could not be had: it says nothing of it."""
    return record.model.size_bytes == 0 and not isinstance(record.outcome, Completed)


def newest(stored: Iterable[Stored]) -> tuple[list[Stored], list[Stored], list[RecordError]]:
    """Return the newest record of each case, all others from old to new, and what is in doubt.

    In doubt is which of two records of one case and one time is the newer: the one of the longer
    tier counts as such, then the one whose file name is the later in the alphabet. A record whose
    model could not be had is history where the case has another record, be it older.
    """
    ordered = sorted(stored, key=_age)
    had = {_named(one.record) for one in ordered if not had_no_file(one.record)}
    by_case: dict[CaseKey, list[Stored]] = {}
    history = []
    for one in ordered:
        if had_no_file(one.record) and _named(one.record) in had:
            history.append(one)
        else:
            by_case.setdefault(case_key(one.record), []).append(one)
    doubts = [
        _same_time(one, after)
        for of_case in by_case.values()
        for one, after in itertools.pairwise(of_case)
        if one.record.measured_at == after.record.measured_at
    ]
    history += [one for of_case in by_case.values() for one in of_case[:-1]]
    return [of_case[-1] for of_case in by_case.values()], sorted(history, key=_age), doubts


def _age(one: Stored) -> tuple[str, float, str]:
    return one.record.measured_at, one.record.tier.min_seconds, one.path.name


def _same_time(one: Stored, after: Stored) -> RecordError:
    return RecordError(
        f"of the same case and time as {one_line(str(after.path), limit=1000)}, which counts as "
        "the newer",
        where=one_line(str(one.path), limit=1000),
        remedy="Keep one of the two.",
    )
