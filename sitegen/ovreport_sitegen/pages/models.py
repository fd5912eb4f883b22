"""The list of all models and devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ovreport.words import plural
from ovreport_sitegen.components.about import count_text
from ovreport_sitegen.components.cells import count_cell, model_cell
from ovreport_sitegen.components.table import Cell, Column, Table, TableRow
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.names import grouped
from ovreport_sitegen.data.result import DeviceRef, Result
from ovreport_sitegen.pages.page import Head, Page
from ovreport_sitegen.text import clean, line

_CELLS = 350
"""Of each table in the page itself: it leads to all that there is."""
_WIDE = "absent"
"""Of cells that a phone leaves out: the page of the model or device has them."""

_OF_MODEL = (
    Column("Model"),
    Column("Task"),
    Column("Parameters", "", "", True),
    Column("Licence"),
    Column("Why it is included"),
    Column("Results", "", "", True),
    Column("Failed or unsupported", "", "", True),
)
_OF_DEVICE = (
    Column("Device"),
    Column("Family"),
    Column("Machine"),
    Column("Processors", "available", "", True),
    Column("Virtualised"),
    Column("Results", "", "", True),
    Column("Failed or unsupported", "", "", True),
)


@dataclass(frozen=True)
class ModelsView:
    """Everything the template of the list of models and devices needs."""

    head: Head
    models: Table
    devices: Table


def view(catalogue: Catalogue) -> ModelsView:
    """Return the list of all models and devices."""
    head = Head(
        "Models and devices",
        f"Results of {plural(len(catalogue.models) + len(catalogue.language_models), 'model')} on "
        f"{plural(len(_devices(catalogue)), 'device')}. Each model has a page with all of its "
        "results; each result has a page with the command that repeats it.",
    )
    return ModelsView(head, _model_list(catalogue), _device_list(catalogue))


def _model_list(catalogue: Catalogue) -> Table:
    rows: list[tuple[Cell, ...]] = []
    own = [(m, catalogue.of_model(m), catalogue.native_of(m)) for m in catalogue.models]
    own += [(m, catalogue.language_of(m), []) for m in catalogue.language_models]
    for m, results, native in own:
        record = max((r.record for r in results or native), key=lambda r: r.measured_at).model
        marks = ("architecture only",) if m.architecture_only else ()
        rows.append(
            (
                model_cell(m, marks=marks),
                Cell(m.task, sort=m.task),
                Cell(
                    count_text(record.parameters) if record.parameters else "–",
                    sort=record.parameters,
                ),
                Cell(line(record.licence, 60)),
                Cell(line(record.why, 160), tone=f"prose {_WIDE}"),
                count_cell(len(results)),
                _failures(results),
            )
        )
    return _table("models-table", "Models", _OF_MODEL, rows)


def _table(
    id_: str, title: str, columns: tuple[Column, ...], rows: Sequence[tuple[Cell, ...]]
) -> Table:
    """Return a table whose rows are cards on a phone."""
    labels = tuple(column.label for column in columns[1:])
    made = tuple(TableRow(cells, labels=labels) for cells in rows)
    return Table(id_, title, columns, made, look="answers", first_cells=_CELLS)


def _failures(results: Sequence[Result]) -> Cell:
    failed = sum(not r.completed for r in results)
    return Cell(str(failed) if failed else "none", sort=failed, tone="bad" if failed else _WIDE)


def _devices(catalogue: Catalogue) -> list[tuple[DeviceRef, list[Result]]]:
    """Return every device with its results; those of language models only come last."""
    found = [(device, list(catalogue.of_device(device))) for device in catalogue.devices]
    of_language = grouped((r.device, r) for r in catalogue.language)
    return found + [(d, some) for d, some in of_language.items() if d not in catalogue.devices]


def _device_list(catalogue: Catalogue) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for d, results in _devices(catalogue):
        machine = catalogue.newest_of(d).record.machine
        rows.append(
            (
                Cell(
                    d.label,
                    sort=d.label.lower(),
                    href=d.href if d in catalogue.devices else "",
                    family=d.family,
                ),
                Cell(d.family, sort=d.family, tone=_WIDE),
                Cell(line(clean(machine.cpu), 60), sub=machine.id, sort=machine.id),
                Cell(
                    f"{machine.cores_available:g}",
                    sub=f"of {machine.cores_logical}" if d.limit else "",
                    sort=machine.cores_available,
                    marks=("limited processors",) if d.limit else (),
                    tone="" if d.limit else _WIDE,
                ),
                Cell(line(machine.virtualised, 40), tone=_WIDE),
                count_cell(len(results)),
                _failures(results),
            )
        )
    return _table("devices-table", "Devices", _OF_DEVICE, rows)


PAGE = Page("models", "Models", view)
