"""From the published file to what runs: what a language model loses on each part of the way.

As published → as converted, in f32 → at the default precision, and with compressed weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ovreport.metrics import METRICS, significant
from ovreport.record import NotMeasured, PublishedPerplexity
from ovreport_sitegen.components.cells import (
    count_cell,
    metric_column,
    missing_cell,
    model_cell,
    value_cell,
)
from ovreport_sitegen.components.generation import is_converted, perplexity_of, value_words
from ovreport_sitegen.components.table import DASH, Cell, Column, Table, TableRow
from ovreport_sitegen.data.result import ModelRef, Result
from ovreport_sitegen.pages.language.tables import against_cell
from ovreport_sitegen.text import line

LOSS = "perplexity_over_published"


@dataclass(frozen=True)
class _Chain:
    """The results of one model whose perplexity was measured, on one machine's text."""

    model: ModelRef
    results: tuple[Result, ...]
    published: PublishedPerplexity | NotMeasured
    """Of the first of them that has it; or why none has."""

    @property
    def converted(self) -> Result | None:
        """The file as converted, in f32 on the CPU, compared with the file as published."""
        compared = (r for r in self.results if r.is_baseline and r.metric_value(LOSS))
        return next((r for r in compared if r.device.family == "CPU"), None)


def _chains(results: Sequence[Result]) -> Iterator[_Chain]:
    """Yield what each model that is converted has."""
    measured = [r for r in results if perplexity_of(r) and is_converted(r)]
    for model in dict.fromkeys(r.model for r in measured):
        of_model = sorted((r for r in measured if r.model == model), key=_stage)
        found = [p.published for r in of_model if (p := perplexity_of(r))]
        known = (p for p in found if isinstance(p, PublishedPerplexity))
        yield _Chain(model, tuple(of_model), next(known, found[0]))


def _stage(result: Result) -> tuple[bool, bool, int]:
    """Order from the first stage to the last: f32, the default precision, then variants."""
    variants = result.model.variants
    return not result.is_published, result.requested != "f32", variants.index(result.variant)


def findings(results: Sequence[Result]) -> Iterator[str]:
    """Yield what the conversion of each published file costs, a sentence each."""
    for chain in _chains(results):
        name = chain.model.title
        if not isinstance(chain.published, PublishedPerplexity):
            yield (
                f"What OpenVINO GenAI loses when it converts the published file of {name} is not "
                f"known ({line(chain.published.reason, 200)})."
            )
            continue
        text = f"The published file of {name} has perplexity {significant(chain.published.value)}"
        if converted := _converted_words(chain):
            yield f"{text}; {converted}."


def _converted_words(chain: _Chain) -> str:
    """Return the perplexity of the file as converted, and how it compares."""
    result = chain.converted
    found = result.metric_value(LOSS) if result else None
    perplexity = perplexity_of(result) if result else None
    if result is None or found is None or perplexity is None:
        return ""
    text = f"as OpenVINO GenAI converts it, in f32, {significant(perplexity.value)}"
    if found.low <= 0 <= found.high:
        return f"{text}: no clear loss by conversion"
    change = value_words(result, LOSS, interval=True)
    if found.value < 0:
        return f"{text}: a change of {change} by conversion"
    return f"{text}: {change} are lost by conversion, before any precision is given up"


def table(results: Sequence[Result]) -> Table | None:
    """Return perplexity from the published file to what runs; None where nothing is converted."""
    chains = list(_chains(results))
    if not chains:
        return None
    columns = (
        Column("Model"),
        Column("Stage", wide=True),
        metric_column("perplexity"),
        metric_column(LOSS, "Against published"),
        Column("Against converted", "perplexity", "lower", True, tip="In f32, same text, paired"),
        Column("n", "tokens", "", True),
    )
    rows = tuple(row for chain in chains for row in _rows(chain))
    return Table("conversion-table", "From the published file to what runs", columns, rows)


def _rows(chain: _Chain) -> Iterator[TableRow]:
    yield _published_row(chain)
    for result in chain.results:
        stage = "as converted" if result.is_published else result.variant_name
        perplexity = perplexity_of(result)
        yield TableRow(
            (
                model_cell(chain.model, result.href, result.marks),
                Cell(stage, sub=f"{result.precision} · {result.device.label}"),
                value_cell(result, "perplexity"),
                value_cell(result, LOSS),
                against_cell(perplexity),
                count_cell(perplexity.tokens) if perplexity else DASH,
            ),
            under=f"{stage} · {result.precision} · {result.device.label}",
        )


def _published_row(chain: _Chain) -> TableRow:
    published, stage = chain.published, "as published"
    model = model_cell(chain.model)
    if not isinstance(published, PublishedPerplexity):
        cells = (model, Cell(stage), missing_cell(published), DASH, DASH, DASH)
        return TableRow(cells, under=stage)
    software = ", ".join(f"{line(k, 30)} {line(v, 30)}" for k, v in published.software.items())
    cells = (
        model,
        Cell(stage, sub=f"{line(published.method, 120)} ({software})"),
        Cell(METRICS["perplexity"].format(published.value), sort=published.value),
        DASH,
        DASH,
        count_cell(sum(w.tokens for w in published.windows)),
    )
    return TableRow(cells, under=stage)
