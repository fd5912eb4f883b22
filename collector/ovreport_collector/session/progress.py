"""What a person sees while measuring: a live line where there is a terminal, else plain lines."""

from __future__ import annotations

import contextlib
import os
import time
from collections import Counter
from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Column
from rich.text import Text

from ovreport.errors import one_line
from ovreport.metrics import significant
from ovreport.metrics.generation import headline_point
from ovreport.record import Failed
from ovreport_collector.measurements.base import Pass, PlannedProcess
from ovreport_collector.measurements.generation.run import GenerationResult
from ovreport_collector.measurements.results import InferenceResult
from ovreport_collector.plan.plan import Plan, PlannedCase
from ovreport_collector.process.timing import Clock
from ovreport_collector.session import estimate
from ovreport_collector.session.estimate import Done, Forecast, Work

_BAR = 16
_DRAWN_A_SECOND = 2
"""Times that the bar is drawn: it is beside a measuring process, and takes its processor time."""
_BESIDE = _BAR + 32
"""Columns that all but what is done now take, on one line of a terminal."""


class PlainDisplay:
    """One line for each step that is done; every step of a run calls it, in order."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def working(self, what: str, work: Work | None = None) -> None:
        """Note that something began, which ends what was done before; in a log only results count.

        `work`: what of `estimate` it is; None: nothing whose time is expected.
        """

    def step_started(self, current: PlannedProcess, one: Pass) -> None:
        """Note that a process of a case begins a step, which ends what was done before."""

    def process_finished(
        self, current: PlannedProcess, result: InferenceResult | GenerationResult
    ) -> None:
        """Print the results of a process."""
        self._print(f"process {current.index + 1}  {label(current.planned)}  {_results(result)}")

    def failed(self, planned: PlannedCase, reason: str, *, unsupported: bool = False) -> None:
        """Print what of a case went wrong, or that it cannot be measured."""
        reason = one_line(" ".join(reason.split()), 160)
        what = "unsupported" if unsupported else "failed    "
        self._print(f"{what} {label(planned)}: {reason}")

    def case_finished(self, planned: PlannedCase) -> None:
        """Note that nothing more is done for a case."""

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


class LiveDisplay(PlainDisplay):
    """A progress bar with the time left; what is done scrolls above it.

    Both are those of `estimate.Forecast`, which learns from what is done.
    """

    def __init__(
        self, console: Console, plan: Plan, *, done: Done, clock: Clock = time.monotonic
    ) -> None:
        super().__init__(console)
        self._plan, self._forecast = plan, Forecast(plan, done, clock)
        self._started = Counter(done.processes)
        """Case → its processes that were started."""
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=_BAR),
            TimeElapsedColumn(),
            _TimeLeft(self._forecast),
            console=console,
            transient=True,
            refresh_per_second=_DRAWN_A_SECOND,
        )
        self._task = self._progress.add_task("preparing", total=1.0)
        self._update()

    @property
    def share(self) -> float:
        """The share of the bar that is filled, 0 to 1."""
        return self._progress.tasks[self._task].completed

    @property
    def left_s(self) -> float:
        """The time that is shown as left, in seconds."""
        return self._forecast.left_s

    def __enter__(self) -> LiveDisplay:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._forecast.end()
        self._update()
        self._progress.stop()

    def working(self, what: str, work: Work | None = None) -> None:
        """Show what is done now; what was done before has taken the time until now."""
        self._forecast.begin(work)
        what = one_line(what, max(_BAR, self._console.width - _BESIDE))
        self._progress.update(self._task, description=escape(what))
        self._update()

    def step_started(self, current: PlannedProcess, one: Pass) -> None:
        """Show what runs; a process beyond the planned ones makes the bar longer."""
        planned = current.planned
        if one == current.passes[0]:
            self._process_started(planned, current.index)
        of = f", round {current.rounds(one.name)[0] + one.visit + 1}" if one.is_visit else ""
        what = f"{label(planned)}: {one.name}{of}"
        self.working(what, estimate.step(planned, one, current.index))

    def _process_started(self, planned: PlannedCase, index: int) -> None:
        self._started[planned.key] += 1
        if self._started[planned.key] > self._plan.tier.processes:
            self._forecast.add(estimate.process(self._plan, planned, index))

    def case_finished(self, planned: PlannedCase) -> None:
        """Expect nothing more of a case."""
        self._forecast.finish(planned.key)
        self._update()

    def _update(self) -> None:
        self._progress.update(self._task, completed=self._forecast.share)


class _TimeLeft(ProgressColumn):
    """The time left, as the forecast has it now."""

    def __init__(self, forecast: Forecast) -> None:
        super().__init__(table_column=Column(no_wrap=True))
        self._forecast = forecast

    def render(self, task: Task) -> Text:
        """Return it."""
        return Text(f"· {minutes(self._forecast.left_s)} left")


def minutes(seconds: float) -> str:
    """Return a time to come in words, no more precisely than it is known."""
    if seconds < 55:
        return f"about {max(5, 5 * round(seconds / 5))} s"
    if seconds < 90 * 60:
        return f"about {max(1, round(seconds / 60))} min"
    return f"about {seconds / 3600:.1f} h"


@contextlib.contextmanager
def display_for(console: Console, plan: Plan, *, done: Done) -> Iterator[PlainDisplay]:
    """Give a live display on a terminal, a plain one elsewhere; `done` was measured before.

    A CI service may call its log a terminal, for its colours; a bar that is drawn again twice a
    second fills it.
    """
    if console.is_terminal and not os.environ.get("CI"):
        with LiveDisplay(console, plan, done=done) as live:
            yield live
    else:
        yield PlainDisplay(console)


def label(planned: PlannedCase) -> str:
    """Return what a case is called in a line of output."""
    variant = f" {planned.case.variant}" if planned.is_optimized else ""
    arm = f"  {planned.arm.name}" if planned.arm else ""
    return f"{planned.case.model}{variant}  {planned.place}  {planned.case.precision}{arm}"


def _results(result: InferenceResult | GenerationResult) -> str:
    if isinstance(result, GenerationResult):
        point = headline_point(result.points)
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
