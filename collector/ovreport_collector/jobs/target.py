"""What every measuring process has to load, and how it fails."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from ovreport.record import Cause, Port, Precision

Driver = Literal["threads", "async-queue"]


class ThreadSettings(Struct, frozen=True, kw_only=True, tag="thread_settings"):
    """What OpenVINO does with a model on the CPU: native frameworks are set up alike."""

    latency_threads: int
    """INFERENCE_NUM_THREADS in force in latency mode."""
    throughput_threads: int
    """The same in throughput mode."""
    requests: int
    """Optimal number of requests in throughput mode."""
    outputs: list[Port]
    """The model's outputs in OpenVINO's order."""

    @property
    def request_threads(self) -> int:
        """Threads of one request in throughput mode: all of them, divided among the requests."""
        return max(1, self.throughput_threads // self.requests)


class Target(Struct, frozen=True, kw_only=True):
    """What every measuring process has to load."""

    engine: str
    model: str
    """Path of the model file."""
    shapes: dict[str, list[int]]
    device: str
    precision: Precision
    plugins: dict[str, str] = {}
    thread_settings: ThreadSettings | None = None
    """For native frameworks; None where OpenVINO cannot run the model: their own defaults."""


class JobFailed(Struct, frozen=True, kw_only=True, tag="failed"):
    """The process could not do its job."""

    reason: str
    cause: Cause
    unsupported: bool = False
    """True when the engine said that it cannot do this, rather than failing at it."""
    stderr_tail: str = ""
