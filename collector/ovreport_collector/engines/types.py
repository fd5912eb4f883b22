"""What an engine is asked and what it reports, as data that passes between processes."""

from __future__ import annotations

from msgspec import Struct

from ovreport.record import Device, Execution, NotMeasured, Port, Precision


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


class OutputTraits(Struct, frozen=True, kw_only=True):
    """What outputs of a model do that would be a fault if its f32 reference did not do it too.

    Positions of outputs, in OpenVINO's order.
    """

    not_finite: list[int] = []
    """Hold values that are not finite for some input: −inf in a mask."""
    random: list[int] = []
    """Differ between two inferences of the same input."""
    sized_by_data: list[int] = []
    """Have a shape that depends on the data, as detections do."""


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
    traits: OutputTraits = OutputTraits()
    """Of its outputs, by which they are checked while they are timed."""
    properties: dict[str, str] = {}
    """Of OpenVINO, which the model is compiled with besides those of every run."""


class Unavailable(Struct, frozen=True, kw_only=True):
    """A device that could not be used, and why."""

    name: str
    reason: str
    remedy: str


class ProbeResult(Struct, frozen=True, kw_only=True, tag="probe"):
    """The devices of this machine."""

    openvino: str
    available: list[str]
    devices: list[Device]
    unavailable: list[Unavailable]


class OutputsResult(Struct, frozen=True, kw_only=True, tag="outputs"):
    """What the model is, and what of it ran."""

    inputs: list[Port]
    outputs: list[Port]
    parameters: int
    execution: Execution | NotMeasured
    weights: dict[str, int] = {}
    """Type → number of weights that the file stores in it; empty: not known."""
    traits: OutputTraits = OutputTraits()
