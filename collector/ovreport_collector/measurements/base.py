"""What an extra aspect is: when it applies, what its job is, and what its rounds become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ovreport.record import Failed, NotMeasured, Tier, Unsupported
from ovreport_collector.jobs import ExtraJob, ExtraResult, JobFailed, RoundResult, Target
from ovreport_collector.plan.plan import PlannedCase
from ovreport_collector.prepare.model import PreparedModel


@dataclass(frozen=True)
class Around:
    """What is known when an extra's job is made."""

    planned: PlannedCase
    prepared: PreparedModel
    target: Target
    tier: Tier
    round: int
    seed: int
    first: RoundResult
    """The case's first round: what must be alike in all rounds is derived from it."""
    latest: RoundResult
    """The round that was just measured."""
    cores: int = 0
    """Processor cores that the device computes on; 0 where it is no processor."""


class Extra(Protocol):
    """An aspect of its own."""

    @property
    def name(self) -> str:
        """Field of the record, or the name of what is added to one."""
        ...

    def why_not(self, planned: PlannedCase, prepared: PreparedModel) -> NotMeasured | None:
        """Return why this case does not have the aspect; None where it has."""
        ...

    def seconds(self, tier: Tier) -> float:
        """Return about how long one round of it takes."""
        ...

    def job(self, around: Around) -> ExtraJob:
        """Return the job of one round."""
        ...

    def measurement(self, results: Sequence[ExtraResult | JobFailed]) -> Any:  # noqa: ANN401
        """Return the record's aspect of the results of all rounds, of which there is one or more.

        Failures among them make it Failed, unless the others are enough.
        """
        ...


def why_failed(results: Sequence[ExtraResult | JobFailed]) -> NotMeasured:
    """Return why no round measured an aspect: the first failure's reason."""
    failure = next(r for r in results if isinstance(r, JobFailed))
    if failure.unsupported:
        return Unsupported(reason=failure.reason)
    return Failed(reason=failure.reason, cause=failure.cause, stderr_tail=failure.stderr_tail)
