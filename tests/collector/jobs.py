"""Jobs that are done in this process."""

from __future__ import annotations

from ovreport_collector import worker
from ovreport_collector.process.job import Job, JobFailed, R


def done(job: Job[R]) -> R | JobFailed:
    """Return the result of a job that has one step; what it raises becomes a JobFailed."""
    return next(worker.steps(job))
