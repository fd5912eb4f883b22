"""A start whose weights are read into memory, not mapped."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from ovreport.record import MemoryRound, Unsupported
from ovreport_collector import engines
from ovreport_collector.engines.arrays import load_samples, rotated
from ovreport_collector.engines.base import MapsWeights
from ovreport_collector.engines.types import Target
from ovreport_collector.loadgen.memory import MemoryMeter
from ovreport_collector.process.job import Job


class NoMmapResult(Struct, frozen=True, kw_only=True, tag="no-mmap"):
    """Memory up to the first inference."""

    memory: MemoryRound | None
    why_not: Unsupported | None = None


class NoMmapJob(Job[NoMmapResult], frozen=True, kw_only=True):
    """Start with weights that are read, not mapped."""

    target: Target
    round: int
    inputs: str
    seed: int

    def run(self) -> NoMmapResult:
        """Read, compile and infer once, and note the memory after each.

        All of a round's inputs are loaded, as the round does: see `startup.run`.
        """
        memory = MemoryMeter()
        samples = rotated(load_samples(Path(self.inputs)), self.seed + self.round)
        target = self.target
        engine = engines.create(target)
        if not isinstance(engine, MapsWeights):
            raise NotImplementedError(f"the engine {target.engine} is not supported: it maps none")
        engine.map_weights(on=False)
        memory.end("import")
        network = engine.read(Path(target.model), target.shapes)
        memory.end("read")
        compiled = network.compile(target.device, "latency", target.precision, None)
        memory.end("compile")
        compiled.request(samples).infer()
        memory.end("first-inference")
        found = memory.result(self.round)
        if isinstance(found, MemoryRound):
            return NoMmapResult(memory=found)
        return NoMmapResult(memory=None, why_not=found)
