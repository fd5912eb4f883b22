"""Processes of several cases that are alive at once and visited in turn, a step each time.

    with Group(context) as group:
        while cases and group.has_room_for(cases[0]):
            group.start(cases.pop(0))
        group.visit()

Every result goes to the journal before the next step begins. A process that goes wrong is its own
case's failure; the others of its group go on.
"""

from __future__ import annotations

import shutil
from types import TracebackType
from typing import Any, Self

from ovreport_collector.machine import procfs
from ovreport_collector.machine.noise import Watch
from ovreport_collector.measurements import registry
from ovreport_collector.measurements.base import VISITS, Pass, PlannedProcess
from ovreport_collector.measurements.generation.run import GenerationResult
from ovreport_collector.measurements.results import (
    Ended,
    LatencyVisit,
    ThroughputVisit,
    with_reading,
)
from ovreport_collector.plan.plan import PlannedCase
from ovreport_collector.process import child
from ovreport_collector.process.job import JobFailed
from ovreport_collector.session.context import RunContext, now
from ovreport_collector.session.steps import ProcessFailed, StepDone

MOST_CASES = 12
"""In a group: more would lie further apart than disturbances last, and take more memory."""
MOST_ON_ACCELERATOR = 4
"""On devices other than processors, whose memory is not seen here."""
MEMORY_SHARE = 0.5
"""Of the memory that was available when a group began, this much has to stay available."""


class Group:
    """Cases whose processes are alive at once; those that still are end when the block is left."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._least_bytes = MEMORY_SHARE * _memory_available()
        self._visitors: list[Visitor] = []

    def __enter__(self) -> Self:
        """Return the group, which is empty."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End what is still alive."""
        for visitor in self._visitors:
            visitor.close()

    def has_room_for(self, planned: PlannedCase, others: int = 0) -> bool:
        """Return whether another case may join, with so many others; any may where there is none.

        The others are its arms: they belong into one group.
        """
        cases = [visitor.current.planned for visitor in self._visitors]
        if not cases:
            return True
        # A language model takes long, and as much memory as it can have.
        if planned.is_language or any(one.is_language for one in cases):
            return False
        devices = self._context.plan.devices
        accelerated = [c for c in [*cases, planned] if devices[c.case.device].family != "CPU"]
        more = others if devices[planned.case.device].family != "CPU" else 0
        if len(cases) + others >= MOST_CASES or len(accelerated) + more > MOST_ON_ACCELERATOR:
            return False
        return _memory_available() >= self._least_bytes

    def start(self, current: PlannedProcess) -> None:
        """Start the process of a case, and have it make its first step."""
        visitor = Visitor(self._context, current)
        self._visitors.append(visitor)
        visitor.step(current.passes[0])

    def visit(self) -> list[PlannedProcess]:
        """Have every process make its other steps, each in turn; return whose came to their ends.

        Every second visit goes the other way round: of two cases side by side neither is always
        the one that runs on the hotter machine.
        """
        for one in self._passes():
            for visitor in self._visitors[::-1] if one.visit % 2 else self._visitors:
                if one in visitor.current.passes:
                    visitor.step(one)
        for visitor in self._visitors:
            visitor.close()
        return [visitor.current for visitor in self._visitors if not visitor.has_failed]

    def _passes(self) -> list[Pass]:
        """Return the steps after the first one; a process that makes up for a few lacks some."""
        if not self._visitors:
            return []
        visits = dict.fromkeys(VISITS, self._context.plan.tier.rounds_per_process)
        return registry.workload(self._visitors[0].current.planned).passes(visits)[1:]


def _memory_available() -> int:
    """Return the bytes that new processes may take; 0 where that is not known."""
    return procfs.memory_bytes().get("MemAvailable", 0)


class Visitor:
    """One process of a case: makes its steps, and writes them down."""

    def __init__(self, context: RunContext, current: PlannedProcess) -> None:
        self.current, self.has_failed = current, False
        self._context, self._watch, self._started_at = context, Watch(), now()
        self._workload = registry.workload(current.planned)
        self._measured_s = self._core_to_core_ns = 0.0
        self._folder = context.work / "processes" / current.folder.name
        with child.storing(context.work):
            self._folder.mkdir(parents=True, exist_ok=True)
        self._process = child.start(
            self._workload.job(current), self._folder, python=current.planned.python
        )

    def close(self) -> None:
        """End the process."""
        self._process.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def step(self, one: Pass) -> None:
        """Make a step, and write down its result or how it went wrong; none after a failure."""
        if self.has_failed:
            return
        context, current = self._context, self.current
        context.display.step_started(current, one)
        result = self._result(one)
        if isinstance(result, JobFailed):
            self.has_failed = True
            self.close()
            write_failure(
                context,
                current.planned,
                current.index,
                result,
                visit=one.visit,
                started_at=self._started_at,
            )
            return
        switches = result.switches if isinstance(result, Ended | GenerationResult) else {}
        step = StepDone(
            case=current.planned.key,
            process=current.index,
            name=one.name,
            started_at=self._started_at,
            result=result,
            readings={**self._watch.readings, **self._cores(), **switches},
            timing=context.stopwatch.take(),
        )
        context.journal.add(step)

    def _result(self, one: Pass) -> Any:  # noqa: ANN401 (each step its own type)
        context = self._context
        limit_s = context.limit_s(self._workload.step_extra_s(context.plan.tier))
        make = self._visit if one.name in VISITS else self._process.step
        result = make(limit_s=limit_s)
        measured_s = self._process.measured_s()
        context.stopwatch.add(max(0.0, measured_s - self._measured_s))
        self._measured_s = measured_s
        return result

    def _visit(self, *, limit_s: float) -> Any:  # noqa: ANN401 (each step its own type)
        """Have the process measure, and look at the machine meanwhile, before and after."""
        cores = self._context.cores
        before = cores.round_trip_ns()
        with self._watch.window():
            result = self._process.step(limit_s=limit_s)
        after = cores.round_trip_ns()
        if before is None or after is None:
            return result
        longer = float(f"{max(before, after):.3g}")
        self._core_to_core_ns = max(self._core_to_core_ns, longer)
        if isinstance(result, LatencyVisit | ThroughputVisit):
            return with_reading(result, "core_to_core_ns", longer)
        return result

    def _cores(self) -> dict[str, float]:
        """Return the reading over all visits so far."""
        return {"core_to_core_ns": self._core_to_core_ns} if self._core_to_core_ns else {}


def write_failure(
    context: RunContext,
    planned: PlannedCase,
    number: int,
    failure: JobFailed,
    *,
    visit: int = 0,
    started_at: str = "",
) -> None:
    """Write down that a process of a case went wrong in a visit, or could not be started."""
    context.journal.add(
        ProcessFailed(
            case=planned.key,
            process=number,
            round=number * context.plan.tier.rounds_per_process + visit,
            started_at=started_at or now(),
            failure=failure,
            timing=context.stopwatch.take(),
        )
    )
    context.display.failed(planned, failure.reason)
