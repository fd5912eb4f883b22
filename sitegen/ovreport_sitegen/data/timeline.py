"""Every run of each case, from old to new; of older runs only what is needed is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import pairwise

from ovreport.change import Run
from ovreport.changes import Changes, changes
from ovreport.history import ArmMoment, arm_moment, line_conditions, release_numbers
from ovreport.metrics import MetricValue, MetricValues
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.collection import Collection, Entry
from ovreport_sitegen.data.result import Result

DRAWN = ("latency_ms", "throughput_ips", "time_to_first_token_ms", "time_per_output_token_ms")
"""Metrics that are followed over time."""


@dataclass(frozen=True, slots=True)
class Point:
    """A run on a line over time."""

    measured_at: str
    openvino: str
    """Full build string."""
    kernel: str
    tier: str
    arm: ArmMoment | None
    """Of a run that compared releases: which of them it is of."""
    conditions: bytes
    """Points of one line have the same."""
    values: dict[str, MetricValue]
    """Of the metrics that are drawn."""


@dataclass(frozen=True, eq=False)
class Timeline:
    """The runs of a case that has several."""

    result: Result
    """The newest one, as pages show it."""
    earlier: tuple[Entry, ...]
    """The others, from old to new; at least one."""
    collection: Collection
    _read: dict[int, Run] = field(default_factory=dict)

    def run(self, index: int) -> Run:
        """Return all of the run with an index, that of the newest being last."""
        if index == len(self.earlier):
            return Run(self.result.record, self.result.metric_values)
        if index not in self._read:
            entry = self.earlier[index]
            self._read[index] = Run(self.collection.past(entry), self.collection.values(entry))
        return self._read[index]

    def since(self, day: str) -> tuple[int, int] | None:
        """Return the last run up to a day and the newest one, by index; None without both."""
        run, moment = self.result.record.run, self.result.record.measured_at
        up_to = [
            i
            for i, entry in enumerate(self.earlier)
            if entry.summary.measured_at[: len(day)] <= day
            if not run or entry.summary.run != run
        ]
        is_later = moment[: len(day)] > day
        return (up_to[-1], len(self.earlier)) if up_to and is_later else None

    @property
    def last_two(self) -> tuple[Run, Run] | None:
        """The newest run, and the last one before; None: one run measured all of them.

        Of a run that measured several releases, the one that is its result counts.
        """
        run = self.result.record.run
        others = [i for i, e in enumerate(self.earlier) if not run or e.summary.run != run]
        return (self.run(others[-1]), self.run(len(self.earlier))) if others else None

    @property
    def repeated(self) -> tuple[Run, Run] | None:
        """The last two runs between which nothing changed that records tell of; None: no such.

        Of the same OpenVINO, kernel and conditions: what differs is chance or the machine.
        """
        record = self.result.record
        known = [(e.summary.openvino, e.summary.kernel, e.summary.conditions) for e in self.earlier]
        known.append((record.software.openvino, record.software.kernel, line_conditions(record)))
        same = [i for i, (a, b) in enumerate(pairwise(known)) if a == b]
        return (self.run(same[-1]), self.run(same[-1] + 1)) if same else None

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """Every run as a point, from old to new: of each the newest release that it measured.

        An older release than one before, which a run was asked to measure, is left out.
        """
        record = self.result.record
        found = [
            Point(
                entry.summary.measured_at,
                entry.summary.openvino,
                entry.summary.kernel,
                entry.summary.tier,
                entry.summary.arm,
                entry.summary.conditions,
                _drawn(self.collection.followed(entry)),
            )
            for entry in self.earlier
        ]
        newest = Point(
            record.measured_at,
            record.software.openvino,
            record.software.kernel,
            record.tier.name,
            arm_moment(record),
            line_conditions(record),
            _drawn(self.result.metric_values),
        )
        return tuple(_followed([*found, newest]))

    def lines(self, metric: str) -> list[list[Point]]:
        """Return the points that have a metric, as lines: of one line are those that compare."""
        found: list[list[Point]] = []
        for point in self.points:
            if metric not in point.values:
                continue
            if found and _are_joined(found[-1][-1], point, metric):
                found[-1].append(point)
            else:
                found.append([point])
        return found


def _followed(points: Sequence[Point]) -> list[Point]:
    """Return the points of a line: one a run, and none of an older release than those before."""
    found: list[Point] = []
    for point in sorted(points, key=lambda point: point.measured_at):
        arm, last = point.arm, found[-1] if found else None
        if arm and arm.chosen and last and _order(point) < _order(last):
            continue
        if arm and arm.run and last and last.arm and last.arm.run == arm.run:
            found.pop()
        found.append(point)
    return found


def _order(point: Point) -> tuple[int, ...]:
    return release_numbers(point.openvino)[:3]


def _drawn(values: MetricValues) -> dict[str, MetricValue]:
    return {key: value for key in DRAWN if isinstance(value := values.get(key), MetricValue)}


def _are_joined(first: Point, second: Point, metric: str) -> bool:
    alike = first.values[metric].kind == second.values[metric].kind
    return alike and first.conditions == second.conditions


def has_history(catalogue: Catalogue) -> bool:
    """Return whether any case was measured more than once, and ran."""
    return any(
        result.completed or any(entry.summary.completed for entry in earlier)
        for result in catalogue.everything
        if (earlier := catalogue.earlier_of(result))
    )


@lru_cache(maxsize=1)
def timelines(catalogue: Catalogue) -> tuple[Timeline, ...]:
    """Return the runs of each case that has several, in the order of the results."""
    every = (timeline_of(catalogue, result) for result in catalogue.everything)
    return tuple(filter(None, every))


def timeline_of(catalogue: Catalogue, result: Result) -> Timeline | None:
    """Return the runs of a result's case; None where there is one."""
    earlier = catalogue.earlier_of(result)
    return Timeline(result, tuple(earlier), catalogue.collection) if earlier else None


@lru_cache(maxsize=1)
def since_the_run_before(catalogue: Catalogue) -> Changes:
    """Return what changed from the run before to the newest one, of every case that has both."""
    pairs = [pair for one in timelines(catalogue) if (pair := one.last_two)]
    return changes([a for a, _ in pairs], [b for _, b in pairs])
