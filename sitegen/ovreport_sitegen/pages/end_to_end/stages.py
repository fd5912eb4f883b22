"""Cards of one model: the stages that its end-to-end time consists of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ovreport.metrics import HEADLINES, METRICS, MetricValue, end_to_end, significant
from ovreport.record import STAGES, EndToEnd, Pipeline, Stage, Way
from ovreport.stats.comparison import Comparison
from ovreport.stats.intervals import Interval, median_interval
from ovreport_sitegen.charts import MAX_ROWS, Chart, Part, Row
from ovreport_sitegen.components.card import Card, footer
from ovreport_sitegen.components.cells import count_cell, interval_cell, result_cells
from ovreport_sitegen.components.marks import look
from ovreport_sitegen.components.ranked import value_details
from ovreport_sitegen.components.ranking import device_name
from ovreport_sitegen.components.ratio_card import speed_words
from ovreport_sitegen.components.table import Cell, Column, Table, TableRow
from ovreport_sitegen.data.result import ModelRef, Result
from ovreport_sitegen.text import interval_note

WAYS: dict[Way, str] = {"host": "on the host", "graph": "in the graph"}
"""Where preprocessing runs, in words."""
DOING: dict[Stage, str] = {
    "decode": "decoding",
    "preprocess": "preprocessing",
    "transfer": "transfer",
    "infer": "inference",
    "postprocess": "postprocessing",
}


@dataclass(frozen=True)
class Measured:
    """A result that was measured end to end."""

    result: Result
    measurement: EndToEnd


def measured(results: Sequence[Result]) -> list[Measured]:
    """Return the results that were measured end to end."""
    return [
        Measured(r, r.record.end_to_end)
        for r in results
        if r.completed and isinstance(r.record.end_to_end, EndToEnd)
    ]


def stages_ms(pipeline: Pipeline) -> dict[Stage, Interval]:
    """Return each stage's median over rounds, with its interval, in order."""
    series: dict[Stage, list[float]] = {}
    for r in pipeline.rounds:
        for stage in STAGES:
            if stage in r.stages_ms:
                series.setdefault(stage, []).append(max(r.stages_ms[stage], _SHORTEST_MS))
    return {stage: median_interval(values) for stage, values in series.items()}


_SHORTEST_MS = 1e-6
"""A clock may read the same twice; a logarithm needs a positive number."""


def stage_card(model: ModelRef, found: Sequence[Measured]) -> Card:
    """Return a card of every device that ran a model, both ways on each."""
    timed = [(m, p) for m in found for p in m.measurement.pipelines if _metric_value(m, p)]
    rows = [row for m, p in timed[:MAX_ROWS] if (row := _row(m, p))]
    finding = " ".join(_finding(found[0]))
    title = model.title
    chart = Chart(
        "stages",
        f"{title}: time from image file to output",
        finding,
        "Milliseconds per image",
        tuple(rows),
    )
    notes = "Line: 95 % interval of the total."
    if any(row.faint for row in rows):
        notes += " Pale: the time is unreliable, its shares less so."
    if len(timed) > MAX_ROWS:
        notes += f" The first {MAX_ROWS} of {len(timed)}."
    results = [m.result for m in found]
    id_ = f"stages-{model.slug}"
    return Card(
        id=id_,
        title=title,
        conditions="one image at a time",
        better="Lower is better",
        finding=finding,
        chart=chart if rows else None,
        legend=notes,
        marks=("unreliable",) if any(row.faint for row in rows) else (),
        table=_table(f"{id_}-table", title, found),
        footer=footer(results, HEADLINES["end_to_end"]),
        more=f"{model.href}#end-to-end",
    )


def _metric_value(m: Measured, pipeline: Pipeline) -> MetricValue | None:
    return m.result.metric_value(_key(pipeline))


def _key(pipeline: Pipeline) -> str:
    return f"{end_to_end.WAY_KEYS[pipeline.way]}_ms"


def _row(m: Measured, pipeline: Pipeline) -> Row | None:
    metric_value = _metric_value(m, pipeline)
    if metric_value is None:
        return None
    parts = tuple(
        Part(stage, ms.value, f"{DOING[stage]} {significant(ms.value)} ms")
        for stage, ms in stages_ms(pipeline).items()
    )
    name = f"{device_name(m.result)} · {WAYS[pipeline.way]}"
    shown = look(metric_value)
    words = ", ".join(part.tip for part in parts)
    return Row(
        name=name,
        label=shown.text(METRICS[_key(pipeline)].format_unit(metric_value.value)),
        value=metric_value.value,
        low=metric_value.low,
        high=metric_value.high,
        family=m.result.device.family,
        faint=shown.is_approximate,
        is_approximate=shown.is_approximate,
        parts=parts,
        tip=f"{name}: {words}; {value_details(metric_value)}",
    )


def _finding(m: Measured) -> list[str]:
    """Return where the time goes with preprocessing on the host, and the speedup of the graph."""
    found = []
    host = end_to_end.of_way(m.measurement, "host")
    if host is not None:
        found.append(_where_time_goes(host))
    speedup = end_to_end.graph_gain(m.measurement)
    if speedup is not None:
        found.append(f"In the graph: {_speedup_words(speedup)}.")
    return found


def _where_time_goes(host: Pipeline) -> str:
    """Return inference's share, and what takes longest beside it; of one round no order."""
    share = end_to_end.inference_share(host)
    if len(host.rounds) == 1:
        return f"In one round, inference was {100 * share.value:.0f} % of the time."
    others = {s: ms.value for s, ms in stages_ms(host).items() if s != "infer"}
    costliest = max(others, key=lambda stage: others[stage], default=None)
    more = ""
    if costliest:
        is_more = others[costliest] > stages_ms(host)["infer"].value
        doing = DOING[costliest]
        more = f"; {doing} takes longer" if is_more else f"; of the rest, {doing} takes longest"
    return f"Inference is {_share_words(share)} of the time{more}."


def _speedup_words(speedup: Comparison) -> str:
    if speedup.significant:
        return speed_words(speedup.ratio.value)
    return speedup.outcome


def _share_words(share: Interval) -> str:
    """Return a share with its interval, which on a logarithmic scale may pass the whole."""
    value, low, high = (f"{100 * min(s, 1.0):.0f}" for s in (share.value, share.low, share.high))
    return f"{value} %" + ("" if low == value == high else interval_note(low, high, " %"))


def _table(id_: str, caption: str, found: Sequence[Measured]) -> Table:
    columns = (
        Column("Device"),
        Column("Preprocessing"),
        *(Column(stage.capitalize(), "ms", "lower", True) for stage in STAGES),
        Column("n", "rounds", "", True),
    )
    both = [(m, pipeline) for m in found for pipeline in m.measurement.pipelines]
    rows = tuple(_table_row(m, pipeline) for m, pipeline in both[: 2 * MAX_ROWS])
    return Table(id_, f"{caption}: stages", columns, rows)


def _table_row(m: Measured, pipeline: Pipeline) -> TableRow:
    device = result_cells(m.result)[1]
    stages = stages_ms(pipeline)
    named = Cell(device.text, sub=m.result.precision, href=m.result.href, family=device.family)
    cells = [
        interval_cell(stages[stage])
        if stage in stages
        else Cell("–", tone="missing", tip="Part of inference: the model does it.")
        for stage in STAGES
    ]
    rounds = count_cell(len(pipeline.rounds))
    return TableRow((named, Cell(WAYS[pipeline.way]), *cells, rounds))
