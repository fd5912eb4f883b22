"""The job that optimizes a model, in a process of its own."""

from __future__ import annotations

from ovreport_collector.models.optimize.request import OptimizeRequest, OptimizeResult
from ovreport_collector.process.job import Job


class OptimizeJob(OptimizeRequest, Job[OptimizeResult], frozen=True, kw_only=True):
    """Make a variant of a model, and try it."""

    def run(self) -> OptimizeResult:
        """Optimize the model and save it; see `models.optimize.run`."""
        from ovreport_collector.models.optimize.run import optimize

        return optimize(self)
