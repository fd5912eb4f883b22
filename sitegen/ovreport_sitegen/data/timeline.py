"""Every run of each case, from old to new."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from ovreport.changes import Run
from ovreport.history import may_be_joined
from ovreport.metrics import MetricValue
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import release


@dataclass(frozen=True, eq=False)
class Timeline:
    """The runs of a case that has several."""

    result: Result
    """The newest one, as pages show it."""
    runs: tuple[Run, ...]
    """From old to new."""

    @property
    def releases(self) -> dict[str, Run]:
        """OpenVINO release → the newest run of it, in the order of their first runs."""
        return {release(run.record.software.openvino): run for run in self.runs}

    def lines(self, metric: str) -> list[list[Run]]:
        """Return the runs that have a metric, as lines: of one line are points that compare."""
        found: list[list[Run]] = []
        before: Run | None = None
        for run in self.runs:
            if not isinstance(run.values.get(metric), MetricValue):
                continue
            if before is not None and _are_joined(before, run, metric):
                found[-1].append(run)
            else:
                found.append([run])
            before = run
        return found


def _are_joined(first: Run, second: Run, metric: str) -> bool:
    a, b = first.values[metric], second.values[metric]
    alike = isinstance(a, MetricValue) and isinstance(b, MetricValue) and a.kind == b.kind
    return alike and may_be_joined(first.record, second.record)


def has_history(catalogue: Catalogue) -> bool:
    """Return whether any case was measured more than once."""
    return any(catalogue.earlier_of(result) for result in catalogue.everything)


@lru_cache(maxsize=1)
def timelines(catalogue: Catalogue) -> tuple[Timeline, ...]:
    """Return the runs of each case that has several, in the order of the results."""
    return tuple(_timelines(catalogue))


def _timelines(catalogue: Catalogue) -> Iterator[Timeline]:
    found = catalogue.collection
    for result in catalogue.everything:
        if earlier := catalogue.earlier_of(result):
            runs = [Run(found.shown(entry), found.values(entry)) for entry in earlier]
            yield Timeline(result, (*runs, Run(result.record, result.metric_values)))


def repeated(lines: Sequence[Timeline]) -> list[tuple[Run, Run]]:
    """Return the last two runs of each case between which nothing changed that records tell of.

    Of the same OpenVINO, kernel and driver: what differs between them is chance or the machine.
    """
    found = []
    for one in lines:
        pairs = [pair for pair in pairwise(one.runs) if _is_repeated(*pair)]
        found += pairs[-1:]
    return found


def _is_repeated(first: Run, second: Run) -> bool:
    a, b = first.record, second.record
    return (
        a.software.openvino == b.software.openvino
        and a.software.kernel == b.software.kernel
        and may_be_joined(a, b)
    )
