"""The journal of a run: every finished step is on disk before the next begins.

One JSON line a step, appended and synced; a line cut short by a crash is dropped when read.
The journal's name is the plan's key, so another plan, machine or release starts another one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec
from msgspec import Struct

from ovreport.errors import StoreError
from ovreport.record import Accuracy, Agreement, NotMeasured
from ovreport_collector.jobs import (
    CachedStartResult,
    Driver,
    ExtraResult,
    JobFailed,
    OutputsResult,
    RoundResult,
)


class Described(Struct, frozen=True, kw_only=True, tag="described"):
    """A case's outputs were judged."""

    case: str
    outputs: OutputsResult
    accuracy: Accuracy | NotMeasured
    agreement: Agreement | NotMeasured


class GivenUp(Struct, frozen=True, kw_only=True, tag="given-up"):
    """A case failed before its first round."""

    case: str
    at: str
    failure: JobFailed


class Piloted(Struct, frozen=True, kw_only=True, tag="piloted"):
    """It was found out how to drive a case's requests."""

    case: str
    driver: Driver


class RoundDone(Struct, frozen=True, kw_only=True, tag="round-done"):
    """A round of a case was measured."""

    case: str
    round: int
    started_at: str
    result: RoundResult
    cached: CachedStartResult | JobFailed
    readings: dict[str, float]
    extras: dict[str, ExtraResult | JobFailed] = {}
    """Field of the record → what this round measured of it."""


class RoundFailed(Struct, frozen=True, kw_only=True, tag="round-failed"):
    """A round of a case went wrong."""

    case: str
    round: int
    started_at: str
    failure: JobFailed


class Written(Struct, frozen=True, kw_only=True, tag="written"):
    """A case's record is in the store."""

    case: str
    path: str
    """Absolute: the same run may go on from another folder."""


Step = Described | GivenUp | Piloted | RoundDone | RoundFailed | Written


class Journal:
    """The steps of one run, in memory and on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.steps: list[Step] = list(_read(path))

    def add(self, step: Step) -> None:
        """Append a step; it is on the disk when this returns. StoreError if it refuses."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                file.write(msgspec.json.encode(step) + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreError(
                f"the journal cannot be written: {error.strerror or error}",
                where=str(self.path),
                remedy="Free space or give write permission, then run the same command again.",
            ) from error
        self.steps.append(step)

    def rounds(self, case: str) -> list[RoundDone]:
        """Return the finished rounds of a case."""
        return [s for s in self.steps if isinstance(s, RoundDone) and s.case == case]

    def failed_rounds(self, case: str) -> list[RoundFailed]:
        """Return the rounds of a case that went wrong."""
        return [s for s in self.steps if isinstance(s, RoundFailed) and s.case == case]

    def tried(self, case: str, index: int) -> bool:
        """Return whether a round was tried, well or badly."""
        done = {step.round for step in self.rounds(case)}
        return index in done or index in {step.round for step in self.failed_rounds(case)}

    def described(self, case: str) -> Described | None:
        """Return what is known of a case's outputs."""
        return next((s for s in self.steps if isinstance(s, Described) and s.case == case), None)

    def driver(self, case: str) -> Driver | None:
        """Return how to drive a case's requests, None before its pilot."""
        steps = (s for s in self.steps if isinstance(s, Piloted) and s.case == case)
        return next((step.driver for step in steps), None)

    def given_up(self, case: str) -> GivenUp | None:
        """Return why a case was given up before its first round."""
        return next((s for s in self.steps if isinstance(s, GivenUp) and s.case == case), None)

    def written(self, case: str, root: Path) -> Path | None:
        """Return where below `root` a case's record is, None where it is not, or no more."""
        paths = [Path(s.path) for s in self.steps if isinstance(s, Written) and s.case == case]
        here = (p for p in paths if p.is_relative_to(root.absolute()) and p.is_file())
        return next(here, None)

    def close(self) -> None:
        """Forget the run: all its records are written."""
        self.path.unlink(missing_ok=True)


def _read(path: Path) -> Iterable[Step]:
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreError(
            f"the journal of this run cannot be read: {error.strerror or error}",
            where=str(path),
            remedy="Give permission to read it, or start anew with --fresh.",
        ) from error
    decoder = msgspec.json.Decoder(Step)
    whole = 0
    for line in lines[:-1]:  # what follows the last newline was cut short
        try:
            yield decoder.decode(line)
        except msgspec.DecodeError:
            break
        whole += len(line) + 1
    if whole < path.stat().st_size:
        os.truncate(path, whole)
