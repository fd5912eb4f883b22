"""What changed on a device since a day, whatever release ran: its newest runs against older."""

from __future__ import annotations

import datetime
import hashlib
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ovreport.changes import changes
from ovreport.history import case_key
from ovreport.words import plural
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.names import grouped
from ovreport_sitegen.data.result import DeviceRef
from ovreport_sitegen.data.timeline import Timeline, timelines
from ovreport_sitegen.pages.changes.comparison import Comparison, comparison, failures
from ovreport_sitegen.pages.changes.releases import Link
from ovreport_sitegen.pages.page import Head, PageOfEach
from ovreport_sitegen.text import day as day_words

MOST_DEVICES, _NEWEST_DAYS = 8, 2
"""Devices that have pages, those measured last first; days of each, besides the oldest one."""


@dataclass(frozen=True, eq=False)
class Since:
    """A day on which a device was measured, and its cases that were measured again later."""

    device: DeviceRef
    day: str
    """As 2026-11-24, in UTC."""
    last: str
    """The day on which it was measured last."""
    lines: tuple[Timeline, ...]
    href: str


@dataclass(frozen=True)
class SinceView:
    """What changed since a day, as the template shows it."""

    head: Head
    choices: tuple[tuple[str, tuple[Link, ...]], ...]
    """What is chosen, and its links."""
    comparison: Comparison
    command: str
    """Compares the records of the two days in a terminal."""


@lru_cache(maxsize=1)
def days(catalogue: Catalogue) -> tuple[Since, ...]:
    """Return the days that have a page: of each device from the newest to the oldest."""
    by_device = grouped((one.result.device, one) for one in timelines(catalogue))
    order = {device.key: i for i, device in enumerate(catalogue.devices)}
    devices = sorted(by_device, key=lambda device: order.get(device.key, len(order)))
    return tuple(
        found
        for device in devices[:MOST_DEVICES]
        for found in _of_device(device, by_device[device])
    )


def _of_device(device: DeviceRef, lines: Sequence[Timeline]) -> Iterator[Since]:
    last = max(_day(one.result.record.measured_at) for one in lines)
    measured = {_day(entry.summary.measured_at) for one in lines for entry in one.earlier}
    for day in _some(sorted(measured - {last}, reverse=True)):
        found = tuple(one for one in lines if _ran_then_and_now(one, day))
        if found:
            yield Since(device, day, last, found, f"changes-since-{day}-{device.slug}.html")


def _day(measured_at: str) -> str:
    return f"{datetime.datetime.fromisoformat(measured_at):%Y-%m-%d}"


def _some(every: Sequence[str]) -> Sequence[str]:
    return [*every[:_NEWEST_DAYS], *every[_NEWEST_DAYS:][-1:]]


def _ran_then_and_now(one: Timeline, day: str) -> bool:
    pair = one.since(day)
    return bool(pair and one.result.completed and one.earlier[pair[0]].summary.completed)


def links(
    catalogue: Catalogue, current: Since | None = None
) -> Iterator[tuple[str, tuple[Link, ...]]]:
    """Yield each device with its days, as links."""
    for device, some in grouped((one.device, one) for one in days(catalogue)).items():
        yield device.label, tuple(Link(day_words(s.day), s.href, s is current) for s in some)


def view(catalogue: Catalogue, since: Since) -> SinceView:
    """Return the view of what changed on a device since a day."""
    pairs = [(one, pair) for one in since.lines if (pair := one.since(since.day))]
    found = changes(
        [one.run(before) for one, (before, _) in pairs],
        [one.run(after) for one, (_, after) in pairs],
    )
    of_case = {case_key(one.result.record): one.result for one in since.lines}
    title = f"{since.device.label} since {day_words(since.day)}"
    lede = (
        f"{plural(len(found.cases), 'case')}: each as it was measured last, against its last run "
        f"up to {day_words(since.day)}."
    )
    return SinceView(
        head=Head(title, lede),
        choices=tuple(links(catalogue, since)),
        comparison=comparison("since", title, found, of_case, failures(found, of_case)),
        command=shlex.join(("ovreport", "compare", f"RECORDS@{since.day}", f"@{since.last}")),
    )


def _made_of(catalogue: Catalogue, since: Since) -> bytes:
    """Return a checksum of all that a page shows: records, names, and the choices beside it."""
    told = [since.href.encode(), since.last.encode()]
    told += [f"{label} {link.href}".encode() for label, some in links(catalogue) for link in some]
    for one in since.lines:
        told += [one.result.checksum, *(entry.checksum for entry in one.earlier)]
    return hashlib.sha256(b"\n".join(told)).digest()


PAGE = PageOfEach("since", "data", days, view, _made_of)
"""Of every device that was measured again on another day; the page of changes leads to them."""
