"""Every run of each case, from old to new: little of each, and all of some."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from ovreport.changes import Run
from ovreport.history import case_key, line_conditions
from ovreport.metrics import MetricValue, MetricValues, metric_values
from ovreport.record import Record
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.names import grouped
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import release

DRAWN = ("latency_ms", "throughput_ips", "time_to_first_token_ms", "time_per_output_token_ms")
"""Metrics that are followed over time."""


@dataclass(frozen=True, slots=True)
class Point:
    """What is kept of a run."""

    measured_at: str
    openvino: str
    """Full build string."""
    kernel: str
    tier: str
    conditions: bytes
    """Points of one line have the same."""
    values: dict[str, MetricValue]
    """Of the metrics that are drawn."""


@dataclass(frozen=True, eq=False)
class Timeline:
    """The runs of a case that has several."""

    result: Result
    """The newest one, as pages show it."""
    points: tuple[Point, ...]
    """From old to new."""
    run: Callable[[int], Run]
    """Returns all of the run with an index: read when it is needed."""

    @property
    def last_two(self) -> tuple[Run, Run]:
        """The run before the newest, and the newest."""
        return self.run(len(self.points) - 2), self.run(len(self.points) - 1)

    @property
    def releases(self) -> tuple[Run, Run] | None:
        """The newest runs of the release before and of the newest run's; None: there is one."""
        newest = len(self.points) - 1
        others = [
            i
            for i, one in enumerate(self.points)
            if release(one.openvino) != release(self.points[newest].openvino)
        ]
        return (self.run(others[-1]), self.run(newest)) if others else None

    @property
    def repeated(self) -> tuple[Run, Run] | None:
        """The last two runs between which nothing changed that records tell of; None: no such.

        Of the same OpenVINO, kernel and conditions: what differs is chance or the machine.
        """
        same = [
            i
            for i, (a, b) in enumerate(pairwise(self.points))
            if (a.openvino, a.kernel, a.conditions) == (b.openvino, b.kernel, b.conditions)
        ]
        return (self.run(same[-1]), self.run(same[-1] + 1)) if same else None

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


def _are_joined(first: Point, second: Point, metric: str) -> bool:
    alike = first.values[metric].kind == second.values[metric].kind
    return alike and first.conditions == second.conditions


def has_history(catalogue: Catalogue) -> bool:
    """Return whether any case was measured more than once."""
    current = {case_key(result.record) for result in catalogue.everything}
    return any(case_key(record) in current for record in catalogue.older)


def timelines(catalogue: Catalogue) -> Iterator[Timeline]:
    """Yield the runs of each case that has several, in the order of the results."""
    older = grouped((case_key(record), record) for record in catalogue.older)
    for result in catalogue.everything:
        if earlier := older.get(case_key(result.record)):
            runs = [Run(record, metric_values(record)) for record in earlier]
            runs.append(Run(result.record, result.metric_values))
            points = tuple(_point(run.record, run.values) for run in runs)
            yield Timeline(result, points, runs.__getitem__)


def _point(record: Record, values: MetricValues) -> Point:
    return Point(
        record.measured_at,
        record.software.openvino,
        record.software.kernel,
        record.tier.name,
        line_conditions(record),
        {key: value for key in DRAWN if isinstance(value := values.get(key), MetricValue)},
    )
