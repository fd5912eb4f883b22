"""The journal of a run: every finished step is on disk before the next begins.

One JSON line a step, appended and synced; a line cut short by a crash is dropped when read.
The journal's name is the plan's key, so another plan, machine or release starts another one.
A journal that this version cannot read to its end is set aside whole, never used by half.
"""

from __future__ import annotations

import itertools
import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from ovreport.errors import disk_errors
from ovreport.paths import make_folder, sync_folder
from ovreport.record import Accuracy, Agreement, NotMeasured
from ovreport_collector.engines.types import OutputsResult, ThreadSettings
from ovreport_collector.loadgen.drivers import Driver
from ovreport_collector.measurements import registry
from ovreport_collector.measurements.generation.run import GenerationResult
from ovreport_collector.measurements.results import GenerationQuality, InferenceResult
from ovreport_collector.process.job import JobFailed, result_type
from ovreport_collector.process.timing import NO_TIME, Timing


class Prepared(Struct, frozen=True, kw_only=True, tag="prepared"):
    """Devices were found and inputs made; once for each time that the run was started."""

    timing: Timing


class OutputsDone(Struct, frozen=True, kw_only=True, tag="outputs-done"):
    """A case's outputs were compared with labels, and with the reference's."""

    case: str
    model: OutputsResult
    accuracy: Accuracy | NotMeasured
    additional_accuracy: dict[str, Accuracy | NotMeasured] = {}
    """By the names of the task's additional metrics."""
    agreement: Agreement | NotMeasured
    generation: GenerationQuality | None = None
    """Of a language model."""
    timing: Timing = NO_TIME
    """Since the step before; of the other steps too."""


class GivenUp(Struct, frozen=True, kw_only=True, tag="given-up"):
    """A case failed before its first round."""

    case: str
    at: str
    failure: JobFailed
    timing: Timing = NO_TIME


class DriverChosen(Struct, frozen=True, kw_only=True, tag="driver-chosen"):
    """It was found out how to drive a case's requests."""

    case: str
    driver: Driver
    thread_settings: ThreadSettings | None = None
    """For native frameworks: the threads and requests that OpenVINO has."""


class RoundDone(Struct, frozen=True, kw_only=True, tag="round-done"):
    """A round of a case was measured."""

    case: str
    round: int
    started_at: str
    result: InferenceResult | GenerationResult
    readings: dict[str, float]
    further: dict[str, Any] = {}
    """Name of a measurement → the result of its job, or JobFailed."""
    timing: Timing = NO_TIME


class RoundFailed(Struct, frozen=True, kw_only=True, tag="round-failed"):
    """A round of a case went wrong."""

    case: str
    round: int
    started_at: str
    failure: JobFailed
    timing: Timing = NO_TIME


class Written(Struct, frozen=True, kw_only=True, tag="written"):
    """A case's record is in the store."""

    case: str
    path: str
    """Absolute: the same run may go on from another folder."""


S = TypeVar("S")

Step = Prepared | OutputsDone | GivenUp | DriverChosen | RoundDone | RoundFailed | Written


class Journal:
    """The steps of one run, in memory and on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.steps: list[Step] = []
        self.set_aside: Path | None = None
        """Where a journal went that this version cannot read."""
        self._of_case: dict[str, list[Step]] = defaultdict(list)
        try:
            steps = list(_read(path))
        except _UnreadableError:
            self.set_aside, steps = _set_aside(path), []
        for step in steps:
            self._note(step)

    def add(self, step: Step) -> None:
        """Append a step; it is on the disk when this returns. StoreError if it refuses."""
        with _writing(self.path):
            make_folder(self.path.parent)
            is_new = not self.path.exists()
            with self.path.open("ab") as file:
                file.write(msgspec.json.encode(step) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            if is_new:
                sync_folder(self.path.parent)
        self._note(step)

    def _note(self, step: Step) -> None:
        self.steps.append(step)
        if not isinstance(step, Prepared):
            self._of_case[step.case].append(step)

    def _all(self, kind: type[S], case: str) -> list[S]:
        return [step for step in self._of_case.get(case, ()) if isinstance(step, kind)]

    def _first(self, kind: type[S], case: str) -> S | None:
        return next(iter(self._all(kind, case)), None)

    def rounds(self, case: str) -> list[RoundDone]:
        """Return the finished rounds of a case, by their indices."""
        return sorted(self._all(RoundDone, case), key=lambda step: step.round)

    def failed_rounds(self, case: str) -> list[RoundFailed]:
        """Return the rounds of a case that went wrong."""
        return self._all(RoundFailed, case)

    def tried(self, case: str, index: int) -> bool:
        """Return whether a round was tried, whether or not it failed."""
        steps = self._of_case.get(case, ())
        return any(isinstance(s, RoundDone | RoundFailed) and s.round == index for s in steps)

    def outputs(self, case: str) -> OutputsDone | None:
        """Return what is known of a case's outputs."""
        return self._first(OutputsDone, case)

    def driver(self, case: str) -> DriverChosen | None:
        """Return how to drive a case's requests; None before that was found out."""
        return self._first(DriverChosen, case)

    def given_up(self, case: str) -> GivenUp | None:
        """Return why a case was given up before its first round."""
        return self._first(GivenUp, case)

    def written(self, case: str, root: Path) -> Path | None:
        """Return where below `root` a case's record is, None where it is not, or no more."""
        paths = (Path(step.path) for step in self._all(Written, case))
        here = (p for p in paths if p.is_relative_to(root.absolute()) and p.is_file())
        return next(here, None)

    def timings(self, case: str | None = None) -> list[Timing]:
        """Return what every step took, or those of one case."""
        steps = self.steps if case is None else self._of_case.get(case, ())
        return [step.timing for step in steps if not isinstance(step, DriverChosen | Written)]

    def close(self) -> None:
        """Forget the run: all its records are written."""
        with _writing(self.path):
            self.path.unlink(missing_ok=True)


def _writing(path: Path) -> AbstractContextManager[None]:
    remedy = "Free space or give write permission, then run the same command again."
    return disk_errors("the journal cannot be written", where=path, remedy=remedy)


class _UnreadableError(Exception):
    """A journal holds what is no step of this version's."""


def _read(path: Path) -> Iterator[Step]:
    remedy = "Give permission to read it, or start anew with --fresh."
    with disk_errors("the journal of this run cannot be read", where=path, remedy=remedy):
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return
    decoder = msgspec.json.Decoder(Step)
    lines = data.split(b"\n")[:-1]  # what follows the last newline was cut short
    whole = 0
    for number, line in enumerate(lines, 1):
        try:
            yield _typed(decoder.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError, KeyError) as error:
            # A loss of power may leave zeros in the last line; JSON was written by another version.
            if number < len(lines) or isinstance(error, msgspec.ValidationError | KeyError):
                raise _UnreadableError from error
            break
        whole += len(line) + 1
    if whole < len(data):
        with _writing(path):
            os.truncate(path, whole)


def _typed(step: Step) -> Step:
    """Return a step with the further results of a round decoded; KeyError, ValidationError.

    Their types come from the registry of measurements, not from the type of the step.
    """
    if not isinstance(step, RoundDone):
        return step
    further = {
        name: msgspec.convert(result, result_type(type(registry.BY_NAME[name])), str_keys=True)
        for name, result in step.further.items()
    }
    return msgspec.structs.replace(step, further=further)


def _set_aside(path: Path) -> Path:
    """Move a journal out of the way, over nothing, and return where it is."""
    numbers = itertools.count(2)
    aside = path.with_name(f"{path.name}.unreadable")
    while aside.exists():
        aside = path.with_name(f"{path.name}.unreadable-{next(numbers)}")
    path.rename(aside)
    sync_folder(path.parent)
    return aside
