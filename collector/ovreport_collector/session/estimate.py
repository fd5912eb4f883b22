"""How long a collect takes, step by step: what is announced, and what the progress bar counts.

All numbers are rough seconds, measured on two cores of an AMD EPYC; downloads are not counted.
What a measurement takes is said by the measurement, what an unusual accuracy takes by its task;
the rest is here.
"""

from __future__ import annotations

from dataclasses import dataclass

from ovreport_collector import tasks
from ovreport_collector.datasets import selection
from ovreport_collector.measurements import registry
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


def total_s(plan: Plan) -> float:
    """Return the expected seconds of a plan at the fewest rounds: the sum of all its steps."""
    return (
        sum(optimizing_s(name) for model in plan.models for name in plan.optimized_variants(model))
        + sum(accuracy_s(plan, model) for model in plan.models)
        + sum(case_accuracy_s(plan, planned) for planned in plan.cases)
        + sum(rounds_s(plan, planned) for planned in plan.cases)
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


def rounds_s(plan: Plan, planned: PlannedCase) -> float:
    """Return the expected seconds of the fewest rounds of a case."""
    return sum(round_s(plan, planned, index) for index in range(plan.tier.processes))


def round_s(plan: Plan, planned: PlannedCase, index: int) -> float:
    """Return the expected seconds of one round of a case: the first ones measure more."""
    return registry.round_s(planned, plan.tier, index, plan.skip)


def done(plan: Plan, journal: Journal) -> Done:
    """Return what a journal holds of a plan."""
    rounds, seconds = 0, 0.0
    for planned in plan.cases:
        indices = [step.round for step in journal.rounds(planned.key)]
        rounds += len(indices)
        seconds += sum(round_s(plan, planned, index) for index in indices)
        if journal.outputs(planned.key) is not None:
            seconds += case_accuracy_s(plan, planned)
    return Done(rounds, seconds)
