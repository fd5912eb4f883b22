"""Tables of OpenVINO and native frameworks: speed, start-up, memory, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence

from ovreport.metrics import HEADLINES
from ovreport.record import Agreement, Completed, Latency, Throughput
from ovreport_sitegen.compare import MEASUREMENTS
from ovreport_sitegen.components.accuracy_cells import agreement_cells
from ovreport_sitegen.components.cells import (
    metric_column,
    missing_cell,
    model_cell,
    status_word,
    value_cell,
    verdict_cell,
)
from ovreport_sitegen.components.ratio_card import pairs_cell, ratio_cell
from ovreport_sitegen.components.table import Cell, Column, Table, TableRow
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.data.speedups import Speedup
from ovreport_sitegen.text import line, listed

_HEAD = (Column("Model"), Column("Framework", wide=True), Column("OpenVINO ran", wide=True))
_WHO = ("OpenVINO", "Framework")


def speed_table(pairs: Sequence[Speedup]) -> Table:
    """Return the table of paired speedups, with the latency and throughput behind them."""
    columns = (
        *_HEAD,
        Column("Latency speedup", "×", "higher", True),
        Column("Throughput speedup", "×", "higher", True),
        Column("Pairs", "rounds", "", True),
        Column("Verdict, OpenVINO"),
        Column("Verdict, framework"),
        *(metric_column(HEADLINES[m], f"{who}, {m}") for m in MEASUREMENTS for who in _WHO),
    )
    rows = tuple(_table_row(pair, _speed_cells(pair)) for pair in pairs)
    caption = "Speed of OpenVINO against native frameworks"
    return Table("speed-table", caption, columns, rows, searchable=True)


def _speed_cells(pair: Speedup) -> tuple[Cell, ...]:
    both = pair.candidate, pair.baseline
    return (
        ratio_cell(pair.latency),
        ratio_cell(pair.throughput),
        pairs_cell(pair.latency, pair.throughput),
        *(verdict_cell(r, "latency") for r in both),
        *(value_cell(r, HEADLINES[measurement]) for measurement in MEASUREMENTS for r in both),
    )


def costs_table(pairs: Sequence[Speedup]) -> Table:
    """Return the table of start-up, memory, outputs and threads of both."""
    columns = (
        *_HEAD,
        *(metric_column(key, f"{who}, {what}") for key, what in _COSTS.items() for who in _WHO),
        Column("OpenVINO, against f32", "relative RMSE", "lower", True),
        Column("Framework, against f32", "relative RMSE", "lower", True),
        Column("Threads", "latency"),
        Column("Requests × threads", "throughput"),
    )
    rows = tuple(_table_row(pair, _cost_cells(pair)) for pair in pairs)
    return Table("costs-table", "Start-up, memory and outputs of both", columns, rows, True)


_COSTS = {"startup_ms": "start-up", "peak_memory_bytes": "peak memory"}


def _cost_cells(pair: Speedup) -> tuple[Cell, ...]:
    both = pair.candidate, pair.baseline
    return (
        *(value_cell(r, key) for key in _COSTS for r in both),
        agreement_cells(pair.candidate)[1],
        _agreement(pair.baseline),
        *(
            Cell(" / ".join(map(setting, both)), sub="OpenVINO / framework")
            for setting in (_latency_threads, _load)
        ),
    )


def _table_row(pair: Speedup, cells: Sequence[Cell]) -> TableRow:
    ours, native = pair.candidate, pair.baseline
    head = (
        model_cell(native.model, ours.href, native.marks),
        Cell(
            native.framework, sub=f"ran {native.precision}", sort=native.framework, href=native.href
        ),
        Cell(ours.label, sub=ours.device.label, sort=ours.precision),
    )
    return TableRow(
        cells=(*head, *cells),
        under=f"{native.framework} · OpenVINO {ours.label}",
        filters=(native.model.title, ours.requested, ours.device.family),
    )


def _agreement(result: Result) -> Cell:
    agreement = result.record.agreement
    if isinstance(agreement, Agreement):
        return agreement_cells(result)[1]
    return missing_cell(agreement)


def missing_table(catalogue: Catalogue) -> Table | None:
    """Return the native results that were not compared, each with the reason."""
    compared = {id(p.baseline) for p in catalogue.framework_speedups}
    rows = tuple(
        TableRow((model_cell(r.model, r.href), Cell(r.framework, sort=r.framework), *_why(r)))
        for r in catalogue.native
        if id(r) not in compared
    )
    columns = (Column("Model"), Column("Framework"), Column("What happened"), Column("Why"))
    return Table("missing-table", "Native results not compared", columns, rows) if rows else None


def _why(result: Result) -> tuple[Cell, Cell]:
    outcome = result.record.outcome
    if isinstance(outcome, Completed):
        why = "No OpenVINO result of the same file and inputs was measured in the same run."
        return ratio_cell(None, ""), Cell(why, tone="prose")
    why = line(outcome.reason, 400)
    return Cell(status_word(outcome), tone="missing"), Cell(why, tone="prose")


# ---------------------------------------------------------------- settings

_THREADS = ("INFERENCE_NUM_THREADS", "intra_op_num_threads", "num_threads")
"""What the engines call their threads."""


def _latency_threads(result: Result) -> str:
    latency = result.record.latency
    return _threads(latency) if isinstance(latency, Latency) else "?"


def _threads(measurement: Latency | Throughput) -> str:
    reported = measurement.settings.effective | measurement.settings.requested
    return line(next((reported[name] for name in _THREADS if name in reported), "?"), 8)


def _load(result: Result) -> str:
    """Return requests × threads of each; OpenVINO reports the threads of all requests together."""
    throughput = result.record.throughput
    if not isinstance(throughput, Throughput):
        return "?"
    requests, threads = throughput.rounds[0].requests, _threads(throughput)
    if not result.framework and threads.isdigit():
        threads = f"{int(threads) / requests:g}" if requests else threads
    return f"{requests} × {threads}"


def threads_sentence(pairs: Sequence[Speedup]) -> str:
    """Return whether both had the same threads and requests, and where not."""
    unlike = {
        p.baseline.model.title
        for p in pairs
        if (_latency_threads(p.candidate), _load(p.candidate))
        != (_latency_threads(p.baseline), _load(p.baseline))
    }
    if not unlike:
        return "Threads and requests were equal in every pair."
    return f"Threads or requests were not equal for {listed(sorted(unlike)[:10])}."
