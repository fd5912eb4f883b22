"""A candidate against a baseline, by the rounds that both have in one run.

Absolute times on a busy machine can be far off and their ratio still be right, if both cases were
measured alternately (A B A B…): whatever slowed one slowed the other. Rounds of different hours
are not compared. Three cases without an answer are kept apart:

- "no comparison" (None): the rounds did not alternate, or one of the two was not measured;
- "insufficient data": fewer than five pairs of rounds;
- "no clear difference": the interval of the ratio includes 1, or the ratio is within 2 % of it.

Two runs that were apart have the ratio of their undisturbed values, which is shown as such beside
"no comparison": nothing rests on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, Literal, Protocol, TypeVar

from ovreport.metrics import significant
from ovreport.metrics.efficiency import cpu_times_ms
from ovreport.metrics.headline import prior_of
from ovreport.metrics.verdict import NOISY_HALF_WIDTH
from ovreport.pairing import in_turn, latencies, throughputs
from ovreport.record import Latency, Record
from ovreport.stats.comparison import MIN_PAIRS, Comparison, compare
from ovreport.stats.spread import ROUNDS
from ovreport.words import plural


class HasRecord(Protocol):
    """Anything that carries a record."""

    @property
    def record(self) -> Record:
        """The record."""

    @property
    def completed(self) -> bool:
        """Whether the case ran."""


R = TypeVar("R", bound=HasRecord)
SpeedMeasurement = Literal["latency", "throughput"]
MEASUREMENTS: tuple[SpeedMeasurement, SpeedMeasurement] = ("latency", "throughput")


@dataclass(frozen=True, eq=False)
class PairedComparison(Generic[R]):
    """A candidate against its baseline, e.g. INT8 against f32 or OpenVINO against a framework."""

    baseline: R
    candidate: R

    @cached_property
    def in_one_run(self) -> bool:
        """Whether both ran, and their rounds alternated."""
        both = self.baseline, self.candidate
        return (
            self.baseline is not self.candidate
            and all(one.completed for one in both)
            and same_run(self.baseline.record, self.candidate.record)
        )

    @cached_property
    def latency(self) -> Comparison | None:
        """The speedup in latency: above 1 the candidate is faster; None: no comparison."""
        times = latencies(self.baseline.record), latencies(self.candidate.record)
        return self._compare(*times, "latency_observed_ms")

    @cached_property
    def throughput(self) -> Comparison | None:
        """The speedup in throughput: above 1 the candidate has more; None: no comparison."""
        rates = throughputs(self.candidate.record), throughputs(self.baseline.record)
        return self._compare(*rates, "throughput_observed_ips")

    @cached_property
    def processor_time(self) -> Comparison | None:
        """The baseline's processor time an inference over the candidate's, one request at a time.

        Above 1 the candidate takes less. It is evidence where other programs disturbed wall time,
        which they move far more, and no speedup: what waits takes none.
        """
        times = processor_times(self.baseline.record), processor_times(self.candidate.record)
        return self._compare(*times, "latency_cpu_ms")

    def of(self, measurement: SpeedMeasurement) -> Comparison | None:
        """Return the speedup in latency or throughput; None: no comparison."""
        return self.latency if measurement == "latency" else self.throughput

    def ratio(self, values: Callable[[R], Mapping[int, float]]) -> Comparison | None:
        """Return the candidate's values (round → value) over the baseline's, e.g. of memory."""
        return self._compare(values(self.candidate), values(self.baseline))

    def usable(self, measurement: SpeedMeasurement) -> Comparison | None:
        """Return the speedup where findings and rankings may rest on it, else None."""
        return None if self.exclusion_reason(measurement) else self.of(measurement)

    def exclusion_reason(self, measurement: SpeedMeasurement) -> str:
        """Return why findings and rankings cannot rest on a speedup; empty where they can.

        A significant one can, and one without a clear difference where its interval is as narrow
        as a result's has to be: a wide one means that nothing is known, not that both are alike.
        """
        found = self.of(measurement)
        if found is None:
            return self.why_none(measurement)
        if found.pairs < MIN_PAIRS:
            pairs = plural(found.pairs, "pair")
            return f"insufficient data: {pairs} of rounds with the baseline, {MIN_PAIRS} needed"
        ratio = found.ratio
        if not found.significant and ratio.half_width > NOISY_HALF_WIDTH:
            return (
                "no clear difference from the baseline: anything from "
                f"{significant(ratio.low)}× to {significant(ratio.high)}× is possible"
            )
        return ""

    def why_none(self, measurement: SpeedMeasurement) -> str:
        """Return why there is no comparison."""
        if not self.baseline.completed:
            return "the baseline failed on this device"
        if not self.in_one_run:
            return "its rounds did not alternate with the baseline's"
        return f"{measurement} was not measured for both it and the baseline"

    def _compare(
        self, first: Mapping[int, float], second: Mapping[int, float], key: str = ""
    ) -> Comparison | None:
        """Compare round by round; `key`: the metric, whose rounds the run knows the spread of."""
        if not self.in_one_run:
            return None
        return compare(first, second, prior=prior_of(self.baseline.record, key, ROUNDS))


def same_run(first: Record, second: Record) -> bool:
    """Return whether two records' processes alternated in one run, with the same tier.

    Of another OpenVINO, only where their run says that it measured both.
    """
    is_same = first.software.openvino == second.software.openvino
    return (is_same or bool(first.run)) and in_turn(first, second)


def processor_times(record: Record) -> dict[int, float]:
    """Return each round's processor time an inference in ms, one request at a time."""
    return cpu_times_ms(record.latency.rounds) if isinstance(record.latency, Latency) else {}
