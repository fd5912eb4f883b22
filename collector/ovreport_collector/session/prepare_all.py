"""Prepares all that a plan measures: files fetched, inputs made, variants optimized."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ovreport import paths
from ovreport_collector import datasets, sources
from ovreport_collector.plan.plan import Plan
from ovreport_collector.prepare.model import PreparedModel, prepare_model, prepare_variant
from ovreport_collector.process import child
from ovreport_collector.process.job import JobFailed
from ovreport_collector.process.redact import redacted
from ovreport_collector.process.timing import Stopwatch
from ovreport_collector.session import estimate
from ovreport_collector.session.progress import Display

_MAX_REASON = 2000

AllPrepared = dict[tuple[str, str], PreparedModel | JobFailed]
"""Model id and variant → the model, ready to be measured, or why it is not."""


def prepare_all(plan: Plan, work: Path, display: Display, stopwatch: Stopwatch) -> AllPrepared:
    """Return every model of a plan, the published file and what is made of it.

    What is done once and kept, fetching and optimizing, is not counted in what the plan takes.
    """
    with stopwatch.paused():
        fetched = sources.fetch(
            plan.suite, plan.models, started=lambda d: display.working(f"fetching {d.name}")
        )
    prepared: AllPrepared = {}
    for model in plan.models:
        display.working(f"{model.title}: inputs")
        files = fetched[model.id]
        user_datasets = datasets.recorded(plan.suite, model)
        published = prepare_model(model, files, work, seed=plan.seed, user_datasets=user_datasets)
        published = _redacted(published, plan, work)
        prepared[model.id, model.variant] = published
        for name in plan.optimized_variants(model):
            display.working(f"{model.title}: optimizing to {name}", estimate.optimizing_s(name))
            with stopwatch.paused():
                made = _variant(published, name, files, work)
            prepared[model.id, name] = _redacted(made, plan, work)
    return prepared


def _variant(
    published: PreparedModel | JobFailed, name: str, files: sources.Fetched, work: Path
) -> PreparedModel | JobFailed:
    if isinstance(published, JobFailed):
        return published
    if isinstance(files, Exception):
        return JobFailed(reason=str(files), cause="error")
    return prepare_variant(published, name, files, work)


def _redacted(made: PreparedModel | JobFailed, plan: Plan, work: Path) -> PreparedModel | JobFailed:
    """Return a failure whose reason names no folder of the user's; a prepared model as it is.

    StoreError if the disk is full: that must not pass for a fault of the model.
    """
    if not isinstance(made, JobFailed):
        return made
    child.check_room(work)
    theirs = [one.folder for one in plan.suite.user_datasets.values()]
    private = [plan.suite.folder, *theirs, str(paths.cache()), str(work)]
    return msgspec.structs.replace(made, reason=redacted(made.reason, private)[:_MAX_REASON])
