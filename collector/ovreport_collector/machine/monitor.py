"""Looks at the machine while something else is measured, lightly enough not to be seen itself."""

from __future__ import annotations

import contextlib
import threading
import time
from types import TracebackType

from ovreport_collector.machine import noise

PERIOD_S = 0.5
"""Between two looks. A look takes about a millisecond; what it took is a reading too."""


class Watch:
    """Watches from entering to leaving; `readings` are complete after that.

        with Watch() as watch:
            measure()
        watch.readings

    A thread of this process looks every half second: what disturbs a round briefly is seen.
    """

    def __init__(self, period_s: float = PERIOD_S) -> None:
        self._period_s = period_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, name="noise-watch", daemon=True)
        self._looks: list[noise.Snapshot] = []
        self._looking_s = 0.0
        self.readings: dict[str, float] = {}

    def __enter__(self) -> Watch:
        """Look at everything, and go on looking."""
        self._before = noise.snapshot()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop, look at everything again, and compare."""
        self._ended.set()
        self._thread.join()
        after = noise.snapshot()
        self.readings = {
            **noise.readings(self._before, after, self._looks),
            "looks": float(len(self._looks)),
            "looking_cpu_share": round(self._looking_s / max(after.at - self._before.at, 1e-6), 6),
        }

    def _look(self) -> None:
        while not self._ended.wait(self._period_s):
            with contextlib.suppress(OSError):  # a fault of the looking must not lose the round
                self._looks.append(noise.glance())
        self._looking_s = time.thread_time()
