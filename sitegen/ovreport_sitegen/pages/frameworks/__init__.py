"""The frameworks page: OpenVINO against the native frameworks, wins and losses alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ovreport import repeat
from ovreport.record import Agreement
from ovreport_sitegen.compare import MEASUREMENTS, SpeedMeasurement
from ovreport_sitegen.components.card import Card
from ovreport_sitegen.components.ratio_card import (
    Ratio,
    left_out_words,
    note_of,
    outcome_counts,
    ratio_card,
    ratio_finding,
    times,
)
from ovreport_sitegen.components.table import Table
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.data.speedups import Speedup
from ovreport_sitegen.pages.frameworks.tables import (
    costs_table,
    missing_table,
    speed_table,
    threads_sentence,
)
from ovreport_sitegen.pages.page import Head, Page, warning
from ovreport_sitegen.text import clean, listed

_DIFFERS = 0.05
"""Relative RMSE against the reference above which outputs are said to differ."""


@dataclass(frozen=True)
class FrameworksView:
    """Everything the template of the page needs."""

    head: Head
    findings: tuple[str, ...]
    groups: tuple[tuple[str, tuple[Card, ...]], ...]
    """What was compared at which precision, and its cards."""
    threads: str
    """Whether both had the same threads."""
    speed: Table | None
    costs: Table | None
    """Start-up, memory and outputs of both."""
    missing: Table | None
    commands: tuple[tuple[str, str], ...]


def view(catalogue: Catalogue) -> FrameworksView:
    """Return the view of the frameworks page."""
    pairs = sorted(catalogue.framework_speedups, key=_rank)
    head = Head(
        "Native frameworks",
        "OpenVINO against the framework that a model's file belongs to: ONNX Runtime for ONNX, "
        "LiteRT for TFLite. Same file, inputs, threads and requests, in rounds that alternate.",
        warning=warning(_shown(pairs), "latency"),
    )
    return FrameworksView(
        head=head,
        findings=tuple(_findings(pairs, catalogue.native)),
        groups=tuple(
            (_precisions(requested), tuple(_cards(some, requested, catalogue.native)))
            for requested, some in _by_precision(pairs)
        ),
        threads=threads_sentence(pairs),
        speed=speed_table(pairs) if pairs else None,
        costs=costs_table(pairs) if pairs else None,
        missing=missing_table(catalogue),
        commands=_commands(catalogue),
    )


def _shown(pairs: Sequence[Speedup]) -> list[Result]:
    """Return the results of all pairs, each once."""
    return list({id(r): r for p in pairs for r in (p.candidate, p.baseline)}.values())


def _rank(pair: Speedup) -> tuple[bool, float]:
    """Order by precision, then from OpenVINO's largest speedup to its smallest."""
    comparison = pair.latency or pair.throughput
    return pair.candidate.requested != "f32", -(comparison.ratio.value if comparison else 0)


# ---------------------------------------------------------------- findings


def _findings(pairs: Sequence[Speedup], native: Sequence[Result]) -> Iterator[str]:
    for requested, some in _by_precision(pairs):
        for measurement in MEASUREMENTS:
            if ratios := _ratios(some, measurement):
                left_out = _left_out(some, native, measurement)
                counts = f"{outcome_counts(ratios)}{left_out}"
                yield f"{_precisions(requested)}, {measurement}: {counts}."
    differing = {p.baseline.href: p.baseline.model.title for p in pairs if _differs(p.baseline)}
    if differing:
        yield (
            f"For {listed(sorted(differing.values()))}, the framework's outputs differ from "
            f"OpenVINO's in f32 by more than {_DIFFERS * 100:.0f} % (relative RMSE), so the speeds "
            "are not comparable."
        )


def sentence(pair: Speedup) -> str:
    """Return the speedups of one pair, for the page of its model."""
    shown = [
        f"{measurement} {f'{times(c)}{note_of(c.ratio)}' if c.significant else c.outcome}"
        for measurement in MEASUREMENTS
        if (c := pair.of(measurement))
    ]
    ours, native = pair.candidate, pair.baseline
    where = f"{ours.label} on {ours.device.label} against {native.framework}"
    return f"{where}: {', '.join(shown)}."


def _ratios(pairs: Sequence[Speedup], measurement: SpeedMeasurement) -> list[Ratio]:
    """Return the rows of a card; those without a comparison are left out."""
    return [Ratio(p.candidate, pair_name(p), c) for p in pairs if (c := p.of(measurement))]


def _left_out(
    pairs: Sequence[Speedup], native: Sequence[Result], measurement: SpeedMeasurement
) -> str:
    """Return how many results of native frameworks are in no ratio."""
    counted = (p.baseline for p in pairs if p.of(measurement))
    return left_out_words(native, counted, measurement)


def _by_precision(pairs: Sequence[Speedup]) -> list[tuple[str, list[Speedup]]]:
    requested = sorted({p.candidate.requested for p in pairs}, key=lambda a: (a != "f32", a))
    return [(a, [p for p in pairs if p.candidate.requested == a]) for a in requested]


def _precisions(requested: str) -> str:
    if requested == "f32":
        return "Both in f32"
    ours = "its default precision" if requested == "default" else requested
    return f"OpenVINO in {ours}, the framework in f32"


def _differs(result: Result) -> bool:
    agreement = result.record.agreement
    return isinstance(agreement, Agreement) and any(
        output.relative_rmse > _DIFFERS for output in agreement.outputs
    )


# ---------------------------------------------------------------- cards


def _cards(pairs: Sequence[Speedup], requested: str, native: Sequence[Result]) -> Iterator[Card]:
    for measurement in MEASUREMENTS:
        found = [(c.ratio.value, p) for p in pairs if (c := p.of(measurement))]
        if not found:
            continue
        shown = [p for _, p in sorted(found, key=lambda pair: -pair[0])]
        ratios = _ratios(shown, measurement)
        yield ratio_card(
            ratios,
            id_=f"{measurement}-{requested}",
            title=f"Speedup over native: {measurement}",
            conditions=_precisions(requested),
            axis="Times as fast as the native framework, log scale",
            finding=ratio_finding(ratios, "OpenVINO", _left_out(pairs, native, measurement)),
            measurement=measurement,
            more="#all",
            both_ends=True,
        )


def pair_name(pair: Speedup) -> str:
    """Return a pair's name in a chart: the model, and the framework."""
    only = " · architecture only" if pair.baseline.model.architecture_only else ""
    return f"{pair.baseline.model.title} · {pair.baseline.framework}{only}"


def _commands(catalogue: Catalogue) -> tuple[tuple[str, str], ...]:
    named = {
        clean(command): f"{r.model.title}, {r.framework}"
        for r in catalogue.native
        if (command := repeat.ours(r.record))
    }
    return tuple((name, text) for text, name in named.items())


def has_frameworks(catalogue: Catalogue) -> bool:
    """Return whether anything was tried with a native framework."""
    return bool(catalogue.native)


PAGE = Page("frameworks", "Frameworks", view, when=has_frameworks)
