"""Reads model files in a fresh process: a damaged file, or a driver, may crash what reads it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field

from ovreport_collector.models.inspect.description import Inspected, Unreadable
from ovreport_collector.process import child, workspace
from ovreport_collector.process.job import Job, JobFailed

LIMIT_S = 300.0
"""For all files; a large ONNX file takes ten seconds."""


class Wanted(Struct, frozen=True, kw_only=True):
    """A model file, and the shapes that it is to be given."""

    file: str
    shapes: dict[str, list[int]] = {}
    """Input name → static shape; not tried where it is empty."""


class InspectResult(Struct, frozen=True, kw_only=True, tag="inspected"):
    """What the files are, in the order asked for."""

    models: list[Inspected]


class InspectJob(Job[InspectResult], frozen=True, kw_only=True):
    """Read model files and describe them."""

    wanted: list[Wanted] = field(default_factory=list)

    def run(self) -> InspectResult:
        """Describe each file; what cannot be read does not stop the others."""
        from ovreport_collector.models.inspect import read

        return InspectResult(
            models=[read.inspected(Path(one.file), one.shapes) for one in self.wanted]
        )


def inspect(wanted: Mapping[str, Wanted], work: Path | None = None) -> dict[str, Inspected]:
    """Return a description of each model file, by the same keys, or why it cannot be read.

    `work` is a folder for files of this run; None: one of its own. All are read in one process; if
    it fails, each is read in one of its own.
    """
    if work is None:
        with workspace.working_folder() as folder:
            return inspect(wanted, folder)
    if not wanted:
        return {}
    result = child.run(InspectJob(wanted=list(wanted.values())), work, limit_s=LIMIT_S)
    if not isinstance(result, JobFailed):
        return dict(zip(wanted, result.models, strict=True))
    if len(wanted) > 1:
        return {key: inspect({key: one}, work)[key] for key, one in wanted.items()}
    return {key: Unreadable(reason=result.reason) for key in wanted}
