"""Paths on the command line that have to be there."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import click

from ovreport.errors import forbidden


class ExistingPath(click.Path):
    """A path that is there; one that this user may not look at is not said to be missing."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, exists=True)

    def convert(
        self,
        value: Any,  # noqa: ANN401 (as click has it)
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:  # noqa: ANN401
        """Return the path; InputError if it must not be read, click's own if it is not there."""
        try:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError, ValueError):
                Path(value).stat()
        except PermissionError as error:
            raise forbidden(error) from error
        return super().convert(value, param, ctx)
