"""A process of a model that infers: start-up, rounds of latency and throughput, energy, memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from ovreport.record import (
    Energy,
    Failed,
    LatencyRound,
    MemoryRound,
    NotMeasured,
    Settings,
    ThroughputRound,
    Tier,
)
from ovreport_collector import engines
from ovreport_collector.engines import errors
from ovreport_collector.engines.base import Compiled, Network, Request, WrongOutputError
from ovreport_collector.engines.mapped import KeptOutputs, open_samples, release
from ovreport_collector.engines.types import Target
from ovreport_collector.loadgen.cgroup_peak import CgroupPeak
from ovreport_collector.loadgen.checks import check_same, infer_checked
from ovreport_collector.loadgen.drivers import Driver
from ovreport_collector.loadgen.loops import LatencyLoop, ThroughputLoop, faster_driver
from ovreport_collector.loadgen.memory import MemoryMeter, give_back_freed
from ovreport_collector.loadgen.start import timed_start
from ovreport_collector.machine import energy
from ovreport_collector.machine.loop_watch import LoopWatch
from ovreport_collector.machine.processes import own_switches
from ovreport_collector.measurements.results import (
    Ended,
    InferenceStep,
    LatencyVisit,
    MeasurementName,
    Started,
    Switched,
    ThroughputVisit,
)
from ovreport_collector.process.job import StepJob

Found = TypeVar("Found", Energy, MemoryRound)
Measured = TypeVar("Measured")

CHECK_CAP_S = 20.0
"""About what inferring the samples before the first round may take: a slow model rotates fewer."""
clock = time.perf_counter


class InferenceJob(StepJob[InferenceStep], frozen=True, kw_only=True):
    """Measure start-up, rounds of latency, rounds of throughput, and memory in one process.

    Its steps: Started, a LatencyVisit for each round, Switched, a ThroughputVisit for each, Ended.
    """

    target: Target
    process: int
    """Number of the process in its case."""
    inputs: str
    """Path of the samples."""
    seed: int
    tier: Tier
    latency_rounds: list[int]
    """Numbers of the rounds to be measured."""
    throughput_rounds: list[int]
    driver: Driver | None
    """How to drive requests under load; None: find out."""
    energy_in: energy.EnergyIn = "package"

    def steps(self) -> Iterator[InferenceStep]:
        """Measure; a round that fails does not lose the others."""
        return _Measuring(self).steps()


class _Measuring:
    """What the steps of a process share."""

    def __init__(self, job: InferenceJob) -> None:
        self.job, self.device, self.traits = job, job.target.device, job.target.traits
        self.memory = MemoryMeter(CgroupPeak())
        self.samples = open_samples(Path(job.inputs), job.seed + job.process)
        self.engine = engines.create(job.target)
        self.memory.end("import")
        self.meter = energy.Measurement(energy.choose(job.energy_in), energy.IDLE_S[job.tier.name])
        self.expected = KeptOutputs(Path(job.inputs).parent)

    def steps(self) -> Iterator[InferenceStep]:
        """Measure start-up, latency, throughput with its energy, and memory, in this order."""
        network = yield from self._latency()
        give_back_freed()  # the latency mode's memory is not the throughput mode's
        release(self.samples)
        yield from self._throughput(network)
        yield self._ended()

    def _latency(self) -> Generator[InferenceStep, None, Network]:
        job, memory = self.job, self.memory
        started = timed_start(
            self.engine, job.target, self.samples, memory, LoopWatch(), index=job.process
        )
        network, compiled, request = started.network, started.compiled, started.request
        times = started.times
        del started  # it would keep what is let go at the end
        with memory.leaving_out():
            self._check_first(request, network)
        loop = LatencyLoop(request, len(self.samples), job.tier, process=job.process)
        yield Started(execution=compiled.execution, startup=times, settings=compiled.settings)
        for index in job.latency_rounds:
            measured, failed = _tried(partial(self._latency_round, loop, request, index))
            yield LatencyVisit(round=index, measured=measured, failed=failed)
        memory.end("latency")
        memory.note_device(self.engine, self.device, "latency")
        return network

    def _check_first(self, request: Request, network: Network) -> None:
        """Infer every sample once; of a slow model, those that the time is enough for."""
        began = clock()
        for index in range(len(self.samples)):
            if index and clock() - began > CHECK_CAP_S:
                break
            self.expected.append(infer_checked(request, index, network, self.traits))
        self.samples = self.samples[: len(self.expected)]

    def _latency_round(self, loop: LatencyLoop, request: Request, index: int) -> LatencyRound:
        measured = loop.round(index, LoopWatch())
        last = (measured.n - 1) % len(self.expected)
        with self.memory.leaving_out():
            check_same(request.outputs(), self.expected[last], "the latency run", self.traits)
        return measured

    def _throughput(self, network: Network) -> Iterator[InferenceStep]:
        loaded, failed = _tried(partial(self._loaded, network))
        if loaded is None:
            yield Switched(settings=None, driver=None, failed=failed)
        else:
            self.meter.idle()
            yield Switched(settings=loaded.settings, driver=loaded.loop.driver)
        for index in self.job.throughput_rounds:
            measured = None
            if loaded is not None:
                measured, failed = _tried(partial(self._throughput_round, loaded.loop, index))
            yield ThroughputVisit(round=index, measured=measured, failed=failed)
        self.memory.end("throughput")
        self.memory.note_device(self.engine, self.device, "throughput")

    def _loaded(self, network: Network) -> _Loaded:
        job = self.job
        driver = job.driver or self._faster_driver(network)
        compiled = self._compile(network)
        loop = ThroughputLoop(compiled, self.samples, job.tier, driver, process=job.process)
        return _Loaded(loop, compiled.settings)

    def _throughput_round(self, loop: ThroughputLoop, index: int) -> ThroughputRound:
        measured = loop.round(index, LoopWatch(), around=self.meter)
        # The requests that were driven must still give right answers, each for a sample of its own.
        with self.memory.leaving_out():
            for slot, request in enumerate(loop.requests):
                sample = slot % len(self.samples)
                request.feed(sample)
                request.infer()
                expected = self.expected[sample]
                check_same(request.outputs(), expected, "the throughput run", self.traits)
        self.meter.count(measured.n)
        return measured

    def _compile(self, network: Network) -> Compiled:
        return network.compile(self.device, "throughput", self.job.target.precision, None)

    def _faster_driver(self, network: Network) -> Driver:
        """Try the drivers on a model of its own, whose memory is not counted."""
        found = faster_driver(self._compile(network), self.samples)
        give_back_freed()
        release(self.samples)
        self.memory.begin()
        return found

    def _ended(self) -> Ended:
        missing: dict[MeasurementName, NotMeasured] = {}
        index = self.job.process
        return Ended(
            memory=_or_missing(missing, "memory", self.memory.result(index)),
            memory_unreadable=self.memory.unreadable,
            energy=_or_missing(missing, "energy", self.meter.result(index)),
            missing=missing,
            switches=own_switches(),
        )


@dataclass(frozen=True)
class _Loaded:
    """A model that is warm under load."""

    loop: ThroughputLoop
    settings: Settings


def _tried(measure: Callable[[], Measured]) -> tuple[Measured | None, Failed | None]:
    """Return what is measured, or why it went wrong: that must not lose the others."""
    try:
        return measure(), None
    except WrongOutputError as error:
        return None, Failed(reason=str(error), cause="wrong-output")
    except Exception as error:
        return None, Failed(reason=errors.message(error), cause="error")


def _or_missing(
    missing: dict[MeasurementName, NotMeasured], name: MeasurementName, found: Found | NotMeasured
) -> Found | None:
    """Return what was measured; of what was not, note why."""
    if isinstance(found, NotMeasured):
        missing[name] = found
        return None
    return found
