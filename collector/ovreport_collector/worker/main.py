"""The measuring process: reads one job, does it, writes one result.

    python -m ovreport_collector.worker.main JOB.json RESULT.json SPENT.json PARENT

It imports one engine and nothing it does not need. Whatever goes wrong in it is told in the
result if it can still be told; a crash is seen from outside by `child`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec

from ovreport_collector import engines
from ovreport_collector.engines import errors
from ovreport_collector.engines.base import WrongOutputError
from ovreport_collector.jobs import (
    AnswersJob,
    AnswersResult,
    ArrivalsJob,
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
    OptimizeJob,
    OptimizeResult,
    OutputsJob,
    PilotJob,
    ProbeJob,
    ProbeResult,
    Result,
    RoundJob,
    ThreadSettingsJob,
)
from ovreport_collector.loadgen import usage
from ovreport_collector.measurements import inference, outputs, startup
from ovreport_collector.process import timing
from ovreport_collector.process.orphan import end_with


def main() -> None:
    """Do the job named on the command line."""
    job_file, result_file, spent_file = map(Path, sys.argv[1:4])
    end_with(int(sys.argv[4]))
    job = msgspec.json.decode(job_file.read_bytes(), type=Job)
    result = run(job)
    timing.tell(spent_file)
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
            reason=errors.message(error),
            cause="error",
            unsupported=errors.cannot_be_done(error),
        )


def _do(job: Job) -> Result:
    match job:
        case ProbeJob() | ConvertJob() | OptimizeJob():
            return _do_before(job)
        case OutputsJob() | PilotJob() | ThreadSettingsJob():
            return _do_untimed(job)
        case RoundJob():
            return inference.measure(job)
        case GenerationJob() | AnswersJob():
            return _do_language(job)
        case _:
            return _do_extra(job)


def _do_before(
    job: ProbeJob | ConvertJob | OptimizeJob,
) -> ProbeResult | ConvertResult | OptimizeResult:
    """Do what is done before there is a model to be measured."""
    if isinstance(job, ProbeJob):
        from ovreport_collector.engines.openvino.devices import probe

        return probe(job)
    if isinstance(job, OptimizeJob):
        from ovreport_collector.models.optimize.run import optimize

        return optimize(job)
    from ovreport_collector.models.convert.run import convert

    return convert(job)


def _do_untimed(job: OutputsJob | PilotJob | ThreadSettingsJob) -> Result:
    match job:
        case OutputsJob():
            return outputs.outputs(job)
        case PilotJob():
            return outputs.pilot(job)
        case ThreadSettingsJob():
            return outputs.thread_settings(job)


def _do_language(job: GenerationJob | AnswersJob) -> GenerationResult | AnswersResult:
    """Let a language model answer: timed, or for its quality."""
    from ovreport_collector.engines.openvino_genai import GenAi
    from ovreport_collector.measurements.generation import answers
    from ovreport_collector.measurements.generation import run as generation

    engine = GenAi(job.target)
    if isinstance(job, AnswersJob):
        return answers.answer(job, engine, errors.message)
    measured = generation.measure(job, engine, errors.message)
    return msgspec.structs.replace(measured, switches=usage.switches())


def _do_extra(job: ExtraJob) -> Result:
    match job:
        case CachedStartJob():
            return startup.cached_start(job)
        case NoMmapJob():
            return startup.without_mmap(job)
        case EndToEndJob():
            from ovreport_collector.measurements.end_to_end import run as end_to_end

            return end_to_end.measure(job)
        case CurveJob():
            from ovreport_collector.measurements.curve import run as sweep

            return sweep.sweep(job, engines.create(job.target), errors.message)
        case ArrivalsJob():
            from ovreport_collector.measurements.open_loop import run as arrivals

            return arrivals.measure(job, engines.create(job.target))


if __name__ == "__main__":
    main()
    # Nothing is left to be done: taking down plugins and their threads is time, and where a driver
    # crashes at it, a round that is measured already would be lost.
    sys.stderr.flush()
    os._exit(0)
