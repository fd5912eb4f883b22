"""What a measurement is: when it applies, its job, and its part of the record."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, NamedTuple, TypeVar

from ovreport.record import (
    Device,
    Failed,
    FailedRound,
    MemoryMode,
    NotMeasured,
    Skipped,
    Tier,
    Unsupported,
)
from ovreport_collector.engines.types import Target
from ovreport_collector.loadgen.drivers import Driver
from ovreport_collector.measurements.results import GenerationQuality, InferenceResult
from ovreport_collector.plan.plan import PlannedCase
from ovreport_collector.prepare.model import PreparedModel
from ovreport_collector.process.job import AnyJob, Job, JobFailed, R
from ovreport_collector.suite.model import Model

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)

FAILED_BEFORE = Skipped(reason="the case failed before this was measured")
SEE_GENERATION = Unsupported(reason="a language model: see generation")
NO_ROUND = Skipped(reason="no round measured this")

PROCESSES = {"quick": 1, "standard": 5, "publish": 7}
"""Tier → processes after which a measurement that takes long is done. Five are the fewest that may
be compared; at quick one, which has no interval: five would take most of a collect."""


PassName = Literal["start", "latency", "switch", "throughput", "end", "generation"]


class Pass(NamedTuple):
    """One step that every process of a group makes in turn."""

    name: PassName
    visit: int = 0
    """Which of the process's visits of this name it is."""

    @property
    def is_visit(self) -> bool:
        """Whether a round is timed in it."""
        return self.name in VISITS


VISITS: tuple[PassName, ...] = ("latency", "throughput", "generation")
"""The steps in which a round is timed."""


@dataclass(frozen=True)
class PlannedProcess:
    """One process of a case, and what is measured after it: what their jobs are made of."""

    planned: PlannedCase
    prepared: PreparedModel
    target: Target
    device: Device
    tier: Tier
    index: int
    """Number of the process."""
    seed: int
    driver: Driver | None
    """How to drive requests under load; None: it has to be found out."""
    folder: Path
    """Of the case, for what its processes share."""
    skip: Sequence[str] = ()
    """Names of what the user left out."""
    cores: int = 0
    """Processor cores that the device computes on; 0 where it is no processor."""
    passes: Sequence[Pass] = ()
    """The steps that the process makes."""

    def rounds(self, name: PassName) -> list[int]:
        """Return the numbers of the rounds that the process measures in steps of a name."""
        first = self.index * self.tier.rounds_per_process
        return [first + one.visit for one in self.passes if one.name == name]


class Measurement(ABC, Generic[R]):
    """A measurement that follows a case's process, in a process of its own.

    `R` is the result of its job.
    """

    name: ClassVar[str]
    """Of the record's field, and of `--skip`."""
    is_field: ClassVar[bool] = True
    """Whether the record has a field of this name."""
    memory_mode: ClassVar[str] = ""
    """The mode that it adds to the record's memory."""
    needs_streams: ClassVar[bool] = False
    """Whether it sets a device's streams: one that hands the work to others has none."""
    for_all_cases: ClassVar[bool] = False
    """Whether cases of native frameworks have it too, and at quick those of variants and of
    other precisions than the default."""

    def why_not(self, planned: PlannedCase, prepared: PreparedModel) -> NotMeasured | None:
        """Return why this case does not have it; None where it has."""
        return None

    def rounds(self, tier: Tier) -> int:
        """Return after how many of a case's processes it is done."""
        return PROCESSES[tier.name]

    def fits(self, model: Model) -> bool:
        """Return whether a model may have it, as far as that is known before it is prepared."""
        return True

    @abstractmethod
    def seconds(self, tier: Tier, inference_s: float = 0.0) -> float:
        """Return about how many seconds it takes once.

        `inference_s` is about what an inference takes; 0: next to nothing.
        """

    @abstractmethod
    def job(self, current: PlannedProcess, results: Sequence[InferenceResult]) -> Job[R]:
        """Return its job after a process of the case.

        `results` are those of the case's processes so far, this one's last: what must be alike in
        all of them is derived from the first.
        """

    def first_job(self, current: PlannedProcess) -> Job[R] | None:
        """Return a job to do before the first one, whose result is not kept, or None."""
        return None

    @abstractmethod
    def part(self, results: Sequence[R | JobFailed]) -> Any:  # noqa: ANN401 (each its own type)
        """Return the record's part of the results of its jobs, of which there is at least one."""

    def memory(self, results: Sequence[R | JobFailed]) -> MemoryMode | NotMeasured:
        """Return the memory of its `memory_mode`, where it has one."""
        raise NotImplementedError


def measured(results: Sequence[R | JobFailed]) -> list[R]:
    """Return the results without the failures."""
    return [result for result in results if not isinstance(result, JobFailed)]


def first_failure(results: Sequence[R | JobFailed]) -> Failed | Unsupported | None:
    """Return what a record says of the first failure; None where none failed."""
    failures = (result for result in results if isinstance(result, JobFailed))
    return next((failure.outcome() for failure in failures), None)


def grouped(items: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """Return the items by their keys, in the order in which each key comes first."""
    found: dict[K, list[T]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found


class Workload(ABC, Generic[R]):
    """What the processes of a case measure themselves, inference or generation."""

    @abstractmethod
    def passes(self, visits: Mapping[PassName, int]) -> list[Pass]:
        """Return the steps that a process makes, with so many visits of each name."""

    def kind(self, one: Pass, index: int) -> str:
        """Return what a step of process `index` is called among those that take as long."""
        return one.name

    @abstractmethod
    def step_s(
        self, one: Pass, tier: Tier, index: int, inference_s: float, *, skip: Sequence[str] = ()
    ) -> float:
        """Return about how many seconds a step of process `index` takes.

        `inference_s` is about what an inference takes.
        """

    def step_extra_s(self, tier: Tier) -> float:
        """Return the seconds that a step needs beyond the loops that the tier bounds."""
        return 0.0

    @abstractmethod
    def job(self, current: PlannedProcess) -> AnyJob[Any]:
        """Return the job of one process; the results of its steps are those of its passes."""

    @abstractmethod
    def result(self, steps: Sequence[Any], failure: NotMeasured | None = None) -> R | None:
        """Put the results of a process's steps together; None where it did not come that far.

        `failure`: why it ended early, if it did.
        """

    @abstractmethod
    def is_wide(self, results: Sequence[R]) -> bool:
        """Return whether a headline is not known well enough after these processes."""

    @abstractmethod
    def fields(self, results: Sequence[R], quality: GenerationQuality | None) -> dict[str, Any]:
        """Return its fields of a record; of no results, why there are none.

        `quality` is of what a language model generates, where it is known.
        """

    def failed_rounds(self, results: Sequence[R]) -> list[FailedRound]:
        """Return what failed in some rounds, and was measured in others."""
        return []
