"""The downloads: all records as JSON, all metric values as CSV, the schema, the study."""

from __future__ import annotations

import csv
import io
import json
from functools import lru_cache
from importlib import resources

import msgspec

from ovreport.figures import Figure, figures_of
from ovreport.metrics import metric_values
from ovreport.record import json_schema
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.text import clean

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = Figure.__struct_fields__
_STUDY = resources.files("ovreport_sitegen").joinpath("studies", "statistics.json")


def all_files(catalogue: Catalogue) -> dict[str, bytes]:
    """Return every download by its address in the site."""
    records = [r.record for r in catalogue.everything] + list(catalogue.older)
    records.sort(key=lambda r: (r.measured_at, r.case.model, r.case.device, r.case.precision))
    return {
        "data/records.json": b"[" + b",\n".join(map(msgspec.json.encode, records)) + b"]\n",
        "data/figures.csv": _values_csv(catalogue).encode(),
        "data/statistics.json": _STUDY.read_bytes(),
        "data/record.schema.json": (json.dumps(json_schema(), indent=1) + "\n").encode(),
    }


@lru_cache(maxsize=1 << 16)
def guarded(text: str) -> str:
    """Return text on one line that a spreadsheet does not take for a formula."""
    text = " ".join(clean(text).split("\n"))
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text


def _values_csv(catalogue: Catalogue) -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for result in catalogue.everything:
        rows = figures_of(result.record, result.metric_values, current=True)
        writer.writerows(map(_row, rows))
    for record in catalogue.older:
        writer.writerows(map(_row, figures_of(record, metric_values(record), current=False)))
    return out.getvalue()


def _row(figure: Figure) -> dict[str, str]:
    return {name: _cell(getattr(figure, name)) for name in COLUMNS}


def _cell(value: str | float | bool | None) -> str:
    """Return a value as a spreadsheet shall show it; empty: there is none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return guarded(value) if isinstance(value, str) else repr(round(value, 9))
