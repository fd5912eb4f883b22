"""A result in full: metrics, settings, noise readings, commands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ovreport import repeat
from ovreport.metrics import HEADLINES, METRICS, MetricValue
from ovreport.metrics.reasons import REASONS
from ovreport.record import Accuracy, Completed, Failed, MeasuringTime, Unsupported, Verdict
from ovreport.words import plural
from ovreport_sitegen.charts.rounds_picture import RoundsPicture
from ovreport_sitegen.components.cells import reason_title, status_word
from ovreport_sitegen.components.listed import WITH_VERDICT
from ovreport_sitegen.components.table import TableRow
from ovreport_sitegen.data.names import grouped
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.pages.efficiency import energy
from ovreport_sitegen.pages.method.overhead import time_words
from ovreport_sitegen.pages.result import details, rounds
from ovreport_sitegen.pages.result.details import SettingsTable, ValueGroup
from ovreport_sitegen.text import clean, line, listed, release


@dataclass(frozen=True, slots=True)
class ReasonLine:
    """One reason for a verdict."""

    title: str
    detail: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Badge:
    """The verdict on a measurement."""

    measurement: str
    level: str
    reasons: tuple[ReasonLine, ...]


@dataclass(frozen=True)
class FullResult:
    """Everything the template needs to show a result in full."""

    result: Result
    failure: str
    """Why the whole case has no results; empty where it ran."""
    stderr: str
    remedy: str
    badges: tuple[Badge, ...]
    reasons: tuple[tuple[str, tuple[ReasonLine, ...]], ...]
    """Measurements that share their reasons, and these."""
    pictures: tuple[RoundsPicture, ...]
    """The rounds of latency and throughput, in their order."""
    groups: tuple[ValueGroup, ...]
    memory: tuple[TableRow, ...]
    """Phase, peak, anonymous, file-backed."""
    counters: tuple[tuple[str, str], ...]
    """Memory as the control group counts it."""
    energy: tuple[TableRow, ...]
    """Domain, gross, net, power, idle power, rounds."""
    energy_remedy: str
    layers: tuple[str, ...]
    executed_on: str
    settings: SettingsTable
    """Only what was requested or matters to speed."""
    noise: tuple[TableRow, ...]
    """Reading, lowest, median and highest over the rounds, number of rounds."""
    unreadable: tuple[tuple[str, tuple[str, ...]], ...]
    """A reason, and the readings that are missing for it."""
    failed_rounds: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    repeat: str
    """Empty where the record has no command that the collector makes."""
    nearest: tuple[tuple[str, str], ...]
    """What a command of OpenVINO's own benchmark_app comes nearest to, and the command."""
    fixes_values: bool
    """Whether there is no such command, because an input needs the value that it was given."""


def view(result: Result) -> FullResult:
    """Return everything that is known of a result."""
    record, outcome = result.record, result.record.outcome
    failure, stderr, remedy = "", "", ""
    badges = _badges(result)
    if not isinstance(outcome, Completed):
        failure = f"{status_word(outcome)}: {line(outcome.reason, 1000)}"
        stderr = clean(outcome.stderr_tail)[-4000:] if isinstance(outcome, Failed) else ""
        remedy = line(outcome.remedy, 400) if isinstance(outcome, Unsupported) else ""
    return FullResult(
        result=result,
        failure=failure,
        stderr=stderr,
        remedy=remedy,
        badges=tuple(badges),
        reasons=_reasons(badges),
        pictures=() if failure else rounds.pictures(result),
        groups=() if failure else tuple(details.groups(result)),
        memory=details.memory_rows(result),
        counters=details.memory_counters(result),
        energy=energy.full_rows(result),
        energy_remedy=energy.full_note(result),
        layers=details.layers(result),
        executed_on=details.executed_on(result),
        settings=details.settings(result),
        noise=tuple(details.noise(record.noise)),
        unreadable=details.unreadable(record.noise_unreadable),
        failed_rounds=tuple(
            f"Round {f.round}: {f.cause}, {line(f.reason, 300)}" for f in record.failed_rounds[:20]
        ),
        facts=_facts(result),
        repeat=clean(repeat.ours(record)),
        nearest=tuple((_near_to(one), clean(one.command)) for one in repeat.nearest(record)),
        fixes_values=repeat.fixes_values(record),
    )


def _near_to(command: repeat.Nearest) -> str:
    """Return which figure a command comes nearest to, and where it has to be run."""
    what = f"OpenVINO's own benchmark_app, nearest to {METRICS[command.metric].label.lower()}"
    return f"{what}; run it in the folder of {line(command.folder, 80)}" if command.folder else what


def _badges(result: Result) -> list[Badge]:
    found = []
    for measurement in WITH_VERDICT:
        verdict = result.verdict(measurement)
        if verdict is not None:
            found.append(Badge(measurement.replace("_", " "), verdict.level, reason_lines(verdict)))
    return found


def _reasons(badges: Sequence[Badge]) -> tuple[tuple[str, tuple[ReasonLine, ...]], ...]:
    by_reasons = grouped((badge.reasons, badge.measurement) for badge in badges if badge.reasons)
    return tuple((" and ".join(names), reasons) for reasons, names in by_reasons.items())


def reason_lines(verdict: Verdict) -> tuple[ReasonLine, ...]:
    """Return the reasons of a verdict with their remedies."""
    return tuple(
        ReasonLine(
            reason_title(r.code),
            line(r.detail, 300),
            REASONS[r.code].remedy if r.code in REASONS else "",
        )
        for r in verdict.reasons
    )


def _moment(at: str) -> str:
    return at.replace("T", " ").replace("Z", " UTC")


def _left_out(result: Result) -> Iterator[tuple[str, str]]:
    """Yield which measurements are from an earlier run, and when that was."""
    for at in sorted({record.measured_at for record in result.earlier_runs.values()}):
        names = [
            measurement.replace("_", " ")
            for measurement, record in result.earlier_runs.items()
            if record.measured_at == at
        ]
        yield "From an earlier run", f"{listed(names)}: {_moment(at)}"


def _ran_before(result: Result) -> Iterator[tuple[str, str]]:
    """Yield when a case that failed ran last, and how fast."""
    earlier = result.ran_before
    if earlier is None:
        return
    headlines = [earlier.values.get(HEADLINES[measurement]) for measurement in WITH_VERDICT]
    found = [
        f"{metric.label.lower()} {metric.format(value.value)} {metric.unit}"
        for value in headlines
        if isinstance(value, MetricValue) and (metric := METRICS[value.metric])
    ]
    software = f"OpenVINO {release(earlier.record.software.openvino)}"
    yield "Ran last", ", ".join([_moment(earlier.record.measured_at), software, *found])


def _facts(result: Result) -> tuple[tuple[str, str], ...]:
    record = result.record
    software = record.software
    packages = ", ".join(f"{line(k, 30)} {line(v, 30)}" for k, v in software.packages.items())
    return (
        ("Measured", _moment(record.measured_at)),
        *_ran_before(result),
        *_left_out(result),
        (
            "Tier",
            f"{result.tier}: {record.tier.min_seconds:g} s and "
            f"{record.tier.min_inferences} inferences a loop, {record.tier.processes} processes × "
            f"{plural(record.tier.rounds_per_process, 'round')}",
        ),
        *(
            (("Time", time_words(record.measuring_time)),)
            if isinstance(record.measuring_time, MeasuringTime)
            else ()
        ),
        ("Processors available", record.machine.share),
        ("OpenVINO", line(software.openvino, 100)),
        ("Engine", record.case.engine),
        ("Driver", line(record.device.driver, 100)),
        ("System", line(f"{software.os}, kernel {software.kernel}, Python {software.python}", 200)),
        ("Packages", line(packages, 300)),
        *(
            (("Accuracy of", line(f"{accuracy.n:,} {accuracy.unit}: {accuracy.data}", 400)),)
            if isinstance(accuracy := record.accuracy, Accuracy)
            else ()
        ),
        (
            "Inputs",
            line(
                f"{record.inputs.description}; {record.inputs.distinct} distinct, "
                f"seed {record.inputs.seed}",
                300,
            ),
        ),
        *(
            (
                "User dataset",
                line(
                    f"{data.title}: {data.n:,} samples, SHA-256 of names, sizes "
                    f"and labels {data.checksum[:12]}…",
                    300,
                ),
            )
            for data in record.inputs.user_datasets
        ),
    )
