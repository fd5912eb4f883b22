"""What a person sees while measuring: a live line where there is a terminal, else plain lines."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from typing import Protocol

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
from rich.table import Table

from ovreport.metrics import METRICS, MetricValue, MetricValues, metric_values, significant
from ovreport.metrics.accuracy import accuracy_metric
from ovreport.metrics.generation import headline
from ovreport.record import MEASURING, Completed, Execution, Failed, MeasuringTime, Record
from ovreport_collector.plan.plan import Plan, PlannedCase
from ovreport_collector.session.journal import GenerationDone, RoundDone


class Display(Protocol):
    """Told of everything that happens, in order."""

    def working(self, what: str) -> None:
        """Note that something began that is no round."""
        ...

    def round_started(self, planned: PlannedCase, index: int) -> None:
        """Note that a round began."""
        ...

    def round_finished(self, planned: PlannedCase, step: RoundDone | GenerationDone) -> None:
        """Note that a round was measured."""
        ...

    def failed(self, planned: PlannedCase, reason: str, *, rounds: int = 1) -> None:
        """Note that so many rounds of a case went wrong, or will not be tried."""
        ...


class PlainDisplay:
    """One line for each step that is done."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def working(self, what: str) -> None:
        """Say nothing: in a log only results are of use."""

    def round_started(self, planned: PlannedCase, index: int) -> None:
        """Say nothing."""

    def round_finished(self, planned: PlannedCase, step: RoundDone | GenerationDone) -> None:
        """Print the round's figures."""
        self._print(f"round {step.round + 1}  {words(planned)}  {_round_words(step)}")

    def failed(self, planned: PlannedCase, reason: str, *, rounds: int = 1) -> None:
        """Print the reason."""
        self._print(f"failed   {words(planned)}: {first_sentence(reason)}")

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


class LiveDisplay(PlainDisplay):
    """A progress bar with the time left; what is done scrolls above it.

    The bar counts expected seconds, not rounds: the first rounds measure extras and take longer.
    """

    def __init__(self, console: Console, plan: Plan, *, done: Sequence[int]) -> None:
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
        self._done, self._total = len(done), len(plan.cases) * plan.tier.rounds
        self._task = self._progress.add_task(
            "preparing",
            total=len(plan.cases) * self._case_s,
            rounds=self._rounds,
        )
        self._progress.update(self._task, completed=sum(plan.round_s(index) for index in done))

    @property
    def _case_s(self) -> float:
        return sum(map(self._plan.round_s, range(self._plan.tier.rounds)))

    @property
    def _rounds(self) -> str:
        return f"{self._done}/{self._total}"

    def __enter__(self) -> LiveDisplay:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def working(self, what: str) -> None:
        """Show what runs."""
        self._progress.update(self._task, description=escape(what))

    def round_started(self, planned: PlannedCase, index: int) -> None:
        """Show what runs; a round beyond the planned ones makes the bar longer."""
        if index >= self._plan.tier.rounds:
            total = (self._progress.tasks[self._task].total or 0) + self._plan.round_s(index)
            self._total += 1
            self._progress.update(self._task, total=total, rounds=self._rounds)
        self.working(f"{words(planned)}, round {index + 1}")

    def round_finished(self, planned: PlannedCase, step: RoundDone | GenerationDone) -> None:
        """Print the round's figures, and move the bar."""
        super().round_finished(planned, step)
        self._move(1, self._plan.round_s(step.round))

    def failed(self, planned: PlannedCase, reason: str, *, rounds: int = 1) -> None:
        """Print the reason, and move the bar."""
        super().failed(planned, reason)
        self._move(rounds, self._case_s * rounds / self._plan.tier.rounds)

    def _move(self, rounds: int, seconds: float) -> None:
        self._done += rounds
        self._progress.update(self._task, advance=seconds, rounds=self._rounds)


@contextlib.contextmanager
def display_for(console: Console, plan: Plan, *, done: Sequence[int]) -> Iterator[Display]:
    """Give a live display on a terminal, a plain one elsewhere; rounds of these indices are done.

    A CI service may call its log a terminal, for its colours; a bar that is drawn again ten times
    a second fills it.
    """
    if console.is_terminal and not os.environ.get("CI"):
        with LiveDisplay(console, plan, done=done) as live:
            yield live
    else:
        yield PlainDisplay(console)


# ---------------------------------------------------------------- tables


def summaries(records: Sequence[Record]) -> list[Table]:
    """Return a table of all cases that infer, and one of those that generate."""
    language = [record for record in records if record.case.is_language]
    others = [record for record in records if not record.case.is_language]
    both = ((others, summary), (language, language_summary))
    return [table(some) for some, table in both if some]


def language_summary(records: Sequence[Record]) -> Table:
    """Return a table of language models: tokens are no inferences."""
    table = Table(title="Language models", title_justify="left", box=None, pad_edge=False)
    for heading in ("model", "device", "asked → ran"):
        table.add_column(heading, no_wrap=heading != "device", overflow="fold")
    keys = ("time_to_first_token_ms", "time_per_output_token_ms", "tokens_per_s")
    for heading in ("first token ms", "± %", "ms a token", "± %", "tokens/s", "± %", "perplexity"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for record in records:
        case, found = record.case, metric_values(record)
        cells = [f"{case.model} {case.variant}", case.device]
        cells.append(f"{case.precision} → {_executed(record)}")
        cells += [cell for key in keys for cell in _value_and_width(found.get(key))]
        cells.append(_value_and_width(found.get("perplexity"))[0])
        verdict = _verdict(*(found.get(key) for key in keys[:2]))
        if not isinstance(record.outcome, Completed):
            how = "failed" if isinstance(record.outcome, Failed) else "unsupported"
            verdict = f"[red]{how}[/red]"
        table.add_row(*map(escape, cells), verdict)
    return table


def summary(records: Sequence[Record]) -> Table:
    """Return a table of all cases: what a person wants to know first."""
    table = Table(title="Results", title_justify="left", box=None, pad_edge=False)
    for heading in ("model", "device", "asked → ran"):
        table.add_column(heading, no_wrap=heading != "device", overflow="fold")
    for heading in ("latency ms", "± %", "inf/s", "± %", "accuracy"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for record in records:
        table.add_row(*_row(record))
    return table


def _row(record: Record) -> list[str]:
    case = record.case
    place = case.device if case.engine == "openvino" else f"{case.engine} {case.device}"
    model = case.model if case.variant == "fp32" else f"{case.model} {case.variant}"
    cells = [model, place, f"{case.precision} → {_executed(record)}"]
    if not isinstance(record.outcome, Completed):
        # The reason was told when it happened, and is too long for a table.
        how = "failed" if isinstance(record.outcome, Failed) else "unsupported"
        return [*map(escape, cells), "", "", "", "", "", f"[red]{how}[/red]"]
    found = metric_values(record)
    latency, throughput = found.get("latency_ms"), found.get("throughput_ips")
    cells += [*_value_and_width(latency), *_value_and_width(throughput), _accuracy(record, found)]
    return [*map(escape, cells), _verdict(latency, throughput)]


def _value_and_width(figure: object) -> tuple[str, str]:
    if not isinstance(figure, MetricValue):
        return "–", ""
    half_width = (figure.high - figure.low) / 2 / figure.value * 100
    return METRICS[figure.metric].format(figure.value), significant(half_width, 2)


def _accuracy(record: Record, found: MetricValues) -> str:
    metric = accuracy_metric(record)
    figure = found.get(metric) if metric else None
    return (
        METRICS[figure.metric].format_unit(figure.value) if isinstance(figure, MetricValue) else "–"
    )


def _verdict(*found: object) -> str:
    verdicts = [figure.verdict for figure in found if isinstance(figure, MetricValue)]
    levels = {verdict.level for verdict in verdicts}
    worst = next(
        (level for level in ("unreliable", "noisy", "stable") if level in levels), "failed"
    )
    codes = dict.fromkeys(reason.code for verdict in verdicts for reason in verdict.reasons)
    colour = {"stable": "green", "noisy": "yellow"}.get(worst, "red")
    first, *others = codes or [""]
    more = f" +{len(others)}" if others else ""
    return f"[{colour}]{worst}[/{colour}] {first}{more}"


def _executed(record: Record) -> str:
    return record.execution.precision if isinstance(record.execution, Execution) else "?"


def effort_words(measuring_time: MeasuringTime) -> str:
    """Return in a sentence what a collect took, and how much of it was measuring."""
    share = measuring_time.measuring_s / measuring_time.wall_s if measuring_time.wall_s else 0.0
    others = sorted(
        ((s, part) for part, s in measuring_time.parts_s.items() if part not in MEASURING),
        reverse=True,
    )
    rest = ", ".join(f"{part} {s / measuring_time.wall_s:.0%}" for s, part in others[:3])
    wall = f"{measuring_time.wall_s:.0f} s"
    return f"{share:.0%} of {wall} were measuring, downloads aside; then {rest}."


def words(planned: PlannedCase) -> str:
    """Return a case in words."""
    variant = f" {planned.case.variant}" if planned.is_made else ""
    return f"{planned.case.model}{variant}  {planned.place}  {planned.case.precision}"


def first_sentence(reason: str) -> str:
    """Return the start of a reason, short enough for a line."""
    line = " ".join(reason.split())
    return line if len(line) <= 160 else line[:157] + "…"


def _round_words(step: RoundDone | GenerationDone) -> str:
    if isinstance(step, GenerationDone):
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
