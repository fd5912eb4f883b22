"""What the command `tasks` prints: for a terminal, and as the reference page."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Sequence

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ovreport_collector import tasks
from ovreport_collector.datasets import LAYOUTS
from ovreport_collector.suite.options import Option

_HEADINGS = ("option", "values", "default", "what")
_ABOUT = """# Tasks

What a model is for: its task gives real inputs and measures accuracy. A suite names one for each
model, `task = "image-classification"`, its options in `options`, its data set in `data`.

This page is generated: `ovreport tasks --markdown`. `ovreport tasks NAME` shows one task.
"""
_LAYOUTS = """## Layouts of data sets

Data that you have, and nothing fetches: a suite says `layout` in a data set, and
`ovreport collect --dataset NAME=PATH` gives your copy.
"""


def show_all() -> None:
    """Print a line for each task."""
    console = Console(width=_width())
    table = Table(box=None, pad_edge=False)
    for heading in ("task", "accuracy", "what"):
        table.add_column(heading, overflow="fold")
    for name in tasks.names():
        table.add_row(*map(Text, (name, _metric(name), _paragraphs(name)[0])))
    console.print(table)
    console.print("\n`ovreport tasks TASK` shows its options and data.", highlight=False)


def _width() -> int | None:
    return None if sys.stdout.isatty() else 120


def show(name: str) -> None:
    """Print all of one task; SuiteError if there is none of that name."""
    tasks.get(name)
    console = Console(width=_width())
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


def page() -> str:
    """Return the reference of all tasks and layouts, as Markdown."""
    return "\n".join([_ABOUT, *map(_section, tasks.BUILT_IN), _LAYOUTS, *_layout_sections()])


def _section(name: str) -> str:
    lines = [f"## {name}", "", "\n\n".join(_paragraphs(name)), ""]
    lines += [f"Accuracy: {_metric(name)}.", ""]
    if layouts := _layouts(name):
        links = ", ".join(f"[{layout}](#{layout})" for layout in layouts)
        lines += [f"Data sets of your own: {links}.", ""]
    if options := _options(name):
        lines += [_line(_HEADINGS), _line(["---"] * len(_HEADINGS))]
        for option in options:
            key, *others = _row(option)
            lines.append(_line([f"`{key}`", *others]))
        lines.append("")
    return "\n".join(lines)


def _layout_sections() -> Iterator[str]:
    for name, layout in LAYOUTS.items():
        yield f"### {name}\n\n```text\n{layout.about}\n```\n"


def _line(cells: Sequence[str]) -> str:
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def _row(option: Option) -> tuple[str, str, str, str]:
    return option.name, option.values, option.default, option.what


def _options(name: str) -> Sequence[Option]:
    task = tasks.get(name)
    return task.options if isinstance(task, tasks.HasOptions) else ()


def _metric(name: str) -> str:
    task = tasks.get(name)
    more = task.additional_metrics if isinstance(task, tasks.AdditionalMetrics) else {}
    metrics = [task.metric, *(one.metric for one in more.values())]
    return ", ".join(dict.fromkeys(filter(None, metrics))) or "none"


def _paragraphs(name: str) -> list[str]:
    """Return what a task's class says of it: one line, then the rest."""
    found = inspect.getdoc(type(tasks.get(name))) or name
    return found.split("\n\n")


def _layouts(name: str) -> list[str]:
    """Return the layouts of data sets that a task reads: those that it speaks of."""
    text = "\n\n".join(_paragraphs(name))
    return [layout for layout in LAYOUTS if f"layout `{layout}`" in text.replace("\n", " ")]
