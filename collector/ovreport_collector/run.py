"""Measures a plan: outputs first, then interleaved rounds, a record as soon as a case is done.

    for every model   inputs, reference outputs
    for every case    its outputs → accuracy, agreement
    round by round    every case in turn, each in fresh processes, until its interval is narrow

Every finished step goes to the journal, so a run that was stopped goes on where it was.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ovreport.record import Case, NotMeasured, Skipped
from ovreport.record import Failed as AspectFailed
from ovreport.store import write
from ovreport.verdict import latency_headline, needs_more_rounds, throughput_headline
from ovreport_collector import (
    assemble,
    calibration,
    child,
    energy,
    extras,
    language,
    scoring,
    spent,
)
from ovreport_collector.calibrator import Timed
from ovreport_collector.display import Display, words
from ovreport_collector.jobs import (
    Alongside,
    AlongsideJob,
    AnswersResult,
    CachedStartJob,
    CachedStartResult,
    Driver,
    ExtraResult,
    GenerationResult,
    Job,
    JobFailed,
    OutputsJob,
    OutputsResult,
    PilotJob,
    PilotResult,
    Result,
    RoundJob,
    RoundResult,
    Target,
)
from ovreport_collector.journal import (
    Described,
    GenerationDone,
    GivenUp,
    Journal,
    Piloted,
    RoundDone,
    RoundFailed,
    Written,
)
from ovreport_collector.noise_watch import Watch
from ovreport_collector.plan import Plan, PlannedCase
from ovreport_collector.prepare import Ready
from ovreport_collector.spent import Ledger

MAX_FAILED_ROUNDS = 2
NO_MODEL_CACHE = JobFailed(
    reason="this framework has no model cache", cause="error", unsupported=True
)
_START_LIMIT_S = 300.0
"""What reading and compiling may take, beside the timed loops."""
_SAMPLE_LIMIT_S = 0.25
"""What a labelled sample may take, which counts four times: some data sets have thousands."""

Reference = Path | AspectFailed | Skipped


@dataclass
class Run:
    """One run of a plan."""

    plan: Plan
    ready: Mapping[tuple[str, str], Ready | JobFailed]
    """Model id and variant → the model, ready to be measured; the published variant always."""
    journal: Journal
    work: Path
    out: Path
    display: Display
    ledger: Ledger = field(default_factory=Ledger)
    """What the wall time since the last step of the journal went to."""
    calibrate: calibration.Calibrate = calibration.off
    """Times the fixed computations before and after every round."""
    timeout_s: float | None = None
    """Limit of one measuring process; None: from the tier."""

    def measure(self) -> None:
        """Measure what the journal does not hold yet, and write its records."""
        self._describe_all()
        for index in range(self.plan.tier.max_rounds):
            self._write_finished(index)
            for planned in self._in_turn(index):
                if not self.journal.tried(planned.key, index):
                    self._round(planned, index)
        self._write_finished(self.plan.tier.max_rounds)

    # ------------------------------------------------------------ outputs

    def _describe_all(self) -> None:
        for model in self.plan.models:
            undone = [
                planned
                for planned in self.plan.cases
                if planned.model.id == model.id and not self._is_settled(planned)
            ]
            for planned in undone:
                ready = self.ready[planned.file_key]
                if isinstance(ready, JobFailed):
                    self._give_up(planned, ready)
            published = self.ready[model.id, model.variant]
            undone = [planned for planned in undone if not self._is_settled(planned)]
            if undone and isinstance(published, Ready):
                self._describe_model(published, undone)

    def _is_settled(self, planned: PlannedCase) -> bool:
        key = planned.key
        return self.journal.described(key) is not None or self.journal.given_up(key) is not None

    def _describe_model(self, ready: Ready, undone: Sequence[PlannedCase]) -> None:
        """Describe cases of a model, all variants against the published file at f32 on the CPU."""
        self.display.working(f"{ready.model.title}: f32 reference on the CPU")
        folder = self.work / ready.model.id / "reference"
        of_reference = Case(
            engine=undone[0].case.engine if undone[0].is_language else "openvino", device="CPU",
            model=ready.model.id, variant=ready.model.variant, precision="f32",
        )  # fmt: skip
        reference = self._outputs(ready, self._target(ready, of_reference), folder)
        for planned in undone:
            self.display.working(f"{words(planned)}: outputs and accuracy")
            self._describe(planned, reference, folder)

    def _describe(self, planned: PlannedCase, reference: Result, folder: Path) -> None:
        case, ready = planned.case, self.ready[planned.file_key]
        assert isinstance(ready, Ready)  # noqa: S101 (others were given up)
        here = not planned.is_native and (case.device, case.precision) == ("CPU", "f32")
        if here and not planned.is_made:
            own_folder, result, why = folder, reference, Skipped(reason="this is the reference")
        else:
            own_folder = self.work / ready.model.id / f"{len(self.journal.steps)}"
            alongside = self._piloted(planned, ready).alongside if planned.is_native else None
            result = self._outputs(ready, self._target(ready, case, alongside), own_folder)
            why = None
        if isinstance(result, JobFailed):
            self._give_up(planned, result)
            return
        if isinstance(result, AnswersResult):
            self._judge_answers(planned, ready, result, why or language.as_reference(reference))
            return
        assert isinstance(result, OutputsResult)  # noqa: S101 (an OutputsJob has no other result)
        with self.ledger.doing("accuracy"):
            accuracy = scoring.accuracy(
                ready, own_folder / "labelled.npz",
                why or _path(reference, folder / "labelled.npz"), seed=self.plan.seed,
            )  # fmt: skip
            further = scoring.further(
                ready, own_folder, why or _path(reference, folder), seed=self.plan.seed
            )
            agreement = scoring.agreement(
                result.outputs, own_folder / "samples.npz",
                why or _path(reference, folder / "samples.npz"),
            )  # fmt: skip
        self.journal.add(
            Described(
                case=planned.key, outputs=result, accuracy=accuracy, agreement=agreement,
                further_accuracy=further,
                spent_s=self.ledger.take(),
            )
        )  # fmt: skip

    def _judge_answers(
        self, planned: PlannedCase, ready: Ready, result: AnswersResult,
        reference: AnswersResult | NotMeasured,
    ) -> None:  # fmt: skip
        title = self.plan.suite.datasets[ready.model.data].title
        with self.ledger.doing("accuracy"):
            found = language.quality(result, reference, title=title, seed=self.plan.seed)
        self.journal.add(
            Described(
                case=planned.key, outputs=result.described, accuracy=language.SEE,
                agreement=language.SEE, settings=result.settings, perplexity=found.perplexity,
                token_agreement=found.agreement, spent_s=self.ledger.take(),
            )
        )  # fmt: skip

    def _outputs(self, ready: Ready, target: Target, folder: Path) -> Result:
        folder.mkdir(parents=True, exist_ok=True)
        if language.is_language(ready.model):
            answers = language.answers_job(ready, target, folder.parent)
            return self._child(answers, beside_s=language.ANSWERS_S)
        judges = {path.stem: name for path, name in ready.judged_inputs.items()}
        inputs = {path.stem: str(path) for path in (ready.samples, *ready.judged_inputs)}
        outputs = {name: str(folder / f"{name}.npz") for name in inputs}
        job = OutputsJob(
            target=target, inputs=inputs, outputs=outputs, task=ready.model.task, judges=judges
        )
        return self._child(job, beside_s=_SAMPLE_LIMIT_S * ready.judged_samples)

    def _give_up(self, planned: PlannedCase, failure: JobFailed) -> None:
        step = GivenUp(
            case=planned.key, at=_now(), failure=failure, spent_s=self.ledger.take()
        )  # fmt: skip
        self.journal.add(step)
        self.display.failed(planned, failure.reason, rounds=self.plan.tier.rounds)

    # ------------------------------------------------------------ rounds

    def _in_turn(self, index: int) -> Iterator[PlannedCase]:
        """Yield the cases that want this round; every second round in the opposite order.

        So of two cases side by side neither is always the one that runs on the hotter machine.
        """
        wanted = [planned for planned in self.plan.cases if self._wants(planned, index)]
        yield from wanted if index % 2 == 0 else reversed(wanted)

    def _wants(self, planned: PlannedCase, index: int) -> bool:
        key = planned.key
        if self.journal.written(key, self.out) or self.journal.given_up(key):
            return False
        if len(self.journal.failed_rounds(key)) >= MAX_FAILED_ROUNDS:
            return False
        return index < self.plan.tier.rounds or (
            index < self.plan.tier.max_rounds and self._is_wide(key)
        )

    def _is_wide(self, key: str) -> bool:
        if generated := self.journal.generated(key):
            return language.is_wide(generated)
        results = [step.result for step in self.journal.rounds(key)]
        latency = [r.latency for r in results if r.latency is not None]
        throughput = [r.throughput for r in results if r.throughput is not None]
        return (bool(latency) and needs_more_rounds(latency_headline(latency))) or (
            bool(throughput) and needs_more_rounds(throughput_headline(throughput, 1))
        )

    def _round(self, planned: PlannedCase, index: int) -> None:
        self.display.round_started(planned, index)
        ready = self.ready[planned.file_key]
        if isinstance(ready, JobFailed):
            # It was ready when the run began: what vanished since is this round's failure.
            self._fail(planned, index, _now(), ready)
            return
        if planned.is_language:
            self._generation_round(planned, ready, index)
            return
        piloted = self._piloted(planned, ready)
        target = self._target(ready, planned.case, piloted.alongside)
        calibrated_before = self._calibrated(planned)
        started_at = _now()
        job = RoundJob(
            target=target, round=index, tier=self.plan.tier, inputs=str(ready.samples),
            seed=self.plan.seed, driver=piloted.driver,
            energy_in=energy.where(self.plan.devices[planned.case.device]),
        )  # fmt: skip
        with Watch() as watch:
            result = self._child(job)
        calibrated_after = self._calibrated(planned)
        if isinstance(result, RoundResult):
            step = RoundDone(
                case=planned.key, round=index, started_at=started_at, result=result,
                cached=self._cached_start(planned, ready, target, index),
                readings={**watch.readings, **result.switches},
                extras=self._extras(planned, ready, target, index, result),
                spent_s=self.ledger.take(),
                calibration=calibration.around(index, calibrated_before, calibrated_after),
            )  # fmt: skip
            self.journal.add(step)
            self.display.round_finished(planned, step)
        elif isinstance(result, JobFailed):
            self._fail(planned, index, started_at, result)

    def _generation_round(self, planned: PlannedCase, ready: Ready, index: int) -> None:
        job = language.round_job(self.plan, ready, self._target(ready, planned.case), index)
        calibrated_before = self._calibrated(planned)
        started_at = _now()
        with Watch() as watch:
            result = self._child(job, beside_s=language.seconds(self.plan.tier))
        calibrated_after = self._calibrated(planned)
        if isinstance(result, GenerationResult):
            step = GenerationDone(
                case=planned.key, round=index, started_at=started_at, result=result,
                readings={**watch.readings, **result.switches}, spent_s=self.ledger.take(),
                calibration=calibration.around(index, calibrated_before, calibrated_after),
            )  # fmt: skip
            self.journal.add(step)
            self.display.round_finished(planned, step)
        elif isinstance(result, JobFailed):
            self._fail(planned, index, started_at, result)

    def _calibrated(self, planned: PlannedCase) -> Timed | NotMeasured:
        with self.ledger.doing("calibration"):
            return self.calibrate(planned.case.device)

    def _fail(self, planned: PlannedCase, index: int, started_at: str, failure: JobFailed) -> None:
        step = RoundFailed(
            case=planned.key, round=index, started_at=started_at, failure=failure,
            spent_s=self.ledger.take(),
        )  # fmt: skip
        self.journal.add(step)
        self.display.failed(planned, failure.reason)

    def _extras(
        self, planned: PlannedCase, ready: Ready, target: Target, index: int, latest: RoundResult
    ) -> dict[str, ExtraResult | JobFailed]:
        """Measure the extra aspects of a round, each in a process of its own."""
        earlier = self.journal.rounds(planned.key)
        around = extras.Around(
            planned=planned, ready=ready, target=target, tier=self.plan.tier, round=index,
            seed=self.plan.seed, first=earlier[0].result if earlier else latest, latest=latest,
            cores=self._cores(planned),
        )  # fmt: skip
        found: dict[str, ExtraResult | JobFailed] = {}
        for extra in extras.EXTRAS:
            wanted = index < extras.rounds_of(extra, self.plan.tier.name)
            if extra.name in self.plan.skip or not wanted:
                continue
            if extras.why_not(extra, planned, ready, self.plan.tier.name) is not None:
                continue
            self.display.working(
                f"{words(planned)}, round {index + 1}: {extra.name.replace('_', ' ')}"
            )
            result = self._child(extra.job(around), beside_s=extra.seconds(self.plan.tier))
            assert isinstance(result, ExtraResult | JobFailed)  # noqa: S101 (its jobs have no other)
            found[extra.name] = result
        return found

    def _cores(self, planned: PlannedCase) -> int:
        is_cpu = self.plan.devices[planned.case.device].family == "CPU"
        return self.plan.machine.cores_available if is_cpu else 0

    def _cached_start(
        self, planned: PlannedCase, ready: Ready, target: Target, index: int
    ) -> CachedStartResult | JobFailed:
        """Start from the case's model cache, after filling it in a process of its own."""
        if planned.is_native:
            return NO_MODEL_CACHE
        position = list(self.plan.cases).index(planned)
        cache_dir = self.work / "model-cache" / str(position)
        job = CachedStartJob(
            target=target, round=index, inputs=str(ready.samples), cache_dir=str(cache_dir),
            seed=self.plan.seed,
        )  # fmt: skip
        if not cache_dir.exists():
            cache_dir.mkdir(parents=True)
            self._child(job)
        result = self._child(job)
        if isinstance(result, CachedStartResult | JobFailed):
            return result
        raise TypeError(f"not the result of a cached start: {type(result).__name__}")

    def _piloted(self, planned: PlannedCase, ready: Ready) -> Piloted:
        """Return how to drive the case's requests; a pilot finds out before its first round."""
        known = self.journal.piloted(planned.key)
        if known is not None:
            return known
        if planned.is_native:
            found = self._piloted_alongside(planned, ready)
        else:
            target = self._target(ready, planned.case)
            result = self._child(PilotJob(target=target, inputs=str(ready.samples)))
            # What stopped the pilot will stop the round too, and is told there.
            driver: Driver = result.driver if isinstance(result, PilotResult) else "threads"
            found = Piloted(case=planned.key, driver=driver)
        self.journal.add(found)
        return found

    def _piloted_alongside(self, planned: PlannedCase, ready: Ready) -> Piloted:
        """Return the threads and requests that OpenVINO has: a native framework gets as many."""
        beside = msgspec.structs.replace(planned.case, engine="openvino")
        result = self._child(AlongsideJob(target=self._target(ready, beside)))
        # Where OpenVINO cannot run the model, the framework runs with its own defaults.
        alongside = result if isinstance(result, Alongside) else None
        return Piloted(case=planned.key, driver="threads", alongside=alongside)

    # ------------------------------------------------------------ records

    def _write_finished(self, index: int) -> None:
        """Write the records of the cases that want no round of this index, or a later one."""
        for planned in self.plan.cases:
            if self.journal.written(planned.key, self.out) or self._wants(planned, index):
                continue
            record = assemble.record(self.plan, planned, self.ready[planned.file_key], self.journal)
            path = write(record, self.out.absolute())
            self.journal.add(Written(case=planned.key, path=str(path)))

    # ------------------------------------------------------------ parts

    def _target(self, ready: Ready, case: Case, alongside: Alongside | None = None) -> Target:
        return Target(
            engine=case.engine,
            model=str(ready.file),
            shapes=ready.model.shapes,
            device=case.device,
            precision=case.precision,
            plugins=dict(self.plan.plugins),
            alongside=alongside,
        )

    def _child(self, job: Job, *, beside_s: float = 0) -> Result:
        limit_s = self.timeout_s or _START_LIMIT_S + 4 * (self.plan.tier.max_seconds + beside_s)
        began = spent.clock()
        result = child.run(job, self.work, limit_s=limit_s)
        self.ledger.process(spent.clock() - began, spent.told(child.spent_file(self.work)))
        return result


def _path(reference: Result, path: Path) -> Path | AspectFailed:
    if isinstance(reference, JobFailed):
        return AspectFailed(
            reason=f"the f32 reference failed: {reference.reason}", cause=reference.cause
        )
    return path


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
