"""Variants of a language model: what compressed weights do to size, speed and perplexity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ovreport.metrics import generation, significant
from ovreport.record import AccuracyReference, Optimized, Perplexity
from ovreport.stats.comparison import Comparison
from ovreport.variants import VARIANTS
from ovreport_sitegen.compare import PairedComparison
from ovreport_sitegen.components.cells import metric_column, result_cells, row, value_cell
from ovreport_sitegen.components.generation import (
    change_words,
    generation_of,
    reference_words,
    relation,
)
from ovreport_sitegen.components.ratio_card import note_of, ratio_cell
from ovreport_sitegen.components.table import DASH, Cell, Column, Table, TableRow
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import megabytes

_MB = 1e6
_TIME = "time_per_output_token_ms"


def weights_words(result: Result) -> str:
    """Return what the weights of a result are, after the name of its model."""
    if not isinstance(result.record.model.origin, Optimized):
        return f"{result.variant} weights"
    return f"weights compressed to {result.variant.partition('-')[0]}"


def findings(results: Sequence[Result]) -> Iterator[str]:
    """Yield how each compressed variant compares with the published file, a sentence each."""
    for result in results:
        base = _base(result, results)
        if base is None or not generation_of(result):
            continue
        name = VARIANTS[result.variant].phrase
        yield (
            f"{name} of {result.model.title} on {result.device.label} {_speed(result, base)}"
            f"{_perplexity(result)}; its file has {_size_words(result, base)}."
        )


def _speed(result: Result, base: Result) -> str:
    effect = _effect(result, base)
    if effect is None:
        return "has no comparison of speed with the published file, whose rounds were apart"
    if effect.outcome == "insufficient data":
        return "has insufficient data for a comparison of speed with the published file"
    if not effect.significant:
        return "shows no clear difference in speed from the published file"
    return (
        f"takes {significant(effect.ratio.value, 2)}× the published file's time per token"
        f"{note_of(effect.ratio)}"
    )


def _perplexity(result: Result) -> str:
    measured = generation_of(result)
    found = measured.perplexity if measured else None
    if not isinstance(found, Perplexity):
        return ""
    text, reference = f"; its perplexity is {significant(found.value)}", found.reference
    if change := change_words(result):
        text += f" ({change} against the published file)"
    if not isinstance(reference, AccuracyReference):
        return text
    word = relation(reference)
    joined = "not clearly different from" if word == "no clear difference" else f"{word} than"
    return f"{text}, {joined} the {significant(reference.value)} {reference_words(result)}"


def _size_words(result: Result, base: Result) -> str:
    sizes = [r.record.model.size_bytes for r in (result, base)]
    return f"{megabytes(sizes[0])} against {megabytes(sizes[1])}"


def _base(result: Result, results: Sequence[Result]) -> Result | None:
    """Return the published file's result on the same device at the same precision."""
    if result.is_published:
        return None
    return next(
        (
            r
            for r in results
            if r.is_published
            and r.model == result.model
            and r.device == result.device
            and r.record.case.device == result.record.case.device
            and r.requested == result.requested
            and generation_of(r)
        ),
        None,
    )


def _effect(result: Result, base: Result | None) -> Comparison | None:
    """Return the time of a token over the published file's, paired by round."""
    return PairedComparison(base, result).ratio(_token_ms) if base else None


def _token_ms(result: Result) -> dict[int, float]:
    measured = generation_of(result)
    if measured is None:
        return {}
    return {
        r.round: r.time_per_output_token_ms
        for r in generation.headline_point(measured.points).rounds
    }


def size_table(results: Sequence[Result]) -> Table | None:
    """Return file size, speed and memory; None where every model has only one variant."""
    of_several = [r for r in results if len(r.model.variants) > 1]
    if not of_several:
        return None
    columns = (
        Column("Model"),
        Column("Device", wide=True),
        Column("Variant", wide=True),
        Column("File", "MB", "lower", True, tip="With its weights"),
        metric_column(_TIME),
        Column(
            "Against published",
            "× its time",
            "lower",
            True,
            tip="Same device and precision, paired by round",
        ),
        metric_column("perplexity"),
        metric_column("peak_memory_generation_bytes"),
    )
    rows = tuple(_size_row(r, results) for r in of_several)
    return Table("weights-table", "Weights", columns, rows)


def _size_row(result: Result, results: Sequence[Result]) -> TableRow:
    model, device, _ = result_cells(result)
    base = _base(result, results)
    ratio = ratio_cell(_effect(result, base)) if base else DASH
    head = (
        model,
        Cell(device.text, sort=device.sort, family=device.family),
        Cell(result.variant_name, sub=result.precision, sort=result.variant),
    )
    cells = (
        _size_cell(result),
        value_cell(result, _TIME),
        ratio,
        value_cell(result, "perplexity"),
        value_cell(result, "peak_memory_generation_bytes"),
    )
    return row(result, head, cells, f"{result.device.label} · {result.label}")


def _size_cell(result: Result) -> Cell:
    """Return the size of the file, and for a compressed one its size in f32."""
    how, size = result.record.model.origin, result.record.model.size_bytes
    if not size:
        return DASH
    sub = f"{significant(how.bytes_before / _MB)} in f32" if isinstance(how, Optimized) else ""
    return Cell(significant(size / _MB), sub=sub, sort=size / _MB)
