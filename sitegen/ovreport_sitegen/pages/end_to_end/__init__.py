"""The end-to-end page: from image file to output, preprocessed on the host or in the graph."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from ovreport.metrics import end_to_end, significant
from ovreport.metrics.verdict import NOISY_HALF_WIDTH
from ovreport.record import EndToEnd
from ovreport.stats.comparison import Comparison
from ovreport.words import plural
from ovreport_sitegen.components.card import Card
from ovreport_sitegen.components.cells import (
    RESULT_COLUMNS,
    VERDICT,
    interval_words,
    metric_column,
    n_cell,
    result_row,
    spanning_cell,
    value_cell,
    verdict_cell,
)
from ovreport_sitegen.components.ranking import model_name, preferred
from ovreport_sitegen.components.ratio_card import (
    Ratio,
    left_out_words,
    ratio_card,
    ratio_cell,
    ratio_finding,
)
from ovreport_sitegen.components.result_tables import whole_devices
from ovreport_sitegen.components.table import Cell, Column, Table, TableRow
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.pages.end_to_end.stages import Measured, measured, stage_card
from ovreport_sitegen.pages.page import Head, Page, warning
from ovreport_sitegen.text import line, percent

_ONE_WAY = "Only one of the two ways was measured."
Compare = Callable[[Measured], Comparison | None]


@dataclass(frozen=True)
class EndToEndView:
    """Everything the template of the page needs."""

    head: Head
    speedups: tuple[Card, ...]
    """In-graph preprocessing, and pipelining."""
    models: tuple[Card, ...]
    """The stages of each model."""
    table: Table
    inputs: tuple[tuple[str, str, str], ...]
    """Model, its images and its preprocessing, in words."""
    without: tuple[str, ...]
    """Titles of models that have no images."""
    tolerance: float = end_to_end.TOLERANCE


_MOST_MODELS = 6
"""Whose stages are drawn here; each model's page has its own."""


def view(catalogue: Catalogue) -> EndToEndView:
    """Return the view of the end-to-end page."""
    main = measured(preferred(catalogue.of_device(catalogue.main_device)))
    shown = [r for r in catalogue.results if isinstance(r.record.end_to_end, EndToEnd)]
    head = Head("End to end", _lede(catalogue, main), warning=warning(shown, "end_to_end"))
    by_model = [(m, measured(preferred(catalogue.of_model(m)))) for m in catalogue.models]
    return EndToEndView(
        head=head,
        speedups=tuple(_speedup_cards(catalogue, main)) if main else (),
        models=tuple(
            replace(stage_card(model, found), table=None) for model, found in by_model if found
        )[:_MOST_MODELS],
        table=_table(catalogue),
        inputs=tuple(
            (m.title, line(a.images, 400).rstrip("."), line(a.preprocessing, 600).rstrip("."))
            for m, found in by_model
            if found
            for a in [found[0].measurement]
        ),
        without=tuple(m.title for m, found in by_model if not found),
    )


# ---------------------------------------------------------------- findings


def _lede(catalogue: Catalogue, main: Sequence[Measured]) -> str:
    device = catalogue.main_device.label
    found = [(m, host) for m in main if (host := end_to_end.of_way(m.measurement, "host"))]
    hosts = [host for _, host in found]
    if not hosts:
        return f"No image model was measured end to end on {device}."
    shares = [(m.result, end_to_end.inference_share(host)) for m, host in found]
    known = [(r, share.value) for r, share in shares if share.half_width <= NOISY_HALF_WIDTH]
    steady = sorted(share for _, share in known)
    if all(len(host.rounds) == 1 for host in hosts):
        return (
            f"{plural(len(hosts), 'model')} measured end to end on {device}, in one round each, so "
            "the times have no interval. The standard tier measures several rounds."
        )
    if not steady:
        return (
            f"Inference's share of the end-to-end time is too noisy for a summary of "
            f"{plural(len(hosts), 'model')} on {device}; the tables have the values."
        )
    shown, most = percent(steady[0]), percent(steady[-1])
    if shown != most:
        shown = f"{shown} to {most} (median {percent(statistics.median(steady))})"
    tried = _tried(catalogue, main)
    left_out = left_out_words(tried, (r for r, _ in known), "end_to_end", "steady share")
    return (
        f"Inference is {shown} of the time from image file to output, for "
        f"{plural(len(steady), 'model')} on {device}{left_out}. The rest is decoding, "
        "preprocessing, transfer and postprocessing, each timed separately."
    )


def graph_of(m: Measured) -> Comparison | None:
    """Return the speedup of an image by preprocessing in the graph instead of on the host."""
    return end_to_end.graph_gain(m.measurement)


def async_of(m: Measured) -> Comparison | None:
    """Return the throughput of pipelined requests over one, preprocessed on the host."""
    host = end_to_end.of_way(m.measurement, "host")
    return end_to_end.async_gain(host) if host else None


def _speedup_cards(catalogue: Catalogue, main: Sequence[Measured]) -> Iterator[Card]:
    """Yield the card of preprocessing in the graph, and that of pipelining."""
    device, tried = catalogue.main_device.label, _tried(catalogue, main)
    ways: tuple[tuple[Compare, str, str, str, str, str], ...] = (
        (
            graph_of,
            "graph",
            "Preprocessing in the graph against on the host",
            "Times as fast as on the host, log scale",
            "In the graph",
            "one image at a time",
        ),
        (
            async_of,
            "pipelined",
            "Pipelined against one by one",
            "Times as many images per second, log scale",
            "Pipelined",
            "preprocessing on the host",
        ),
    )
    nothing = "Nothing to compare: no model was measured both ways."
    for compare, id_, title, axis, what, conditions in ways:
        ratios = [Ratio(m.result, model_name(m.result), c) for m in main if (c := compare(m))]
        yield ratio_card(
            ratios,
            id_=id_,
            title=title,
            conditions=f"{device} · {conditions}",
            axis=axis,
            finding=ratio_finding(
                ratios,
                what,
                left_out_words(tried, [ratio.result for ratio in ratios], "end_to_end"),
            )
            if ratios
            else nothing,
            measurement="end_to_end",
            more="#all",
        )


def _tried(catalogue: Catalogue, main: Sequence[Measured]) -> list[Result]:
    """Return the results of the tasks that were measured so on the main device, failed ones too."""
    tasks = {m.result.model.task for m in main}
    found = preferred(catalogue.of_device(catalogue.main_device))
    return [r for r in found if r.model.task in tasks]


# ---------------------------------------------------------------- table


def _table(catalogue: Catalogue) -> Table:
    columns = (
        *RESULT_COLUMNS,
        metric_column("end_to_end_ms", "On the host"),
        metric_column("end_to_end_graph_ms", "In the graph"),
        Column("Graph speedup", "× host", "higher", True),
        Column("Inference", "% of the time", "", True, tip="With preprocessing on the host"),
        metric_column("end_to_end_ips", "One by one"),
        metric_column("end_to_end_async_ips", "Pipelined"),
        Column(
            "Pipeline", "requests", tip="How many infer at a time, and what for they are compiled"
        ),
        Column("Pipeline speedup", "× one by one", "higher", True),
        metric_column("end_to_end_graph_async_ips", "Pipelined, in the graph"),
        Column(
            "Outputs", "graph against host", tip="Relative RMSE of the output that differs most"
        ),
        Column("n", "images", "", True),
        VERDICT,
    )
    chosen = whole_devices(catalogue, catalogue.results)
    rows = tuple(_table_row(r) for r in chosen.results)
    title = "From image file to output"
    return Table("end-to-end-table", title, columns, rows, searchable=True, note=chosen.note)


def _table_row(result: Result) -> TableRow:
    found = measured([result])
    if not found:
        return result_row(result, _why_not(result))
    (m,) = found
    return result_row(
        result,
        (
            value_cell(result, "end_to_end_ms"),
            value_cell(result, "end_to_end_graph_ms"),
            ratio_cell(graph_of(m), _ONE_WAY),
            _share_cell(m),
            value_cell(result, "end_to_end_ips"),
            value_cell(result, "end_to_end_async_ips"),
            _pipeline_cell(m),
            ratio_cell(async_of(m), _ONE_WAY),
            value_cell(result, "end_to_end_graph_async_ips"),
            agreement_cell(m.measurement),
            n_cell(result, "end_to_end_ms"),
            verdict_cell(result, "end_to_end"),
        ),
    )


_VALUE_COLUMNS = 12
"""Columns of the table after those that name the result."""


def _why_not(result: Result) -> tuple[Cell, ...]:
    """Return one cell over all columns with the reason why nothing was measured."""
    why = result.record.end_to_end
    if not result.completed or isinstance(why, EndToEnd):  # the row says why the case failed
        return (Cell(""),) * _VALUE_COLUMNS
    return (spanning_cell(why, _VALUE_COLUMNS),)


def _pipeline_cell(m: Measured) -> Cell:
    """Return how many requests the pipeline had, and what they were compiled for."""
    (first, *_) = m.measurement.pipelines
    return Cell(str(first.requests), sub=f"compiled for {first.hint}", sort=first.requests)


def _share_cell(m: Measured) -> Cell:
    host = end_to_end.of_way(m.measurement, "host")
    if host is None:
        return Cell("–", tone="missing", tip="Not measured with preprocessing on the host.")
    share = end_to_end.inference_share(host)
    # An interval on a logarithmic scale may pass the whole; where nothing is known it has no end.
    high = min(share.high, 1.0) if math.isfinite(share.high) else share.high
    return Cell(
        significant(share.value * 100),
        sub=interval_words(share.low * 100, high * 100),
        sort=share.value,
    )


def agreement_cell(measurement: EndToEnd) -> Cell:
    """Return whether both ways give the same outputs, and the largest difference."""
    if not measurement.agreement:
        return Cell("–", tone="missing", tip="Only one way was measured.")
    worst = max(measurement.agreement, key=lambda output: output.relative_rmse)
    alike = worst.relative_rmse <= end_to_end.TOLERANCE
    off = f"{significant(worst.relative_rmse * 100, 2)} % off"
    tip = "; ".join(
        f"{line(a.name, 40)}: relative RMSE {a.relative_rmse:.2g}, cosine {a.cosine:.4f}"
        for a in measurement.agreement[:8]
    )
    return Cell("agree" if alike else "differ", sub=off, tone="" if alike else "bad", tip=tip)


def has_images(catalogue: Catalogue) -> bool:
    """Return whether any image model was measured from its files to its outputs."""
    return any(isinstance(r.record.end_to_end, EndToEnd) for r in catalogue.results)


PAGE = Page("end-to-end", "End to end", view, when=has_images)
