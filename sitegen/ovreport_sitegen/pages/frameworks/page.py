"""The frameworks page: OpenVINO against the native frameworks, wins and losses alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ovreport.metrics import significant
from ovreport.record import Agreement
from ovreport.stats.comparison import Comparison
from ovreport.stats.intervals import geometric_mean
from ovreport_sitegen.charts import MAX_ROWS, Chart, Row
from ovreport_sitegen.components.cards import FIRST
from ovreport_sitegen.components.page import Card, Page, footer, warning
from ovreport_sitegen.components.table import Table
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.pages.frameworks.tables import (
    Pair,
    beside_table,
    missing_table,
    speed_table,
    threads_sentence,
)
from ovreport_sitegen.text import clean, listed, plural

COMMAND = "ovreport collect --engine openvino --engine native"

_MEASUREMENTS = ("latency", "throughput")
_DIFFERS = 0.05
"""Relative RMSE against the reference above which outputs are said to differ."""


@dataclass(frozen=True)
class FrameworksView:
    """Everything the template of the page needs."""

    page: Page
    empty: str
    """Why there is nothing to show; empty where there is."""
    command: str
    findings: tuple[str, ...]
    groups: tuple[tuple[str, tuple[Card, ...]], ...]
    """What was compared at which precision, and its cards."""
    threads: str
    """Whether both had the same threads."""
    speed: Table | None
    beside: Table | None
    missing: Table | None
    commands: tuple[tuple[str, str], ...]


def view(catalogue: Catalogue) -> FrameworksView:
    """Return the view of the frameworks page."""
    pairs = sorted(catalogue.against, key=_rank)
    page = Page(
        "frameworks.html",
        "Native frameworks",
        "OpenVINO against the framework that a model's file belongs to: ONNX Runtime for ONNX, "
        "LiteRT for TFLite. Same file, inputs, threads and requests, in rounds that alternate.",
        nav="frameworks",
        warning=warning(_shown(pairs), "latency"),
    )
    return FrameworksView(
        page=page,
        empty="" if catalogue.native else "No native framework was measured for this site.",
        command=COMMAND,
        findings=tuple(_findings(pairs)),
        groups=tuple(
            (_asked_words(requested), tuple(_cards(some, requested)))
            for requested, some in _by_precision(pairs)
        ),
        threads=threads_sentence(pairs),
        speed=speed_table(pairs) if pairs else None,
        beside=beside_table(pairs) if pairs else None,
        missing=missing_table(catalogue),
        commands=_commands(catalogue),
    )


def _shown(pairs: Sequence[Pair]) -> list[Result]:
    """Return the results of all pairs, each once."""
    return list({id(r): r for p in pairs for r in (p.openvino, p.native)}.values())


def _rank(pair: Pair) -> tuple[bool, float]:
    """Order by precision, then from OpenVINO's largest gain to its largest loss."""
    comparison = pair.latency or pair.throughput
    return pair.openvino.requested != "f32", -(comparison.ratio.value if comparison else 0)


# ---------------------------------------------------------------- findings


def _findings(pairs: Sequence[Pair]) -> Iterator[str]:
    for requested, some in _by_precision(pairs):
        for measurement in _MEASUREMENTS:
            if compared := [p for p in some if p.of(measurement)]:
                yield f"{_asked_words(requested)}, {measurement}: {_counts(compared, measurement)}."
    differing = {p.native.href: p.native.model.title for p in pairs if _differs(p.native)}
    if differing:
        yield (
            f"Of {listed(sorted(differing.values()))} the framework's outputs differ from "
            f"OpenVINO's in f32 by more than {_DIFFERS * 100:.0f} % (relative RMSE): speed there "
            "is not like for like."
        )


def finding(pairs: Sequence[Pair], measurement: str) -> str:
    """Return how often OpenVINO is faster and slower, its mean, and both extremes."""
    found = [(p, c) for p in pairs if (c := p.of(measurement))]
    if not found:
        return "Nothing was compared."
    text = f"{_counts(pairs, measurement)}."
    if len(found) > 1:
        mean = geometric_mean([c.ratio.value for _, c in found])
        text += f" Geometric mean over all {len(found)}: {significant(mean)}×."
    for words, choose in (("Most", max), ("Least", min)):
        pair, comparison = choose(found, key=lambda pc: pc[1].ratio.value)
        if comparison.outcome == "different":
            text += f" {words}: {pair.native.model.title}, {_times(comparison)}."
    return text


def sentence(pair: Pair) -> str:
    """Return what came of one pair, for the page of its model."""
    gains = [
        f"{measurement} gain {_times(c) if c.outcome == 'different' else c.outcome}"
        for measurement in _MEASUREMENTS
        if (c := pair.of(measurement))
    ]
    ours, native = pair.openvino, pair.native
    where = f"{ours.told} on {ours.device.label} against {native.framework}"
    return f"{where}: {', '.join(gains)}."


def _counts(pairs: Sequence[Pair], measurement: str) -> str:
    """Return how often OpenVINO is faster, slower, and neither."""
    found = [c for p in pairs if (c := p.of(measurement))]
    is_each_once = len({p.native.model.id for p in pairs}) == len(pairs)
    certain = [c.ratio.value for c in found if c.outcome == "different"]
    unclear = sum(c.outcome == "not distinguishable" for c in found)
    too_few = sum(c.outcome == "insufficient data" for c in found)
    parts = [
        f"OpenVINO is faster on {sum(v > 1 for v in certain)} of "
        f"{plural(len(found), 'model' if is_each_once else 'pair')}",
        f"slower on {sum(v < 1 for v in certain)}",
        f"not distinguishable on {unclear}",
        *([f"with too few rounds on {too_few}"] if too_few else []),
    ]
    return ", ".join(parts)


def _by_precision(pairs: Sequence[Pair]) -> list[tuple[str, list[Pair]]]:
    requested = sorted({p.openvino.requested for p in pairs}, key=lambda a: (a != "f32", a))
    return [(a, [p for p in pairs if p.openvino.requested == a]) for a in requested]


def _asked_words(requested: str) -> str:
    if requested == "f32":
        return "Both asked for f32"
    ours = "its default precision" if requested == "default" else requested
    return f"OpenVINO in {ours}, the framework in f32"


def _times(comparison: Comparison) -> str:
    return f"{significant(comparison.ratio.value)}×"


def _differs(result: Result) -> bool:
    agreement = result.record.agreement
    return isinstance(agreement, Agreement) and any(
        output.relative_rmse > _DIFFERS for output in agreement.outputs
    )


# ---------------------------------------------------------------- cards


def _cards(pairs: Sequence[Pair], requested: str) -> Iterator[Card]:
    for measurement in _MEASUREMENTS:
        found = [p for p in pairs if p.of(measurement)]
        if found:
            yield _card(found, measurement, requested)


def _card(pairs: Sequence[Pair], measurement: str, requested: str) -> Card:
    ranked = sorted(((_row(p, measurement), p) for p in pairs), key=lambda rp: -rp[0].value)
    rows = _both_ends([row for row, _ in ranked])
    title = f"Speed-up over native: {measurement}"
    text = finding(pairs, measurement)
    key = "Dot: ratio of rounds that ran alternately. Line: 95 % interval. Left of 1: slower."
    if any(row.faint for row in rows):
        key += " Hollow: not distinguishable from 1×, or under 5 rounds."
    if len(rows) < len(ranked):
        key += f" The {len(rows) // 2} largest and smallest of {len(ranked)}."
    axis = "Times as fast as the native framework, log scale"
    id_ = f"{measurement}-{requested}"
    return Card(
        id=id_,
        title=title,
        conditions=_asked_words(requested),
        better="Higher is better",
        finding=text,
        chart=Chart("ratios", title, text, axis, tuple(rows)),
        key=key,
        table=speed_table([p for _, p in ranked][:FIRST], f"{id_}-card-table"),
        footer=footer([p.native for _, p in ranked], measurement),
        more="#all",
    )


def _both_ends(rows: Sequence[Row]) -> list[Row]:
    """Return all rows, or as many of the best as of the worst: losses are shown like wins."""
    half = MAX_ROWS // 2
    return list(rows) if len(rows) <= MAX_ROWS else [*rows[:half], *rows[-half:]]


def _row(pair: Pair, measurement: str) -> Row:
    comparison = pair.of(measurement)
    assert comparison is not None  # noqa: S101 (its caller chose pairs that have one)
    ratio, name = comparison.ratio, pair_name(pair)
    return Row(
        name=name,
        label=_times(comparison),
        value=ratio.value,
        low=ratio.low,
        high=ratio.high,
        family=pair.openvino.device.family,
        faint=comparison.outcome != "different",
        tip=f"{name}: {_times(comparison)}, 95 % interval {significant(ratio.low)} to "
        f"{significant(ratio.high)}, {plural(comparison.pairs, 'pair')} of rounds, "
        f"{comparison.outcome}",
    )


def pair_name(pair: Pair) -> str:
    """Return a pair's name in a chart: the model, and the framework."""
    only = " · architecture only" if pair.native.model.architecture_only else ""
    return f"{pair.native.model.title} · {pair.native.framework}{only}"


def _commands(catalogue: Catalogue) -> tuple[tuple[str, str], ...]:
    named = {
        clean(r.record.repeat.ovreport): f"{r.model.title}, {r.framework}" for r in catalogue.native
    }
    return tuple((name, text) for text, name in named.items())
