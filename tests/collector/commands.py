"""Command lines of `ovreport collect`, for tests that run it for real."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ovreport_collector.measurements import registry

ALL = tuple(registry.BY_NAME)
"""All measurements beside what a round itself measures."""
LONG = ("curve", "open_loop", "end_to_end")
"""Those that take longest."""


def skip(names: Iterable[str]) -> list[str]:
    """Return the options that leave measurements out."""
    return [word for name in names for word in ("--skip", name)]


def collect(suite: Path | str, out: Path, *options: str, without: Iterable[str] = ()) -> list[str]:
    """Return the command that measures a suite into a folder, without some measurements."""
    return ["collect", "--suite", str(suite), "--out", str(out), *skip(without), *options]
