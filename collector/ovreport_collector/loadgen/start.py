"""A timed start: read, compile or load from a model cache, infer once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ovreport.record import StartupRound
from ovreport_collector.engines.arrays import Sample
from ovreport_collector.engines.base import Compiled, Engine, Network, Request
from ovreport_collector.engines.mapped import feeding
from ovreport_collector.engines.types import Target
from ovreport_collector.loadgen.loops import Observer
from ovreport_collector.loadgen.memory import MemoryMeter
from ovreport_collector.process.timing import measuring

clock = time.perf_counter


@dataclass(frozen=True)
class Started:
    """A model after its first inference, in latency mode."""

    network: Network
    compiled: Compiled
    request: Request
    times: StartupRound


@measuring()
def timed_start(
    engine: Engine,
    target: Target,
    samples: Sequence[Sample],
    memory: MemoryMeter,
    observer: Observer,
    *,
    index: int,
    cache_dir: Path | None = None,
) -> Started:
    """Start a model in round `index`, from `cache_dir` if given; note the memory of each phase."""
    observer.begin()
    start = clock()
    network = engine.read(Path(target.model), target.shapes)
    read_s = clock() - start
    memory.end("read")

    start = clock()
    compiled = network.compile(target.device, "latency", target.precision, cache_dir)
    compile_s = clock() - start
    memory.end("compile")

    request = feeding(compiled, samples)
    start = clock()
    request.infer()
    first_s = clock() - start
    observer.end()
    memory.end("first-inference")
    times = StartupRound(
        round=index,
        read_ms=read_s * 1000,
        compile_ms=compile_s * 1000,
        first_inference_ms=first_s * 1000,
        readings=dict(observer.readings),
    )
    return Started(network, compiled, request, times)
