"""Measures a plan: outputs first, then interleaved rounds, a record as soon as a case is done.

    for every model   inputs, reference outputs
    for every case    its outputs → accuracy, agreement
    round by round    every case in turn, each in fresh processes, until its interval is narrow

Every finished step goes to the journal, so a run that was stopped goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ovreport.store import write
from ovreport_collector.measurements import registry
from ovreport_collector.plan.plan import PlannedCase
from ovreport_collector.session import record_builder, rounds
from ovreport_collector.session.context import RunContext
from ovreport_collector.session.journal import Written
from ovreport_collector.session.outputs import measure_outputs

MAX_FAILED_ROUNDS = 2


@dataclass
class Run:
    """One run of a plan."""

    context: RunContext
    out: Path

    def measure(self) -> None:
        """Measure what the journal does not hold yet, and write its records."""
        measure_outputs(self.context)
        tier = self.context.plan.tier
        for index in range(tier.max_rounds):
            self._write_finished(index)
            for planned in self._in_turn(index):
                if not self.context.journal.tried(planned.key, index):
                    rounds.measure(self.context, planned, index)
        self._write_finished(tier.max_rounds)

    def _in_turn(self, index: int) -> Iterator[PlannedCase]:
        """Yield the cases that want this round; every second round in the opposite order.

        So of two cases side by side neither is always the one that runs on the hotter machine.
        """
        wanted = [planned for planned in self.context.plan.cases if self._wants(planned, index)]
        yield from wanted if index % 2 == 0 else reversed(wanted)

    def _wants(self, planned: PlannedCase, index: int) -> bool:
        key, journal, tier = planned.key, self.context.journal, self.context.plan.tier
        if journal.written(key, self.out) or journal.given_up(key):
            return False
        if len(journal.failed_rounds(key)) >= MAX_FAILED_ROUNDS:
            return False
        return index < tier.rounds or (index < tier.max_rounds and self._is_wide(planned))

    def _is_wide(self, planned: PlannedCase) -> bool:
        """Return whether a headline of a case is not known well enough yet."""
        results = [step.result for step in self.context.journal.rounds(planned.key)]
        return bool(results) and registry.workload(planned).is_wide(results)

    def _write_finished(self, index: int) -> None:
        """Write the records of the cases that want no round of this index, or a later one."""
        context = self.context
        for planned in context.plan.cases:
            if context.journal.written(planned.key, self.out) or self._wants(planned, index):
                continue
            prepared = context.prepared[planned.file_key]
            record = record_builder.record(context.plan, planned, prepared, context.journal)
            path = write(record, self.out.absolute())
            context.journal.add(Written(case=planned.key, path=str(path)))
