"""Times the fixed computations of `calibrator` around a round, and never breaks one.

    with Calibrator(plugins) as calibrate:
        before = calibrate("CPU")
        ...
        after = calibrate("CPU")
        around(0, before, after)        the round's share of the record

One helper process a run does it. It sleeps on a pipe while rounds run, so it takes no processor
time from them, warms nothing up in them, and its memory is not theirs. If it crashes or hangs it
is ended, and started again at the next call; a device that it failed at twice is given up.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from ovreport.record import (
    Calibration,
    CalibrationRound,
    Cause,
    Failed,
    NotMeasured,
    Skipped,
    Unsupported,
)
from ovreport_collector import child
from ovreport_collector.calibrator import ONE_THREAD, VERSION, Ask, Timed, Unable
from ovreport_collector.privacy import redacted

FIRST_LIMIT_S = 120.0
"""Starting the process and compiling for a device; some drivers take their time."""
LIMIT_S = 15.0
MAX_FAILURES = 2
_NO_ROUND = Skipped(reason="the case failed before this was measured")


class Calibrate(Protocol):
    """Times the fixed computations, on this device and on the host."""

    def __call__(self, device: str) -> Timed | NotMeasured:
        """Return the times, or why there are none; never raises."""
        ...


def off(device: str) -> NotMeasured:
    """Calibrate nothing."""
    return Skipped(reason="left out: --skip calibration")


class Calibrator:
    """The helper process of one run: a `Calibrate`. It starts when it is first called."""

    def __init__(
        self, plugins: Mapping[str, str], *, first_limit_s: float = FIRST_LIMIT_S,
        limit_s: float = LIMIT_S, command: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self._plugins = dict(plugins)
        self._first_limit_s, self._limit_s = first_limit_s, limit_s
        self._command = [*command] or [sys.executable, "-m", "ovreport_collector.calibrator"]
        self._process: subprocess.Popen[bytes] | None = None
        self._compiled: set[str] = set()
        """Devices that the process that runs now has compiled for."""
        self._failures: Counter[str] = Counter()
        self._given_up: dict[str, NotMeasured] = {}

    def __enter__(self) -> Calibrator:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The helper's process, None while there is none."""
        return self._process.pid if self._process else None

    def __call__(self, device: str) -> Timed | NotMeasured:
        """Return the times on a device and on the host, or why there are none; never raises."""
        if device in self._given_up:
            return self._given_up[device]
        try:
            answer = self._ask(device)
        except (OSError, msgspec.DecodeError) as error:
            return self._failed(device, error)
        if isinstance(answer, Unable):
            reason = f"the device cannot run the small model: {redacted(answer.reason, ())}"
            self._given_up[device] = Unsupported(reason=reason)
            return self._given_up[device]
        self._compiled.add(device)
        return answer

    def close(self) -> None:
        """End the helper process, whatever it is doing."""
        if self._process is None:
            return
        child.kill_group(self._process)
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):  # what was never sent cannot be flushed
                if pipe:
                    pipe.close()
        self._process = None
        self._compiled.clear()

    def _ask(self, device: str) -> Timed | Unable:
        process = self._process or self._start()
        limit_s = self._limit_s if device in self._compiled else self._first_limit_s
        assert process.stdin is not None  # noqa: S101 (it was opened with a pipe)
        process.stdin.write(msgspec.json.encode(Ask(device, self._plugins)) + b"\n")
        process.stdin.flush()
        return msgspec.json.decode(_read_line(process, limit_s), type=Timed | Unable)

    def _start(self) -> subprocess.Popen[bytes]:
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={**child.environment(), **ONE_THREAD},
        )
        return self._process

    def _failed(self, device: str, error: Exception) -> NotMeasured:
        """End the process, and return what went wrong in words."""
        code = self._process.poll() if self._process else None
        self.close()
        self._failures[device] += 1
        if isinstance(error, TimeoutError):
            failure = Failed(reason=str(error), cause="timeout")
        elif code is not None and code < 0:
            cause: Cause = "killed" if code == -signal.SIGKILL else "crash"
            name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
            failure = Failed(reason=f"the calibrating process was ended by {name}", cause=cause)
        else:
            failure = Failed(
                reason=f"the calibrating process gave no answer: {error}", cause="crash"
            )
        if self._failures[device] >= MAX_FAILURES:
            self._given_up[device] = failure
        return failure


def _read_line(process: subprocess.Popen[bytes], limit_s: float) -> bytes:
    """Return the process's next line; TimeoutError if it takes longer, OSError if it ends."""
    assert process.stdout is not None  # noqa: S101 (it was opened with a pipe)
    end, line = time.monotonic() + limit_s, b""
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([process.stdout], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            raise TimeoutError(f"no calibration after {limit_s:.0f} s: the process was stopped")
        part = os.read(process.stdout.fileno(), 1 << 16)
        if not part:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=1)  # so that its exit code can be told
            raise BrokenPipeError("it closed its output")
        line += part
    return line


def around(
    index: int, before: Timed | NotMeasured, after: Timed | NotMeasured
) -> Calibration | NotMeasured:
    """Return one round's calibration, of what was timed before and after it."""
    if not isinstance(before, Timed):
        return before
    if not isinstance(after, Timed):
        return after
    times = CalibrationRound(
        round=index, device_before=before.device, device_after=after.device,
        host_before=before.host, host_after=after.host,
    )  # fmt: skip
    return Calibration(version=VERSION, rounds=[times])


def aspect(rounds: Sequence[Calibration | NotMeasured]) -> Calibration | NotMeasured:
    """Return the record's calibration: of the rounds that have one, else why none has."""
    measured = [one for one in rounds if isinstance(one, Calibration)]
    if not measured:
        return next((one for one in rounds if not isinstance(one, Calibration)), _NO_ROUND)
    version = measured[-1].version
    return Calibration(
        version=version,
        rounds=[times for one in measured if one.version == version for times in one.rounds],
    )
