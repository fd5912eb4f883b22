"""What a case ran on, and what went on meanwhile: software, host, device, noise, failed rounds."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ovreport.record.base import Cause, Count, Family, Finite, Measured, Part, Positive, Slug, Text

__all__ = [
    "Device",
    "FailedRound",
    "Machine",
    "MeasuringTime",
    "ProcessNoise",
    "RunSpread",
    "Software",
]


class Software(Part, frozen=True):
    """Versions of everything between the model and the silicon."""

    ovreport: Text
    openvino: Text
    """Full build string; its first three numbers are the release."""
    python: Text
    os: Text
    kernel: Text
    packages: dict[str, Text] = {}
    """Other packages that matter: engine and framework versions."""


class Machine(Part, frozen=True):
    """The host, without anything that names it or its user. `unknown` where not readable."""

    id: Slug
    """Made from the hardware below; the same hardware gives the same id."""
    cpu: Text
    architecture: Text
    sockets: Count
    cores_physical: Count
    cores_logical: Count
    cores_available: Positive
    """Processors that affinity and cgroup limits leave to the measuring processes; a quota may
    leave 1.5."""
    memory_bytes: Count
    virtualised: Text
    """`no`, or the hypervisor's name."""
    governor: Text
    turbo: Literal["on", "off", "unknown"]
    power_source: Literal["mains", "battery", "unknown"]
    smt: Literal["on", "off", "unknown"] = "unknown"
    """Whether two threads share a core (hyper-threading)."""
    cpu_flags: list[Text] = []
    """Instruction sets that matter to inference: avx2, avx512f, amx_bf16…"""

    @property
    def is_limited(self) -> bool:
        """Whether the measuring processes could not use all processors of the machine."""
        return self.cores_available < self.cores_logical

    @property
    def share(self) -> str:
        """How many of its processors they could use: `2 of 16 processors`."""
        return f"{self.cores_available:g} of {self.cores_logical} processors"


class Device(Part, frozen=True):
    """One OpenVINO device, as its plugin describes it."""

    name: Text
    """The case's device string."""
    full_name: Text
    family: Family
    driver: Text
    """Driver version, or `built into OpenVINO`."""
    capabilities: list[Text]
    properties: dict[str, Text]
    """Every readable property, as text."""


_ROUNDING = 1e-3


class ProcessNoise(Part, frozen=True):
    """Evidence about the machine while one process of the case was measuring."""

    process: Count
    started_at: Text
    readings: dict[str, Finite]
    """Keys: `ovreport.metrics.evidence.READINGS`; only what could be read is here."""


class FailedRound(Part, frozen=True):
    """A round that went wrong; the others are kept, and the verdict says so."""

    round: Count
    reason: Text
    cause: Cause


class MeasuringTime(Measured, frozen=True):
    """What the collecting of this case took, and how much of it was measuring.

    Of finished steps only: a round that a crash cut short left no trace. Fetching is left out.
    """

    wall_s: Positive
    """All processes of the case, and what lies between: outputs, rounds, further measurements."""
    measuring_s: Positive
    """Of it: timed loops, their warm-up and idle baselines, timed starts."""

    def __post_init__(self) -> None:
        if self.measuring_s > self.wall_s * (1 + _ROUNDING):
            raise ValueError("measuring_s is more than wall_s")


class RunSpread(Part, frozen=True):
    """How far apart the rounds of all cases of a run lay: what one case alone cannot tell.

    A handful of rounds that agree by chance must not pass for a quiet machine.
    """

    cases: Annotated[int, Meta(ge=2)]
    deviation: Positive
    """Standard deviation of the logarithm of a round's value, typical of the run's cases; of a
    headline, of what each process's quiet rounds agree on."""
    degrees: Positive
    """Degrees of freedom that this deviation is worth."""
    autocorrelation: Annotated[float, Meta(ge=-1, le=1)]
    """Lag 1, between rounds of a case that follow each other."""
