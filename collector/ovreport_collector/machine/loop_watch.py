"""Evidence about what else goes on during one timed loop, noted by the measuring process itself."""

from __future__ import annotations

import os
import time
from pathlib import Path

from ovreport_collector.machine import processes, procfs
from ovreport_collector.machine.noise import Snapshot, Window, moved
from ovreport_collector.machine.procfs import ROOT


class LoopWatch:
    """Notes in the measuring process itself what else goes on during one timed loop.

    The kernel counts processor time in ticks of 10 ms: in a loop of a quarter of a second one tick
    is 4 % of a processor. So `foreign_cpu_share` is a lower bound here: a tick of each processor is
    taken off it. The time that our threads were ready to run and had to wait for a processor
    (`waiting_share`) is counted in nanoseconds (the kernel's scheduler/sched-stats.rst).
    """

    def __init__(self, root: Path = ROOT) -> None:
        self._root = root
        self.readings: dict[str, float] = {}
        """What was seen in the loop; complete once it ended, empty without /proc."""

    def begin(self) -> None:
        """Note that the loop begins."""
        self.readings = {}
        self._before = self._look()

    def end(self) -> None:
        """Note that it ended, and compare."""
        seen = moved([Window([self._before, self._look()])])
        found = seen.cpu_shares(unsure_s=(os.cpu_count() or 1) / procfs.TICKS_PER_S)
        if "waiting_s" in seen.counters:
            found["waiting_share"] = max(0, seen.counters["waiting_s"]) / seen.seconds
        if "involuntary_switches" in seen.counters:
            found["involuntary_switches"] = seen.counters["involuntary_switches"]
        self.readings = {key: float(f"{value:.3g}") for key, value in found.items()}

    def _look(self) -> Snapshot:
        switches = processes.own_switches()
        counted = {key: switches[key] for key in ("involuntary_switches",) if key in switches}
        return Snapshot(
            at=time.monotonic(),
            own_cpu_s=time.process_time(),
            counters={
                **procfs.processor_times(self._root),
                **procfs.waiting_s(self._root),
                **counted,
            },
        )
