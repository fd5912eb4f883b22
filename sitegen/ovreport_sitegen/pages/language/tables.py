"""Tables of language models: results, prompt and output lengths, concurrent requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from ovreport.metrics import METRICS, generation, significant
from ovreport.metrics.evidence import evidence
from ovreport.metrics.verdict import verdict_of
from ovreport.record import (
    AccuracyReference,
    Concurrency,
    ConcurrentPoint,
    Generation,
    GenerationPoint,
    Perplexity,
    Skipped,
    TokenAgreement,
)
from ovreport.stats.intervals import median_interval
from ovreport.words import plural
from ovreport_sitegen.components import speedups
from ovreport_sitegen.components.cells import (
    RESULT_COLUMNS,
    VERDICT,
    badge_cell,
    count_cell,
    interval_cell,
    level_cell,
    metric_column,
    missing_cell,
    result_cells,
    row,
    spanning_cell,
    too_few_cell,
    value_cell,
)
from ovreport_sitegen.components.generation import generation_of, perplexity_of, scaling
from ovreport_sitegen.components.ratio_card import ratio_cell
from ovreport_sitegen.components.table import DASH, Cell, Column, Table, TableRow
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import line

_TIMED = (
    "time_to_first_token_ms",
    "time_per_output_token_ms",
    *generation.PERCENTILES,
    "tokens_per_s",
)
_SIZES = ("model_load_ms", "peak_memory_generation_bytes")


def results_table(catalogue: Catalogue, results: Sequence[Result]) -> Table:
    """Return the table of every result: its headline lengths, and its quality."""
    columns = (
        *RESULT_COLUMNS,
        Column(
            "Prompt", "tokens", "", True, tip="The middle prompt length, with the longest output"
        ),
        *map(metric_column, _TIMED[:2]),
        VERDICT,
        *map(metric_column, (*_TIMED[3:], *_SIZES)),
        metric_column("perplexity"),
        metric_column("perplexity_over_published", "Against published"),
        Column(
            "Against converted",
            "perplexity",
            "lower",
            True,
            tip="Against the file as the engine loads it, in f32 on the CPU; same text, paired",
        ),
        metric_column("token_agreement"),
    )
    rows = tuple(_result_row(catalogue, r) for r in results)
    return Table("language-table", "Language models", columns, rows, searchable=True)


def _result_row(catalogue: Catalogue, result: Result) -> TableRow:
    measured = generation_of(result)
    prompt = DASH
    if measured:
        point = generation.headline_point(measured.points)
        prompt = count_cell(point.prompt_tokens, f"{point.new_tokens} generated")
    cells = (
        prompt,
        *(value_cell(result, key) for key in _TIMED[:2]),
        level_cell(result.metric_values.get("time_per_output_token_ms")),
        *(value_cell(result, key) for key in (*_TIMED[3:], *_SIZES)),
        value_cell(result, "perplexity"),
        value_cell(result, "perplexity_over_published"),
        against_cell(perplexity_of(result)),
        _agreement_cell(result, measured),
    )
    return _row(catalogue, result, cells)


def _row(catalogue: Catalogue, result: Result, cells: Sequence[Cell]) -> TableRow:
    under = f"{result.device.label} · {result.label}"
    return row(result, _head(catalogue, result), cells, under)


def _head(catalogue: Catalogue, result: Result) -> tuple[Cell, Cell, Cell]:
    """Return the cells that name a result; a device with language models only has no page."""
    model, device, precision = result_cells(result)
    if result.device not in catalogue.devices:
        device = Cell(device.text, device.sub, sort=device.sort, family=device.family)
    return model, device, precision


def against_cell(perplexity: Perplexity | None) -> Cell:
    """Return the difference to the file as converted, in f32 on the CPU."""
    if perplexity is None:
        return DASH
    reference = perplexity.reference
    if isinstance(reference, Skipped):
        return Cell("the same", tone="missing", tip="The others are compared with it.")
    if not isinstance(reference, AccuracyReference):
        return missing_cell(reference)
    sub = f"{_signed(reference.delta_low)} to {_signed(reference.delta_high)}"
    bad = reference.delta_low > 0 and reference.delta > 0.01 * reference.value
    return Cell(
        _signed(reference.delta),
        sub=sub,
        sort=reference.delta,
        tone="bad" if bad else "",
        tip=f"As converted, f32 on the CPU has {significant(reference.value)}; bootstrap over "
        f"{plural(len(perplexity.windows), 'window')}",
    )


def _signed(value: float) -> str:
    if value == 0:
        return "0"
    return ("+" if value > 0 else "−") + significant(abs(value), 2)


def _agreement_cell(result: Result, measured: Generation | None) -> Cell:
    found = measured.agreement if measured else None
    if not isinstance(found, TokenAgreement):
        return value_cell(result, "token_agreement")
    shown = value_cell(result, "token_agreement")
    sub = f"{found.identical} of {plural(len(found.common), 'prompt')}; {shown.sub}"
    return replace(shown, sub=sub, tip=line(found.data, 300))


# ---------------------------------------------------------------- lengths


def lengths_table(catalogue: Catalogue, results: Sequence[Result]) -> Table:
    """Return the table of every pair of lengths of every result."""
    columns = (
        *RESULT_COLUMNS,
        Column("Prompt", "tokens", "", True),
        Column("Output", "tokens", "", True),
        *map(metric_column, _TIMED),
        Column(
            "Pipeline's own",
            "ms",
            "",
            True,
            tip="Mean time per output token that the pipeline itself reports",
        ),
        Column("n", "outputs", "", True),
        VERDICT,
    )
    rows = tuple(
        _row(catalogue, r, tuple(_length_cells(r, point)))
        for r in results
        if (measured := generation_of(r))
        for point in measured.points
    )
    return Table("lengths-table", "Every length", columns, rows, searchable=True)


def _length_cells(result: Result, point: GenerationPoint) -> Iterator[Cell]:
    first, per_token = generation.first_token(point), generation.per_token(point)
    yield count_cell(point.prompt_tokens)
    yield count_cell(point.new_tokens)
    yield interval_cell(first, "time_to_first_token_ms")
    yield interval_cell(per_token, "time_per_output_token_ms")
    for key, percentile in generation.PERCENTILES.items():
        yield bound_cell(key, generation.percentile_ms(point, percentile))
    yield interval_cell(median_interval(generation.rates(point)), "tokens_per_s")
    own = [r.runtime_time_per_output_token_ms for r in point.rounds]
    yield _pipeline_cell(own, [r.time_per_output_token_mean_ms for r in point.rounds])
    yield count_cell(generation.generations(point), plural(len(point.rounds), "round"))
    yield badge_cell(verdict_of(per_token, len(point.rounds), evidence(result.record)))


def _pipeline_cell(own: Sequence[float], ours: Sequence[float]) -> Cell:
    if not all(own):
        return Cell("not reported", tone="missing")
    middle, off = sorted(own)[len(own) // 2], [a / b - 1 for a, b in zip(own, ours, strict=True)]
    worst = max(off, key=abs)
    said = f"within {abs(worst) * 100:.1f} % of our mean"
    return Cell(significant(middle), sub=said, sort=middle, tone="bad" if abs(worst) > 0.05 else "")


def bound_cell(key: str, bound: float | None) -> Cell:
    """Return a percentile, or that there are too few tokens to know it."""
    if bound is None:
        return too_few_cell()
    return Cell(METRICS[key].format(bound), sort=bound)


# ---------------------------------------------------------------- several at once


def concurrency_table(catalogue: Catalogue, results: Sequence[Result]) -> Table:
    """Return tokens per second by the number of requests, of every result; or why not."""
    columns = (
        *RESULT_COLUMNS,
        Column("Requests", "at once", "", True),
        Column("Tokens per second", "in all", "higher", True),
        Column("Scaling", "× one request", "higher", True, tip="Paired by round"),
        Column("n", "rounds", "", True),
    )
    rows = [
        r
        for result in results
        if generation_of(result)
        for r in _concurrent_rows(catalogue, result)
    ]
    return Table("concurrency-table", "Several requests at once", columns, tuple(rows))


def _concurrent_rows(catalogue: Catalogue, result: Result) -> Iterator[TableRow]:
    measured = generation_of(result)
    found = measured.concurrency if measured else None
    if not isinstance(found, Concurrency):
        yield _row(catalogue, result, (spanning_cell(found, 4),))
        return
    rates = [median_interval(generation.concurrent_rates(p)) for p in found.points]
    for point, rate in zip(found.points, rates, strict=True):
        yield _row(
            catalogue,
            result,
            (
                count_cell(point.requests),
                interval_cell(rate, "concurrent_tokens_per_s"),
                _scaling_cell(found.points[0], point),
                count_cell(len(point.rounds)),
            ),
        )


def _scaling_cell(first: ConcurrentPoint, point: ConcurrentPoint) -> Cell:
    """Return the rate over that of one request; nothing where one request was not measured."""
    if first.requests != 1:
        return DASH
    return speedups.BASELINE if point is first else ratio_cell(scaling(first, point))
