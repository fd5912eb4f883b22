"""An engine whose service time is known: each inference sleeps for so long, on so many servers."""

from __future__ import annotations

import itertools
import math
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ovreport.record import Port, Settings
from tests.collector.conftest import an_execution

FEATURES = 2


class FixedService:
    """An engine, and the network that it reads: y = 2x, a row for each sample of the batch."""

    parameters = 1

    def __init__(
        self,
        service_s: float,
        *,
        hint: int = 2,
        knows_streams: bool = True,
        breaks_after: float = math.inf,
    ) -> None:
        self.service_s, self.hint, self.knows_streams = service_s, hint, knows_streams
        self.inferences = itertools.count()
        self.breaks_after = breaks_after
        """Inferences that succeed."""
        self.compiled: list[Mapping[str, str]] = []
        """Properties that were asked for, in order."""
        self.mixes = False
        """Let the samples of a batch influence each other."""
        self.batch = 1

    def read(self, path: Path, shapes: Mapping[str, Sequence[int]]) -> FixedService:
        """Be the network, at the batch of the shapes."""
        network = FixedService(self.service_s, hint=self.hint, knows_streams=self.knows_streams)
        network.compiled, network.mixes = self.compiled, self.mixes
        network.breaks_after = self.breaks_after
        network.batch = shapes["x"][0]
        network.inputs = [Port(name="x", dtype="f32", shape=list(shapes["x"]))]
        network.outputs = [Port(name="y", dtype="f32", shape=list(shapes["x"]))]
        return network

    def compile(
        self, device: str, mode: str, precision: str, cache_dir: None, properties: Any = None
    ) -> Compiled:
        """Return a model of as many servers as streams; ValueError if there are none to set."""
        del device, precision, cache_dir
        properties = dict(properties or {})
        if properties and not self.knows_streams:
            raise ValueError("NUM_STREAMS is not a property of /home/somebody/engine")
        self.compiled.append(properties)
        chosen = self.hint if mode == "throughput" else 1
        return Compiled(self, int(properties.get("NUM_STREAMS", chosen)))


class Servers:
    """Servers behind one queue: first come, first served, which a semaphore does not promise."""

    def __init__(self, count: int) -> None:
        self._free_at, self._lock = [0.0] * count, threading.Lock()

    def serve(self, seconds: float) -> None:
        """Wait for a server, and then for the service time."""
        with self._lock:
            now = time.perf_counter()
            first = min(range(len(self._free_at)), key=self._free_at.__getitem__)
            done = self._free_at[first] = max(now, self._free_at[first]) + seconds
        time.sleep(max(0.0, done - now))


class Compiled:
    """A compiled model: servers behind one queue."""

    loaded_from_cache = False
    settings = Settings(requested={}, effective={})
    execution = an_execution("CPU")

    def __init__(self, network: FixedService, servers: int) -> None:
        self.network, self.servers = network, Servers(servers)
        self.streams = servers if network.knows_streams else 0
        self.optimal_requests = servers

    def request(self, samples: Sequence[Mapping[str, np.ndarray]]) -> Request:
        """Return a request."""
        return Request(self, samples)

    def queue(self, samples: Sequence[Any], requests: int) -> None:
        """Have no queue."""


class Request:
    """A request that waits for a server, and then for the service time of its samples."""

    runtime_ms = 0.0

    def __init__(self, compiled: Compiled, samples: Sequence[Mapping[str, np.ndarray]]) -> None:
        self._compiled, self._samples = compiled, samples
        self.feed(0)

    def feed(self, index: int) -> None:
        """Take the sample of that index."""
        self._x = self._samples[index]["x"]

    def infer(self) -> None:
        """Sleep for as long as it takes."""
        network = self._compiled.network
        if next(network.inferences) >= network.breaks_after:
            raise RuntimeError("the driver went away")
        self._compiled.servers.serve(network.service_s * network.batch)
        self._y = 2 * self._x + (self._x.sum() if network.mixes and network.batch > 1 else 0)

    def outputs(self) -> list[np.ndarray]:
        """Return the answer."""
        return [np.array(self._y)]
