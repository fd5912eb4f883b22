"""Simulated cases through the collector's own loops in virtual time, to real records."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest import mock

import msgspec
import numpy as np

from ovreport.metrics import verdicts
from ovreport.record import Latency, Record, Skipped, Throughput, Tier
from ovreport.stats.intervals import Floats
from ovreport_collector.loadgen import drivers, loops
from tests import factories
from tests.simulation.engine import SimulatedModel, SimulatedRequest, Unobserved, VirtualTime
from tests.simulation.truth import Truth

BASE = factories.a_record()
TIER = Tier(
    name="standard",
    min_seconds=0.1,
    min_inferences=100,
    max_seconds=60,
    processes=7,
    max_processes=11,
    rounds_per_process=1,
)
"""A hundred inferences a round."""
SAMPLES = [{"x": np.full((1, 2), i, np.float32)} for i in range(4)]


@contextmanager
def virtual_time() -> Iterator[VirtualTime]:
    """Let the loops read a clock that only inferences move."""
    clock = VirtualTime()
    with ExitStack() as stack:
        for module in (drivers, loops):
            stack.enter_context(mock.patch.object(module, "clock", clock))
        stack.enter_context(mock.patch.object(loops, "processor_clock", clock))
        yield clock


def record_of(tapes_ms: Floats, clock: VirtualTime) -> Record:
    """Return the record of a case whose rounds [rounds, inferences] take what the tapes say."""
    rounds = [
        loops.LatencyLoop(
            SimulatedRequest(tape, clock, SAMPLES), len(SAMPLES), TIER, process=index
        ).round(index, Unobserved())
        for index, tape in enumerate(tapes_ms)
    ]
    return _a_record(Latency(settings=_settings(), rounds=rounds))


def latency_record(truth: Truth, rounds: int = 7) -> Record:
    """Return the record of a case of known truth, latency only, judged."""
    with virtual_time() as clock:
        record = record_of(np.array([truth.tape(index) for index in range(rounds)]), clock)
    return msgspec.structs.replace(record, verdicts=verdicts(record))


def throughput_record(truth: Truth, rounds: int = 7, *, requests: int = 1) -> Record:
    """Return the record of a case of known truth, throughput only, judged.

    One request is driven by a thread, more by the engine's queue: threads would have to share
    the virtual time.
    """
    driver = "threads" if requests == 1 else "async-queue"
    with virtual_time() as clock:
        measured = [
            loops.ThroughputLoop(
                SimulatedModel(truth, index, clock, requests=requests),
                SAMPLES,
                TIER,
                driver,
                process=index,
            ).round(index, Unobserved())
            for index in range(rounds)
        ]
    record = _a_record(Throughput(settings=_settings(), batch=1, rounds=measured))
    return msgspec.structs.replace(record, verdicts=verdicts(record))


def _a_record(measurement: Latency | Throughput) -> Record:
    other = Skipped(reason="not simulated")
    is_latency = isinstance(measurement, Latency)
    return msgspec.structs.replace(
        BASE,
        tier=TIER,
        latency=measurement if is_latency else other,
        throughput=other if is_latency else measurement,
    )


def _settings():
    return BASE.latency.settings
