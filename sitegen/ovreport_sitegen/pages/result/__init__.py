"""A page for each result: its numbers, the command that repeats it, and what is behind them.

Its address is settled by the case, so a link to it holds: it shows the newest record of the case.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from ovreport.metrics import METRICS, MetricValue
from ovreport.record import Accuracy
from ovreport_sitegen.components import accuracy_cells
from ovreport_sitegen.components.card import Card
from ovreport_sitegen.components.cells import value_cell
from ovreport_sitegen.components.marks import look
from ovreport_sitegen.components.table import Table
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.data.timeline import timeline_of
from ovreport_sitegen.pages.accuracy import table as accuracies
from ovreport_sitegen.pages.changes.pictures import Picture, drawn
from ovreport_sitegen.pages.language.tables import concurrency_table, lengths_table
from ovreport_sitegen.pages.page import Head, PageOfEach
from ovreport_sitegen.pages.result import full, history
from ovreport_sitegen.pages.throughput import arrivals_table, curve

_HEADLINES = ("latency_ms", "throughput_ips", "peak_memory_bytes")
_HEADLINES_OF_LANGUAGE = (
    "time_to_first_token_ms",
    "tokens_per_s",
    "perplexity",
    "peak_memory_generation_bytes",
)


@dataclass(frozen=True)
class Number:
    """A headline of a result."""

    label: str
    text: str
    unit: str = ""
    interval: str = ""
    level: str = ""
    """Its verdict; empty where it has none."""
    note: str = ""
    is_missing: bool = False
    """The text says what happened instead."""


@dataclass(frozen=True)
class ResultView:
    """Everything the template of a result's page needs."""

    head: Head
    result: Result
    has_device_page: bool
    """A device that ran nothing but language models has none."""
    numbers: tuple[Number, ...]
    attested: str
    """The workflow that attested the record's file, and its commit; empty: not known."""
    full: full.FullResult
    accuracies: Table | None
    """All accuracies, where there are more than the headline."""
    lengths: Table | None
    """Of a language model; else None."""
    concurrency: Table | None
    curve: Card | None
    arrivals: Table | None
    over_time: tuple[Picture, ...]
    history: Table | None
    """Earlier records of the case; None where there are none."""


def view(catalogue: Catalogue, result: Result) -> ResultView:
    """Return the view of a result's page."""
    is_language = result.record.case.is_language
    by = result.framework or f"OpenVINO {result.release}"
    head = Head(
        f"{result.model.title}, {result.label}",
        f"{result.model.task.capitalize()} on {result.device.label}, by {by}, measured on "
        f"{result.day}.",
    )
    return ResultView(
        head=head,
        result=result,
        has_device_page=result.device in catalogue.devices,
        numbers=tuple(_numbers(result)),
        attested=str(catalogue.attestation_of(result) or ""),
        full=full.view(result),
        accuracies=accuracies.table([result]),
        lengths=lengths_table(catalogue, [result]) if is_language else None,
        concurrency=concurrency_table(catalogue, [result]) if is_language else None,
        curve=curve.result_card(result),
        arrivals=arrivals_table([result]),
        over_time=tuple(drawn([line] if (line := timeline_of(catalogue, result)) else [])),
        history=history.table(catalogue.collection, result, catalogue.earlier_of(result)),
    )


def _numbers(result: Result) -> Iterator[Number]:
    """Yield the headlines of a result that ran."""
    if not result.completed:
        return
    keys = _HEADLINES_OF_LANGUAGE if result.record.case.is_language else _HEADLINES
    for key in keys:
        found, metric = result.metric_values.get(key), METRICS[key]
        cell = value_cell(result, key)
        if isinstance(found, MetricValue):
            text = look(found).text(cell.text)
            yield Number(metric.label, text, metric.unit, cell.sub, found.verdict.level)
        elif found is not None:
            yield Number(metric.label, cell.text, note=cell.sub, is_missing=True)
    if isinstance(result.accuracy, Accuracy):
        metric, cell = METRICS[result.accuracy.metric], accuracy_cells.value_cell(result)
        cost = accuracy_cells.cost_cell(result)
        note = "" if cost.tone == "missing" else f"{cost.text} points against f32"
        yield Number(metric.label, cell.text, metric.unit, cell.sub, note=note)


def made_of(catalogue: Catalogue, result: Result) -> bytes:
    """Return the checksum of everything that a result's page shows."""
    digest = hashlib.sha256(result.checksum)
    for entry in catalogue.earlier_of(result):
        digest.update(entry.checksum)
    digest.update(b"device" if result.device in catalogue.devices else b"")
    digest.update(repr(catalogue.attestation_of(result)).encode())
    return digest.digest()


PAGE = PageOfEach("result", "models", lambda catalogue: catalogue.everything, view, made_of)
