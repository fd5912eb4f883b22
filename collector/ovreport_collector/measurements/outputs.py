"""Jobs that time nothing: outputs, executed precision, and OpenVINO's number of threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from msgspec import field

from ovreport.engines import of_kind
from ovreport_collector import engines
from ovreport_collector.engines.arrays import Array, Sample, load_samples, save_arrays
from ovreport_collector.engines.base import Compiled, Mode, Network, TellsWeights
from ovreport_collector.engines.types import OutputsResult, Target, ThreadSettings
from ovreport_collector.loadgen.checks import infer_checked
from ovreport_collector.loadgen.drivers import in_threads
from ovreport_collector.process.job import Job


class OutputsJob(Job[OutputsResult], frozen=True, kw_only=True):
    """Run every sample once and keep the outputs: for accuracy and agreement."""

    target: Target
    inputs: dict[str, str]
    """Set name → `.npz` of inputs; its outputs go to the path of the same name in `outputs`."""
    outputs: dict[str, str]
    task: str
    evaluators: dict[str, str] = field(default_factory=dict)
    """Set of labelled inputs → name of the task's additional metric whose `compact` says what of
    its outputs is kept; empty: the task's own. Of other sets everything is kept."""

    def run(self) -> OutputsResult:
        """Run every sample of every set.

        OpenVINO gets as many at once as the device calls optimal: nothing is timed, outputs are the
        same in both modes, and it is sooner done. A native framework's sums may depend on its
        number of threads, so it gets one at a time, as it is when latency is measured.
        """
        network, target = _read(self.target), self.target
        is_native = target.engine in {engine.id for engine in of_kind("native")}
        mode: Mode = "latency" if is_native else "throughput"
        compiled = network.compile(target.device, mode, target.precision, None)
        _keep_outputs(self, network, compiled)
        return OutputsResult(
            inputs=network.inputs,
            outputs=network.outputs,
            parameters=network.parameters,
            execution=compiled.execution,
            weights=network.weights if isinstance(network, TellsWeights) else {},
        )


def _keep_outputs(job: OutputsJob, network: Network, compiled: Compiled) -> None:
    from ovreport_collector import tasks  # a sixth of all imports, and no other job's

    for name, path in job.inputs.items():
        samples = load_samples(Path(path))
        # Some models answer with megabytes of which a task needs a line.
        keep = (
            tasks.evaluator(job.task, job.evaluators[name]).compact
            if name in job.evaluators
            else list
        )
        kept = _infer_all(network, compiled, samples, keep)
        columns = enumerate(zip(*kept, strict=True))
        stacked = {f"{i:03d}": np.concatenate(column) for i, column in columns}
        save_arrays(Path(job.outputs[name]), stacked)


def _infer_all(
    network: Network,
    compiled: Compiled,
    samples: Sequence[Sample],
    keep: Callable[[Sequence[Array]], Sequence[Array]],
) -> list[Sequence[Array]]:
    """Return what is kept of every sample's outputs; each request has its share of the samples."""
    count = min(compiled.optimal_requests, len(samples))
    shares = [range(slot, len(samples), count) for slot in range(count)]
    requests = [compiled.request([samples[i] for i in share]) for share in shares]
    kept: list[Sequence[Array]] = [()] * len(samples)

    def work(slot: int) -> None:
        for k, i in enumerate(shares[slot]):
            outputs = infer_checked(requests[slot], k, network)
            kept[i] = keep([array[np.newaxis] for array in outputs])

    in_threads([partial(work, slot) for slot in range(count)])
    return kept


class ThreadSettingsJob(Job[ThreadSettings], frozen=True, kw_only=True):
    """Ask OpenVINO for the threads and requests that a native framework is given too."""

    target: Target

    def run(self) -> ThreadSettings:
        """Compile the model for each mode, and read what was set."""
        network, target = _read(self.target), self.target
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
