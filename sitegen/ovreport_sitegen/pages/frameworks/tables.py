"""Tables of OpenVINO beside native frameworks: speed, what else they cost, what is missing."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from ovreport.record import Agreement, Completed, Latency, Throughput
from ovreport.stats.comparison import Comparison
from ovreport_sitegen.compare.frameworks import Against
from ovreport_sitegen.components.accuracy_cells import agreement_cells
from ovreport_sitegen.components.cells import metric_column, missing_cell, value_cell, verdict_cell
from ovreport_sitegen.components.ratios import ratio_cell
from ovreport_sitegen.components.table import Cell, Column, Table, TableRow
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import line, listed

Pair = Against[Result]

_HEADLINES = {"latency": "latency_ms", "throughput": "throughput_ips"}


def speed_table(pairs: Sequence[Pair], id_: str = "speed-table") -> Table:
    """Return the table of paired speed-ups, with the figures behind them."""
    columns = (
        Column("Model"),
        Column("Framework", wide=True),
        Column("OpenVINO ran", wide=True),
        Column("Latency gain", "×", "higher", True),
        Column("Throughput gain", "×", "higher", True),
        Column("Pairs", "rounds", "", True),
        Column("Verdict, OpenVINO"),
        Column("Verdict, framework"),
        *(
            metric_column(key, f"{who}, {what}")
            for key, what in (("latency_ms", "latency"), ("throughput_ips", "throughput"))
            for who in ("OpenVINO", "Framework")
        ),
    )
    rows = tuple(
        _table_row(
            pair,
            (
                _ratio(pair.latency),
                _ratio(pair.throughput),
                _pairs_cell(pair),
                verdict_cell(pair.openvino, "latency"),
                verdict_cell(pair.native, "latency"),
                *(
                    _figure(r, measurement)
                    for measurement in _HEADLINES
                    for r in (pair.openvino, pair.native)
                ),
            ),
        )
        for pair in pairs
    )
    caption = "Speed of OpenVINO against native frameworks"
    return Table(id_, caption, columns, rows, searchable=id_ == "speed-table")


def beside_table(pairs: Sequence[Pair]) -> Table:
    """Return the table of what both need beside speed, what they answer, and their threads."""
    columns = (
        Column("Model"),
        Column("Framework", wide=True),
        Column("OpenVINO ran", wide=True),
        *(
            metric_column(key, f"{who}, {what}")
            for key, what in (("startup_ms", "start-up"), ("peak_memory_bytes", "peak memory"))
            for who in ("OpenVINO", "Framework")
        ),
        Column("OpenVINO, off f32", "relative RMSE", "lower", True),
        Column("Framework, off f32", "relative RMSE", "lower", True),
        Column("Threads", "latency"),
        Column("Requests × threads", "throughput"),
    )
    rows = tuple(
        _table_row(
            pair,
            (
                *(
                    value_cell(r, key)
                    for key in ("startup_ms", "peak_memory_bytes")
                    for r in (pair.openvino, pair.native)
                ),
                agreement_cells(pair.openvino)[1],
                _agreement(pair.native),
                Cell(
                    f"{_latency_threads(pair.openvino)} / {_latency_threads(pair.native)}",
                    sub="OpenVINO / framework",
                ),
                Cell(f"{_load(pair.openvino)} / {_load(pair.native)}", sub="OpenVINO / framework"),
            ),
        )
        for pair in pairs
    )
    return Table("beside-table", "Start-up, memory and outputs of both", columns, rows, True)


def _table_row(pair: Pair, cells: Sequence[Cell]) -> TableRow:
    ours, native = pair.openvino, pair.native
    marks = (("architecture only",) if native.model.architecture_only else ()) + (
        ("quick",) if native.quick else ()
    )
    head = (
        Cell(native.model.title, sort=native.model.title.lower(), href=ours.href, marks=marks),
        Cell(
            native.framework, sub=f"ran {native.precision}", sort=native.framework, href=native.href
        ),
        Cell(ours.told, sub=ours.device.label, sort=ours.precision),
    )
    return TableRow(
        cells=(*head, *cells),
        under=f"{native.framework} · OpenVINO {ours.told}",
        filters=(native.model.title, ours.requested, ours.device.family),
    )


def _ratio(comparison: Comparison | None) -> Cell:
    if comparison is None:
        return Cell("–", tone="missing", tip="One of both has no such figure.")
    return ratio_cell(comparison)


def _figure(result: Result, measurement: str) -> Cell:
    """Return a headline, greyed if it is unreliable; the ratio beside it has its own interval."""
    cell, verdict = value_cell(result, _HEADLINES[measurement]), result.verdict(measurement)
    return replace(cell, tone="missing") if verdict and verdict.level == "unreliable" else cell


def _pairs_cell(pair: Pair) -> Cell:
    count = max((c.pairs for c in (pair.latency, pair.throughput) if c), default=0)
    return Cell(str(count), sort=count)


def _agreement(result: Result) -> Cell:
    agreement = result.record.agreement
    if isinstance(agreement, Agreement):
        return agreement_cells(result)[1]
    return missing_cell(agreement)


def missing_table(catalogue: Catalogue) -> Table | None:
    """Return the native results that were compared with nothing, each with its reason."""
    compared = {id(p.native) for p in catalogue.against}
    rows = tuple(
        TableRow(
            (
                Cell(r.model.title, sort=r.model.title.lower(), href=r.href),
                Cell(r.framework, sort=r.framework),
                *_why(r),
            )
        )
        for r in catalogue.native
        if id(r) not in compared
    )
    columns = (Column("Model"), Column("Framework"), Column("What happened"), Column("Why"))
    return Table("missing-table", "Native results not compared", columns, rows) if rows else None


def _why(result: Result) -> tuple[Cell, Cell]:
    outcome = result.record.outcome
    if isinstance(outcome, Completed):
        why = "No OpenVINO result of the same file and inputs was measured alternately with it."
        return Cell("unpaired", tone="missing"), Cell(why, tone="prose")
    said = missing_cell(outcome)
    return replace(said, sub=""), Cell(said.tip, tone="prose")


# ---------------------------------------------------------------- settings

_THREADS = ("INFERENCE_NUM_THREADS", "intra_op_num_threads", "num_threads")
"""What the engines call their threads."""


def _latency_threads(result: Result) -> str:
    latency = result.record.latency
    return _threads(latency) if isinstance(latency, Latency) else "?"


def _threads(measurement: Latency | Throughput) -> str:
    told = measurement.settings.effective | measurement.settings.requested
    return line(next((told[name] for name in _THREADS if name in told), "?"), 8)


def _load(result: Result) -> str:
    """Return requests × threads of each; OpenVINO tells the threads of all requests together."""
    throughput = result.record.throughput
    if not isinstance(throughput, Throughput):
        return "?"
    requests, threads = throughput.rounds[0].requests, _threads(throughput)
    if not result.framework and threads.isdigit():
        threads = f"{int(threads) / requests:g}" if requests else threads
    return f"{requests} × {threads}"


def threads_sentence(pairs: Sequence[Pair]) -> str:
    """Return whether both had the same threads and requests, and where not."""
    unlike = {
        p.native.model.title
        for p in pairs
        if (_latency_threads(p.openvino), _load(p.openvino))
        != (_latency_threads(p.native), _load(p.native))
    }
    if not unlike:
        return "Threads and requests were equal in every pair."
    return f"Threads or requests were not equal for {listed(sorted(unlike)[:10])}."
