"""What a person sees while measuring: a live line where there is a terminal, else plain lines."""

from __future__ import annotations

import contextlib
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from ovreport.errors import one_line
from ovreport.metrics import significant
from ovreport.metrics.generation import headline
from ovreport.record import Failed
from ovreport_collector.measurements.base import Measurement, Pass, PlannedRound
from ovreport_collector.measurements.generation.run import GenerationResult
from ovreport_collector.measurements.results import InferenceResult
from ovreport_collector.plan.plan import Plan, PlannedCase
from ovreport_collector.session import estimate


class PlainDisplay:
    """One line for each step that is done; every step of a run calls it, in order."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def working(self, what: str, expected_s: float = 0.0) -> None:
        """Note that something other than a step began, which ends what was working before.

        `expected_s` are the seconds of `estimate` that it takes. In a log only results are of use.
        """

    def step_started(self, current: PlannedRound, one: Pass) -> None:
        """Note that a process begins a step, which ends what was working before."""

    def step_done(self, current: PlannedRound, one: Pass) -> None:
        """Note that a process made a step."""

    def further_started(self, current: PlannedRound, measurement: Measurement[Any]) -> None:
        """Note that a measurement began that follows a process."""

    def further_done(self, current: PlannedRound, measurement: Measurement[Any]) -> None:
        """Note that it ended."""

    def process_done(
        self, current: PlannedRound, result: InferenceResult | GenerationResult
    ) -> None:
        """Print the results of a process, of which nothing more comes."""
        number = current.index + 1
        self._print(f"process {number}  {label(current.planned)}  {_results(result)}")

    def failed(self, planned: PlannedCase, reason: str, *, processes: int = 1) -> None:
        """Print why so many processes of a case went wrong, or will not be tried."""
        reason = one_line(" ".join(reason.split()), 160)
        self._print(f"failed     {label(planned)}: {reason}")

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


class LiveDisplay(PlainDisplay):
    """A progress bar with the time left; what is done scrolls above it.

    The bar counts the seconds of `estimate`, not processes: more follows the first ones than the
    later ones, and before them models are optimized and accuracies computed.
    """

    def __init__(self, console: Console, plan: Plan, *, done: estimate.Done) -> None:
        super().__init__(console)
        self._plan = plan
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[processes]} processes ·"),
            TimeElapsedColumn(),
            TextColumn("· left"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._done, self._total = (
            sum(done.processes.values()),
            len(plan.cases) * plan.tier.processes,
        )
        self._current_s = 0.0
        self._moved_s: dict[str, float] = defaultdict(float)
        """Case → the seconds by which its current process has moved the bar."""
        self._over: Counter[str] = Counter(done.processes)
        """Case → its processes that are over."""
        self._task = self._progress.add_task(
            "preparing", total=estimate.total_s(plan), processes=self._processes
        )
        self._progress.update(self._task, completed=done.seconds)

    @property
    def share(self) -> float:
        """The share of the bar that is filled, 0 to 1."""
        task = self._progress.tasks[self._task]
        return task.completed / task.total if task.total else 0.0

    @property
    def _processes(self) -> str:
        return f"{self._done}/{self._total}"

    def __enter__(self) -> LiveDisplay:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def working(self, what: str, expected_s: float = 0.0) -> None:
        """Show what runs, and move the bar by what ran before."""
        self._progress.update(self._task, description=escape(what), advance=self._current_s)
        self._current_s = expected_s

    def step_started(self, current: PlannedRound, one: Pass) -> None:
        """Show what runs; a process beyond the planned ones makes the bar longer."""
        planned, tier = current.planned, self._plan.tier
        if planned.key not in self._moved_s and self._over[planned.key] >= tier.processes:
            self._total += 1
            more_s = estimate.process_s(self._plan, planned, self._over[planned.key])
            total = (self._progress.tasks[self._task].total or 0) + more_s
            self._progress.update(self._task, total=total, processes=self._processes)
        self._moved_s.setdefault(planned.key, 0.0)
        of = f", round {current.rounds(one.name)[0] + one.visit + 1}" if one.is_visit else ""
        self.working(f"{label(planned)}: {one.name}{of}")

    def step_done(self, current: PlannedRound, one: Pass) -> None:
        """Move the bar."""
        self._move(current.planned, estimate.step_s(current))

    def further_started(self, current: PlannedRound, measurement: Measurement[Any]) -> None:
        """Show what runs."""
        self.working(f"{label(current.planned)}: {measurement.name.replace('_', ' ')}")

    def further_done(self, current: PlannedRound, measurement: Measurement[Any]) -> None:
        """Move the bar."""
        self._move(current.planned, measurement.seconds(current.tier))

    def process_done(
        self, current: PlannedRound, result: InferenceResult | GenerationResult
    ) -> None:
        """Print its results, and move the bar by what is left of it."""
        super().process_done(current, result)
        self._end(current.planned, 1)

    def failed(self, planned: PlannedCase, reason: str, *, processes: int = 1) -> None:
        """Print the reason, and move the bar by what will not be measured."""
        super().failed(planned, reason)
        self._end(planned, processes)

    def _move(self, planned: PlannedCase, seconds: float) -> None:
        self._moved_s[planned.key] += seconds
        self._progress.update(self._task, advance=seconds)

    def _end(self, planned: PlannedCase, processes: int) -> None:
        over = self._over[planned.key]
        numbers = range(over, over + processes)
        seconds = sum(estimate.process_s(self._plan, planned, number) for number in numbers)
        left_s = seconds - self._moved_s.pop(planned.key, 0.0)
        self._over[planned.key] += processes
        self._done += processes
        self._progress.update(self._task, advance=left_s, processes=self._processes)


@contextlib.contextmanager
def display_for(console: Console, plan: Plan, *, done: estimate.Done) -> Iterator[PlainDisplay]:
    """Give a live display on a terminal, a plain one elsewhere; `done` was measured before.

    A CI service may call its log a terminal, for its colours; a bar that is drawn again ten times
    a second fills it.
    """
    if console.is_terminal and not os.environ.get("CI"):
        with LiveDisplay(console, plan, done=done) as live:
            yield live
    else:
        yield PlainDisplay(console)


def label(planned: PlannedCase) -> str:
    """Return what a case is called in a line of output."""
    variant = f" {planned.case.variant}" if planned.is_optimized else ""
    return f"{planned.case.model}{variant}  {planned.place}  {planned.case.precision}"


def _results(result: InferenceResult | GenerationResult) -> str:
    if isinstance(result, GenerationResult):
        point = headline(result.points)
        (measured,) = point.rounds
        return (
            f"{significant(measured.time_to_first_token_ms)} ms to the first token  "
            f"{significant(measured.time_per_output_token_ms)} ms a token"
        )
    parts = []
    if result.latency:
        parts.append(f"{significant(result.latency_ms)} ms")
    if result.throughput:
        parts.append(f"{significant(result.throughput_ips)} inf/s")
    parts += [f"{name} failed" for name, why in result.missing.items() if isinstance(why, Failed)]
    return "  ".join(parts)
