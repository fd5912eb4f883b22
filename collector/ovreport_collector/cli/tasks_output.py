"""What the command `tasks` prints: for a terminal, and as the reference page."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Sequence
from textwrap import dedent
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from ovreport.metrics import METRICS
from ovreport_collector import tasks
from ovreport_collector.cli.console import wide_console
from ovreport_collector.datasets import LAYOUTS
from ovreport_collector.suite.options import Option

_HEADINGS = ("option", "values", "default", "what")
_ABOUT = """<!-- Made by `ovreport tasks --markdown`: mend the code, and make it again. -->
<h2 id="tasks">Tasks</h2>

What a model is for: its task gives real inputs and measures accuracy. A suite names one for each
model, `task = "image-classification"`, its options in `options`, its data set in `data`.
`ovreport tasks` prints this too.
"""
_LAYOUTS = """<h2 id="layouts">Layouts of data sets</h2>

Data that you have, and nothing fetches: a suite says `layout` in a data set, and
`--dataset NAME=PATH` gives your copy.
"""


def show_all() -> None:
    """Print a line for each task."""
    console = wide_console()
    table = Table(box=None, pad_edge=False)
    for heading in ("task", "accuracy", "what"):
        table.add_column(heading, overflow="fold")
    for name in tasks.names():
        table.add_row(*map(Text, (name, _metric(name), _paragraphs(name)[0])))
    console.print(table)
    console.print("\n`ovreport tasks TASK` shows its options and data.", highlight=False)


def show(name: str) -> None:
    """Print all of one task; SuiteError if there is none of that name."""
    tasks.get(name)
    console = wide_console()
    click.echo(f"{name}\n")
    click.echo("\n\n".join(_paragraphs(name)))
    options = _options(name)
    if options:
        click.echo("\noptions\n")
        table = Table(box=None, pad_edge=False)
        for heading in _HEADINGS:
            table.add_column(heading, overflow="fold")
        for row in map(_row, options):
            table.add_row(*map(Text, row))
        console.print(table)
    for layout in _layouts(name):
        click.echo(f"\nlayout {layout}\n\n{LAYOUTS[layout].about}")


def as_json(name: str | None = None) -> list[dict[str, Any]]:
    """Return all of each task, or of one; SuiteError if there is none of that name."""
    return [_task_as_json(one) for one in ([name] if name else tasks.names())]


def _task_as_json(name: str) -> dict[str, Any]:
    options = [
        {"name": one.name, "values": one.values, "default": one.default, "what": one.what}
        for one in _options(name)
    ]
    return {
        "task": name,
        "accuracy": list(_metrics(name)),
        "about": [" ".join(paragraph.split()) for paragraph in _paragraphs(name)],
        "options": options,
        "layouts": _layouts(name),
    }


def page(name: str | None = None) -> str:
    """Return the reference of all tasks and layouts, or of one task and its layouts, as Markdown.

    SuiteError if there is none of that name.
    """
    if name:
        return "\n".join([_section(name), *_layout_sections(_layouts(name))])
    parts = [_ABOUT, *map(_section, tasks.BUILT_IN), _LAYOUTS, *_layout_sections(LAYOUTS)]
    return "\n".join(parts)


def _section(name: str) -> str:
    lines = [f'<h3 id="task-{name}">{name}</h3>', "", *_joined(_paragraphs(name))]
    lines += [f"Accuracy: {_metric(name)}.", ""]
    if layouts := _layouts(name):
        links = ", ".join(f"[{layout}](#layout-{layout})" for layout in layouts)
        lines += [f"Data sets of your own: {links}.", ""]
    if options := _options(name):
        lines += [*map(_item, options), ""]
    return "\n".join(lines)


def _layout_sections(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        yield f'<h3 id="layout-{name}">{name}</h3>\n'
        for part in LAYOUTS[name].about.split("\n\n"):
            is_tree = part.startswith(" ")
            yield f"```text\n{dedent(part)}\n```\n" if is_tree else " ".join(part.split()) + "\n"


def _joined(paragraphs: Sequence[str]) -> Iterator[str]:
    """Yield each paragraph as one line, and an empty line after it."""
    for paragraph in paragraphs:
        yield from (" ".join(paragraph.split()), "")


def _item(option: Option) -> str:
    """Return an option as an item of a list: on a phone, a table of four columns is too wide."""
    return f"- `{option.name}` ({option.values}; default: {option.default}): {option.what}"


def _row(option: Option) -> tuple[str, str, str, str]:
    return option.name, option.values, option.default, option.what


def _options(name: str) -> Sequence[Option]:
    task = tasks.get(name)
    return task.options if isinstance(task, tasks.HasOptions) else ()


def _metric(name: str) -> str:
    return ", ".join(_metrics(name)) or "none"


def _metrics(name: str) -> Iterable[str]:
    """Return the labels of a task's accuracy metrics."""
    task = tasks.get(name)
    more = task.additional_metrics if isinstance(task, tasks.AdditionalMetrics) else {}
    metrics = [task.metric, *(one.metric for one in more.values())]
    labels = (METRICS[metric].label for metric in metrics if metric)
    return dict.fromkeys(labels)


def _paragraphs(name: str) -> list[str]:
    """Return what a task's class says of it: one line, then the rest."""
    found = inspect.getdoc(type(tasks.get(name))) or name
    return found.split("\n\n")


def _layouts(name: str) -> list[str]:
    """Return the layouts of data sets that a task reads: those that it speaks of."""
    text = "\n\n".join(_paragraphs(name))
    return [layout for layout in LAYOUTS if f"layout `{layout}`" in text.replace("\n", " ")]
