"""What a person sees while measuring: a live line where there is a terminal, else plain lines."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

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
from ovreport_collector.measurements.generation.run import GenerationResult
from ovreport_collector.plan.plan import Plan, PlannedCase
from ovreport_collector.session import estimate
from ovreport_collector.session.journal import RoundDone


class PlainDisplay:
    """One line for each step that is done; every step of a run calls it, in order."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def working(self, what: str, expected_s: float = 0.0) -> None:
        """Note that something other than a round began, which ends what was working before.

        `expected_s` are the seconds of `estimate` that it takes. In a log only results are of use.
        """

    def round_started(self, planned: PlannedCase, index: int) -> None:
        """Note that a round began."""

    def round_finished(self, planned: PlannedCase, step: RoundDone) -> None:
        """Print the results of a round."""
        self._print(f"round {step.round + 1}  {label(planned)}  {_results(step)}")

    def failed(self, planned: PlannedCase, reason: str, *, rounds: int = 1) -> None:
        """Print why so many rounds of a case went wrong, or will not be tried."""
        reason = one_line(" ".join(reason.split()), 160)
        self._print(f"failed   {label(planned)}: {reason}")

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


class LiveDisplay(PlainDisplay):
    """A progress bar with the time left; what is done scrolls above it.

    The bar counts the seconds of `estimate`, not rounds: the first rounds measure more than the
    later ones, and before them models are optimized and accuracies computed.
    """

    def __init__(self, console: Console, plan: Plan, *, done: estimate.Done) -> None:
        super().__init__(console)
        self._plan = plan
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[rounds]} rounds ·"),
            TimeElapsedColumn(),
            TextColumn("· left"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._done, self._total = done.rounds, len(plan.cases) * plan.tier.processes
        self._current_s = 0.0
        self._task = self._progress.add_task(
            "preparing", total=estimate.total_s(plan), rounds=self._rounds
        )
        self._progress.update(self._task, completed=done.seconds)

    @property
    def share(self) -> float:
        """The share of the bar that is filled, 0 to 1."""
        task = self._progress.tasks[self._task]
        return task.completed / task.total if task.total else 0.0

    @property
    def _rounds(self) -> str:
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

    def round_started(self, planned: PlannedCase, index: int) -> None:
        """Show what runs; a round beyond the planned ones makes the bar longer."""
        if index >= self._plan.tier.processes:
            more_s = estimate.round_s(self._plan, planned, index)
            total = (self._progress.tasks[self._task].total or 0) + more_s
            self._total += 1
            self._progress.update(self._task, total=total, rounds=self._rounds)
        self.working(f"{label(planned)}, round {index + 1}")

    def round_finished(self, planned: PlannedCase, step: RoundDone) -> None:
        """Print the round's results, and move the bar."""
        super().round_finished(planned, step)
        self._move(1, estimate.round_s(self._plan, planned, step.round))

    def failed(self, planned: PlannedCase, reason: str, *, rounds: int = 1) -> None:
        """Print the reason, and move the bar."""
        super().failed(planned, reason)
        share = rounds / self._plan.tier.processes
        self._move(rounds, estimate.rounds_s(self._plan, planned) * share)

    def _move(self, rounds: int, seconds: float) -> None:
        self._done += rounds
        self._progress.update(self._task, advance=seconds, rounds=self._rounds)


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


def _results(step: RoundDone) -> str:
    if isinstance(step.result, GenerationResult):
        point = headline(step.result.points)
        (measured,) = point.rounds
        return (
            f"{significant(measured.time_to_first_token_ms)} ms to the first token  "
            f"{significant(measured.time_per_output_token_ms)} ms a token"
        )
    latency, throughput = step.result.latency, step.result.throughput
    parts = []
    if latency is not None:
        parts.append(f"{significant(latency.median_ms)} ms")
    if throughput is not None:
        parts.append(f"{significant(throughput.n / throughput.duration_s)} inf/s")
    missing = step.result.missing.items()
    parts += [f"{name} failed" for name, why in missing if isinstance(why, Failed)]
    return "  ".join(parts)
