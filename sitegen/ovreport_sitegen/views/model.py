"""A model's page, and the list of all models and devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from ovreport.figures import Figure
from ovreport.metrics import METRICS, significant
from ovreport.record import Converted, Latency, Optimised, Original, Port
from ovreport.statistics import spread
from ovreport_sitegen.catalogue import Catalogue, ModelRef, Result
from ovreport_sitegen.charts import MAX_ROWS, Chart, Row
from ovreport_sitegen.speedup import latencies
from ovreport_sitegen.text import clean, line, plural, safe_url
from ovreport_sitegen.views import (
    accuracies,
    accuracy_cells,
    arrivals,
    cards,
    curve,
    frameworks,
    gains,
    making,
    published,
    tradeoff,
)
from ovreport_sitegen.views import result as result_view
from ovreport_sitegen.views.accuracy import trade_sentence
from ovreport_sitegen.views.page import Card, Page, footer, warning
from ovreport_sitegen.views.table import (
    VERDICT,
    Cell,
    Column,
    Table,
    TableRow,
    figure_cell,
    metric_column,
    result_cells,
    row,
    verdict_cell,
)

_FIGURES = ("throughput_ips", "peak_memory_bytes", "startup_ms")
COMPARED = Cell("see frameworks", tone="missing", href="frameworks.html",
                tip="OpenVINO against this framework, or why there is no ratio")  # fmt: skip
"""Where other results have their gain over f32."""


@dataclass(frozen=True)
class ModelView:
    """Everything the template of a model's page needs."""

    page: Page
    model: ModelRef
    why: str
    homepage: str | None
    homepage_text: str
    facts: tuple[tuple[str, str], ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    findings: tuple[str, ...]
    table: Table
    tradeoffs: tuple[Card, ...]
    """Accuracy against latency and throughput, on each device that has a choice."""
    made: tuple[making.Made, ...]
    """How each file that is not the published one was made."""
    size: Table | None
    """File size beside memory; None where there is only one variant."""
    size_finding: str
    published: Table | None
    """Figures of others."""
    spread: Card | None
    curves: tuple[Card, ...]
    accuracies: Table | None
    """Every accuracy, where there are further ones beside the headlines."""
    arrivals: Table | None
    results: tuple[result_view.ResultView, ...]


def view(catalogue: Catalogue, model: ModelRef) -> ModelView:
    """Return the view of a model's page."""
    results, native = catalogue.of_model(model), catalogue.native_of(model)
    as_published = [r for r in results if r.is_published]
    record = max((r.record for r in as_published or native), key=lambda r: r.measured_at)
    page = Page(
        model.href,
        model.title,
        f"{model.task.capitalize()} · {plural(len(results), 'result')} on "
        f"{plural(len({r.device.key for r in results}), 'device')}"
        + (f", {plural(len(native), 'result')} of native frameworks." if native else "."),
        nav="models",
        warning=warning(results, "latency", "of this model"),
    )
    described = record.model
    return ModelView(
        page=page,
        model=model,
        why=line(described.why, 1000),
        homepage=safe_url(described.homepage),
        homepage_text=line(described.homepage, 120),
        facts=model_facts(results or native, described.parameters),
        inputs=tuple(map(port_text, described.inputs[:20])),
        outputs=tuple(map(port_text, described.outputs[:20])),
        findings=(
            *_findings(catalogue, results),
            *tradeoff.model_findings(catalogue, model),
            *[frameworks.sentence(p) for p in catalogue.against_of(model)[:4]],
        ),
        table=_table(catalogue, model, [*results, *native]),
        tradeoffs=tradeoff.model_cards(catalogue, model),
        made=making.made(results),
        size=making.size_table(catalogue, model),
        size_finding=making.size_finding(catalogue, model),
        published=published.table(catalogue, model),
        spread=_spread(results),
        curves=curve.model_cards(results),
        accuracies=accuracies.table([*results, *native]),
        arrivals=arrivals.table(results),
        results=tuple(map(result_view.view, [*results, *native])),
    )


def model_facts(results: Sequence[Result], parameters: int) -> tuple[tuple[str, str], ...]:
    """Return what is known of a model, for a list of facts."""
    as_published = [r for r in results if r.is_published] or results
    newest = max((r.record for r in as_published), key=lambda r: r.measured_at).model
    sums = sorted({r.record.model.sha256 for r in as_published})
    return (
        ("Id", newest.id),
        ("Licence", line(newest.licence, 200)),
        ("Source", line(newest.source, 300)),
        ("SHA-256", ", ".join(sums[:4])),
        *_made(newest.made),
        ("Size", f"{significant(newest.size_bytes / 1e6)} MB"),
        ("Parameters", count_text(parameters) if parameters else "not counted"),
    )


def _made(made: Original | Converted | Optimised) -> list[tuple[str, str]]:
    """Return how the file that was run came about, where it is not the published one."""
    if not isinstance(made, Converted):
        return []
    software = ", ".join(f"{line(p, 40)} {line(v, 40)}" for p, v in made.software.items())
    return [("Made of it", f"an OpenVINO IR, by the converter {line(made.converter)} ({software})")]


def count_text(n: int) -> str:
    """Return a large count in millions or thousands."""
    for limit, word in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if n >= limit:
            return f"{significant(n / limit)} {word}"
    return str(n)


def port_text(port: Port) -> str:
    """Return an input or output as name: type [shape]."""
    shape = " × ".join(map(str, port.shape[:12])) or "scalar"
    return f"{line(port.name, 80)}: {line(port.dtype, 20)}, {shape}"


def _findings(catalogue: Catalogue, results: Sequence[Result]) -> list[str]:
    found = []
    for r in results:
        gain = catalogue.speedup(r)
        if gain is None or gain.latency is None or not r.is_published:
            continue
        clear = gain.latency.outcome == "different"
        text = trade_sentence(r, gains.times(gain.latency) if clear else "", named=False)
        if not text:
            speed = (
                f"is {gains.times(gain.latency)} as fast as f32" if clear
                else f"is {gain.latency.outcome} from f32 in speed"
                if gain.latency.outcome == "not distinguishable" else
                "has too few rounds to be compared with f32"
            )  # fmt: skip
            text = f"{r.executed or 'The default'}, the default on {r.device.label}, {speed}."
        found.append(text)
    return found[:4]


def _table(catalogue: Catalogue, model: ModelRef, results: Sequence[Result]) -> Table:
    columns = (
        Column("Device"), Column("Precision", wide=True), metric_column("latency_ms"),
        VERDICT, *map(metric_column, _FIGURES),
        Column("Gain", "× f32", "higher", True), Column("Accuracy", "", "higher", True),
        Column("Against f32", "points", "higher", True), Column("In full"),
    )  # fmt: skip
    rows = []
    for r in results:
        _, device, precision = result_cells(r)
        marks = ((r.framework,) if r.framework else ()) + (("quick",) if r.quick else ())
        first = replace(device, marks=marks)
        cells = (
            figure_cell(r, "latency_ms"),
            verdict_cell(r, "latency"),
            *(figure_cell(r, key) for key in _FIGURES),
            COMPARED if r.framework else gains.gain_cell(catalogue, r),
            accuracy_cells.value_cell(r),
            accuracy_cells.cost_cell(r),
        )
        full = Cell("all figures", href=f"#{r.anchor}")
        made = row(r, (first, precision), cells, aspect="latency", under=r.told)
        rows.append(replace(made, cells=(*made.cells, full)))
    return Table("results", f"Results of {model.title}", columns, tuple(rows))


def _spread(results: Sequence[Result]) -> Card | None:
    """Return each round's latency against the median of its case, in per cent."""
    measured = [r for r in results if r.figure("latency_ms")]
    drawn = [(row, r) for r in measured[:MAX_ROWS] if (row := _spread_row(r))]
    if not drawn:
        return None
    rows = [row for row, _ in drawn]
    widest, by = max(((row, _spread_of(r)) for row, r in drawn), key=lambda pair: pair[1])
    finding = (
        f"Rounds of {widest.name} differ most: by {100 * by:.1f} % (standard deviation), up to "
        f"{max(map(abs, widest.points)):.1f} % from their median."
    )
    title = "How far the rounds agree"
    key = "Circle: one round, a fresh process. Band: 95 % interval of the median."
    if len(measured) > len(rows):
        key += f" The first {len(rows)} of {len(measured)} results."
    chart = Chart("rounds", title, finding, "Latency, % off the median of rounds", tuple(rows))
    return Card(
        id="spread", title=title, conditions="latency, every round", better="Narrow is better",
        finding=finding, footer=footer(measured, "latency"), chart=chart, key=key,
    )  # fmt: skip


def _spread_of(result: Result) -> float:
    """Return the spread of a result's rounds, 0 where there is only one."""
    medians = list(latencies(result.record).values())
    return spread(medians) if len(medians) > 1 else 0.0


def _spread_row(result: Result) -> Row | None:
    figure, latency = result.figures["latency_ms"], result.record.latency
    if not isinstance(figure, Figure) or not isinstance(latency, Latency):
        return None
    middle = figure.value
    name = f"{result.device.label} · {result.told}"
    return Row(
        name=name,
        label="",
        value=0,
        low=(figure.low / middle - 1) * 100,
        high=(figure.high / middle - 1) * 100,
        family=result.device.family,
        points=tuple((r.median_ms / middle - 1) * 100 for r in latency.rounds),
        tip=f"{name}: {METRICS['latency_ms'].format_unit(middle)}, {cards.figure_tip(figure)}",
    )


# ---------------------------------------------------------------- lists


@dataclass(frozen=True)
class IndexView:
    """Everything the template of the list of models and devices needs."""

    page: Page
    models: Table
    devices: Table


def index(catalogue: Catalogue) -> IndexView:
    """Return the list of all models and devices."""
    page = Page(
        "models.html",
        "Models and devices",
        f"{plural(len(catalogue.models) + len(catalogue.language_models), 'model')} and "
        f"{plural(len(catalogue.devices), 'device')} have results here. Each has a page with "
        "every figure, its evidence, and the command that repeats it.",
        nav="models",
    )
    return IndexView(page, _model_list(catalogue), _device_list(catalogue))


def _model_list(catalogue: Catalogue) -> Table:
    rows = []
    own = [(m, catalogue.of_model(m), catalogue.native_of(m)) for m in catalogue.models]
    own += [(m, catalogue.language_of(m), []) for m in catalogue.language_models]
    for m, results, native in own:
        record = max((r.record for r in results or native), key=lambda r: r.measured_at).model
        marks = ("architecture only",) if m.architecture_only else ()
        rows.append(TableRow((
            Cell(m.title, sort=m.title.lower(), href=m.href, marks=marks),
            Cell(m.task, sort=m.task),
            Cell(count_text(record.parameters) if record.parameters else "–",
                 sort=record.parameters),
            Cell(line(record.licence, 60)),
            Cell(line(record.why, 160), tone="prose"),
            Cell(str(len(results)), sort=len(results)),
            _failures(results),
        )))  # fmt: skip
    columns = (Column("Model"), Column("Task"), Column("Parameters", "", "", True),
               Column("Licence"), Column("Why it is in"), Column("Results", "", "", True),
               Column("Failed or unsupported", "", "", True))  # fmt: skip
    return Table("models-table", "Models", columns, tuple(rows))


def _failures(results: Sequence[Result]) -> Cell:
    failed = sum(not r.completed for r in results)
    return Cell(str(failed) if failed else "none", sort=failed, tone="bad" if failed else "")


def _device_list(catalogue: Catalogue) -> Table:
    rows = []
    for d in catalogue.devices:
        results = catalogue.of_device(d)
        machine = catalogue.newest_of(d).record.machine
        rows.append(TableRow((
            Cell(d.label, sort=d.label.lower(), href=d.href, family=d.family),
            Cell(d.family, sort=d.family),
            Cell(line(clean(machine.cpu), 60), sub=machine.id, sort=machine.id),
            Cell(str(machine.cores_available), sort=machine.cores_available),
            Cell(line(machine.virtualised, 40)),
            Cell(str(len(results)), sort=len(results)),
            _failures(results),
        )))  # fmt: skip
    columns = (Column("Device"), Column("Family"), Column("Machine"),
               Column("Cores", "available", "", True), Column("Virtualised"),
               Column("Results", "", "", True),
               Column("Failed or unsupported", "", "", True))  # fmt: skip
    return Table("devices-table", "Devices", columns, tuple(rows))
