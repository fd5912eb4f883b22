"""A start from the model cache, timed."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from ovreport.record import MemoryRound, StartupRound
from ovreport_collector import engines
from ovreport_collector.engines.mapped import open_samples
from ovreport_collector.loadgen.memory import MemoryMeter
from ovreport_collector.loadgen.start import timed_start
from ovreport_collector.machine.loop_watch import LoopWatch
from ovreport_collector.measurements.results import ProcessJob


class CachedStartResult(Struct, frozen=True, kw_only=True, tag="cached-start"):
    """A start from the model cache."""

    startup: StartupRound
    loaded_from_cache: bool
    cache_bytes: int
    memory: MemoryRound | None = None
    """Up to the first inference."""


class CachedStartJob(ProcessJob[CachedStartResult], frozen=True, kw_only=True):
    """Start from a model cache; fills it first where it is empty."""

    cache_dir: str

    def run(self) -> CachedStartResult:
        """Read, load from the model cache, and infer once."""
        cache_dir = Path(self.cache_dir)
        cache_dir.mkdir(parents=True, exist_ok=True)
        memory = MemoryMeter()
        samples = open_samples(Path(self.inputs), self.seed + self.round)
        engine = engines.create(self.target)
        memory.end("import")
        started = timed_start(
            engine, self.target, samples, memory, LoopWatch(), index=self.round, cache_dir=cache_dir
        )
        found = memory.result(self.round)
        return CachedStartResult(
            startup=started.times,
            loaded_from_cache=started.compiled.loaded_from_cache,
            cache_bytes=sum(f.stat().st_size for f in cache_dir.rglob("*") if f.is_file()),
            memory=found if isinstance(found, MemoryRound) else None,
        )
