"""One round of a classic model, in its own process: start-up, latency, throughput, memory."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from ovreport.record import Energy, Failed, LatencyRound, MemoryRound, NotMeasured, ThroughputRound
from ovreport_collector import engines
from ovreport_collector.engines import errors
from ovreport_collector.engines.arrays import Array, Sample, load_samples, rotated
from ovreport_collector.engines.base import Compiled, Request, WrongOutputError
from ovreport_collector.jobs import MeasurementName, RoundJob, RoundResult
from ovreport_collector.loadgen import loops, usage
from ovreport_collector.loadgen.cgroup_peak import CgroupPeak
from ovreport_collector.loadgen.checks import check_same, infer_checked
from ovreport_collector.loadgen.memory import MemoryMeter, give_back_freed
from ovreport_collector.machine import energy
from ovreport_collector.measurements.startup import timed_start
from ovreport_collector.process.timing import spending

Found = TypeVar("Found", Energy, MemoryRound)


def measure(job: RoundJob) -> RoundResult:
    """Measure start-up, latency, throughput with its energy, and memory, in this order."""
    memory = MemoryMeter(CgroupPeak())
    with spending("inputs"):
        samples = rotated(load_samples(Path(job.inputs)), job.seed + job.round)
    engine = engines.create(job.target)
    memory.end("import")

    started = timed_start(job, engine, samples, memory, None)
    network, compiled, request = started.network, started.compiled, started.request
    startup = started.times
    del started  # it would keep what is let go below
    with spending("check"):
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
    with spending("compile"):
        compiled = network.compile(job.target.device, "throughput", job.target.precision, None)
    meter = energy.Measurement(energy.choose(job.energy_in), energy.IDLE_S[job.tier.name])
    with _noting_failure(missing, "throughput"):
        throughput = _throughput(job, compiled, samples, expected, meter)
    memory.end("throughput")
    memory.note_device(engine, job.target.device, "throughput")
    taken = meter.result(job.round, throughput.n if throughput else 0)
    return RoundResult(
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
        cpu_s=usage.cpu_seconds(),
        switches=usage.switches(),
    )


def _latency(job: RoundJob, request: Request, expected: Sequence[Sequence[Array]]) -> LatencyRound:
    measured = loops.measure_latency(request, len(expected), job.tier, index=job.round)
    last = (measured.n - 1) % len(expected)
    check_same(request.outputs(), expected[last], "the latency run")
    return measured


def _throughput(
    job: RoundJob,
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
    with spending("check"):
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
    """Note why an aspect failed, so that its failure does not lose the others."""
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
