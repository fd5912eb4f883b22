"""How right every case is, before any is timed: its outputs against those of f32 on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ovreport.record import Case, NotMeasured, Skipped
from ovreport.record import Failed as AspectFailed
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
from ovreport_collector.prepare.model import Ready
from ovreport_collector.session import accuracy as scoring
from ovreport_collector.session.context import Bench, now
from ovreport_collector.session.journal import Described, GivenUp
from ovreport_collector.session.pilot import piloted
from ovreport_collector.session.progress import words
from ovreport_collector.suite import language

_SAMPLE_LIMIT_S = 0.25
"""What a labelled sample may take, which counts four times: some data sets have thousands."""


def describe_all(bench: Bench) -> None:
    """Describe the cases that the journal does not, model by model; give up what cannot run."""
    for model in bench.plan.models:
        undone = [
            planned
            for planned in bench.plan.cases
            if planned.model.id == model.id and not _is_settled(bench, planned)
        ]
        for planned in undone:
            ready = bench.ready[planned.file_key]
            if isinstance(ready, JobFailed):
                _give_up(bench, planned, ready)
        published = bench.ready[model.id, model.variant]
        undone = [planned for planned in undone if not _is_settled(bench, planned)]
        if undone and isinstance(published, Ready):
            _describe_model(bench, published, undone)


def _is_settled(bench: Bench, planned: PlannedCase) -> bool:
    journal, key = bench.journal, planned.key
    return journal.described(key) is not None or journal.given_up(key) is not None


def _describe_model(bench: Bench, ready: Ready, undone: Sequence[PlannedCase]) -> None:
    """Describe cases of a model, all variants against the published file at f32 on the CPU."""
    bench.display.working(f"{ready.model.title}: f32 reference on the CPU")
    folder = bench.work / ready.model.id / "reference"
    of_reference = Case(
        engine=undone[0].case.engine if undone[0].is_language else "openvino",
        device="CPU",
        model=ready.model.id,
        variant=ready.model.variant,
        precision="f32",
    )
    reference = _outputs(bench, ready, bench.target(ready, of_reference), folder)
    for planned in undone:
        bench.display.working(f"{words(planned)}: outputs and accuracy")
        _describe(bench, planned, reference, folder)


def _describe(bench: Bench, planned: PlannedCase, reference: Result, folder: Path) -> None:
    case, ready = planned.case, bench.ready[planned.file_key]
    assert isinstance(ready, Ready)  # noqa: S101 (others were given up)
    here = not planned.is_native and (case.device, case.precision) == ("CPU", "f32")
    if here and not planned.is_made:
        own_folder, result, why = folder, reference, Skipped(reason="this is the reference")
    else:
        own_folder = bench.work / ready.model.id / f"{len(bench.journal.steps)}"
        alongside = piloted(bench, planned, ready).alongside if planned.is_native else None
        result = _outputs(bench, ready, bench.target(ready, case, alongside), own_folder)
        why = None
    if isinstance(result, JobFailed):
        _give_up(bench, planned, result)
    elif isinstance(result, AnswersResult):
        _judge_answers(bench, planned, ready, result, why or generation.as_reference(reference))
    else:
        assert isinstance(result, OutputsResult)  # noqa: S101 (an OutputsJob has no other result)
        _judge(bench, planned, ready, result, own_folder, why or _usable(reference, folder))


def _judge(
    bench: Bench,
    planned: PlannedCase,
    ready: Ready,
    result: OutputsResult,
    folder: Path,
    reference: Path | NotMeasured,
) -> None:
    """Judge the outputs in a folder; `reference`: the folder of the reference's, or why not."""

    def of_reference(name: str) -> Path | NotMeasured:
        return reference if isinstance(reference, NotMeasured) else reference / name

    seed = bench.plan.seed
    with bench.ledger.doing("accuracy"):
        accuracy = scoring.accuracy(
            ready, folder / "labelled.npz", of_reference("labelled.npz"), seed=seed
        )
        further = scoring.further(ready, folder, reference, seed=seed)
        agreement = scoring.agreement(
            result.outputs, folder / "samples.npz", of_reference("samples.npz")
        )
    bench.journal.add(
        Described(
            case=planned.key,
            outputs=result,
            accuracy=accuracy,
            agreement=agreement,
            further_accuracy=further,
            spent_s=bench.ledger.take(),
        )
    )


def _judge_answers(
    bench: Bench,
    planned: PlannedCase,
    ready: Ready,
    result: AnswersResult,
    reference: AnswersResult | NotMeasured,
) -> None:
    title = bench.plan.suite.datasets[ready.model.data].title
    with bench.ledger.doing("accuracy"):
        found = generation.quality(result, reference, title=title, seed=bench.plan.seed)
    bench.journal.add(
        Described(
            case=planned.key,
            outputs=result.described,
            accuracy=generation.SEE,
            agreement=generation.SEE,
            settings=result.settings,
            perplexity=found.perplexity,
            token_agreement=found.agreement,
            spent_s=bench.ledger.take(),
        )
    )


def _outputs(bench: Bench, ready: Ready, target: Target, folder: Path) -> Result:
    folder.mkdir(parents=True, exist_ok=True)
    if language.is_language(ready.model):
        answers = generation.answers_job(ready, target, folder.parent)
        return bench.child(answers, beside_s=generation.ANSWERS_S)
    judges = {path.stem: name for path, name in ready.judged_inputs.items()}
    inputs = {path.stem: str(path) for path in (ready.samples, *ready.judged_inputs)}
    outputs = {name: str(folder / f"{name}.npz") for name in inputs}
    job = OutputsJob(
        target=target, inputs=inputs, outputs=outputs, task=ready.model.task, judges=judges
    )
    return bench.child(job, beside_s=_SAMPLE_LIMIT_S * ready.judged_samples)


def _usable(reference: Result, folder: Path) -> Path | AspectFailed:
    """Return the folder of the reference's outputs, or why there are none."""
    if isinstance(reference, JobFailed):
        return AspectFailed(
            reason=f"the f32 reference failed: {reference.reason}", cause=reference.cause
        )
    return folder


def _give_up(bench: Bench, planned: PlannedCase, failure: JobFailed) -> None:
    bench.journal.add(
        GivenUp(case=planned.key, at=now(), failure=failure, spent_s=bench.ledger.take())
    )
    bench.display.failed(planned, failure.reason, rounds=bench.plan.tier.rounds)
