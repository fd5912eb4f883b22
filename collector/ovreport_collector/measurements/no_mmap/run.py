"""A start whose weights are read into memory, not mapped."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from ovreport.record import MemoryRound, Unsupported
from ovreport_collector import engines
from ovreport_collector.engines.base import MapsWeights
from ovreport_collector.engines.mapped import open_samples
from ovreport_collector.loadgen.memory import MemoryMeter
from ovreport_collector.loadgen.start import timed_start
from ovreport_collector.machine.loop_watch import LoopWatch
from ovreport_collector.measurements.results import ProcessJob
from ovreport_collector.process.timing import measuring


class NoMmapResult(Struct, frozen=True, kw_only=True, tag="no-mmap"):
    """Memory up to the first inference."""

    memory: MemoryRound | None
    why_not: Unsupported | None = None


class NoMmapJob(ProcessJob[NoMmapResult], frozen=True, kw_only=True):
    """Start with weights that are read, not mapped."""

    def run(self) -> NoMmapResult:
        """Read, compile and infer once, and note the memory after each."""
        memory = MemoryMeter()
        samples = open_samples(Path(self.inputs), self.seed + self.round)
        engine = engines.create(self.target)
        if not isinstance(engine, MapsWeights):
            raise NotImplementedError(
                f"the engine {self.target.engine} is not supported: it maps none"
            )
        engine.map_weights(on=False)
        memory.end("import")
        with measuring(counts=False):  # its memory is of interest, not its times
            timed_start(engine, self.target, samples, memory, LoopWatch(), index=self.round)
        found = memory.result(self.round)
        if isinstance(found, MemoryRound):
            return NoMmapResult(memory=found)
        return NoMmapResult(memory=None, why_not=found)
