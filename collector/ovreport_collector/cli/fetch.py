"""Fetching the models of a suite, with a progress bar where there is a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from ovreport_collector import sources
from ovreport_collector.cli.output import size_words
from ovreport_collector.sources import Download
from ovreport_collector.suite.model import Model, Suite


def fetch_all(suite: Suite, wanted: Sequence[Model], console: Console) -> list[str]:
    """Fetch models, print what came of each, and return the ids of those that failed."""
    needed = sources.missing(suite, wanted)
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        total = bar.add_task("fetching", total=sum(one.size_bytes or 0 for one in needed) or None)

        def started(one: Download) -> None:
            bar.update(total, description=_short(one.name))
            if not console.is_terminal:
                console.print(f"fetching {one.name} ({size_words(one.size_bytes)})", markup=False)

        def finished(one: Download) -> None:
            bar.advance(total, one.size_bytes or 0)

        prepared = sources.fetch(suite, wanted, started=started, finished=finished)
    width = max(len(model.id) for model in wanted)
    failed = []
    for model in wanted:
        found = prepared[model.id]
        if isinstance(found, Exception):
            failed.append(model.id)
        outcome = f"failed   {found}" if isinstance(found, Exception) else "fetched"
        console.print(f"{model.id:<{width}}  {outcome}", markup=False)
    return failed


def _short(name: str) -> str:
    """Return a file's name, short enough for a line."""
    tail = name.rsplit("/", 1)[-1]
    return tail if len(tail) <= 40 else f"{tail[:39]}…"
