"""Reads a model twice in one process, and times the second time."""

from __future__ import annotations

import time
from pathlib import Path

from msgspec import Struct

from ovreport.record import SecondReadRound
from ovreport_collector import engines
from ovreport_collector.engines.types import Target
from ovreport_collector.process.job import Job
from ovreport_collector.process.timing import measuring


class SecondReadResult(Struct, frozen=True, kw_only=True, tag="second-read"):
    """One second read."""

    read: SecondReadRound


class SecondReadJob(Job[SecondReadResult], frozen=True, kw_only=True):
    """Read a model twice."""

    target: Target
    round: int

    def run(self) -> SecondReadResult:
        """Read the model, and once more."""
        engine, path = engines.create(self.target), Path(self.target.model)
        engine.read(path, self.target.shapes)
        with measuring():
            start = time.perf_counter()
            engine.read(path, self.target.shapes)
            seconds = time.perf_counter() - start
        return SecondReadResult(read=SecondReadRound(round=self.round, read_ms=seconds * 1000))
