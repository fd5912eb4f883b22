"""Measures a plan: outputs first, then many short rounds of all cases, spread over the whole run.

    for every model     inputs, reference outputs
    for every case      its outputs → accuracy, agreement
    generation by generation
        group by group  of cases whose processes are alive at once
            start       every case of the group: compile for latency, warm up
            latency     every case in turn, a round each, again and again
            switch      compile for throughput
            throughput  every case in turn, a round each, again and again
            end         memory, energy
            further     what else the cases have, each in a process of its own

A disturbance comes in bursts, and processes of one case differ from each other. So a case has
several processes (one in each generation) and several rounds in each of them, and between two
rounds of a case those of the others: its rounds lie apart in time, and no process decides alone.
Generations are added for the cases whose headlines are not known well enough.

Every finished step goes to the journal, so a run that was stopped goes on where it was. A process
that the stop cut short cannot be visited again: the next one, under a number of its own, makes up
for the rounds that it lacks. A record is written at the end of the generation in which its case was
finished: it holds the spread over all cases of the run as it was known then.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from ovreport_collector.loadgen.checks import NO_TRAITS
from ovreport_collector.measurements import registry
from ovreport_collector.measurements.base import VISITS, PassName, PlannedProcess
from ovreport_collector.plan.plan import PlannedCase
from ovreport_collector.process.job import JobFailed
from ovreport_collector.session import record_builder, turns, writing
from ovreport_collector.session.context import RunContext
from ovreport_collector.session.estimate import Work
from ovreport_collector.session.journal import CaseProcess
from ovreport_collector.session.outputs import measure_outputs
from ovreport_collector.session.progress import label
from ovreport_collector.session.steps import FurtherDone, ProcessDone, Written
from ovreport_collector.session.visits import Group, write_failure

MAX_FAILED_PROCESSES = 2


@dataclass
class Run:
    """One run of a plan."""

    context: RunContext
    out: Path

    def measure(self) -> None:
        """Measure what the journal does not hold yet, and write its records."""
        measure_outputs(self.context)
        for number in itertools.count():
            wanted = [planned for planned in self.context.plan.cases if self._wants(planned)]
            self._write_finished({planned.key for planned in wanted})
            if not wanted:
                return
            # A process that a stop cut short has this number already: its case has the next one,
            # and so have its arms. Processes of one number are measured in turn, none on its own.
            self._measure(number, [p for p in wanted if not self._has_any(p, number)])

    def _measure(self, number: int, cases: list[PlannedCase]) -> None:
        """Measure one generation: a process of each of these cases, and what follows it."""
        waiting = deque(turns.in_turn(cases, number, self.context.plan.seed))
        while waiting:
            with Group(self.context) as group:
                while waiting and group.has_room_for(waiting[0], turns.arms_left(waiting)):
                    current = self._planned_process(waiting.popleft(), number)
                    if current is not None:
                        group.start(current)
                ended = group.visit()
            for current in ended:
                _measure_further(self.context, current)

    def _wants(self, planned: PlannedCase) -> bool:
        """Return whether a case wants another process."""
        key, journal, tier = planned.key, self.context.journal, self.context.plan.tier
        if journal.written(key, self.out) or journal.given_up(key):
            return False
        processes = journal.processes(key)
        if sum(process.failed is not None for process in processes) >= MAX_FAILED_PROCESSES:
            return False
        over = _over(processes)
        return over < tier.processes or (over < tier.max_processes and self._is_any_wide(planned))

    def _has_any(self, planned: PlannedCase, number: int) -> bool:
        """Return whether any arm of a case has a process of this number."""
        journal = self.context.journal
        arms = (journal.processes(arm.key) for arm in self._arms(planned))
        return any(process.number == number for of_arm in arms for process in of_arm)

    def _is_any_wide(self, planned: PlannedCase) -> bool:
        """Return whether a case needs more processes; its arms get as many, all of them."""
        return any(self._is_wide(arm) for arm in self._arms(planned))

    def _arms(self, planned: PlannedCase) -> list[PlannedCase]:
        """Return all arms of a case; where there are none, it alone."""
        return [p for p in self.context.plan.cases if p.case == planned.case]

    def _is_wide(self, planned: PlannedCase) -> bool:
        """Return whether a headline of a case is not known well enough yet."""
        results = self.context.journal.results(planned)
        return bool(results) and registry.workload(planned).is_wide(results)

    def _planned_process(self, planned: PlannedCase, number: int) -> PlannedProcess | None:
        """Return what the next process of a case is to do; None where that cannot be told."""
        context, plan = self.context, self.context.plan
        prepared = context.prepared[planned.file_key]
        if isinstance(prepared, JobFailed):
            # It was prepared when the run began: what vanished since is this process's failure.
            write_failure(context, planned, number, prepared)
            return None
        device = plan.device_of(planned)
        thread_settings = context.thread_settings(planned, prepared)
        outputs = context.journal.outputs(planned.key)
        traits = outputs.model.traits if outputs else NO_TRAITS
        driver = "threads" if planned.is_native else context.journal.driver(planned.key)
        visits = {name: self._visits(planned, name) for name in VISITS}
        return PlannedProcess(
            planned=planned,
            prepared=prepared,
            target=context.target(
                prepared, planned.case, thread_settings, traits, planned.properties
            ),
            device=device,
            tier=plan.tier,
            index=number,
            seed=plan.seed,
            driver=driver,
            folder=context.folder(planned),
            skip=plan.skip,
            cores=max(1, int(plan.machine.cores_available)) if device.family == "CPU" else 0,
            passes=registry.workload(planned).passes(visits),
        )

    def _visits(self, planned: PlannedCase, name: PassName) -> int:
        """Return how many visits the next process gets: a whole process's, or what is missing.

        All arms of a case get as many as the one that misses most, as far as they want any.
        """
        wanting = [arm for arm in self._arms(planned) if self._wants(arm)]
        return max(self._missing(arm, name) for arm in (planned, *wanting))

    def _missing(self, planned: PlannedCase, name: PassName) -> int:
        """Return how many visits of a next process a case misses.

        Processes that were cut short count as what they measured, failed ones as whole.
        """
        processes = self.context.journal.processes(planned.key)
        whole = self.context.plan.tier.rounds_per_process
        due = whole * (_over(processes) + 1)
        spent = sum(whole if one.failed is not None else one.visits(name) for one in processes)
        return min(max(due - spent, 0), whole)

    def _write_finished(self, wanted: Set[str]) -> None:
        """Write the records of the cases that want no further process; `wanted` are keys."""
        context = self.context
        finished = [
            planned
            for planned in context.plan.cases
            if planned.key not in wanted
            and not context.journal.written(planned.key, self.out)
            and not context.have_changed(planned.model.id)
        ]
        if not finished:
            return
        spreads = record_builder.spreads(context.plan, context.prepared, context.journal)
        for planned in finished:
            prepared = context.prepared[planned.file_key]
            files = context.files(planned.model.id)
            record = record_builder.record(
                context.plan, planned, prepared, context.journal, spreads, files
            )
            root = self.out.absolute()
            path, why_not = writing.write(record, root)
            if why_not:
                context.display.failed(planned, why_not)
            context.journal.add(Written(case=planned.key, path=str(path.relative_to(root))))
            context.display.case_finished(planned)


def _over(processes: Sequence[CaseProcess]) -> int:
    """Return how many processes came to their ends, good ones or not."""
    return sum(process.is_over for process in processes)


def _measure_further(context: RunContext, current: PlannedProcess) -> None:
    """Make the measurements that follow a process, and write down that nothing more comes of it."""
    planned = current.planned
    processes, results = context.journal.processes(planned.key), context.journal.results(planned)
    for measurement in registry.MEASUREMENTS:
        # Counted, not by number: a case whose first process failed makes them after the next one.
        done = sum(measurement.name in process.further for process in processes)
        if measurement.name in current.skip or done >= measurement.rounds(current.tier):
            continue
        if registry.why_not(measurement, planned, current.prepared, current.tier) is not None:
            continue
        context.display.working(
            f"{label(planned)}: {measurement.name.replace('_', ' ')}",
            Work(planned.key, measurement.name),
        )
        key = (planned.key, measurement.name)
        if key not in context.begun:
            context.begun.add(key)
            if first_job := measurement.first_job(current):
                context.run_job(first_job, python=planned.python)
        result = context.run_job(
            measurement.job(current, results),
            extra_s=measurement.seconds(current.tier),
            python=planned.python,
        )
        context.journal.add(
            FurtherDone(
                case=planned.key,
                process=current.index,
                name=measurement.name,
                result=result,
                timing=context.stopwatch.take(),
            )
        )
    context.journal.add(ProcessDone(case=planned.key, process=current.index))
    context.display.process_finished(current, results[-1])
