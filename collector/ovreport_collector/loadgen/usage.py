"""What the kernel counts of this process, all its threads together (getrusage(2))."""

from __future__ import annotations

import resource


def cpu_seconds() -> float:
    """Return the processor time that this process took."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def switches() -> dict[str, float]:
    """Return its context switches, as readings of a round."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "involuntary_switches": float(usage.ru_nivcsw),
        "voluntary_switches": float(usage.ru_nvcsw),
    }
