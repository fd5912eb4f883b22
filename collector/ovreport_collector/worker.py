"""The measuring process: reads one job, does it, writes its result.

    python -m ovreport_collector.worker MODULE:JOB JOB.json RESULT.json MEASURED.json PARENT

It imports the job's module, the one engine that the job loads, and nothing else. What goes wrong
becomes a JobFailed, if there is still someone to write it; a crash is seen from outside, by
`process.child`.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import signal
import sys
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from ovreport_collector.engines import errors
from ovreport_collector.engines.base import WrongOutputError
from ovreport_collector.process import timing
from ovreport_collector.process.job import Job, JobFailed, R

_PACKAGE = "ovreport_collector"
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Do the job named on the command line."""
    name, (job_file, result_file, measured_file) = sys.argv[1], map(Path, sys.argv[2:5])
    end_with(int(sys.argv[5]))
    job = msgspec.json.decode(job_file.read_bytes(), type=job_type(name))
    result: Struct = run(job)
    timing.write_measured(measured_file)
    temporary = result_file.with_suffix(".writing")
    temporary.write_bytes(msgspec.json.encode(result))
    temporary.rename(result_file)


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


def job_type(name: str) -> type[Job[Any]]:
    """Return the class of jobs of a name, `module:class`; ValueError for any other class.

    Only modules of this package are imported.
    """
    module, _, kind = name.partition(":")
    if module.partition(".")[0] != _PACKAGE:
        raise ValueError(f"not a job of {_PACKAGE}: {name!r}")
    found = getattr(importlib.import_module(module), kind)
    if not (isinstance(found, type) and issubclass(found, Job)):
        raise ValueError(f"not a job: {name!r}")
    return found


def run(job: Job[R]) -> R | JobFailed:
    """Return the result of a job; what it raises becomes a JobFailed."""
    try:
        return job.run()
    except WrongOutputError as error:
        return JobFailed(reason=str(error), cause="wrong-output")
    except Exception as error:
        return JobFailed(
            reason=errors.message(error),
            cause="error",
            unsupported=errors.cannot_be_done(error),
        )


if __name__ == "__main__":
    main()
    # Nothing is left to be done: taking down plugins and their threads is time, and where a driver
    # crashes at it, a round that is measured already would be lost.
    sys.stderr.flush()
    os._exit(0)
