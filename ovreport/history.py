"""Which records are of the same case, and which of those is the newest.

Another file is another model, whatever its id: its records are of another case.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from ovreport.errors import RecordError, one_line
from ovreport.record import Completed, Model, Optimized, Record, variant_of
from ovreport.store import Stored

T = TypeVar("T")
CaseKey = tuple[str, ...]
"""Machine, the processors that a limited run had (else empty), engine, the device's full name and
string, model, variant and requested precision, and the checksum of the model."""

_LISTED_SINCE = {
    "fe2d2eb49c5f88a9e0a6c048e15d6ffdf86235519c2afc535044de433169ec8c": (  # magika-v3.3
        "314d03f10220ae4f60e9e11b1dc372b427afa3f38ad703e1c92203d30e2010e5"
    ),
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db": (  # minilm-l6-v2
        "2ff2b14b74e612ede8b34c327099cc1bdd29f15e1c00b6733744f9c1a9e00ba4"
    ),
    "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6": (  # minilm-l6-v2-int8
        "3203fd3506b0a9166fd7481695514b3071d06a048410465b05f242f21dec41ce"
    ),
}
"""Checksum of the main file, in records of before a model's other files were listed → that of all
of them: of the models of built-in suites that have several, which the suites pin."""


def model_checksum(model: Model) -> str:
    """Return what makes two models of one id the same: the checksum of all their files.

    Empty where nothing is known of the files.
    """
    is_pinned = not model.files and model.source.startswith("pypi:")
    return _LISTED_SINCE.get(model.sha256, model.sha256) if is_pinned else model.sha256


_RECIPE = attrgetter("method", "settings", "calibration", "calibration_samples")
"""What makes two optimizations of one file the same."""


def case_key(record: Record) -> CaseKey:
    """Return what makes two records measurements of the same case.

    A run that could use only some of the processors never takes the place of one that had all.
    """
    case, machine, device = record.case, record.machine, record.device.full_name
    variant = variant_of(record.model, case.variant)
    host = machine.id, f"{machine.cores_available:g}" if machine.is_limited else ""
    named = case.engine, device, case.device, case.model, variant, case.precision
    return *host, *named, model_checksum(record.model)


def same_work(first: Record, second: Record) -> bool:
    """Return whether two records are of the same model file and the same inputs."""
    return first.model.sha256 == second.model.sha256 and first.inputs == second.inputs


def made_alike(first: Model, second: Model) -> bool:
    """Return whether two models of one variant were made from their file in the same way."""
    a, b = first.origin, second.origin
    if isinstance(a, Optimized) and isinstance(b, Optimized):
        return bool(_RECIPE(a) == _RECIPE(b))
    return type(a) is type(b)


_FOLLOWED = ("latency", "throughput", "generation")
"""Measurements whose values are drawn as lines over time."""


def line_conditions(record: Record) -> bytes:
    """Return a checksum of what the points of one line have in common, besides their case.

    Driver, inputs and task, tier, how the weights were made, and the version of the method: a line
    never hides that one of them changed. OpenVINO's release may differ: that is what lines are
    drawn for.
    """
    origin = record.model.origin
    recipe = _RECIPE(origin) if isinstance(origin, Optimized) else type(origin).__name__
    methods = [record.method_of(measurement) for measurement in _FOLLOWED]
    told = (record.device.driver, record.inputs, record.tier, recipe, methods)
    return hashlib.sha256(msgspec.json.encode(told)).digest()


def had_no_file(record: Record) -> bool:
    """Return whether a case failed because its model could not be had: it says nothing of it."""
    return record.model.size_bytes == 0 and not isinstance(record.outcome, Completed)


class ArmMoment(NamedTuple):
    """What of an arm tells whether its record is the result of its case."""

    run: str
    is_result: bool
    """As `Arm.is_result` says: evidence is neither the result of a case nor its history."""
    chosen: bool
    """Whether its release was asked for, so that it may be an old one."""
    position: int
    is_again: bool
    """Whether its release was measured once more, against itself."""


@lru_cache(maxsize=1 << 10)
def release_numbers(build: str) -> tuple[int, ...]:
    """Return release and number of an OpenVINO build string, by which releases are in order.

    2026.4.1-22219-abcdef → (2026, 4, 1, 22219); of what is none, ().
    """
    found = re.match(r"(\d{1,9}(?:\.\d{1,9})*)(?:-(\d{1,9}))?(?![\d.])", build, re.ASCII)
    if found is None:
        return ()
    numbers = [int(one) for one in found[1].split(".")]
    release = (*numbers, 0, 0)[:3]
    return (*release, int(found[2] or 0))


class Moment(NamedTuple):
    """What tells which of several records is the newest of its case."""

    case: CaseKey
    measured_at: str
    min_seconds: float
    """Of the tier's loops."""
    had_no_file: bool
    """As `had_no_file` says of the record."""
    path: Path
    release: tuple[int, ...] = ()
    """As `release_numbers` says of its OpenVINO."""
    arm: ArmMoment | None = None
    """Of a record that is an arm of its run."""

    @property
    def is_result(self) -> bool:
        """Whether it is a result of its case, and not evidence in a comparison."""
        return self.arm is None or self.arm.is_result

    @property
    def named(self) -> CaseKey:
        """The case by its names alone, whatever files it is of."""
        return self.case[:-1]


def newest(stored: Iterable[Stored]) -> tuple[list[Stored], list[Stored], list[RecordError]]:
    """Return the newest record of each case, its others from old to new, and what is in doubt.

    A record of a release that was asked for is history where the case has one of a newer release:
    who measures an old release by turns with others, or to fill a gap, wants no older result.
    Records that are evidence alone, such as a release against itself, are in none of the lists.

    In doubt is which of two records of one case and one time is the newer: the one of the longer
    tier counts as such, then the one whose file name is the later in the alphabet. A record whose
    model could not be had is history where the case has another record, be it older.
    """
    return newest_by(stored, lambda one: moment(one.record, one.path))


def moment(record: Record, path: Path) -> Moment:
    """Return the moment of a record and its file."""
    seconds = record.tier.min_seconds
    return Moment(
        case_key(record),
        record.measured_at,
        seconds,
        had_no_file(record),
        path,
        release_numbers(record.software.openvino),
        arm_moment(record),
    )


def arm_moment(record: Record) -> ArmMoment | None:
    """Return what of a record's arm tells whether it is the result of its case."""
    arm = record.arm
    if arm is None:
        return None
    chosen, is_again = bool(arm.lock_sha256), arm.kind == "again"
    return ArmMoment(record.run, arm.is_result, chosen, arm.position, is_again)


def newest_by(
    items: Iterable[T], moment_of: Callable[[T], Moment]
) -> tuple[list[T], list[T], list[RecordError]]:
    """Do as `newest` does with anything that stands for a record."""
    every = [(moment_of(item), item) for item in items]
    by_age = _by_age(one for one in every if one[0].is_result)
    cases = _of_cases(by_age)
    doubts = [
        _same_time(one.path, after.path)
        for of_case in cases.values()
        for (one, _), (after, _) in itertools.pairwise(of_case)
        if one.measured_at == after.measured_at and not _are_arms(one, after)
    ]
    current = [_newest(of_case) for of_case in cases.values()]
    # Of two moments that are equal, each is an item of its own.
    newest_ones = set(map(id, current))
    return current, [item for _, item in by_age if id(item) not in newest_ones], doubts


def by_case(stored: Iterable[Stored]) -> dict[CaseKey, list[Stored]]:
    """Return the records of each case from old to new, evidence among them.

    A record whose model could not be had is left out where the case has another record.
    """
    by_age = _by_age((moment(one.record, one.path), one) for one in stored)
    return {case: [one for _, one in found] for case, found in _of_cases(by_age).items()}


def _by_age(found: Iterable[tuple[Moment, T]]) -> list[tuple[Moment, T]]:
    """Return what has moments from old to new; of equal times, the longer tier is the newer."""
    return sorted(found, key=lambda one: (one[0].measured_at, one[0].min_seconds, one[0].path.name))


def _of_cases(by_age: Iterable[tuple[Moment, T]]) -> dict[CaseKey, list[tuple[Moment, T]]]:
    every = list(by_age)
    had = {at.named for at, _ in every if not at.had_no_file}
    found: dict[CaseKey, list[tuple[Moment, T]]] = {}
    for at, item in every:
        if not (at.had_no_file and at.named in had):
            found.setdefault(at.case, []).append((at, item))
    return found


def _newest(of_case: Sequence[tuple[Moment, T]]) -> T:
    """Return the newest of a case, given from old to new."""
    latest = max(at.release for at, _ in of_case)
    wanted = [pair for pair in of_case if not _is_past(pair[0], latest)]
    last = wanted[-1][0]
    of_run = [pair for pair in wanted if pair[0] == last or _are_arms(pair[0], last)]
    return max(of_run, key=lambda pair: _rank(pair[0]))[1]


def _is_past(at: Moment, latest: tuple[int, ...]) -> bool:
    """Return whether a record is of a release that was asked for, and that is not the latest."""
    return at.arm is not None and at.arm.chosen and at.release < latest


def _are_arms(one: Moment, other: Moment) -> bool:
    """Return whether two records are of different arms of one run."""
    if one.arm is None or other.arm is None or not one.arm.run:
        return False
    return one.arm.run == other.arm.run and one.arm.position != other.arm.position


def _rank(at: Moment) -> tuple[tuple[int, ...], int]:
    """Return what the arms of one run are in order by: their releases, then their places."""
    return at.release, at.arm.position if at.arm else 0


def _same_time(one: Path, after: Path) -> RecordError:
    return RecordError(
        f"of the same case and time as {one_line(str(after), limit=1000)}, which counts as "
        "the newer",
        where=one_line(str(one), limit=1000),
        remedy="Keep one of the two.",
    )
