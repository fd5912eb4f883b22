"""Outputs and accuracy of every case, before any is timed: compared with f32 on the CPU."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic

import msgspec

from ovreport.record import Case, NotMeasured, PublishedPerplexity, Skipped
from ovreport.record import Failed as MeasurementFailed
from ovreport_collector.engines.types import OutputsResult, OutputTraits, Target
from ovreport_collector.measurements.base import FAILED_BEFORE, SEE_GENERATION
from ovreport_collector.measurements.generation import measurement as generation
from ovreport_collector.measurements.generation import published as as_published
from ovreport_collector.measurements.generation.outputs import GenerationOutputsResult
from ovreport_collector.measurements.generation.quality import as_reference, quality
from ovreport_collector.measurements.outputs import OutputsJob
from ovreport_collector.plan.plan import PlannedCase
from ovreport_collector.prepare.model import PreparedModel
from ovreport_collector.process.job import JobFailed, R
from ovreport_collector.session import accuracy as scoring
from ovreport_collector.session import estimate
from ovreport_collector.session.context import RunContext, now
from ovreport_collector.session.journal import Journal
from ovreport_collector.session.progress import label
from ovreport_collector.session.steps import GivenUp, OutputsDone

_LABELLED_SHARE = 0.6
"""Of a process's limit, for the labelled inputs: what is left is for reading and compiling."""
_SAMPLE_LIMIT_S = 0.25
"""What a labelled sample may take, which counts four times: some data sets have thousands."""


def measure_outputs(context: RunContext) -> None:
    """Measure the outputs that the journal lacks, model by model; give up what cannot run."""
    for model in context.plan.models:
        undone = []
        for planned in context.plan.cases:
            if planned.model.id != model.id or _is_done(context.journal, planned.key):
                continue
            prepared = context.prepared[planned.file_key]
            if isinstance(prepared, JobFailed):
                _give_up(context, planned, prepared)
            else:
                undone.append(planned)
        published = context.prepared[model.id, model.variant]
        if undone and isinstance(published, PreparedModel):
            is_language = undone[0].is_language
            kind: _Outputs[Any] = (_OfGeneration if is_language else _OfInference)(context)
            _measure_model(context, kind, published, undone)


def _is_done(journal: Journal, case: str) -> bool:
    return journal.outputs(case) is not None or journal.given_up(case) is not None


def _measure_model(
    context: RunContext, kind: _Outputs[R], published: PreparedModel, undone: Sequence[PlannedCase]
) -> None:
    """Measure cases of a model, all variants against the published file at f32 on the CPU."""
    context.display.working(
        f"{published.model.title}: f32 on the CPU", estimate.reference(published.model)
    )
    case = Case(
        engine=undone[0].case.engine if undone[0].is_language else "openvino",
        device="CPU",
        model=published.model.id,
        variant=published.model.variant,
        precision="f32",
    )
    folder = context.work / published.model.id / "reference"
    result = kind.run(published, context.target(published, case), folder)
    reference = _Ran(result, folder)
    kind.look_at_file(published, result)
    for planned in undone:
        context.display.working(
            f"{label(planned)}: outputs and accuracy",
            None if planned.is_reference else estimate.outputs(planned),
        )
        _measure_case(context, kind, planned, reference)


def _measure_case(
    context: RunContext, kind: _Outputs[R], planned: PlannedCase, reference: _Ran[R]
) -> None:
    prepared = context.prepared[planned.file_key]
    if isinstance(prepared, JobFailed):
        return  # it was given up
    if planned.is_reference:
        own, is_reference = reference, True
    else:
        thread_settings = context.thread_settings(planned, prepared)
        folder = context.work / prepared.model.id / f"{len(context.journal.steps)}"
        target = context.target(
            prepared, planned.case, thread_settings, properties=planned.properties
        )
        result = kind.run(prepared, target, folder, planned.python)
        own, is_reference = _Ran(result, folder), False
    found = own.result
    if isinstance(found, JobFailed):
        _give_up(context, planned, found)
        return
    if planned.python is not None and not planned.is_optimized:
        found = kind.of_file(found, reference.result)
    compared = _THE_REFERENCE if is_reference else reference
    if wrong := kind.why_wrong(found, compared):
        _give_up(context, planned, JobFailed(reason=wrong, cause="wrong-output"))
        return
    context.journal.add(kind.step(planned, prepared, found, own.folder, compared))


# ---------------------------------------------------------------- kinds of models

_THE_REFERENCE = Skipped(reason="this is the reference")


@dataclass(frozen=True)
class _Ran(Generic[R]):
    """A job of outputs that was done, and the folder of its arrays."""

    result: R | JobFailed
    folder: Path


@dataclass
class _Outputs(ABC, Generic[R]):
    """How the outputs of one kind of model are made, and what is made of them; one a model."""

    context: RunContext

    def look_at_file(self, published: PreparedModel, reference: R | JobFailed) -> None:
        """Measure what depends on the published file alone, given the reference's outputs."""

    @abstractmethod
    def run(
        self, prepared: PreparedModel, target: Target, folder: Path, python: Path | None = None
    ) -> R | JobFailed:
        """Run the model; arrays go to the folder. `python`: interpreter of an arm; None: ours."""

    def of_file(self, result: R, reference: R | JobFailed) -> R:
        """Return an arm's result with what our own OpenVINO says of the file that both read."""
        return result

    def why_wrong(self, result: R, reference: _Ran[R] | Skipped) -> str:
        """Return why a model's outputs cannot be right, whatever they are compared with.

        Empty where they can.
        """
        return ""

    @abstractmethod
    def step(
        self,
        planned: PlannedCase,
        prepared: PreparedModel,
        result: R,
        folder: Path,
        reference: _Ran[R] | Skipped,
    ) -> OutputsDone:
        """Return the step of the journal: accuracy, and agreement with the reference."""


class _OfInference(_Outputs[OutputsResult]):
    def run(
        self, prepared: PreparedModel, target: Target, folder: Path, python: Path | None = None
    ) -> OutputsResult | JobFailed:
        folder.mkdir(parents=True, exist_ok=True)
        evaluators = {path.stem: name for path, name in prepared.labelled_sets.items()}
        inputs = {path.stem: str(path) for path in (prepared.samples, *prepared.labelled_sets)}
        outputs = {name: str(folder / f"{name}.npz") for name in inputs}
        extra_s = _SAMPLE_LIMIT_S * prepared.labelled_samples
        job = OutputsJob(
            target=target,
            inputs=inputs,
            outputs=outputs,
            task=prepared.model.task,
            evaluators=evaluators,
            limit_s=_LABELLED_SHARE * self.context.limit_s(extra_s),
        )
        return self.context.run_job(job, extra_s=extra_s, python=python)

    def of_file(self, result: OutputsResult, reference: OutputsResult | JobFailed) -> OutputsResult:
        """Return it with our count of weights.

        Releases differ in how they read a file: 2024.6 makes fp32 of a TFLite file's fp16 weights.
        """
        if isinstance(reference, JobFailed):
            return result
        return msgspec.structs.replace(
            result, parameters=reference.parameters, weights=reference.weights
        )

    def why_wrong(self, result: OutputsResult, reference: _Ran[OutputsResult] | Skipped) -> str:
        """Return which output does what the reference's does not."""
        if isinstance(reference, Skipped):
            return ""
        known = reference.result
        if isinstance(known, OutputsResult):
            expected, reason = known.traits, "the f32 reference's does not"
        else:
            expected, reason = OutputTraits(), "there is no f32 reference that does"
        traits, names = result.traits, [port.name for port in result.outputs]
        for position in sorted({*traits.not_finite} - {*expected.not_finite}):
            return f"output {names[position]} holds values that are not finite, and {reason}"
        for position in sorted({*traits.random} - {*expected.random}):
            return f"output {names[position]} differs for the same input, and {reason}"
        return ""

    def step(
        self,
        planned: PlannedCase,
        prepared: PreparedModel,
        result: OutputsResult,
        folder: Path,
        reference: _Ran[OutputsResult] | Skipped,
    ) -> OutputsDone:
        seed, found = self.context.plan.seed, _arrays(reference)

        def of_reference(name: str) -> Path | NotMeasured:
            return found / name if isinstance(found, Path) else found

        return OutputsDone(
            case=planned.key,
            model=result,
            accuracy=scoring.accuracy(
                prepared, folder / "labelled.npz", of_reference("labelled.npz"), seed=seed
            ),
            additional_accuracy=scoring.additional(prepared, folder, found, seed=seed),
            agreement=scoring.agreement(
                result.outputs,
                folder / "samples.npz",
                of_reference("samples.npz"),
                random=result.traits.random,
            ),
            timing=self.context.stopwatch.take(),
        )


def _arrays(reference: _Ran[OutputsResult] | Skipped) -> Path | NotMeasured:
    """Return the folder of the reference's outputs, or why there are none."""
    if isinstance(reference, Skipped):
        return reference
    if isinstance(reference.result, JobFailed):
        failure = reference.result
        return MeasurementFailed(
            reason=f"the f32 reference failed: {failure.reason}", cause=failure.cause
        )
    return reference.folder


@dataclass
class _OfGeneration(_Outputs[GenerationOutputsResult]):
    as_published: PublishedPerplexity | NotMeasured = FAILED_BEFORE
    """Perplexity of the published file."""

    def look_at_file(
        self, published: PreparedModel, reference: GenerationOutputsResult | JobFailed
    ) -> None:
        plan, file = self.context.plan, published.file
        if isinstance(reference, JobFailed):
            return  # it has no tokens
        if why_not := as_published.why_not(file.name, plan.skip):
            self.as_published = why_not
            return
        self.context.display.working(
            f"{published.model.title}: perplexity of the published file",
            estimate.as_published(published.model),
        )
        limit_s = as_published.LIMITS_S[plan.tier.name]
        self.as_published = as_published.perplexity(
            file,
            reference.text,
            lambda job: self.context.run_job(job, extra_s=limit_s),
            limit_s=limit_s,
        )

    def run(
        self, prepared: PreparedModel, target: Target, folder: Path, python: Path | None = None
    ) -> GenerationOutputsResult | JobFailed:
        folder.mkdir(parents=True, exist_ok=True)
        job = generation.outputs_job(prepared, target, folder.parent)
        return self.context.run_job(job, extra_s=generation.OUTPUTS_LIMIT_S, python=python)

    def step(
        self,
        planned: PlannedCase,
        prepared: PreparedModel,
        result: GenerationOutputsResult,
        folder: Path,
        reference: _Ran[GenerationOutputsResult] | Skipped,
    ) -> OutputsDone:
        plan = self.context.plan
        found = quality(
            result,
            reference if isinstance(reference, Skipped) else as_reference(reference.result),
            self.as_published,
            title=plan.suite.datasets[prepared.model.data].title,
            seed=plan.seed,
        )
        return OutputsDone(
            case=planned.key,
            model=result.model,
            accuracy=SEE_GENERATION,
            agreement=SEE_GENERATION,
            generation=found,
            timing=self.context.stopwatch.take(),
        )


def _give_up(context: RunContext, planned: PlannedCase, failure: JobFailed) -> None:
    context.journal.add(
        GivenUp(case=planned.key, at=now(), failure=failure, timing=context.stopwatch.take())
    )
    context.display.failed(planned, failure.reason, unsupported=failure.unsupported)
    context.display.case_finished(planned)
