"""Runs one job in a fresh process, with a time limit; whatever happens there, a result comes back.

A child that crashes, hangs or is killed gives a JobFailed with its cause and the end of its
stderr. It leads a process group of its own, so nothing that it starts outlives it, and Ctrl-C
reaches only us. It gets our process id, and ends when we do, even if we are killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

import msgspec

from ovreport.errors import disk_errors
from ovreport_collector.process.job import Job, JobFailed, R, result_type
from ovreport_collector.process.redact import folders_of, redacted, redacted_data

STDERR_TAIL_BYTES = 2000
_WAIT_AFTER_KILL_S = 10.0
_ROOM_BYTES = 256 * 1024
"""A working folder that does not take these was full for the process too."""


def run(job: Job[R], work: Path, *, limit_s: float) -> R | JobFailed:
    """Do a job in a fresh process below the folder `work`, for at most so long.

    Every string of what comes back is redacted. StoreError if the folder takes no files: a full
    disk must not pass for a fault of the case.
    """
    result = _run(job, work, limit_s)
    if isinstance(result, JobFailed):
        check_room(work)
    return result


def _run(job: Job[R], work: Path, limit_s: float) -> R | JobFailed:
    encoded = msgspec.json.encode(job)
    job_file, result_file, stderr_file = (
        work / name for name in ("job.json", "result.json", "stderr")
    )
    with storing(work):
        result_file.unlink(missing_ok=True)
        measured_file(work).unlink(missing_ok=True)
        job_file.write_bytes(encoded)
        stderr = stderr_file.open("wb")
    name = f"{type(job).__module__}:{type(job).__qualname__}"
    files = (job_file, result_file, measured_file(work))
    with stderr:
        code = _wait_for([name, *map(str, files), str(os.getpid())], stderr, limit_s)
    folders = {work, *folders_of(msgspec.json.decode(encoded))}
    if code == 0 and result_file.exists():
        data = redacted_data(msgspec.json.decode(result_file.read_bytes()), folders)
        result: R | JobFailed = msgspec.convert(data, result_type(type(job)), str_keys=True)
    else:
        result = _ended(code, limit_s)
    if isinstance(result, JobFailed):
        return msgspec.structs.replace(result, stderr_tail=_tail(stderr_file, folders))
    return result


def _wait_for(arguments: list[str], stderr: BinaryIO, limit_s: float) -> int | None:
    """Run the measuring process; return its exit code, None where it was stopped at the limit."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ovreport_collector.worker", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=stderr,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env=environment(),
    )
    try:
        return process.wait(timeout=limit_s)
    except subprocess.TimeoutExpired:
        return None
    finally:
        kill_group(process)


def _ended(code: int | None, limit_s: float) -> JobFailed:
    """Return how a process without a result ended."""
    if code is None:
        reason = f"no result after {limit_s:.0f} s: the process was stopped"
        return JobFailed(reason=reason, cause="timeout")
    if code >= 0:
        reason = f"the measuring process ended with exit code {code} and no result"
        return JobFailed(reason=reason, cause="crash")
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    is_kill = -code == signal.SIGKILL
    hint = " (was memory short?)" if is_kill else ""
    reason = f"the measuring process was ended by {name}{hint}"
    return JobFailed(reason=reason, cause="killed" if is_kill else "crash")


def measured_file(work: Path) -> Path:
    """Return where the last process in a folder wrote for how long it was measuring."""
    return work / "measured.json"


def storing(work: Path) -> AbstractContextManager[None]:
    """Turn what the disk of the working folder refuses into a StoreError that says what to do."""
    remedy = "Free space there, or name another folder in TMPDIR, then run the same command again."
    return disk_errors("cannot be written", where=work, remedy=remedy)


def check_room(work: Path) -> None:
    """Raise StoreError if the working folder takes no files."""
    with storing(work):
        probe = work / "room"
        probe.write_bytes(bytes(_ROOM_BYTES))
        probe.unlink()


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started, and wait for it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    # A process stuck in a driver call does not die; we go on without it.
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=_WAIT_AFTER_KILL_S)


def _tail(path: Path, folders: set[Path]) -> str:
    with contextlib.suppress(OSError), path.open("rb") as file:
        # Twice as much: a name that the cut goes through could not be recognised.
        file.seek(max(0, path.stat().st_size - 2 * STDERR_TAIL_BYTES))
        text = file.read().decode("utf-8", errors="replace").strip()
        return redacted(text, folders)[-STDERR_TAIL_BYTES:]
    return ""  # the working folder went away


def environment() -> dict[str, str]:
    """Return our environment, without what would change the engine's number of threads."""
    dropped = {"OMP_NUM_THREADS", "TBB_NUM_THREADS", "PYTHONPROFILEIMPORTTIME"}
    return {key: value for key, value in os.environ.items() if key not in dropped}
