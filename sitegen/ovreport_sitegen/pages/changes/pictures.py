"""Each case over time, as pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from ovreport.metrics import METRICS, Metric
from ovreport.metrics.apart import interval_of
from ovreport.metrics.ratio_words import ratio_words
from ovreport.stats.intervals import Interval
from ovreport.stats.steps import steps
from ovreport.words import plural
from ovreport_sitegen.charts.history_picture import HistoryMark, HistoryPicture, scale
from ovreport_sitegen.data.timeline import DRAWN, Point, Timeline
from ovreport_sitegen.text import day, release


@dataclass(frozen=True)
class Picture:
    """A case over time."""

    title: str
    where: str
    href: str
    metric: str
    note: str
    picture: HistoryPicture


def drawn(lines: Iterable[Timeline]) -> Iterator[Picture]:
    """Yield the pictures of cases over time: of the speeds that have several values."""
    for one in lines:
        for key in DRAWN:
            points = list(chain.from_iterable(one.lines(key)))
            if len(points) > 1:
                yield _picture(one, key)


def _picture(one: Timeline, key: str) -> Picture:
    metric, result, lines = METRICS[key], one.result, one.lines(key)
    marks = [_mark(metric, run, number) for number, runs in enumerate(lines) for run in runs]
    found = [step for line_ in lines for step in _steps(metric, line_)]
    points = list(chain.from_iterable(lines))
    low, high = scale([(m.low, m.value, m.high) for m in marks])
    first, last = (day(points[i].measured_at) for i in (0, -1))
    place = f"{result.model.title}, {result.label}"
    title = (
        f"{metric.label} of {place} on {result.device.label}: {plural(len(points), 'run')}, "
        f"{first} to {last}, {metric.format_unit(marks[0].value)} to "
        f"{metric.format_unit(marks[-1].value)}."
    )
    parts = "; a line joins only those that are comparable" if len(lines) > 1 else ""
    steps_said = f"; {plural(len(found), 'step')}" if found else ""
    return Picture(
        title=place,
        where=result.device.label,
        href=result.href,
        metric=f"{metric.label}, {metric.unit}",
        note=f"{plural(len(points), 'run')}{parts}{steps_said}",
        picture=HistoryPicture(
            title=title,
            marks=tuple(marks),
            steps=tuple(found),
            lowest=metric.format(low),
            highest=metric.format(high),
            first=first,
            last=last,
            family=result.device.family,
        ),
    )


def _mark(metric: Metric, point: Point, number: int) -> HistoryMark:
    value = point.values[metric.key]
    ends = f"{metric.format(value.low)} – {metric.format(value.high)}"
    tip = (
        f"{day(point.measured_at)}, OpenVINO {release(point.openvino)}: "
        f"{metric.format_unit(value.value)} ({ends}), {value.kind}, {point.tier}"
    )
    filled = value.kind != "observed"
    return HistoryMark(_time(point), value.value, value.low, value.high, number, filled, tip)


def _steps(metric: Metric, points: Sequence[Point]) -> Iterator[tuple[float, str]]:
    for step in steps([interval_of(point.values[metric.key]) for point in points]):
        yield _time(points[step.index]), ratio_words(metric, _as_better(metric, step.ratio))[0]


def _time(point: Point) -> float:
    return datetime.fromisoformat(point.measured_at).timestamp()


def _as_better(metric: Metric, ratio: Interval) -> Interval:
    """Return a ratio of values as one that is above 1 where the later one is better."""
    if metric.direction == "higher":
        return ratio
    return Interval(1 / ratio.value, 1 / ratio.high, 1 / ratio.low)
