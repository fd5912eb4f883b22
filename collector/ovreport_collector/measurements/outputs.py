"""Jobs that time nothing: outputs, executed precision, and OpenVINO's number of threads."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from msgspec import field

from ovreport.engines import of_kind
from ovreport.record import Port
from ovreport_collector import engines
from ovreport_collector.engines.arrays import (
    Array,
    Sample,
    as_column,
    load_samples,
    relative_rmse,
    save_outputs,
)
from ovreport_collector.engines.base import Compiled, Mode, Network, TellsWeights
from ovreport_collector.engines.types import OutputsResult, OutputTraits, Target, ThreadSettings
from ovreport_collector.loadgen.checks import OUTPUT_TOLERANCE, infer, is_finite
from ovreport_collector.loadgen.drivers import in_threads
from ovreport_collector.process.job import Job

SAMPLES_CAP_S = 60.0
"""About what inferring the samples that are timed later may take: of a slow model fewer are."""


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
    limit_s: float = 3600.0
    """What a set of labelled inputs may take; its outputs are not kept if it takes longer."""

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
        seen = _Seen()
        _keep_outputs(self, network, compiled, seen)
        return OutputsResult(
            inputs=network.inputs,
            outputs=network.outputs,
            parameters=network.parameters,
            execution=compiled.execution,
            weights=network.weights if isinstance(network, TellsWeights) else {},
            traits=seen.traits,
        )


class _Seen:
    """What the outputs of all inferences have in common."""

    def __init__(self) -> None:
        self._not_finite: set[int] = set()
        self._random: set[int] = set()
        self._sized_by_data: set[int] = set()

    def note(self, outputs: Sequence[Array], ports: Sequence[Port]) -> None:
        """Take in the outputs of one inference."""
        for position, (array, port) in enumerate(zip(outputs, ports, strict=True)):
            if not is_finite(array):
                self._not_finite.add(position)
            if not port.shape and array.ndim:
                self._sized_by_data.add(position)

    def compare(self, first: Sequence[Array], again: Sequence[Array]) -> None:
        """Take in the outputs of the same input twice."""
        for position, (a, b) in enumerate(zip(first, again, strict=True)):
            if a.shape != b.shape or not relative_rmse(a, b) <= OUTPUT_TOLERANCE:
                self._random.add(position)

    @property
    def traits(self) -> OutputTraits:
        """What the outputs are like."""
        return OutputTraits(
            not_finite=sorted(self._not_finite),
            random=sorted(self._random),
            sized_by_data=sorted(self._sized_by_data),
        )


def _keep_outputs(job: OutputsJob, network: Network, compiled: Compiled, seen: _Seen) -> None:
    """Write the outputs of every set but labelled ones that take too long."""
    from ovreport_collector import tasks  # a sixth of all imports, and no other job's

    for name, path in job.inputs.items():
        samples = load_samples(Path(path))
        is_labelled = name in job.evaluators
        # Some models answer with megabytes of which a task needs a line.
        keep = tasks.evaluator(job.task, job.evaluators[name]).compact if is_labelled else list
        limit_s = job.limit_s if is_labelled else SAMPLES_CAP_S
        kept = _infer_all(network, compiled, samples, keep, seen, limit_s)
        if is_labelled and len(kept) < len(samples):
            continue
        columns = [as_column(parts) for parts in zip(*kept, strict=True)]
        save_outputs(Path(job.outputs[name]), columns)


def _infer_all(
    network: Network,
    compiled: Compiled,
    samples: Sequence[Sample],
    keep: Callable[[Sequence[Array]], Sequence[Array]],
    seen: _Seen,
    limit_s: float,
) -> list[Sequence[Array]]:
    """Return what is kept of the samples' outputs; each request has its share of the samples.

    Of a slow model, of as many samples, the first ones, as the time is enough for.
    """
    count = min(compiled.optimal_requests, len(samples))
    shares = [range(slot, len(samples), count) for slot in range(count)]
    requests = [compiled.request([samples[i] for i in share]) for share in shares]
    kept: list[Sequence[Array]] = [()] * len(samples)
    stop_at = time.perf_counter() + limit_s

    def work(slot: int) -> None:
        for k, i in enumerate(shares[slot]):
            if k and time.perf_counter() > stop_at:
                return
            outputs = infer(requests[slot], k, network)
            seen.note(outputs, network.outputs)
            kept[i] = keep([array[np.newaxis] for array in outputs])
            if i == 0:
                seen.compare(outputs, infer(requests[slot], k, network))

    in_threads([partial(work, slot) for slot in range(count)])
    return list(itertools.takewhile(len, kept))


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
