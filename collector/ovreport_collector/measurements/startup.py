"""Starts, timed: a round's own, one from a model cache, and one with weights not mapped.

The latter two take all of a round's inputs, and ready them as the round does, so that their memory
can be set beside the round's: what is left is the way to load.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ovreport.record import MemoryRound, StartupRound
from ovreport_collector import engines
from ovreport_collector.engines.arrays import Sample, load_samples, rotated
from ovreport_collector.engines.base import Compiled, Engine, MapsWeights, Network, Request
from ovreport_collector.jobs import (
    CachedStartJob,
    CachedStartResult,
    NoMmapJob,
    NoMmapResult,
    RoundJob,
)
from ovreport_collector.loadgen.memory import MemoryMeter
from ovreport_collector.process.timing import spending

clock = time.perf_counter


@dataclass(frozen=True)
class Started:
    """A model that gave its first answer, in latency mode."""

    network: Network
    compiled: Compiled
    request: Request
    times: StartupRound


def timed_start(
    job: RoundJob | CachedStartJob,
    engine: Engine,
    samples: Sequence[Sample],
    memory: MemoryMeter,
    cache_dir: Path | None,
) -> Started:
    """Read, compile or load from the model cache, and infer once; note the memory after each."""
    target = job.target
    with spending("timed-starts"):
        start = clock()
        network = engine.read(Path(target.model), target.shapes)
        read_s = clock() - start
        memory.end("read")

        start = clock()
        compiled = network.compile(target.device, "latency", target.precision, cache_dir)
        compile_s = clock() - start
        memory.end("compile")

        request = compiled.request(samples)
        start = clock()
        request.infer()
        first_s = clock() - start
        memory.end("first-inference")
    times = StartupRound(
        round=job.round,
        read_ms=read_s * 1000,
        compile_ms=compile_s * 1000,
        first_inference_ms=first_s * 1000,
    )
    return Started(network, compiled, request, times)


def cached_start(job: CachedStartJob) -> CachedStartResult:
    """Read, load from the model cache, and infer once."""
    cache_dir = Path(job.cache_dir)
    memory = MemoryMeter()
    samples = rotated(load_samples(Path(job.inputs)), job.seed + job.round)
    engine = engines.create(job.target)
    memory.end("import")
    started = timed_start(job, engine, samples, memory, cache_dir)
    found = memory.result(job.round)
    return CachedStartResult(
        startup=started.times,
        loaded_from_cache=started.compiled.loaded_from_cache,
        cache_bytes=sum(f.stat().st_size for f in cache_dir.rglob("*") if f.is_file()),
        memory=found if isinstance(found, MemoryRound) else None,
    )


def without_mmap(job: NoMmapJob) -> NoMmapResult:
    """Start with weights that are read into memory of our own, and note that memory."""
    memory = MemoryMeter()
    samples = rotated(load_samples(Path(job.inputs)), job.seed + job.round)
    engine = engines.create(job.target)
    if not isinstance(engine, MapsWeights):
        raise NotImplementedError(f"the engine {job.target.engine} is not supported: it maps none")
    engine.map_weights(on=False)
    memory.end("import")
    network = engine.read(Path(job.target.model), job.target.shapes)
    memory.end("read")
    compiled = network.compile(job.target.device, "latency", job.target.precision, None)
    memory.end("compile")
    compiled.request(samples).infer()
    memory.end("first-inference")
    found = memory.result(job.round)
    if isinstance(found, MemoryRound):
        return NoMmapResult(memory=found)
    return NoMmapResult(memory=None, why_not=found)
