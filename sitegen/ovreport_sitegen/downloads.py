"""The downloads: all records as JSON, all metric values as CSV, the schema."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from ovreport.metrics import METRICS, MetricValue, MetricValues, metric_values
from ovreport.record import Record, json_schema
from ovreport_sitegen.components.cells import status_word
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.text import clean

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = (
    "machine",
    "device",
    "device_full_name",
    "family",
    "engine",
    "model",
    "variant",
    "precision_asked",
    "precision_executed",
    "architecture_only",
    "tier",
    "measured_at",
    "openvino",
    "current",
    "metric",
    "label",
    "unit",
    "better",
    "kind",
    "value",
    "low",
    "high",
    "rounds",
    "n",
    "verdict",
    "reasons",
    "missing",
    "repeat",
)


def all_files(catalogue: Catalogue) -> dict[str, bytes]:
    """Return every download by its address in the site."""
    records = [r.record for r in catalogue.everything] + list(catalogue.older)
    records.sort(key=lambda r: (r.measured_at, r.case.model, r.case.device, r.case.precision))
    return {
        "data/records.json": b"[" + b",\n".join(map(msgspec.json.encode, records)) + b"]\n",
        "data/figures.csv": _figures_csv(catalogue).encode(),
        "data/record.schema.json": (json.dumps(json_schema(), indent=1) + "\n").encode(),
    }


@lru_cache(maxsize=1 << 16)
def guarded(text: str) -> str:
    """Return text on one line that a spreadsheet does not take for a formula."""
    text = " ".join(clean(text).split("\n"))
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text


def _figures_csv(catalogue: Catalogue) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for result in catalogue.everything:
        head = _head(result.record, result.executed or "unverified", "yes")
        writer.writerows(_lines(head, result.record, result.metric_values))
    for record in catalogue.older:
        head = _head(record, getattr(record.execution, "precision", "unverified"), "no")
        writer.writerows(_lines(head, record, metric_values(record)))
    return out.getvalue()


def _head(record: Record, executed: str, current: str) -> list[str]:
    case = record.case
    return [
        guarded(text)
        for text in (
            record.machine.id,
            case.device,
            record.device.full_name,
            record.device.family,
            case.engine,
            case.model,
            case.variant,
            case.precision,
            executed,
            "yes" if record.model.architecture_only else "no",
            record.tier.name,
            record.measured_at,
            record.software.openvino,
            current,
        )
    ]


def _lines(head: list[str], record: Record, found: MetricValues) -> Iterator[list[object]]:
    repeat = guarded(record.repeat.ovreport)
    for key, figure in found.items():
        metric = METRICS[key]
        about = [key, metric.label, metric.unit, metric.direction]
        if isinstance(figure, MetricValue):
            if figure.scope:
                about[1] = guarded(f"{metric.label}: {figure.scope}")
            scale = metric.scale
            reasons = " ".join(r.code for r in figure.verdict.reasons)
            numbers = [repr(round(v * scale, 9)) for v in (figure.value, figure.low, figure.high)]
            yield [
                *head,
                *about,
                figure.kind,
                *numbers,
                figure.rounds,
                figure.n,
                figure.verdict.level,
                guarded(reasons),
                "",
                repeat,
            ]
        else:
            why = guarded(f"{status_word(figure)}: {figure.reason}")
            yield [*head, *about, "missing", "", "", "", "", "", "", "", why, repeat]
