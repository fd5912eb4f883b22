"""One round of a model that infers: start-up, latency, throughput with its energy, memory."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from ovreport.record import (
    Energy,
    Failed,
    LatencyRound,
    MemoryRound,
    NotMeasured,
    ThroughputRound,
    Tier,
)
from ovreport_collector import engines
from ovreport_collector.engines import errors
from ovreport_collector.engines.arrays import Array, Sample, load_samples, rotated
from ovreport_collector.engines.base import Compiled, Request, WrongOutputError
from ovreport_collector.loadgen import loops
from ovreport_collector.loadgen.cgroup_peak import CgroupPeak
from ovreport_collector.loadgen.checks import check_same, infer_checked
from ovreport_collector.loadgen.drivers import Driver
from ovreport_collector.loadgen.memory import MemoryMeter, give_back_freed
from ovreport_collector.loadgen.start import timed_start
from ovreport_collector.machine import energy
from ovreport_collector.machine.processes import own_switches
from ovreport_collector.measurements.results import InferenceResult, MeasurementName, RoundJob

Found = TypeVar("Found", Energy, MemoryRound)


class InferenceJob(RoundJob[InferenceResult], frozen=True, kw_only=True):
    """Measure start-up, latency, throughput and memory once."""

    tier: Tier
    driver: Driver
    """How to drive requests under load."""
    energy_in: energy.EnergyIn = "package"

    def run(self) -> InferenceResult:
        """Measure one round; a measurement that fails does not lose the others."""
        return _measure(self)


def _measure(job: InferenceJob) -> InferenceResult:
    """Measure start-up, latency, throughput with its energy, and memory, in this order."""
    memory = MemoryMeter(CgroupPeak())
    samples = rotated(load_samples(Path(job.inputs)), job.seed + job.round)
    engine = engines.create(job.target)
    memory.end("import")

    started = timed_start(engine, job.target, samples, memory, index=job.round)
    network, compiled, request = started.network, started.compiled, started.request
    startup = started.times
    del started  # it would keep what is let go below
    expected = [infer_checked(request, i, network) for i in range(len(samples))]
    missing: dict[MeasurementName, NotMeasured] = {}
    latency = throughput = None
    with _noting_failure(missing, "latency"):
        latency = _latency(job, request, expected)
    memory.end("latency")
    memory.note_device(engine, job.target.device, "latency")
    execution, latency_settings = compiled.execution, compiled.settings

    del request, compiled  # their memory is the latency mode's, not the throughput mode's
    give_back_freed()
    compiled = network.compile(job.target.device, "throughput", job.target.precision, None)
    meter = energy.Measurement(energy.choose(job.energy_in), energy.IDLE_S[job.tier.name])
    with _noting_failure(missing, "throughput"):
        throughput = _throughput(job, compiled, samples, expected, meter)
    memory.end("throughput")
    memory.note_device(engine, job.target.device, "throughput")
    taken = meter.result(job.round, throughput.n if throughput else 0)
    return InferenceResult(
        execution=execution,
        startup=startup,
        latency=latency,
        latency_settings=latency_settings,
        throughput=throughput,
        throughput_settings=compiled.settings,
        memory=_or_missing(missing, "memory", memory.result(job.round)),
        memory_unreadable=memory.unreadable,
        energy=_or_missing(missing, "energy", taken),
        missing=missing,
        switches=own_switches(),
    )


def _latency(
    job: InferenceJob, request: Request, expected: Sequence[Sequence[Array]]
) -> LatencyRound:
    measured = loops.measure_latency(request, len(expected), job.tier, index=job.round)
    last = (measured.n - 1) % len(expected)
    check_same(request.outputs(), expected[last], "the latency run")
    return measured


def _throughput(
    job: InferenceJob,
    compiled: Compiled,
    samples: Sequence[Sample],
    expected: Sequence[Sequence[Array]],
    meter: energy.Measurement,
) -> ThroughputRound:
    meter.idle()
    measured, requests = loops.measure_throughput(
        compiled, samples, job.tier, driver=job.driver, index=job.round, around=meter
    )
    # The requests that were driven must still give right answers, each for a sample of its own.
    for slot, request in enumerate(requests):
        sample = slot % len(samples)
        request.feed(sample)
        request.infer()
        check_same(request.outputs(), expected[sample], "the throughput run")
    return measured


@contextlib.contextmanager
def _noting_failure(
    missing: dict[MeasurementName, NotMeasured], name: MeasurementName
) -> Iterator[None]:
    """Note why a measurement failed, so that its failure does not lose the others."""
    try:
        yield
    except WrongOutputError as error:
        missing[name] = Failed(reason=str(error), cause="wrong-output")
    except Exception as error:
        missing[name] = Failed(reason=errors.message(error), cause="error")


def _or_missing(
    missing: dict[MeasurementName, NotMeasured], name: MeasurementName, found: Found | NotMeasured
) -> Found | None:
    """Return what was measured; of what was not, note why."""
    if isinstance(found, NotMeasured):
        missing[name] = found
        return None
    return found
