"""What the commands print: devices, a suite's models and their fetching, checks of the machine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from ovreport import paths
from ovreport.errors import one_line
from ovreport_collector import sources
from ovreport_collector.cli.console import wide_console
from ovreport_collector.doctor.check import Check
from ovreport_collector.engines.types import ProbeResult
from ovreport_collector.sources import Download
from ovreport_collector.suite.model import Model, Suite

_STYLES = {"ok": "green", "warn": "yellow", "bad": "bold red", "unknown": "dim"}
_MAX_CELL = 400


def show_devices(found: ProbeResult) -> None:
    """Print a table of the devices, and why others are not available."""
    console = Console()
    table = Table(box=None, pad_edge=False)
    for heading in ("device", "name", "driver", "capabilities", "default precision"):
        table.add_column(heading, overflow="fold")
    for device in found.devices:
        cells = (
            device.name,
            device.full_name,
            device.driver,
            ", ".join(device.capabilities),
            device.properties.get("INFERENCE_PRECISION_HINT", "unknown"),
        )
        table.add_row(*map(_shown, cells))
    console.print(table)
    for missing in found.unavailable:
        name, reason = _shown(missing.name), _shown(missing.reason)
        console.print(f"\n[bold]{name}[/bold]  not available: {reason}")
        if missing.remedy:
            console.print(f"  → {_shown(missing.remedy)}")
    console.print(f"\nOpenVINO {_shown(found.openvino)}", highlight=False)


def show_checks(checks: Sequence[Check]) -> None:
    """Print a table of checks of the machine, and what to change."""
    console = wide_console()
    table = Table(box=None, pad_edge=False)
    for heading in ("status", "check", "found", "why it matters"):
        table.add_column(heading, overflow="fold")
    for check in checks:
        status = f"[{_STYLES[check.status]}]{check.status}[/]"
        table.add_row(status, *map(_shown, (check.title, check.value, check.why)))
    console.print(table)
    advice = [check for check in checks if (check.remedy or check.effect) and check.status != "ok"]
    if advice:
        console.print("\n[bold]What to change[/bold]")
    for check in advice:
        said = " ".join(filter(None, (check.effect, check.remedy)))
        console.print(f"  {_shown(check.title)}: {_shown(said)}", highlight=False, soft_wrap=True)


def _shown(text: str) -> str:
    """Return foreign text, such as a program's or a driver's, as text in rich's markup."""
    return escape(one_line(text, _MAX_CELL))


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
            bar.update(total, description=one_line(one.name.rpartition("/")[2], 40))
            if not console.is_terminal:
                console.print(f"fetching {one.name} ({_megabytes(one.size_bytes)})", markup=False)

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


def suite_as_json(suite: Suite) -> dict[str, Any]:
    """Return a suite's models, what they take to fetch, and what of it is fetched."""
    rows = [_model_as_json(suite, model) for model in suite.models]
    return {"suite": suite.id, **_sizes(suite), "models": rows}


def show_suite(suite: Suite) -> None:
    """Print a table of a suite's models, and what they take to fetch."""
    table = Table(title=Text(suite.title), title_justify="left", box=None, pad_edge=False)
    for heading in ("model", "title", "task", "weights", "download", "fetched", "licence"):
        table.add_column(heading, justify="right" if heading == "download" else "left")
    for model in suite.models:
        row = _model_as_json(suite, model)
        note = " (architecture only)" if model.architecture_only else ""
        cells = (
            model.id,
            model.title + note,
            model.task,
            ", ".join([model.variant, *model.variants]),
            _megabytes(row["download_bytes"]),
            "yes" if row["fetched"] else "no",
            model.licence,
        )
        table.add_row(*map(Text, cells))
    console = Console()
    if not console.is_terminal:
        console = Console(width=240)
    console.print(table)
    sizes = _sizes(suite)
    console.print(
        Text(
            f"\nmodels: {len(suite.models)}; download in all: "
            f"{_megabytes(sizes['download_bytes'])} (what models share counts once); still to "
            f"fetch: {_megabytes(sizes['missing_bytes'])}; cache: {paths.cache()}"
        )
    )


def _megabytes(size_bytes: int | None) -> str:
    """Return a size in MB; None: it is not known before fetching."""
    if size_bytes is None:
        return "unknown"
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes else "nothing"


def _model_as_json(suite: Suite, model: Model) -> dict[str, Any]:
    return {
        "id": model.id,
        "title": model.title,
        "task": model.task,
        "variant": model.variant,
        "variants": model.variants,
        "architecture_only": model.architecture_only,
        "download_bytes": _total(sources.downloads(suite, [model])),
        "fetched": not sources.missing(suite, [model]),
        "licence": model.licence,
        "homepage": model.homepage,
        "why": model.why,
        "source": model.file.uri,
    }


def _sizes(suite: Suite) -> dict[str, int | None]:
    """Return the bytes to fetch for all models: what they share counts once."""
    return {
        "download_bytes": _total(sources.downloads(suite, suite.models)),
        "missing_bytes": _total(sources.missing(suite, suite.models)),
    }


def _total(downloads: Iterable[Download]) -> int | None:
    """Return the bytes of all downloads; None where one is not known."""
    sizes = [one.size_bytes for one in downloads]
    return None if None in sizes else sum(size or 0 for size in sizes)
