"""Jobs about a model that time nothing: its outputs, and how its requests are best driven."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ovreport_collector import engines
from ovreport_collector.engines.arrays import load_samples, save_arrays
from ovreport_collector.engines.base import Compiled, Network
from ovreport_collector.jobs import (
    OutputsJob,
    OutputsResult,
    PilotJob,
    PilotResult,
    Target,
    ThreadSettings,
    ThreadSettingsJob,
)
from ovreport_collector.loadgen import loops
from ovreport_collector.loadgen.checks import infer_checked
from ovreport_collector.process.timing import spending


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
        keep = (
            tasks.evaluator(job.task, job.evaluators[name]).compact
            if name in job.evaluators
            else list
        )
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


def thread_settings(job: ThreadSettingsJob) -> ThreadSettings:
    """Tell how many threads and requests OpenVINO uses in each mode."""
    network, target = _read(job.target), job.target
    with spending("compile"):
        latency = network.compile(target.device, "latency", target.precision, None)
        throughput = network.compile(target.device, "throughput", target.precision, None)
    threads = "INFERENCE_NUM_THREADS"
    return ThreadSettings(
        latency_threads=int(latency.settings.effective[threads]),
        throughput_threads=int(throughput.settings.effective[threads]),
        requests=throughput.optimal_requests,
        outputs=network.outputs,
    )


def _read(target: Target) -> Network:
    engine = engines.create(target)
    return engine.read(Path(target.model), target.shapes)
