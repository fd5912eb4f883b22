"""Headlines: undisturbed where quiet rounds agree, else observed over all rounds.

The two are never mixed: `MetricValue.kind` says which one a value is. Latency, throughput and
start-up have the observed one beside it as a metric of its own; the times of language models have
not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ovreport.metrics.evidence import evidence_without_load
from ovreport.metrics.metric import MetricValue, value_of
from ovreport.metrics.verdict import STABLE_HALF_WIDTH, verdict_of
from ovreport.record import Reason, Record, RunSpread
from ovreport.stats.intervals import Interval, median_interval
from ovreport.stats.spread import PROCESSES, ROUNDS, Prior
from ovreport.stats.undisturbed import (
    AGREEMENT,
    AGREEMENT_UNDER_LOAD,
    UNKNOWN,
    Round,
    Undisturbed,
    floors,
    needs_more,
    undisturbed,
)

_STARTS = 3
"""Fewer processes are not enough for a stable value, where each gives one."""
OBSERVED_ROUNDS = 10
"""Fewer rounds that follow each other, correlated, often agree by chance: no stable value."""

Own = Callable[[Sequence[int]], Sequence[Reason]]
"""Indices of rounds → what speaks against a value that is made of them."""


@dataclass(frozen=True)
class Rounds:
    """The rounds of a headline."""

    values: Sequence[float]
    """Times or rates, above 0."""
    processes: Sequence[int]
    quiet: Sequence[bool]
    n: Sequence[int]
    """Samples behind each value."""
    is_rate: bool = False
    is_watched: bool = False
    """Whether `quiet` is from readings of these very rounds, not of their processes."""
    why_not: str = ""
    """Why none of them can be known to be undisturbed; empty: they can."""

    def observed(self, prior: Prior = ROUNDS) -> Interval:
        """Return the median over all rounds."""
        return median_interval(self.values, prior=prior)

    def undisturbed(self, prior: Prior = UNKNOWN) -> Undisturbed | str:
        """Return what quiet rounds agree on, or why there is no such value."""
        found = self.why_not or undisturbed(self._times, prior, self._agreement)
        if isinstance(found, str) or not self.is_rate:
            return found
        low, value, high = found.interval.low, found.interval.value, found.interval.high
        return Undisturbed(Interval(1 / value, 1 / high, 1 / low), found.processes, found.used)

    @property
    def floors(self) -> list[float]:
        """Logarithms of the times that each process with quiet rounds is capable of, in order."""
        return list(floors(self._times, self._agreement).values())

    @property
    def needs_more(self) -> bool:
        """Whether another process could make the undisturbed value known to ±3 %."""
        return needs_more(self._times, half_width=STABLE_HALF_WIDTH, agreement=self._agreement)

    @property
    def _agreement(self) -> float:
        return AGREEMENT_UNDER_LOAD if self.is_rate else AGREEMENT

    @property
    def _times(self) -> list[Round]:
        times = [1 / value for value in self.values] if self.is_rate else self.values
        return [Round(*one) for one in zip(times, self.processes, self.quiet, strict=True)]


def headline(
    key: str,
    rounds: Rounds,
    record: Record,
    reasons: Sequence[Reason],
    own: Own = lambda _: (),
    *,
    observed_key: str = "",
) -> tuple[str, MetricValue]:
    """Return a headline: its undisturbed value, else the observed one, which is never stable.

    `reasons`: the record's evidence; `own`: what speaks against some of the rounds;
    `observed_key`: the metric of the observed value beside it, whose interval it then has; empty
    where each process gives one value.
    """
    found = rounds.undisturbed(prior_of(record, key, UNKNOWN))
    if isinstance(found, str):
        why = Reason(code="disturbed", detail=found)
        everything = [why, *own(range(len(rounds.values))), *reasons]
        if not observed_key:
            return _over_all(key, rounds, PROCESSES, everything, kind="observed", needed=_STARTS)
        prior = prior_of(record, observed_key, ROUNDS)
        return _over_all(key, rounds, prior, everything, kind="observed")
    around = evidence_without_load(record, found.processes, is_watched=rounds.is_watched)
    quiet = [*own(found.used), *around]
    verdict = verdict_of(found.interval, len(found.used), quiet)
    n = sum(rounds.n[i] for i in found.used)
    return value_of(key, found.interval, len(found.used), n, verdict, kind="undisturbed")


def observed(
    key: str, rounds: Rounds, record: Record, reasons: Sequence[Reason], own: Own = lambda _: ()
) -> tuple[str, MetricValue]:
    """Return the median over all rounds, whatever the machine did meanwhile."""
    everything = [*own(range(len(rounds.values))), *reasons]
    return _over_all(key, rounds, prior_of(record, key, ROUNDS), everything, kind="measured")


def observed_once(key: str, rounds: Rounds, reasons: Sequence[Reason]) -> tuple[str, MetricValue]:
    """Return the median over all rounds, of which each process gives one, minutes apart."""
    return _over_all(key, rounds, PROCESSES, reasons, kind="measured", needed=_STARTS)


def over_rounds(
    key: str, values: Sequence[float], n: int, record: Record, reasons: Sequence[Reason] = ()
) -> tuple[str, MetricValue]:
    """Return the median over rounds, several of them in a process, of n samples in all."""
    interval = median_interval(values, prior=prior_of(record, key, ROUNDS))
    verdict = verdict_of(interval, len(values), reasons, needed=OBSERVED_ROUNDS)
    return value_of(key, interval, len(values), n, verdict)


def prior_of(record: Record, key: str, unknown: Prior) -> Prior:
    """Return how far values of a metric lay apart in the record's run; `unknown`: it is not."""
    found = record.run_spread.get(key)
    return unknown if found is None else prior_from(found)


def prior_from(run: RunSpread) -> Prior:
    """Return what a run's spread tells of any of its cases."""
    return Prior(run.deviation, run.degrees, max(run.autocorrelation, _LEAST_CORRELATED))


_LEAST_CORRELATED = 0.1
"""A run that shows no correlation tells it to about this."""


def _over_all(
    key: str,
    rounds: Rounds,
    prior: Prior,
    reasons: Sequence[Reason],
    *,
    kind: str,
    needed: int = OBSERVED_ROUNDS,
) -> tuple[str, MetricValue]:
    interval, many = rounds.observed(prior), len(rounds.values)
    verdict = verdict_of(interval, many, reasons, needed=needed)
    return value_of(key, interval, many, sum(rounds.n), verdict, kind=kind)
