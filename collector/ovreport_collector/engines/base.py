"""The seam between the measuring loops and whatever runs a model.

Engine.read → Network.compile → Compiled.request → Request.infer
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Literal, Protocol, runtime_checkable

from ovreport.record import Execution, NotMeasured, Port, Precision, Settings
from ovreport_collector.engines.arrays import Array, Sample
from ovreport_collector.engines.image_pipeline import ImagePipeline

Mode = Literal["latency", "throughput"]
NO_PROPERTIES: Mapping[str, str] = MappingProxyType({})


class WrongOutputError(Exception):
    """An output has the wrong shape, is not finite, or changed while it was timed."""


class Request(Protocol):
    """One inference at a time, with inputs set before the clock starts."""

    def feed(self, index: int) -> None:
        """Make the sample of that index the next input; outside the timed part."""
        ...

    def infer(self) -> None:
        """Run one inference and block until it is done."""
        ...

    def outputs(self) -> list[Array]:
        """Return copies of the last outputs, in the model's order."""
        ...

    @property
    def runtime_ms(self) -> float:
        """The engine's own duration of the last inference, in ms; 0 where it is not reported."""
        ...


class Queue(Protocol):
    """The engine's own asynchronous queue: submits without a thread for each request."""

    def run(self, stop_at: float) -> list[float]:
        """Submit until the clock reads `stop_at`, wait; return each latency in seconds."""
        ...


class Compiled(Protocol):
    """A model compiled for a device."""

    @property
    def settings(self) -> Settings:
        """Requested and effective properties."""
        ...

    @property
    def execution(self) -> Execution | NotMeasured:
        """What really runs, layer by layer."""
        ...

    @property
    def optimal_requests(self) -> int:
        """How many concurrent requests the device calls optimal."""
        ...

    @property
    def streams(self) -> int:
        """Effective number of streams; 0 where the device does not report it."""
        ...

    @property
    def loaded_from_cache(self) -> bool:
        """Whether this came out of the model cache."""
        ...

    def request(self, samples: Sequence[Sample]) -> Request:
        """Return a request that can be fed any of the samples."""
        ...

    def queue(self, samples: Sequence[Sample], requests: int) -> Queue | None:
        """Return the engine's own queue, None where it has none."""
        ...


class Network(Protocol):
    """A model that was read, and given its static shapes."""

    @property
    def inputs(self) -> list[Port]:
        """Inputs, with their static shapes."""
        ...

    @property
    def outputs(self) -> list[Port]:
        """Outputs, in order."""
        ...

    @property
    def parameters(self) -> int:
        """Number of weights."""
        ...

    def compile(
        self,
        device: str,
        mode: Mode,
        precision: Precision,
        cache_dir: Path | None,
        properties: Mapping[str, str] = NO_PROPERTIES,
    ) -> Compiled:
        """Compile for a device; with a folder, through the model cache in it.

        `properties` are requested beside the mode's own, under OpenVINO's names (NUM_STREAMS).
        Raises ValueError where the engine does not have one: a curve notes that as a gap.
        """
        ...


class Engine(Protocol):
    """An inference engine."""

    def read(self, path: Path, shapes: Mapping[str, Sequence[int]]) -> Network:
        """Read a model file and give its inputs static shapes."""
        ...


# ---------------------------------------------------------------- abilities an engine may have


class StagedRequest(Protocol):
    """A request that is given its input as it comes, and need not be waited for at once."""

    def put(self, array: Array) -> None:
        """Copy the only input into the request's own tensor."""
        ...

    def infer(self) -> None:
        """Run one inference and block until it is done."""
        ...

    def start(self) -> None:
        """Begin an inference; return at once."""
        ...

    def wait(self) -> None:
        """Block until the inference that was begun is done."""
        ...

    def outputs(self) -> list[Array]:
        """Return the last outputs, in the model's order; they hold until the next inference."""
        ...


@runtime_checkable
class Stages(Protocol):
    """A compiled model that gives staged requests."""

    def staged_request(self) -> StagedRequest:
        """Return a request for a pipeline."""
        ...


@runtime_checkable
class Preprocesses(Protocol):
    """A network that can take over the preprocessing of images."""

    def with_preprocessing(self, pipeline: ImagePipeline, *, antialias: bool) -> Network:
        """Return the network with an image's own pixels as input: u8 [1, height, width, 3], RGB.

        Without `antialias` it resizes by plain interpolation, which more devices can do.
        """
        ...


@runtime_checkable
class TellsWeights(Protocol):
    """A network that knows the types that its file stores weights in."""

    @property
    def weights(self) -> dict[str, int]:
        """Type, as OpenVINO calls it → number of weights."""
        ...


@runtime_checkable
class MapsWeights(Protocol):
    """An engine that maps weights from their file, unless set to read them."""

    def map_weights(self, *, on: bool) -> None:
        """Say how models are read and loaded from now on."""
        ...


@runtime_checkable
class TellsDeviceMemory(Protocol):
    """An engine whose devices may count memory of their own."""

    def device_memory(self, device: str) -> tuple[dict[str, int], dict[str, str]]:
        """Return bytes by counter, and why other counters are not readable."""
        ...
