"""Runs a job in a fresh process, with time limits; whatever happens there, a result comes back.

    run(job, work, limit_s=60)              a job of one step: its result
    with start(job, work) as process:       a job in steps, whose process stays alive between them
        process.step(limit_s=60)            the result of its next step

A process that crashes, hangs or is killed gives a JobFailed with its cause and the end of its
stderr. It leads a process group of its own, so nothing that it starts outlives it, and Ctrl-C
reaches only us. It gets our process id, and ends when we do, even if we are killed. Between two
steps its group is stopped (where the system has such signals): threads of a runtime that spin after
their work do not disturb the case that is measured next.

Every process is started anew. A server that forks them from a prepared parent would be quicker, but
they would share the parent's memory layout, and with it what makes processes differ: that
difference is a part of what is measured.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import IO, BinaryIO, Generic, Self, cast

import msgspec

from ovreport.errors import disk_errors
from ovreport_collector.process import timing
from ovreport_collector.process.job import DONE, AnyJob, JobFailed, R, result_type
from ovreport_collector.process.redact import folders_of, redacted, redacted_data

NEXT = b"next\n"
STDERR_TAIL_BYTES = 2000
_WAIT_AFTER_KILL_S = 10.0
_LOOK_EVERY_S = 0.5
"""How often we look whether the process still lives: what it started may keep its output open."""
_ROOM_BYTES = 256 * 1024
"""A working folder that does not take these was full for the process too."""


def run(job: AnyJob[R], work: Path, *, limit_s: float, python: Path | None = None) -> R | JobFailed:
    """Do a job of one step in a fresh process below the folder `work`, for at most so long.

    Every string of what comes back is redacted. StoreError if the folder takes no files: a full
    disk must not pass for a fault of the case. `python`: see `start`.
    """
    with start(job, work, python=python) as process:
        return process.step(limit_s=limit_s)


def start(job: AnyJob[R], work: Path, *, python: Path | None = None) -> Process[R]:
    """Start a fresh process for a job, which has the folder `work` for itself. StoreError as above.

    It does nothing before its first step is wanted; who starts it has to close it. `python`: the
    interpreter of another environment that has ovreport's measuring process; None: our own.
    """
    return Process(job, work, python)


class Process(Generic[R]):
    """A fresh process that does one job; see `start`. It is ended when the block is left."""

    def __init__(self, job: AnyJob[R], work: Path, python: Path | None = None) -> None:
        encoded = msgspec.json.encode(job)
        self._work, self._result_type = work, result_type(type(job))
        self._folders = {work, *folders_of(msgspec.json.decode(encoded))}
        if python is not None:
            self._folders.add(python.parents[1])  # of another environment
        self._stderr_file, self._result_file = work / "stderr", work / "result.json"
        self._is_over = False
        job_file = work / "job.json"
        with storing(work):
            self._result_file.unlink(missing_ok=True)
            measured_file(work).unlink(missing_ok=True)
            job_file.write_bytes(encoded)
            self._stderr = self._stderr_file.open("wb")
        name = f"{type(job).__module__}:{type(job).__qualname__}"
        files = (job_file, self._result_file, measured_file(work))
        self._process = _popen([name, *map(str, files), str(os.getpid())], self._stderr, python)
        self._stdin = cast("IO[bytes]", self._process.stdin)
        self._answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Self:
        """Return the process, which is running already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process, and all that it started."""
        self.close()

    @property
    def pid(self) -> int:
        """Its number, which is that of its group too."""
        return self._process.pid

    def step(self, *, limit_s: float) -> R | JobFailed:
        """Do the next step, for at most so long; return its result.

        After a failure the process is gone.
        """
        result = self._step(limit_s)
        if isinstance(result, JobFailed):
            self.close()
            check_room(self._work)
            return msgspec.structs.replace(
                result, stderr_tail=_tail(self._stderr_file, self._folders)
            )
        self._pause()
        return result

    def measured_s(self) -> float:
        """Return for how many seconds it has been measuring, in all of its steps so far."""
        return timing.read_measured(measured_file(self._work))

    def close(self) -> None:
        """End the process and all that it started; may be called again."""
        self._is_over = True
        kill_group(self._process)
        for stream in (self._stdin, self._stderr):
            with contextlib.suppress(OSError):
                stream.close()

    def _step(self, limit_s: float) -> R | JobFailed:
        if self._is_over:
            return JobFailed(reason="the measuring process has ended before", cause="error")
        self._result_file.unlink(missing_ok=True)
        self._resume()
        with contextlib.suppress(OSError):  # it may be gone: then it does not answer either
            self._stdin.write(NEXT)
            self._stdin.flush()
        is_done = self._wait(limit_s)
        if is_done is None:
            reason = (
                f"no result after {limit_s:.0f} s: the process was stopped; allow more with "
                "--timeout SECONDS"
            )
            return JobFailed(reason=reason, cause="timeout")
        code = 0 if is_done else self._process.wait()
        if code != 0 or not self._result_file.exists():
            return _ended(code)
        data = redacted_data(msgspec.json.decode(self._result_file.read_bytes()), self._folders)
        try:
            result: R | JobFailed = msgspec.convert(data, self._result_type, str_keys=True)
        except msgspec.ValidationError as error:
            # A name of thousands of characters, a time that is no number.
            return JobFailed(reason=f"its result fits into no record: {error}", cause="error")
        return result

    def _wait(self, limit_s: float) -> bool | None:
        """Return whether the step was answered, False where the process ended; None: too late."""
        deadline = time.monotonic() + limit_s
        while (left := deadline - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                return self._answers.get(timeout=min(left, _LOOK_EVERY_S))
            if self._process.poll() is not None:
                return False
        return None

    def _read(self) -> None:
        """Read the process's answers to their end; anything else that it prints goes to stderr."""
        with cast("IO[bytes]", self._process.stdout) as answers:
            for line in answers:
                if line == DONE:
                    self._answers.put(True)
                else:
                    with contextlib.suppress(ValueError, OSError):  # the step is over
                        self._stderr.write(line)
                        self._stderr.flush()
        self._process.wait()
        self._answers.put(False)

    def _pause(self) -> None:
        if sys.platform != "win32":
            _signal_group(self._process, signal.SIGSTOP)

    def _resume(self) -> None:
        if sys.platform != "win32":
            _signal_group(self._process, signal.SIGCONT)


def _popen(arguments: list[str], stderr: BinaryIO, python: Path | None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [str(python or sys.executable), "-m", "ovreport_collector.worker", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        start_new_session=True,
        env=environment() if python is None else _apart(environment()),
    )


def _ended(code: int) -> JobFailed:
    """Return how a process without a result ended."""
    if code >= 0:
        reason = f"the measuring process ended with exit code {code} and no result"
        return JobFailed(reason=reason, cause="crash")
    name = signal_name(-code)
    is_kill = name == "SIGKILL"
    hint = " (was memory short?)" if is_kill else ""
    reason = f"the measuring process was ended by {name}{hint}"
    return JobFailed(reason=reason, cause="killed" if is_kill else "crash")


def signal_name(number: int) -> str:
    """Return what a signal is called: SIGSEGV."""
    return signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"


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
    """End a process and all that it started, and wait for it; a stopped one ends too."""
    if sys.platform == "win32":
        process.kill()
    else:
        _signal_group(process, signal.SIGKILL)
    # A process stuck in a driver call does not die; we go on without it.
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=_WAIT_AFTER_KILL_S)


if sys.platform != "win32":

    def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
        """Send a signal to a process and all that it started, where they still are."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)


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


def _apart(variables: dict[str, str]) -> dict[str, str]:
    """Return variables without those by which another Python would find our own packages."""
    ours = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    return {key: value for key, value in variables.items() if key not in ours}
