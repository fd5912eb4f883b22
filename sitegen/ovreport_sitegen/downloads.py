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
    "precision_requested",
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
        "data/figures.csv": _values_csv(catalogue).encode(),
        "data/record.schema.json": (json.dumps(json_schema(), indent=1) + "\n").encode(),
    }


@lru_cache(maxsize=1 << 16)
def guarded(text: str) -> str:
    """Return text on one line that a spreadsheet does not take for a formula."""
    text = " ".join(clean(text).split("\n"))
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text


def _values_csv(catalogue: Catalogue) -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for result in catalogue.everything:
        case = _case(result.record, result.executed or "unverified", current=True)
        writer.writerows(_rows(case, result.metric_values))
    for record in catalogue.older:
        executed = getattr(record.execution, "precision", "unverified")
        writer.writerows(_rows(_case(record, executed, current=False), metric_values(record)))
    return out.getvalue()


def _case(record: Record, executed: str, *, current: bool) -> dict[str, str]:
    """Return the columns that all rows of a record share."""
    case, device = record.case, record.device
    columns = {
        "machine": record.machine.id,
        "device": case.device,
        "device_full_name": device.full_name,
        "family": device.family,
        "engine": case.engine,
        "model": case.model,
        "variant": case.variant,
        "precision_requested": case.precision,
        "precision_executed": executed,
        "architecture_only": "yes" if record.model.architecture_only else "no",
        "tier": record.tier.name,
        "measured_at": record.measured_at,
        "openvino": record.software.openvino,
        "current": "yes" if current else "no",
        "repeat": record.repeat.ovreport,
    }
    return {name: guarded(text) for name, text in columns.items()}


def _rows(case: dict[str, str], found: MetricValues) -> Iterator[dict[str, str]]:
    """Yield a row for each metric: its value in the metric's unit, or why there is none."""
    for key, value in found.items():
        metric = METRICS[key]
        row = case | {
            "metric": key,
            "label": metric.label,
            "unit": metric.unit,
            "better": metric.direction,
        }
        if not isinstance(value, MetricValue):
            why = guarded(f"{status_word(value)}: {value.reason}")
            yield row | {"kind": "missing", "missing": why}
            continue
        if value.scope:
            row["label"] = guarded(f"{metric.label}: {value.scope}")
        yield row | {
            "kind": value.kind,
            "value": _number(value.value * metric.scale),
            "low": _number(value.low * metric.scale),
            "high": _number(value.high * metric.scale),
            "rounds": str(value.rounds),
            "n": str(value.n),
            "verdict": value.verdict.level,
            "reasons": guarded(" ".join(r.code for r in value.verdict.reasons)),
        }


def _number(value: float) -> str:
    return repr(round(value, 9))
