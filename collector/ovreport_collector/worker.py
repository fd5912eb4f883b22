"""The measuring process: reads one job, does it step by step, writes the result of each step.

    python -m ovreport_collector.worker MODULE:JOB JOB.json RESULT.json MEASURED.json PARENT

It imports the job's module, the one engine that the job loads, and nothing else. Each line on its
standard input asks for the next step, and is answered by a line (`DONE`) once the
result is in its file; a job that is not a `StepJob` has one step. Where the input ends, the collect
is gone, and so is this process. What goes wrong becomes a JobFailed, if there is still someone to
write it; a crash is seen from outside, by `process.child`.
"""

from __future__ import annotations

from ovreport_collector.process import own_memory

# isort: split
import ctypes
import importlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from ovreport_collector.engines import errors
from ovreport_collector.engines.base import WrongOutputError
from ovreport_collector.process import timing
from ovreport_collector.process.job import DONE, AnyJob, Job, JobFailed, R, StepJob

_PACKAGE = "ovreport_collector"
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Do the job named on the command line."""
    name, (job_file, result_file, measured_file) = sys.argv[1], map(Path, sys.argv[2:5])
    end_with(int(sys.argv[5]))
    # What engines print goes where errors go: the answers are read by the collect.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    job = msgspec.json.decode(job_file.read_bytes(), type=job_type(name))
    own_memory.note()
    results: Iterator[Any] = steps(job)
    temporary = result_file.with_suffix(".writing")
    for _ in iter(sys.stdin.readline, ""):
        result = next(results, None)
        if result is None:
            return
        timing.write_measured(measured_file)
        temporary.write_bytes(msgspec.json.encode(result))
        temporary.rename(result_file)
        answers.write(DONE)
        answers.flush()


def end_with(parent: int) -> None:
    """Have the kernel kill this process once the process `parent`, which started it, ends.

    prctl(2): the signal follows the thread that made this process, which is the parent's main one.
    Only the child can request it, so a parent that ended before is looked for afterwards.
    Where there is no prctl a killed collect's child lives on until its job is done.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the collect that started this process is gone")


def job_type(name: str) -> type[AnyJob[Any]]:
    """Return the class of jobs of a name, `module:class`; ValueError for any other class.

    Only modules of this package are imported.
    """
    module, _, kind = name.partition(":")
    if module.partition(".")[0] != _PACKAGE:
        raise ValueError(f"not a job of {_PACKAGE}: {name!r}")
    found = getattr(importlib.import_module(module), kind, None)
    if not (isinstance(found, type) and issubclass(found, Job | StepJob)):
        raise ValueError(f"not a job: {name!r}")
    return found


def steps(job: AnyJob[R]) -> Iterator[R | JobFailed]:
    """Yield the result of each step of a job; what one raises becomes a JobFailed, the last one."""
    try:
        if isinstance(job, StepJob):
            yield from job.steps()
        else:
            yield job.run()
    except WrongOutputError as error:
        yield JobFailed(reason=str(error), cause="wrong-output")
    except Exception as error:
        yield JobFailed(
            reason=errors.message(error), cause="error", unsupported=errors.cannot_be_done(error)
        )


if __name__ == "__main__":
    main()
    # Nothing is left to be done: taking down plugins and their threads is time, and where a driver
    # crashes at it, a round that is measured already would be lost.
    sys.stderr.flush()
    os._exit(0)
