"""Memory of the measuring process, phase by phase, and of other ways to load the model."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ovreport.record.base import Count, Measured, NotMeasured, Part, Text
from ovreport.record.histogram import check_rounds

__all__ = ["Memory", "MemoryMode", "MemoryRound", "ModeName", "Phase", "PhaseMemory"]


Phase = Literal[
    "import",
    "read",
    "compile",
    "first-inference",
    "latency",
    "throughput",
    "load",
    "generation",
    "concurrency",
]
"""A part of a process; the last three are those of a language model's pipeline."""


class PhaseMemory(Part, frozen=True):
    """Peak of the resident set in one phase, and its parts at the phase's end."""

    phase: Phase
    peak_rss_bytes: Count
    """VmHWM, reset at the start of the phase."""
    anonymous_bytes: Count
    file_backed_bytes: Count


class MemoryRound(Part, frozen=True):
    """Memory of one process of a case."""

    round: Count
    """Number of the process."""
    phases: list[PhaseMemory]
    counters: dict[Text, Count] = {}
    """Other counters in bytes, where readable: the control group (`cgroup_peak_bytes` after
    `cgroup_start_bytes`), and the device's plugin when a mode's run has ended
    (`throughput: GPU.0 GPU_MEMORY_STATISTICS usm_device`…)."""


ModeName = Literal["no-mmap", "cached"]
"""`no-mmap`: weights are read, not mapped. `cached`: loaded from a model cache."""


class MemoryMode(Measured, frozen=True):
    """Memory, up to the first inference, of processes that load the model in another way."""

    rounds: Annotated[list[MemoryRound], Meta(min_length=1, max_length=100)]

    def __post_init__(self) -> None:
        check_rounds(self.rounds)


class Memory(Measured, frozen=True):
    """Memory of the measuring process, phase by phase."""

    rounds: Annotated[list[MemoryRound], Meta(min_length=1, max_length=100)]
    modes: dict[ModeName, MemoryMode | NotMeasured] = {}
    """Other ways to load the model; those that records of the time did not know are absent."""
    unreadable: dict[Text, Text] = {}
    """Counters that this machine or device does not give, and why."""

    def __post_init__(self) -> None:
        check_rounds(self.rounds)
