"""How long a collect takes, step by step: what is announced, and what the progress bar counts.

All numbers are rough seconds, measured on two cores of an AMD EPYC; downloads are not counted.
What a measurement takes is said by the measurement, what an unusual accuracy takes by its task;
the rest is here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ovreport_collector import tasks
from ovreport_collector.datasets import selection
from ovreport_collector.measurements import registry
from ovreport_collector.measurements.base import PlannedRound
from ovreport_collector.measurements.generation import measurement as generation
from ovreport_collector.models.variants import is_calibrated
from ovreport_collector.plan.plan import Plan, PlannedCase
from ovreport_collector.session.journal import Journal
from ovreport_collector.suite.language import is_language
from ovreport_collector.suite.model import Model
from ovreport_collector.tasks import SlowAccuracy

_ACCURACY_S = 3.0
"""Of a case's accuracy and agreement, where the task does not say."""
_SAMPLE_S = 0.02
"""Of the accuracy of one sample of a user's dataset."""
_OPTIMIZING_S = 10.0
"""Of optimizing a model, once: the result is cached."""
_QUANTIZING_S = 100.0
"""The same where it is calibrated: it is tried in several ways, of which one is kept."""


@dataclass(frozen=True)
class Done:
    """What a stopped run has measured already."""

    rounds: int
    seconds: float
    """As they were expected, not as they were."""
    processes: Mapping[str, int] = field(default_factory=dict)
    """Case → its processes that are over."""


def total_s(plan: Plan) -> float:
    """Return the expected seconds of a plan at the fewest processes: the sum of all its steps."""
    return (
        sum(optimizing_s(name) for model in plan.models for name in plan.optimized_variants(model))
        + sum(accuracy_s(plan, model) for model in plan.models)
        + sum(case_accuracy_s(plan, planned) for planned in plan.cases)
        + sum(processes_s(plan, planned) for planned in plan.cases)
    )


def optimizing_s(variant: str) -> float:
    """Return the expected seconds of optimizing a model to a variant."""
    return _QUANTIZING_S if is_calibrated(variant) else _OPTIMIZING_S


def accuracy_s(plan: Plan, model: Model) -> float:
    """Return the expected seconds of a model's accuracy: once, for the f32 reference."""
    if is_language(model):
        return generation.ACCURACY_S
    task = tasks.get(model.task)
    one = task.accuracy_s if isinstance(task, SlowAccuracy) else _ACCURACY_S
    if dataset := plan.suite.user_datasets.get(model.data):
        one = max(one, _SAMPLE_S * min(dataset.n, plan.samples or selection.MAX_SAMPLES))
    return one


def case_accuracy_s(plan: Plan, planned: PlannedCase) -> float:
    """Return the expected seconds of a case's accuracy; the reference's own is known already."""
    return 0.0 if planned.is_reference else accuracy_s(plan, planned.model)


def processes_s(plan: Plan, planned: PlannedCase) -> float:
    """Return the expected seconds of the fewest processes of a case."""
    return sum(process_s(plan, planned, index) for index in range(plan.tier.processes))


def process_s(plan: Plan, planned: PlannedCase, index: int) -> float:
    """Return the expected seconds of one process of a case, and of what follows it.

    The first ones are followed by more than the later ones.
    """
    return registry.process_s(planned, plan.tier, index, plan.skip)


def step_s(current: PlannedRound) -> float:
    """Return the expected seconds of one step of a process: all count alike."""
    workload = registry.workload(current.planned)
    seconds = workload.seconds(current.tier, current.index, skip=current.skip)
    return seconds / len(current.passes)


def done(plan: Plan, journal: Journal) -> Done:
    """Return what a journal holds of a plan; of a process that was cut short, only its rounds."""
    rounds, seconds = 0, 0.0
    counts: dict[str, int] = {}
    for planned in plan.cases:
        processes = journal.processes(planned.key)
        rounds += len({number for process in processes for number in process.rounds})
        counts[planned.key] = over = sum(process.is_over for process in processes)
        seconds += sum(process_s(plan, planned, index) for index in range(over))
        if journal.outputs(planned.key) is not None:
            seconds += case_accuracy_s(plan, planned)
    return Done(rounds, seconds, counts)
