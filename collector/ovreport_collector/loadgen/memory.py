"""Memory of this process, phase by phase, as Linux reports it."""

from __future__ import annotations

import contextlib
import ctypes
import gc
from collections.abc import Iterator
from pathlib import Path

from ovreport.record import MemoryRound, Phase, PhaseMemory, Unsupported
from ovreport_collector.engines.base import Engine, TellsDeviceMemory
from ovreport_collector.loadgen.cgroup_peak import PEAK, CgroupPeak
from ovreport_collector.process import own_memory

_CLEAR_REFS = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"  # proc(5): resets VmHWM; `ru_maxrss` of a child would report the parent's


class MemoryMeter:
    """Notes the peak of the resident set (VmHWM) in each phase, and what others count.

    Without this program's own modules (`process.own_memory`). With a `cgroup`, its peak too, of
    everything.
    """

    def __init__(self, cgroup: CgroupPeak | None = None) -> None:
        self._phases: list[PhaseMemory] = []
        self._why_not = ""
        self._cgroup = cgroup
        self._counters: dict[str, int] = {}
        self._peak = 0
        """Of the phase, up to what was left out last."""
        self.unreadable: dict[str, str] = {}
        """Counter → why this process does not have it."""

    def end(self, phase: Phase) -> None:
        """Note the phase that ends now, and begin the next one."""
        if self._why_not:
            return
        try:
            status = own_memory.status()
            _CLEAR_REFS.write_text(_RESET_PEAK)
        except (OSError, KeyError, ValueError) as error:
            self._why_not = f"The kernel does not report this process's peak memory: {error}"
            return
        anonymous = own_memory.own(own_memory.ANONYMOUS)
        file_backed = own_memory.own(own_memory.FILE_BACKED)
        self._phases.append(
            PhaseMemory(
                phase=phase,
                peak_rss_bytes=max(self._peak, status["VmHWM"]) - anonymous - file_backed,
                anonymous_bytes=status["RssAnon"] - anonymous,
                file_backed_bytes=status["RssFile"] + status["RssShmem"] - file_backed,
            )
        )
        self._peak = 0

    @contextlib.contextmanager
    def leaving_out(self) -> Iterator[None]:
        """Leave out the memory that is used inside: of checks, which no user's program makes."""
        with contextlib.suppress(OSError, KeyError, ValueError):  # `end` says why
            self._peak = max(self._peak, peak_rss_bytes())
        try:
            yield
        finally:
            _trim()
            with contextlib.suppress(OSError):
                _CLEAR_REFS.write_text(_RESET_PEAK)

    def begin(self) -> None:
        """Begin the next phase now: what came since the last one's end is of no phase."""
        self._peak = 0
        with contextlib.suppress(OSError):  # `end` says why the peak cannot be had
            _CLEAR_REFS.write_text(_RESET_PEAK)

    def note_device(self, engine: Engine, device: str, mode: str) -> None:
        """Note the memory that the device's plugin counts now, in this mode."""
        if not isinstance(engine, TellsDeviceMemory):
            return
        found, missing = engine.device_memory(device)
        self._counters |= {f"{mode}: {name}": size for name, size in found.items()}
        self.unreadable |= missing

    def result(self, round_index: int) -> MemoryRound | Unsupported:
        """Return all phases, or why there are none."""
        if self._why_not:
            return Unsupported(reason=self._why_not, remedy="Measure on Linux with /proc mounted.")
        counters = dict(self._counters)
        if self._cgroup is not None:
            counters |= self._cgroup.counters()
            if self._cgroup.why_not:
                self.unreadable[PEAK] = self._cgroup.why_not
        return MemoryRound(round=round_index, phases=self._phases, counters=counters)


def give_back_freed() -> None:
    """Return freed memory to the system, so that one phase's garbage is not the next one's peak."""
    gc.collect()
    _trim()


def _trim() -> None:
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    except (OSError, AttributeError):  # another C library: the value is then an upper bound
        return


def peak_rss_bytes() -> int:
    """Return the highest resident set of this process so far; or raise OSError, KeyError."""
    return own_memory.status()["VmHWM"]
