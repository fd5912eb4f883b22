"""The measuring process: reads one job, does it, writes one result.

    python -m ovreport_collector.worker JOB.json RESULT.json SPENT.json PARENT

It imports one engine and nothing it does not need. Whatever goes wrong in it is told in the
result if it can still be told; a crash is seen from outside by `child`.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np

from ovreport.record import (
    Energy,
    Failed,
    LatencyRound,
    MemoryRound,
    NotMeasured,
    ThroughputRound,
)
from ovreport_collector import energy, engines, loops, spent
from ovreport_collector.arrays import load_samples, rotated, save_arrays
from ovreport_collector.cgroup_peak import CgroupPeak
from ovreport_collector.checks import check_same, infer_checked
from ovreport_collector.engines.base import (
    Array,
    Compiled,
    Network,
    Request,
    Sample,
    WrongOutputError,
)
from ovreport_collector.jobs import (
    Alongside,
    AlongsideJob,
    AnswersJob,
    AnswersResult,
    ArrivalsJob,
    AspectName,
    CachedStartJob,
    ConvertJob,
    ConvertResult,
    CurveJob,
    EndToEndJob,
    ExtraJob,
    GenerationJob,
    GenerationResult,
    Job,
    JobFailed,
    NoMmapJob,
    OptimiseJob,
    OptimiseResult,
    OutputsJob,
    OutputsResult,
    PilotJob,
    PilotResult,
    ProbeJob,
    ProbeResult,
    Result,
    RoundJob,
    RoundResult,
    Target,
)
from ovreport_collector.memory import MemoryMeter, give_back_freed
from ovreport_collector.orphan import end_with
from ovreport_collector.spent import spending
from ovreport_collector.starts import cached_start, startup_round, without_mmap

clock = time.perf_counter
Found = TypeVar("Found", Energy, MemoryRound)


def main() -> None:
    """Do the job named on the command line."""
    job_file, result_file, spent_file = map(Path, sys.argv[1:4])
    end_with(int(sys.argv[4]))
    job = msgspec.json.decode(job_file.read_bytes(), type=Job)
    result = run(job)
    spent.tell(spent_file)
    temporary = result_file.with_suffix(".writing")
    temporary.write_bytes(msgspec.json.encode(result))
    temporary.rename(result_file)


def run(job: Job) -> Result:
    """Return the result of a job; what it raises becomes a JobFailed."""
    try:
        return _do(job)
    except WrongOutputError as error:
        return JobFailed(reason=str(error), cause="wrong-output")
    except Exception as error:
        return JobFailed(
            reason=_message(error), cause="error", unsupported=_cannot_be_done(str(error))
        )


def _do(job: Job) -> Result:
    match job:
        case ProbeJob() | ConvertJob() | OptimiseJob():
            return _do_before(job)
        case OutputsJob():
            return outputs(job)
        case PilotJob():
            return pilot(job)
        case AlongsideJob():
            return alongside(job)
        case RoundJob():
            return measure_round(job)
        case _:
            return _do_extra(job)


def _do_before(
    job: ProbeJob | ConvertJob | OptimiseJob,
) -> ProbeResult | ConvertResult | OptimiseResult:
    """Do what is done before there is a model to be measured."""
    if isinstance(job, ProbeJob):
        from ovreport_collector.engines.openvino_devices import probe

        return probe(job)
    if isinstance(job, OptimiseJob):
        from ovreport_collector.making.optimise import optimise

        return optimise(job)
    from ovreport_collector.making.conversion import convert

    return convert(job)


def _do_extra(job: ExtraJob | GenerationJob | AnswersJob) -> Result:
    match job:
        case GenerationJob() | AnswersJob():
            return language_model(job)
        case CachedStartJob():
            return cached_start(job)
        case NoMmapJob():
            return without_mmap(job)
        case EndToEndJob():
            from ovreport_collector.end_to_end import measure

            return measure(job)
        case CurveJob():
            from ovreport_collector import sweep

            return sweep.sweep(job, engines.create(job.target), _message)
        case ArrivalsJob():
            from ovreport_collector import arrivals

            return arrivals.measure(job, engines.create(job.target))


# ---------------------------------------------------------------- jobs


def outputs(job: OutputsJob) -> OutputsResult:
    """Run every sample of every set once, one at a time; keep the outputs."""
    with spending("compile"):
        network = _read(job.target)
        compiled = network.compile(job.target.device, "latency", job.target.precision, None)
    with spending("accuracy"):
        _keep_outputs(job, network, compiled)
    return OutputsResult(
        inputs=network.inputs,
        outputs=network.outputs,
        parameters=network.parameters,
        execution=compiled.execution,
    )


def _keep_outputs(job: OutputsJob, network: Network, compiled: Compiled) -> None:
    from ovreport_collector import tasks  # a sixth of all imports, and no other job's

    for name, path in job.inputs.items():
        samples = load_samples(Path(path))
        request = compiled.request(samples)
        # Some models answer with megabytes of which a task needs a line.
        keep = tasks.judge(job.task, job.judges[name]).keep if name in job.judges else list
        kept = [
            keep([array[np.newaxis] for array in infer_checked(request, i, network)])
            for i in range(len(samples))
        ]
        columns = enumerate(zip(*kept, strict=True))
        stacked = {f"{i:03d}": np.concatenate(column) for i, column in columns}
        save_arrays(Path(job.outputs[name]), stacked)


def pilot(job: PilotJob) -> PilotResult:
    """Try each way of driving requests for a moment."""
    with spending("compile"):
        compiled = _read(job.target).compile(
            job.target.device, "throughput", job.target.precision, None
        )
    with spending("pilot"):
        return PilotResult(driver=loops.faster_driver(compiled, load_samples(Path(job.inputs))))


def alongside(job: AlongsideJob) -> Alongside:
    """Tell how many threads and requests OpenVINO uses in each mode."""
    network, target = _read(job.target), job.target
    with spending("compile"):
        latency = network.compile(target.device, "latency", target.precision, None)
        throughput = network.compile(target.device, "throughput", target.precision, None)
    threads = "INFERENCE_NUM_THREADS"
    return Alongside(
        latency_threads=int(latency.settings.in_force[threads]),
        throughput_threads=int(throughput.settings.in_force[threads]),
        requests=throughput.optimal_requests,
        outputs=network.outputs,
    )


def measure_round(job: RoundJob) -> RoundResult:
    """Measure start-up, latency, throughput with its energy, and memory, in this order."""
    memory = MemoryMeter(CgroupPeak())
    with spending("inputs"):
        samples = rotated(load_samples(Path(job.inputs)), job.seed + job.round)
    engine = engines.create(job.target)
    memory.end("import")

    with spending("timed-starts"):
        start = clock()
        network = engine.read(Path(job.target.model), job.target.shapes)
        read_s = clock() - start
        memory.end("read")

        start = clock()
        compiled = network.compile(job.target.device, "latency", job.target.precision, None)
        compile_s = clock() - start
        memory.end("compile")

        request = compiled.request(samples)
        start = clock()
        request.infer()
        first_s = clock() - start
        memory.end("first-inference")

    with spending("check"):
        expected = [infer_checked(request, i, network) for i in range(len(samples))]
    missing: dict[AspectName, NotMeasured] = {}
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
        startup=startup_round(job.round, read_s, compile_s, first_s),
        latency=latency,
        latency_settings=latency_settings,
        throughput=throughput,
        throughput_settings=compiled.settings,
        memory=_or_missing(missing, "memory", memory.result(job.round)),
        memory_unreadable=memory.unreadable,
        energy=_or_missing(missing, "energy", taken),
        missing=missing,
        cpu_s=_cpu_seconds(),
        switches=_switches(),
    )


def language_model(job: GenerationJob | AnswersJob) -> GenerationResult | AnswersResult:
    """Let a language model answer: timed, or for its quality."""
    from ovreport_collector import answers, generation
    from ovreport_collector.engines.openvino_genai import GenAi

    engine = GenAi(job.target)
    if isinstance(job, AnswersJob):
        return answers.answer(job, engine, _message)
    measured = generation.measure(job, engine, _message)
    return msgspec.structs.replace(measured, switches=_switches())


# ---------------------------------------------------------------- parts


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
def _noting_failure(missing: dict[AspectName, NotMeasured], name: AspectName) -> Iterator[None]:
    """Note why an aspect failed, so that its failure does not lose the others."""
    try:
        yield
    except WrongOutputError as error:
        missing[name] = Failed(reason=str(error), cause="wrong-output")
    except Exception as error:
        missing[name] = Failed(reason=_message(error), cause="error")


def _or_missing(
    missing: dict[AspectName, NotMeasured], name: AspectName, found: Found | NotMeasured
) -> Found | None:
    """Return what was measured; of what was not, note why."""
    if isinstance(found, NotMeasured):
        missing[name] = found
        return None
    return found


def _read(target: Target) -> Network:
    engine = engines.create(target)
    return engine.read(Path(target.model), target.shapes)


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _switches() -> dict[str, float]:
    """Return the context switches of this process, all its threads together (getrusage(2))."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "involuntary_switches": float(usage.ru_nivcsw),
        "voluntary_switches": float(usage.ru_nvcsw),
    }


def _message(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines()]
    # OpenVINO puts the places in its own source first.
    telling = [line for line in lines if line and not line.startswith("Exception from ")]
    return f"{type(error).__name__}: {' '.join(telling or lines)}"[:2000]


def _cannot_be_done(message: str) -> bool:
    """Return whether the engine said that it lacks a feature, rather than failing at it."""
    telling = ("not supported", "unsupported", "not implemented", "conversion is failed",
               "no translator", "could not be converted", "cannot be converted")  # fmt: skip
    return any(words in message.lower() for words in telling)


if __name__ == "__main__":
    main()
    # Nothing is left to be done: taking down plugins and their threads is time, and where a driver
    # crashes at it, a round that is measured already would be lost.
    sys.stderr.flush()
    os._exit(0)
