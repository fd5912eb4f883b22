"""Where the file of a model is that is measured: as published, converted, or optimized before."""

from __future__ import annotations

from pathlib import Path

from ovreport.errors import InputError
from ovreport.store import slug
from ovreport_collector import sources
from ovreport_collector.models.convert.build import converted
from ovreport_collector.models.optimize.build import made_before
from ovreport_collector.models.variants import is_optimized
from ovreport_collector.process import workspace
from ovreport_collector.process.job import JobFailed
from ovreport_collector.sources import Files
from ovreport_collector.suite.model import PUBLISHED, File, Model, Suite
from ovreport_collector.tasks.generic import Generic


def path_of(suite: Suite, model: Model, variant: str) -> Path:
    """Return the path of a variant of a model of a suite; what is missing is fetched.

    SourceError if it cannot be; InputError if the variant was not made before.
    """
    return _made(model, sources.resolve(suite, model), variant)


def path_of_own(file: Path, variant: str) -> Path:
    """Return the path of a variant of a model file of the user's."""
    path = file.resolve()
    own = Model(
        id=slug(path.stem), title=path.stem, task=Generic.name, file=File(uri=f"file:{path}")
    )
    return _made(own, Files(model=path, files={}, data={}), variant)


def _made(model: Model, files: Files, variant: str) -> Path:
    with workspace.working_folder() as work:
        found = converted(model, files, work)
    if isinstance(found, JobFailed):
        raise InputError(found.reason, where=model.id, remedy="`ovreport collect` says more")
    if variant == PUBLISHED or not is_optimized(model, variant):
        return found.file
    made = made_before(model, found.file, variant)
    if made is None:
        raise InputError(
            f"its variant {variant} has not been made here",
            where=model.id,
            remedy=f"measure it first: ovreport collect … --variant {variant}",
        )
    return made
