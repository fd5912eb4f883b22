"""An engine of known truth behind the collector's seam: its inferences take what a tape says."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Protocol

import numpy as np

from ovreport.record import Execution, LayerCount, Port, Precision, Settings
from ovreport.stats.intervals import Floats
from ovreport_collector.engines.arrays import Array, Sample
from ovreport_collector.engines.base import Mode
from tests.simulation.truth import Fault, Truth

FAULT_AT = 60
"""Inference of a request at which a fault strikes: after warm-up, or in it, but never at once."""
START_S = 0.01


class Time(Protocol):
    """A clock, and a way to let time pass on it."""

    def __call__(self) -> float:
        """Return the seconds."""

    def sleep(self, seconds: float) -> None:
        """Let time pass."""


class VirtualTime:
    """Passes at once, and only when told: hours of rounds take seconds, the same every time."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


class RealTime:
    """The clock of a measuring process."""

    def __call__(self) -> float:
        """Return the seconds."""
        return time.perf_counter()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)


class SimulatedRequest:
    """Infers for as long as its tape says."""

    runtime_ms = 0.0

    def __init__(
        self, tape_ms: Floats, clock: Time, samples: Sequence[Sample], fault: Fault | None = None
    ) -> None:
        self._tape: Iterator[float] = cycle(tape_ms.tolist())
        self._sleep, self._samples, self._fault = clock.sleep, samples, fault
        self._n, self._index = 0, 0

    def feed(self, index: int) -> None:
        """Make the sample of that index the next input."""
        self._index = index

    def infer(self) -> None:
        """Let the time of one inference pass."""
        self.runtime_ms = ms = next(self._tape)
        self._sleep(ms / 1000)
        self._n += 1
        if self._n == FAULT_AT and self._fault is not None:
            strike(self._fault)

    def outputs(self) -> list[Array]:
        """Return the means of the inputs; something else once a wrong output has struck."""
        wrong = self._fault == "wrong-output" and self._n >= FAULT_AT
        means = [float(np.mean(array)) for array in self._samples[self._index].values()]
        return [np.array([means], np.float32) + (100 if wrong else 0)]


class SimulatedQueue:
    """Keeps its requests busy, each on a tape of its own; one loop, as in an engine's own queue."""

    def __init__(self, tapes_ms: Sequence[Floats], clock: Time) -> None:
        self._tapes = [cycle((tape / 1000).tolist()) for tape in tapes_ms]
        self._clock = clock

    def run(self, stop_at: float) -> list[float]:
        """Submit until the clock reads `stop_at`; return each latency in seconds."""
        start, latencies, ends = self._clock(), [], []
        for tape in self._tapes:
            at = start
            while at < stop_at:
                latencies.append(next(tape))
                at += latencies[-1]
            ends.append(at)
        self._clock.sleep(max(ends) - start)
        return latencies


class SimulatedModel:
    """An engine, a network and a compiled model in one."""

    streams, parameters = 1, 0
    loaded_from_cache = True

    def __init__(
        self,
        truth: Truth,
        index: int,
        clock: Time | None = None,
        *,
        requests: int = 1,
        inputs: Mapping[str, Sequence[int]] | None = None,
    ) -> None:
        self.truth, self.index, self.clock = truth, index, clock or RealTime()
        self.optimal_requests = requests
        self.inputs = [Port(name=k, dtype="f32", shape=list(v)) for k, v in (inputs or {}).items()]
        self.outputs = [Port(name="means", dtype="f32", shape=[1, len(self.inputs)])]
        self.settings = Settings(requested={}, effective={})
        layer = LayerCount(device="CPU", precision="f32", compute=True, count=1)
        self.execution = Execution(devices=["CPU"], precision="f32", layers=[layer])

    def read(self, path: Path, shapes: Mapping[str, Sequence[int]]) -> SimulatedModel:
        """Return the network; reading takes a moment."""
        self.clock.sleep(START_S)
        return SimulatedModel(
            self.truth, self.index, self.clock, requests=self.optimal_requests, inputs=shapes
        )

    def compile(
        self, device: str, mode: Mode, precision: Precision, cache_dir: Path | None
    ) -> SimulatedModel:
        """Return the compiled model; compiling takes a moment."""
        self.clock.sleep(START_S)
        return self

    def request(self, samples: Sequence[Sample]) -> SimulatedRequest:
        """Return a request on a tape of the round."""
        fault = self.truth.fault_of(self.index)
        return SimulatedRequest(self.truth.tape(self.index), self.clock, samples, fault)

    def queue(self, samples: Sequence[Sample], requests: int) -> SimulatedQueue | None:
        """Return a queue whose requests start at different places of the round's tape.

        None for one request: a thread drives it as well, and cases are then driven alike.
        """
        if requests == 1:
            return None
        tape = self.truth.tape(self.index)
        starts = np.arange(requests) * (len(tape) // requests)
        return SimulatedQueue([np.roll(tape, -start) for start in starts], self.clock)


def strike(fault: Fault) -> None:
    """Do to this process what a bad driver does."""
    if fault == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif fault == "hang":
        time.sleep(3600)


class Unobserved:
    """Watches no machine while a loop runs."""

    def begin(self) -> None:
        """Note nothing."""

    def end(self) -> None:
        """Note nothing."""

    @property
    def readings(self) -> dict[str, float]:
        """Nothing."""
        return {}
