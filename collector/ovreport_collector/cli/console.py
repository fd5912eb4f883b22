"""The terminal that tables are printed to."""

from __future__ import annotations

import sys

from rich.console import Console

WIDTH = 120
"""Where standard output is no terminal: a log has no width, tables need more than 80 columns."""


def wide_console(*, stderr: bool = False) -> Console:
    """Return a console on standard output, or on standard error, as wide as tables need."""
    return Console(stderr=stderr, width=None if sys.stdout.isatty() else WIDTH)
