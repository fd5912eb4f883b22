"""How long a collect takes: what is announced before, and the time left while it runs.

    total_s(plan)           expected seconds of all that a plan has to do, as announced
    longest_s(plan)         the same on a disturbed machine, where more processes are added
    Forecast(plan, done)    seconds left: what work took replaces what it was expected to take

There is one model of time, a table: each kind of work on each case, how often it has to be done,
and its expected seconds. What measuring takes is said by the measurements (`registry.expected`),
what an unusual accuracy takes by its task; the rest is here. All numbers are rough seconds on two
cores of an AMD EPYC; downloads are not counted.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ovreport_collector import tasks
from ovreport_collector.datasets import selection
from ovreport_collector.measurements import registry
from ovreport_collector.measurements.base import Pass, PassName
from ovreport_collector.measurements.generation import measurement as generation
from ovreport_collector.measurements.generation import published
from ovreport_collector.models import cache
from ovreport_collector.models.variants import is_calibrated, optimized_file_name
from ovreport_collector.plan.plan import Plan, PlannedCase
from ovreport_collector.process.timing import Clock
from ovreport_collector.session.journal import (
    FurtherDone,
    GivenUp,
    Journal,
    OutputsDone,
    StepDone,
    Written,
)
from ovreport_collector.sources.address import parse
from ovreport_collector.suite.language import is_language
from ovreport_collector.suite.model import Model
from ovreport_collector.tasks import SlowAccuracy

_PREPARING_S = 0.45
"""Of making a model's inputs."""
_ACCURACY_S = 1.0
"""Of a case's accuracy and agreement, where the task does not say."""
_SAMPLES = 60
"""Inferences that it takes beside, if they are slow: two at once of a hundred and more."""
_SAMPLE_S = 0.02
"""Of the accuracy of one sample of a user's dataset."""
_OPTIMIZING_S = 10.0
"""Of optimizing a model, once: the result is cached."""
_QUANTIZING_S, _CALIBRATED = 20.0, 1200
"""The same where it is calibrated, in several ways of which one is kept; and the inferences that
this takes beside, if they are slow."""
_FROM_CACHE_S = 1.0
"""Of finding it there, and making its calibration data to compare."""
_CORES = 2
"""Cores that all these numbers are of."""

OUTPUTS = "outputs and accuracy"


class Work(NamedTuple):
    """A kind of work on one thing."""

    of: str
    """Key of a case; of what a model's cases share, the model's id."""
    kind: str
    """What is done: a step of a process, the name of a measurement, or one of this module's."""


@dataclass(frozen=True)
class Done:
    """What a stopped run has done already."""

    rounds: int = 0
    processes: Mapping[str, int] = field(default_factory=dict)
    """Case → its processes that came to their ends."""
    work: Sequence[tuple[Work, float]] = ()
    """And the seconds that each piece took."""
    finished: Collection[str] = ()
    """Keys of the cases for which nothing more is done."""


NOTHING = Done()


def total_s(plan: Plan) -> float:
    """Return the expected seconds of a plan at the fewest processes: the sum of all its work."""
    return sum(seconds for _, seconds in _expected(plan))


def longest_s(plan: Plan) -> float:
    """Return the expected seconds at the most processes, which a disturbed machine takes."""
    more = range(plan.tier.processes, plan.tier.max_processes)
    return total_s(plan) + sum(
        seconds
        for planned in plan.cases
        for index in more
        for _, seconds in process(plan, planned, index)
    )


def preparing(model: Model) -> Work:
    """Return the work of making a model's inputs."""
    return Work(model.id, "inputs")


def optimizing(model: Model, variant: str) -> Work:
    """Return the work of optimizing a model to a variant."""
    return Work(model.id, f"optimizing to {variant}")


def reference(model: Model) -> Work:
    """Return the work of a model's outputs at f32 on the CPU."""
    return Work(model.id, OUTPUTS)


def as_published(model: Model) -> Work:
    """Return the work of the perplexity of a language model's published file."""
    return Work(model.id, "perplexity of the published file")


def outputs(planned: PlannedCase) -> Work:
    """Return the work of a case's outputs and accuracy."""
    return Work(planned.key, OUTPUTS)


def process(plan: Plan, planned: PlannedCase, index: int) -> Iterator[tuple[Work, float]]:
    """Yield the work of process `index` of a case, what follows it included, and its seconds."""
    for kind, seconds in registry.expected(
        planned, plan.tier, index, _inference_s(plan, planned), plan.skip
    ):
        yield Work(planned.key, kind), seconds


def step(planned: PlannedCase, one: Pass, index: int) -> Work:
    """Return the work of a step of process `index` of a case."""
    return Work(planned.key, registry.workload(planned).kind(one, index))


def done(plan: Plan, journal: Journal) -> Done:
    """Return what a journal holds of a plan."""
    cases = {planned.key: planned for planned in plan.cases}
    processes = {key: journal.processes(key) for key in cases}
    return Done(
        rounds=sum(len(one.rounds) for of_case in processes.values() for one in of_case),
        processes={key: sum(one.is_over for one in some) for key, some in processes.items()},
        work=list(_taken(cases, journal)),
        finished={s.case for s in journal.steps if isinstance(s, GivenUp | Written)},
    )


def _taken(cases: Mapping[str, PlannedCase], journal: Journal) -> Iterator[tuple[Work, float]]:
    """Yield the work of a journal, and the seconds that it took."""
    visits = Counter[tuple[str, int, PassName]]()
    for entry in journal.steps:
        match entry:
            case OutputsDone():
                planned = cases[entry.case]
                work = reference(planned.model) if planned.is_reference else outputs(planned)
            case StepDone():
                name = entry.name
                one = Pass(name, visits[entry.case, entry.process, name])
                visits[entry.case, entry.process, name] += 1
                work = step(cases[entry.case], one, entry.process)
            case FurtherDone():
                work = Work(entry.case, entry.name)
            case _:
                continue
        yield work, entry.timing.wall_s


class Forecast:
    """The seconds that are left of a plan, as far as can be told.

    Work that was done before on the same case will take what it took. Other work will take what was
    expected, times what the same kind of work on other cases took of what was expected of it. So
    what is announced wrongly is right as soon as it was done once.
    """

    def __init__(self, plan: Plan, done: Done = NOTHING, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._counts: dict[Work, int] = defaultdict(int)
        self._expected: dict[Work, float] = {}
        self._took: dict[Work, list[float]] = defaultdict(list)
        self._current: tuple[Work, float] | None = None
        self.spent_s = 0.0
        """What the work took that is done."""
        self.add(_expected(plan))
        for work, took in done.work:
            self._note(work, took)
        for case in done.finished:
            self.finish(case)

    def add(self, work: Iterable[tuple[Work, float]]) -> None:
        """Note that more has to be done, and its expected seconds."""
        for one, seconds in work:
            self._counts[one] += 1
            self._expected[one] = seconds

    def begin(self, work: Work | None) -> None:
        """Note that work begins, which ends what was done before; None: nothing that is counted."""
        self.end()
        self._current = None if work is None else (work, self._clock())

    def end(self) -> None:
        """Note that nothing is being done."""
        if self._current is not None:
            work, since = self._current
            self._current = None
            self._note(work, self._clock() - since)

    def finish(self, of: str) -> None:
        """Note that nothing more will be done for a case: it is finished, or was given up."""
        for work in self._counts:
            if work.of == of:
                self._counts[work] = 0

    @property
    def left_s(self) -> float:
        """Seconds that what has to be done will take."""
        ratios = self._ratios()
        left = sum(n * self._each_s(work, ratios) for work, n in list(self._counts.items()) if n)
        if self._current is None:
            return left
        work, since = self._current
        running = min(self._clock() - since, self._each_s(work, ratios))
        return left - (running if self._counts[work] else 0.0)

    @property
    def share(self) -> float:
        """The share of all work that is done, 0 to 1."""
        spent = self.spent_s + (self._clock() - self._current[1] if self._current else 0.0)
        left = self.left_s
        return spent / (spent + left) if spent + left else 0.0

    def _note(self, work: Work, took: float) -> None:
        self._took[work].append(took)
        self._counts[work] = max(0, self._counts[work] - 1)
        self.spent_s += took

    def _each_s(self, work: Work, ratios: dict[str, float]) -> float:
        if took := self._took.get(work):
            return sum(took) / len(took)
        return self._expected.get(work, 0.0) * ratios.get(work.kind, 1.0)

    def _ratios(self) -> dict[str, float]:
        """Return by kind what work took of what was expected."""
        took, expected = defaultdict[str, float](float), defaultdict[str, float](float)
        # The bar is drawn in a thread of its own, while this one notes what was done.
        for work, seconds in list(self._took.items()):
            took[work.kind] += sum(seconds)
            expected[work.kind] += len(seconds) * self._expected.get(work, 0.0)
        return {kind: took[kind] / whole for kind, whole in expected.items() if whole}


# ---------------------------------------------------------------- what there is to do


def _expected(plan: Plan) -> Iterator[tuple[Work, float]]:
    """Yield every piece of a plan's work at the fewest processes, and its expected seconds."""
    for model in plan.models:
        yield preparing(model), _PREPARING_S
        yield reference(model), _accuracy_s(plan, model)
        if is_language(model) and not _has_published(plan, model):
            yield as_published(model), published.EXPECTED_S
        for name in plan.optimized_variants(model):
            yield optimizing(model, name), _optimizing_s(model, name)
    for planned in plan.cases:
        if not planned.is_reference:  # its outputs are the model's
            yield outputs(planned), _accuracy_s(plan, planned.model)
        for index in range(plan.tier.processes):
            yield from process(plan, planned, index)


def _has_published(plan: Plan, model: Model) -> bool:
    """Return whether the published file's perplexity is not computed, or lies in the cache."""
    name = parse(model.file.uri).name
    return published.has_been_computed(name) or published.why_not(name, plan.skip) is not None


def _optimizing_s(model: Model, variant: str) -> float:
    """Return the expected seconds of having a variant of a model, which may lie in the cache."""
    if cache.has_been_built(variant=variant, file=optimized_file_name(model, variant)):
        return _FROM_CACHE_S
    if is_calibrated(variant):
        return _QUANTIZING_S + _CALIBRATED * model.inference_ms / 1000
    return _OPTIMIZING_S


def _inference_s(plan: Plan, planned: PlannedCase) -> float:
    """Return about what an inference takes: processors share its work."""
    is_processor = plan.devices[planned.case.device].family == "CPU"
    cores = plan.machine.cores_available if is_processor else _CORES
    return planned.model.inference_ms / 1000 * _CORES / max(_CORES, cores)


def _accuracy_s(plan: Plan, model: Model) -> float:
    """Return the expected seconds of the outputs and the accuracy of one of a model's cases."""
    if is_language(model):
        return generation.ACCURACY_S
    task = tasks.get(model.task)
    one = _ACCURACY_S + _SAMPLES * model.inference_ms / 1000
    if isinstance(task, SlowAccuracy):
        one = task.accuracy_s
    if dataset := plan.suite.user_datasets.get(model.data):
        one = max(one, _SAMPLE_S * min(dataset.n, plan.samples or selection.MAX_SAMPLES))
    return one
