"""A model's page: findings, charts, the table of its results, and each full result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from ovreport_sitegen.components import accuracy_cells, speedups, spread
from ovreport_sitegen.components.about import About, about
from ovreport_sitegen.components.card import Card
from ovreport_sitegen.components.cells import (
    VERDICT,
    metric_column,
    result_cells,
    row,
    value_cell,
    verdict_cell,
)
from ovreport_sitegen.components.head import Head, warning
from ovreport_sitegen.components.table import Cell, Column, Table
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import ModelRef, Result
from ovreport_sitegen.pages import frameworks
from ovreport_sitegen.pages.accuracy import published, sentences, tradeoff
from ovreport_sitegen.pages.accuracy import table as accuracies
from ovreport_sitegen.pages.model import optimization
from ovreport_sitegen.pages.model import result as result_view
from ovreport_sitegen.pages.page import PageOfEach
from ovreport_sitegen.pages.throughput import curve
from ovreport_sitegen.pages.throughput import open_loop as arrivals
from ovreport_sitegen.text import plural

_METRICS = ("throughput_ips", "peak_memory_bytes", "startup_ms")
COMPARED = Cell(
    "see frameworks",
    tone="missing",
    href="frameworks.html",
    tip="OpenVINO against this framework, or why there is no ratio",
)
"""In place of a speedup over f32."""


@dataclass(frozen=True)
class ModelView:
    """Everything the template of a model's page needs."""

    head: Head
    model: ModelRef
    about: About
    findings: tuple[str, ...]
    table: Table
    tradeoffs: tuple[Card, ...]
    """Accuracy against latency and throughput, for each device that has a choice."""
    optimizations: tuple[optimization.OptimizationView, ...]
    """How each file that is not the published one was optimized or converted."""
    size: Table | None
    """File size and memory; None where there is only one variant."""
    size_finding: str
    published: Table | None
    """Results that others published."""
    spread: Card | None
    curves: tuple[Card, ...]
    accuracies: Table | None
    """All accuracies, where there are more than the headlines."""
    arrivals: Table | None
    results: tuple[result_view.ResultView, ...]


def view(catalogue: Catalogue, model: ModelRef) -> ModelView:
    """Return the view of a model's page."""
    results, native = catalogue.of_model(model), catalogue.native_of(model)
    head = Head(
        model.title,
        f"{model.task.capitalize()} · {plural(len(results), 'result')} on "
        f"{plural(len({r.device.key for r in results}), 'device')}"
        + (f", {plural(len(native), 'result')} of native frameworks." if native else "."),
        warning=warning(results, "latency", "of this model"),
    )
    return ModelView(
        head=head,
        model=model,
        about=about(results or native),
        findings=(
            *_findings(catalogue, results),
            *tradeoff.model_findings(catalogue, model),
            *[frameworks.sentence(p) for p in catalogue.framework_speedups_of(model)[:4]],
        ),
        table=_table(catalogue, model, [*results, *native]),
        tradeoffs=tradeoff.model_cards(catalogue, model),
        optimizations=optimization.optimizations(results),
        size=optimization.size_table(catalogue, model),
        size_finding=optimization.size_finding(catalogue, model),
        published=published.table(catalogue, model),
        spread=spread.card(results),
        curves=curve.model_cards(results),
        accuracies=accuracies.table([*results, *native]),
        arrivals=arrivals.table(results),
        results=tuple(map(result_view.view, [*results, *native])),
    )


def _findings(catalogue: Catalogue, results: Sequence[Result]) -> list[str]:
    """Return what each other precision of the published file does, a sentence each."""
    published_ones = [r for r in results if r.is_published]
    found = sentences.effects(catalogue, published_ones)
    texts = [sentences.sentence(e, many=True) for e in found if e.ratio("latency")]
    return list(filter(None, texts))[:4]


def _table(catalogue: Catalogue, model: ModelRef, results: Sequence[Result]) -> Table:
    columns = (
        Column("Device"),
        Column("Precision", wide=True),
        metric_column("latency_ms"),
        VERDICT,
        *map(metric_column, _METRICS),
        speedups.SPEEDUP,
        Column("Accuracy", "", "higher", True),
        Column("Against f32", "points", "higher", True),
        Column("Full result"),
    )
    rows = []
    for r in results:
        _, device, precision = result_cells(r)
        marks = ((r.framework,) if r.framework else ()) + (("quick",) if r.quick else ())
        first = replace(device, marks=marks)
        cells = (
            value_cell(r, "latency_ms"),
            verdict_cell(r, "latency"),
            *(value_cell(r, key) for key in _METRICS),
            COMPARED if r.framework else speedups.speedup_cell(catalogue, r),
            accuracy_cells.value_cell(r),
            accuracy_cells.cost_cell(r),
        )
        full = Cell("all metrics", href=f"#{r.anchor}")
        whole = row(r, (first, precision), cells, measurement="latency", under=r.label)
        rows.append(replace(whole, cells=(*whole.cells, full)))
    return Table("results", f"Results of {model.title}", columns, tuple(rows))


PAGE = PageOfEach("model", "models", lambda catalogue: catalogue.models, view)
