"""Runs one job in a fresh process, with a time limit; whatever happens there, a result comes back.

A child that crashes, hangs or is killed gives a JobFailed with its cause and the end of its
stderr. It leads a process group of its own, so nothing that it starts outlives it, and Ctrl-C
reaches only us.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec

from ovreport_collector.jobs import Job, JobFailed, Result

STDERR_TAIL_BYTES = 2000
_WAIT_AFTER_KILL_S = 10.0


def run(job: Job, work: Path, *, limit_s: float) -> Result:
    """Do a job in a fresh process below the folder `work`, for at most so long."""
    job_file, result_file, stderr_file = (
        work / name for name in ("job.json", "result.json", "stderr")
    )
    result_file.unlink(missing_ok=True)
    job_file.write_bytes(msgspec.json.encode(job))
    command = [sys.executable, "-m", "ovreport_collector.worker", str(job_file), str(result_file)]
    with stderr_file.open("wb") as stderr:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stderr,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=_environment(),
        )
        try:
            code = process.wait(timeout=limit_s)
        except subprocess.TimeoutExpired:
            _kill_group(process)
            return JobFailed(
                reason=f"no result after {limit_s:.0f} s: the process was stopped",
                cause="timeout",
                stderr_tail=_tail(stderr_file),
            )
        finally:
            _kill_group(process)
    return _result(code, result_file, stderr_file)


def redacted(text: str) -> str:
    """Return text without this user's name and folders: it may be published in a record."""
    for secret, stands_for in _private_words():
        text = text.replace(secret, stands_for)
    return text


def _result(code: int, result_file: Path, stderr_file: Path) -> Result:
    if code == 0 and result_file.exists():
        result: Result = msgspec.json.decode(result_file.read_bytes(), type=Result)
        if isinstance(result, JobFailed):
            return msgspec.structs.replace(
                result, reason=redacted(result.reason), stderr_tail=_tail(stderr_file)
            )
        return result
    return JobFailed(
        reason=_how_it_ended(code),
        cause="killed" if code == -signal.SIGKILL else "crash",
        stderr_tail=_tail(stderr_file),
    )


def _how_it_ended(code: int) -> str:
    if code >= 0:
        return f"the measuring process ended with exit code {code} and no result"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    hint = " (was memory short?)" if code == -signal.SIGKILL else ""
    return f"the measuring process was ended by {name}{hint}"


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    # A process stuck in a driver call does not die; we go on without it.
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=_WAIT_AFTER_KILL_S)


def _tail(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - STDERR_TAIL_BYTES))
        return redacted(file.read().decode("utf-8", errors="replace").strip())


def _environment() -> dict[str, str]:
    """Return our environment, without what would change the engine's number of threads."""
    dropped = {"OMP_NUM_THREADS", "TBB_NUM_THREADS", "PYTHONPROFILEIMPORTTIME"}
    return {key: value for key, value in os.environ.items() if key not in dropped}


def _private_words() -> list[tuple[str, str]]:
    words = [(sys.prefix, "<python>"), (str(Path.home()), "~"), (str(Path.cwd()), ".")]
    with contextlib.suppress(KeyError, OSError):  # a user id without a name
        words.append((f"/{getpass.getuser()}/", "/<user>/"))
    return [(secret, stands_for) for secret, stands_for in words if len(secret) > 1]
