"""Makes everything ready that a plan measures: files fetched, inputs made, variants optimized."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ovreport import paths
from ovreport_collector import datasets, sources
from ovreport_collector.jobs import JobFailed
from ovreport_collector.plan.plan import Plan
from ovreport_collector.prepare.model import PreparedModel, prepare_model, prepare_variant
from ovreport_collector.process import child, timing
from ovreport_collector.process.redact import redacted
from ovreport_collector.process.timing import Ledger
from ovreport_collector.session import estimate
from ovreport_collector.session.progress import Display

_MAX_REASON = 2000

AllReady = dict[tuple[str, str], PreparedModel | JobFailed]
"""Model id and variant → the model, ready to be measured, or why it is not."""


def prepare_all(plan: Plan, work: Path, display: Display, ledger: Ledger) -> AllReady:
    """Return every model of a plan, the published file and what is made of it.

    What is done once and kept, fetching and optimizing, is no part of the plan's effort.
    """
    began = timing.clock()
    fetched = sources.prepare(
        plan.suite, plan.models, started=lambda d: display.working(f"fetching {d.name}")
    )
    ledger.leave_out(timing.clock() - began)
    prepared: AllReady = {}
    for model in plan.models:
        display.working(f"{model.title}: inputs")
        files = fetched[model.id]
        user_datasets = datasets.recorded(plan.suite, model)
        published = prepare_model(model, files, work, seed=plan.seed, user_datasets=user_datasets)
        published = _told(published, plan, work)
        prepared[model.id, model.variant] = published
        began = timing.clock()
        for name in plan.optimized_variants(model):
            display.working(f"{model.title}: making {name}", estimate.optimizing_s(name))
            prepared[model.id, name] = _told(_variant(published, name, files, work), plan, work)
        ledger.leave_out(timing.clock() - began)
    return prepared


def _variant(
    published: PreparedModel | JobFailed, name: str, files: sources.Prepared, work: Path
) -> PreparedModel | JobFailed:
    if isinstance(published, JobFailed) or isinstance(files, Exception):
        assert isinstance(published, JobFailed)  # noqa: S101 (without files nothing is ready)
        return published
    return prepare_variant(published, name, files, work)


def _told(made: PreparedModel | JobFailed, plan: Plan, work: Path) -> PreparedModel | JobFailed:
    """Return a failure in words that name no folder of the user's.

    StoreError if the disk is full: that must not pass for a fault of the model.
    """
    if not isinstance(made, JobFailed):
        return made
    child.check_room(work)
    theirs = [one.folder for one in plan.suite.user_datasets.values()]
    private = [plan.suite.folder, *theirs, str(paths.cache()), str(work)]
    return msgspec.structs.replace(made, reason=redacted(made.reason, private)[:_MAX_REASON])
