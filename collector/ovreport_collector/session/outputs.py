"""How right every case is, before any is timed: its outputs against those of f32 on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ovreport.record import Case, NotMeasured, Skipped
from ovreport.record import Failed as MeasurementFailed
from ovreport_collector.jobs import (
    AnswersResult,
    JobFailed,
    OutputsJob,
    OutputsResult,
    Result,
    Target,
)
from ovreport_collector.measurements import generation
from ovreport_collector.plan.plan import PlannedCase
from ovreport_collector.prepare.model import PreparedModel
from ovreport_collector.session import accuracy as scoring
from ovreport_collector.session import estimate
from ovreport_collector.session.context import RunContext, now
from ovreport_collector.session.journal import Described, GivenUp
from ovreport_collector.session.pilot import piloted
from ovreport_collector.session.progress import words
from ovreport_collector.suite import language

_SAMPLE_LIMIT_S = 0.25
"""What a labelled sample may take, which counts four times: some data sets have thousands."""


def describe_all(context: RunContext) -> None:
    """Describe the cases that the journal does not, model by model; give up what cannot run."""
    for model in context.plan.models:
        undone = [
            planned
            for planned in context.plan.cases
            if planned.model.id == model.id and not _is_settled(context, planned)
        ]
        for planned in undone:
            prepared = context.prepared[planned.file_key]
            if isinstance(prepared, JobFailed):
                _give_up(context, planned, prepared)
        published = context.prepared[model.id, model.variant]
        undone = [planned for planned in undone if not _is_settled(context, planned)]
        if undone and isinstance(published, PreparedModel):
            _describe_model(context, published, undone)


def _is_settled(context: RunContext, planned: PlannedCase) -> bool:
    journal, key = context.journal, planned.key
    return journal.described(key) is not None or journal.given_up(key) is not None


def _describe_model(
    context: RunContext, prepared: PreparedModel, undone: Sequence[PlannedCase]
) -> None:
    """Describe cases of a model, all variants against the published file at f32 on the CPU."""
    context.display.working(
        f"{prepared.model.title}: f32 reference on the CPU",
        estimate.accuracy_s(context.plan, prepared.model),
    )
    folder = context.work / prepared.model.id / "reference"
    of_reference = Case(
        engine=undone[0].case.engine if undone[0].is_language else "openvino",
        device="CPU",
        model=prepared.model.id,
        variant=prepared.model.variant,
        precision="f32",
    )
    reference = _outputs(context, prepared, context.target(prepared, of_reference), folder)
    for planned in undone:
        context.display.working(
            f"{words(planned)}: outputs and accuracy",
            estimate.case_accuracy_s(context.plan, planned),
        )
        _describe(context, planned, reference, folder)


def _describe(context: RunContext, planned: PlannedCase, reference: Result, folder: Path) -> None:
    case, prepared = planned.case, context.prepared[planned.file_key]
    assert isinstance(prepared, PreparedModel)  # noqa: S101 (others were given up)
    here = not planned.is_native and (case.device, case.precision) == ("CPU", "f32")
    if here and not planned.is_optimized:
        own_folder, result, why = folder, reference, Skipped(reason="this is the reference")
    else:
        own_folder = context.work / prepared.model.id / f"{len(context.journal.steps)}"
        thread_settings = (
            piloted(context, planned, prepared).thread_settings if planned.is_native else None
        )
        result = _outputs(
            context, prepared, context.target(prepared, case, thread_settings), own_folder
        )
        why = None
    if isinstance(result, JobFailed):
        _give_up(context, planned, result)
    elif isinstance(result, AnswersResult):
        _judge_answers(
            context, planned, prepared, result, why or generation.as_reference(reference)
        )
    else:
        assert isinstance(result, OutputsResult)  # noqa: S101 (an OutputsJob has no other result)
        _judge(context, planned, prepared, result, own_folder, why or _usable(reference, folder))


def _judge(
    context: RunContext,
    planned: PlannedCase,
    prepared: PreparedModel,
    result: OutputsResult,
    folder: Path,
    reference: Path | NotMeasured,
) -> None:
    """Judge the outputs in a folder; `reference`: the folder of the reference's, or why not."""

    def of_reference(name: str) -> Path | NotMeasured:
        return reference if isinstance(reference, NotMeasured) else reference / name

    seed = context.plan.seed
    with context.ledger.doing("accuracy"):
        accuracy = scoring.accuracy(
            prepared, folder / "labelled.npz", of_reference("labelled.npz"), seed=seed
        )
        further = scoring.further(prepared, folder, reference, seed=seed)
        agreement = scoring.agreement(
            result.outputs, folder / "samples.npz", of_reference("samples.npz")
        )
    context.journal.add(
        Described(
            case=planned.key,
            outputs=result,
            accuracy=accuracy,
            agreement=agreement,
            additional_accuracy=further,
            spent_s=context.ledger.take(),
        )
    )


def _judge_answers(
    context: RunContext,
    planned: PlannedCase,
    prepared: PreparedModel,
    result: AnswersResult,
    reference: AnswersResult | NotMeasured,
) -> None:
    title = context.plan.suite.datasets[prepared.model.data].title
    with context.ledger.doing("accuracy"):
        found = generation.quality(result, reference, title=title, seed=context.plan.seed)
    context.journal.add(
        Described(
            case=planned.key,
            outputs=result.described,
            accuracy=generation.SEE,
            agreement=generation.SEE,
            settings=result.settings,
            perplexity=found.perplexity,
            token_agreement=found.agreement,
            spent_s=context.ledger.take(),
        )
    )


def _outputs(context: RunContext, prepared: PreparedModel, target: Target, folder: Path) -> Result:
    folder.mkdir(parents=True, exist_ok=True)
    if language.is_language(prepared.model):
        answers = generation.answers_job(prepared, target, folder.parent)
        return context.child(answers, beside_s=generation.ANSWERS_S)
    evaluators = {path.stem: name for path, name in prepared.labelled_sets.items()}
    inputs = {path.stem: str(path) for path in (prepared.samples, *prepared.labelled_sets)}
    outputs = {name: str(folder / f"{name}.npz") for name in inputs}
    job = OutputsJob(
        target=target,
        inputs=inputs,
        outputs=outputs,
        task=prepared.model.task,
        evaluators=evaluators,
    )
    return context.child(job, beside_s=_SAMPLE_LIMIT_S * prepared.labelled_samples)


def _usable(reference: Result, folder: Path) -> Path | MeasurementFailed:
    """Return the folder of the reference's outputs, or why there are none."""
    if isinstance(reference, JobFailed):
        return MeasurementFailed(
            reason=f"the f32 reference failed: {reference.reason}", cause=reference.cause
        )
    return folder


def _give_up(context: RunContext, planned: PlannedCase, failure: JobFailed) -> None:
    context.journal.add(
        GivenUp(case=planned.key, at=now(), failure=failure, spent_s=context.ledger.take())
    )
    context.display.failed(planned, failure.reason, rounds=context.plan.tier.rounds)
