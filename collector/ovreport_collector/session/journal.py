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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from ovreport.errors import disk_errors
from ovreport.paths import make_folder, sync_folder
from ovreport.record import NotMeasured
from ovreport_collector.loadgen.drivers import Driver
from ovreport_collector.measurements import registry
from ovreport_collector.measurements.base import PassName
from ovreport_collector.measurements.generation.run import GenerationResult
from ovreport_collector.measurements.results import LatencyVisit, Switched, ThroughputVisit
from ovreport_collector.plan.plan import PlannedCase
from ovreport_collector.process.job import result_type
from ovreport_collector.process.timing import Timing
from ovreport_collector.session.steps import (
    FurtherDone,
    GivenUp,
    OutputsDone,
    Prepared,
    ProcessDone,
    ProcessFailed,
    Step,
    StepDone,
    ThreadsFound,
    Written,
)

__all__ = ["CaseProcess", "FurtherDone", "GivenUp", "Journal", "OutputsDone", "StepDone", "Written"]

S = TypeVar("S")


@dataclass
class CaseProcess:
    """What a journal holds of one process of a case."""

    number: int
    steps: list[StepDone] = field(default_factory=list)
    further_steps: list[FurtherDone] = field(default_factory=list)
    failed: ProcessFailed | None = None
    is_done: bool = False
    """Whether nothing more comes of it; one that was interrupted is neither done nor failed."""

    def note(self, step: StepDone | FurtherDone | ProcessDone | ProcessFailed) -> None:
        """Take in a step of it."""
        match step:
            case StepDone():
                self.steps.append(step)
            case FurtherDone():
                self.further_steps.append(step)
            case ProcessDone():
                self.is_done = True
            case ProcessFailed():
                self.failed = step

    @property
    def further(self) -> dict[str, Any]:
        """Name of a further measurement → the result of its job, or JobFailed."""
        return {step.name: step.result for step in self.further_steps}

    @property
    def is_over(self) -> bool:
        """Whether it came to its end, a good one or not."""
        return self.is_done or self.failed is not None

    @property
    def why_ended(self) -> NotMeasured | None:
        """Why it ended early; None where it did not."""
        return self.failed.failure.outcome() if self.failed is not None else None

    @property
    def results(self) -> list[Any]:
        """The results of its steps."""
        return [step.result for step in self.steps]

    @property
    def rounds(self) -> set[int]:
        """The numbers of the rounds that it measured."""
        found = set()
        for one in self.results:
            if isinstance(one, GenerationResult):
                found.add(self.number)
            elif isinstance(one, LatencyVisit | ThroughputVisit) and one.measured is not None:
                found.add(one.round)
        return found

    def visits(self, name: PassName) -> int:
        """Return how many steps of this name it made."""
        return sum(step.name == name for step in self.steps)


class Journal:
    """The steps of one run, in memory and on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.steps: list[Step] = []
        self.set_aside: Path | None = None
        """Where a journal went that this version cannot read."""
        self._of_case: dict[str, list[Step]] = defaultdict(list)
        self._processes: dict[str, dict[int, CaseProcess]] = defaultdict(dict)
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
        if isinstance(step, Prepared):
            return
        self._of_case[step.case].append(step)
        if isinstance(step, StepDone | FurtherDone | ProcessDone | ProcessFailed):
            of_case = self._processes[step.case]
            of_case.setdefault(step.process, CaseProcess(step.process)).note(step)

    def _all(self, kind: type[S], case: str) -> list[S]:
        return [step for step in self._of_case.get(case, ()) if isinstance(step, kind)]

    def _first(self, kind: type[S], case: str) -> S | None:
        return next(iter(self._all(kind, case)), None)

    def processes(self, case: str) -> list[CaseProcess]:
        """Return what there is of each process of a case, by their numbers."""
        found = self._processes.get(case, {})
        return [found[number] for number in sorted(found)]

    def results(self, planned: PlannedCase) -> list[Any]:
        """Return the results of a case's processes that came so far as to have one."""
        put_together = registry.workload(planned).result
        found = (put_together(p.results, p.why_ended) for p in self.processes(planned.key))
        return [result for result in found if result is not None]

    @property
    def run(self) -> str:
        """What the records of the run have in common; empty before it began."""
        return next((step.run for step in self.steps if isinstance(step, Prepared)), "")

    def outputs(self, case: str) -> OutputsDone | None:
        """Return what is known of a case's outputs."""
        return self._first(OutputsDone, case)

    def threads(self, case: str) -> ThreadsFound | None:
        """Return the threads that a native framework gets; None before that was found out."""
        return self._first(ThreadsFound, case)

    def driver(self, case: str) -> Driver | None:
        """Return how a case's requests are driven; None before a process found out."""
        results = (step.result for step in self._all(StepDone, case))
        return next((one.driver for one in results if isinstance(one, Switched)), None)

    def given_up(self, case: str) -> GivenUp | None:
        """Return why a case was given up before its first process."""
        return self._first(GivenUp, case)

    def written(self, case: str, root: Path) -> Path | None:
        """Return where below `root` a case's record is, None where it is not, or no more."""
        paths = (root.absolute() / step.path for step in self._all(Written, case))
        return next((path for path in paths if path.is_file()), None)

    def timings(self, case: str | None = None) -> list[Timing]:
        """Return what every step took, or those of one case."""
        steps = self.steps if case is None else self._of_case.get(case, ())
        untimed = ThreadsFound | ProcessDone | Written
        return [step.timing for step in steps if not isinstance(step, untimed)]

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
    """Return a step with the result of a further measurement decoded; KeyError, ValidationError.

    Its type comes from the registry of measurements, not from the type of the step.
    """
    if not isinstance(step, FurtherDone):
        return step
    kind = result_type(type(registry.BY_NAME[step.name]))
    return msgspec.structs.replace(step, result=msgspec.convert(step.result, kind, str_keys=True))


def _set_aside(path: Path) -> Path:
    """Move a journal out of the way, over nothing, and return where it is."""
    numbers = itertools.count(2)
    aside = path.with_name(f"{path.name}.unreadable")
    while aside.exists():
        aside = path.with_name(f"{path.name}.unreadable-{next(numbers)}")
    path.rename(aside)
    sync_folder(path.parent)
    return aside
