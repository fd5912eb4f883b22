"""What a measuring process is given to do, and what comes back: typed structs as JSON.

    class CountJob(Job[CountResult], frozen=True, kw_only=True):
        path: str

        def run(self) -> CountResult: ...

A job is defined with what it does, in a module that imports no engine and nothing of the session:
`run` imports its engine late, so that the collecting process never loads one and a measuring
process loads no more than its own. Arrays are in `.npz` files.

A `StepJob` proceeds in steps, each with a result of its own, and its process stays alive between
them: a case can be visited again and again, while other cases are measured in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, TypeVar, get_args

from msgspec import Struct

from ovreport.record import Cause, Failed, Unsupported

R = TypeVar("R", bound=Struct)
"""The result of a job: a struct with a tag, as a failure may come in its place."""

DONE = b"ovreport: the step is done\n"
"""What a measuring process answers when the result of a step is in its file."""


class JobFailed(Struct, frozen=True, kw_only=True, tag="failed"):
    """The process could not do its job."""

    reason: str
    cause: Cause
    unsupported: bool = False
    """True when the engine said that it cannot do this, rather than failing at it."""
    stderr_tail: str = ""

    def outcome(self) -> Failed | Unsupported:
        """Return what a record says of a measurement, or of a case, that failed like this."""
        if self.unsupported:
            return Unsupported(reason=self.reason)
        return Failed(reason=self.reason, cause=self.cause, stderr_tail=self.stderr_tail)


class Job(Struct, Generic[R], frozen=True, kw_only=True):
    """Something to be done in a fresh process; see `process.child.run`."""

    def run(self) -> R | JobFailed:
        """Do it, in the measuring process, and return the result; what it raises is a failure."""
        raise NotImplementedError


class StepJob(Struct, Generic[R], frozen=True, kw_only=True):
    """Something to be done in a fresh process step by step; see `process.child.Process`.

    `R` is the result of a step: a union of structs, told apart by their tags.
    """

    def steps(self) -> Iterator[R]:
        """Do one step in the measuring process each time that the next result is wanted.

        What it raises is a failure, and ends the job.
        """
        raise NotImplementedError


AnyJob = Job[R] | StepJob[R]


def result_type(kind: type) -> Any:  # noqa: ANN401 (a union of types is no type)
    """Return `R | JobFailed` of a class whose base is generic in R, as `Job[R]` is."""
    bases = getattr(kind, "__orig_bases__", ())
    (result,) = (get_args(base)[0] for base in bases if get_args(base))
    return result | JobFailed
