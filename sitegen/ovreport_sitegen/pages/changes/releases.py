"""Two releases on a device: what got worse and better, what failed, how far to trust it."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from ovreport.changes import Changes, speed_of
from ovreport.changes_text import why_failed
from ovreport.history import case_key
from ovreport.record import Record
from ovreport.store import slug
from ovreport.words import plural
from ovreport_sitegen.components.table import Cell, Column, Table, TableRow
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.releases import DeviceReleases, of_devices
from ovreport_sitegen.data.result import DeviceRef, Result
from ovreport_sitegen.pages.changes.comparison import Comparison, OfCase, comparison
from ovreport_sitegen.pages.changes.matrix import MetricMatrix, matrices
from ovreport_sitegen.pages.page import Head, PageOfEach
from ovreport_sitegen.text import line, listed, unique_slugs

_FAILED = (Column("Case"), Column("In"), Column("Error"))


@dataclass(frozen=True, eq=False)
class Pair:
    """Two releases on a device, which have a page."""

    of: DeviceReleases
    device: DeviceRef
    before: str
    after: str
    href: str


@dataclass(frozen=True)
class Link:
    """A choice of what is compared."""

    label: str
    href: str
    current: bool


@dataclass(frozen=True)
class ReleasesView:
    """Two releases on a device, as the template shows them."""

    head: Head
    href: str
    """Of the page of its own."""
    choices: tuple[tuple[str, tuple[Link, ...]], ...]
    """What is chosen, and its links; those with one choice are left out."""
    comparison: Comparison
    check: str
    """What a release against itself gave; empty: no run measured one twice."""
    failed: Table | None
    matrices: tuple[MetricMatrix, ...]
    """On the page of its own; elsewhere empty."""
    command: str
    """Prints the same in a terminal."""


@lru_cache(maxsize=1)
def pairs(catalogue: Catalogue) -> tuple[Pair, ...]:
    """Return every two releases of every device; the oldest against the newest comes first."""
    refs = {r.device.key: r.device for r in catalogue.everything}
    found = [
        (one, refs[one.device], before, after)
        for one in of_devices(catalogue)
        if one.device in refs
        for after in reversed(one.releases)
        for before in one.releases[: one.releases.index(after)]
    ]
    names = unique_slugs(found, lambda p: f"changes-{slug(p[2])}-to-{slug(p[3])}-{p[1].slug}")
    return tuple(Pair(*one, href=f"{names[one]}.html") for one in found)


def view(catalogue: Catalogue, pair: Pair) -> ReleasesView:
    """Return the view of two releases on a device, on a page of its own."""
    found = tuple(matrices(pair.of, pair.before, pair.after, _of_case(catalogue, pair)))
    return replace(in_short(catalogue, pair), matrices=found)


def in_short(catalogue: Catalogue, pair: Pair) -> ReleasesView:
    """Return the view of two releases without the tables of every case."""
    before, after = pair.before, pair.after
    found = pair.of.compared(before, after)
    of_case = _of_case(catalogue, pair)
    names = f"OpenVINO {line(after, 40)} against {line(before, 40)}"
    return ReleasesView(
        head=Head(names, f"On {pair.device.label}: {plural(len(found.cases), 'case')} compared."),
        href=pair.href,
        choices=tuple(_choices(catalogue, pair)),
        comparison=comparison(
            "releases",
            f"{names} on {pair.device.label}",
            found,
            of_case,
            lead=[_finding(found, pair)],
            sides=(line(before, 40), line(after, 40)),
        ),
        check=check(pair.of),
        failed=_failed(found, before, after, of_case),
        matrices=(),
        command=shlex.join(("ovreport", "compare", f"RECORDS@{before}", f"@{after}")),
    )


def _of_case(catalogue: Catalogue, pair: Pair) -> OfCase:
    return {case_key(result.record): result for result in _results(catalogue, pair)}


def _results(catalogue: Catalogue, pair: Pair) -> Iterator[Result]:
    return (r for r in catalogue.everything if r.device.key == pair.of.device)


def _choices(catalogue: Catalogue, pair: Pair) -> Iterator[tuple[str, tuple[Link, ...]]]:
    every = pairs(catalogue)
    firsts = {one.device.key: one for one in reversed(every)}
    devices = [Link(p.device.label, p.href, p.of is pair.of) for p in reversed(firsts.values())]
    same = [one for one in every if one.of is pair.of]
    befores = [Link(p.before, p.href, p is pair) for p in same if p.after == pair.after]
    afters = [Link(p.after, p.href, p is pair) for p in same if p.before == pair.before]
    for label, links in (("Device", devices), ("Release", afters), ("Against", befores)):
        if len(links) > 1:
            yield label, tuple(links)


def _finding(found: Changes, pair: Pair) -> str:
    """Return in a sentence how many cases got worse and better, and in what."""
    if not found.cases and not found.newly_failed:
        return "No case ran in both under the same conditions: nothing can be compared."
    speed = [[case.changes[key] for key in speed_of(case.after)] for case in found.cases]
    accuracy = [c for _, c in found.every if c.is_difference]
    worse = {i for i, one in enumerate(speed) if any(c.is_worse for c in one)}
    better = {i for i, one in enumerate(speed) if any(c.is_better for c in one)}
    counts = {
        "failed": len(found.newly_failed),
        "clearly slower": len(worse - better),
        "clearly faster": len(better - worse),
        "slower in one metric and faster in another": len(worse & better),
        "less accurate": sum(c.is_worse for c in accuracy),
        "more accurate": sum(c.is_better for c in accuracy),
        "in another precision": len(found.other_precision),
    }
    always = ("clearly slower", "clearly faster")
    said = [f"{n} {what}" for what, n in counts.items() if n or what in always]
    total = plural(len(found.cases) + len(found.newly_failed), "case")
    return f"{total} of {pair.after} against {pair.before}: {listed(said)}."


def check(of: DeviceReleases) -> str:
    """Return how many values differ where a run measured a release against itself."""
    return " ".join(filter(None, (_against_itself(of, one) for one in reversed(of.releases))))


def _against_itself(of: DeviceReleases, release: str) -> str:
    found = of.against_itself(release)
    compared = [c for _, c in found.every if c.effect is not None] if found else []
    if not found or not compared:
        return ""
    different = sum(c.outcome == "different" for c in compared)
    speeds = [(max(e.value, 1 / e.value) - 1, c) for c in compared if c.pairs and (e := c.effect)]
    widest = max((amount for amount, _ in speeds), default=0.0)
    return (
        f"OpenVINO {line(release, 40)} measured against itself in the same run: {different} of "
        f"{plural(len(compared), 'value')} of {plural(len(found.cases), 'case')} called different; "
        f"the widest difference in speed is {100 * widest:.1f} %."
    )


def _failed(found: Changes, before: str, after: str, of_case: OfCase) -> Table | None:
    failed = [(record, after) for record in found.newly_failed]
    failed += [(record, before) for record in found.newly_ran]
    rows = [
        _failure(record, where, of_case) for record, where in failed if case_key(record) in of_case
    ]
    caption = "What failed in one of them"
    return Table("releases-failed", caption, _FAILED, tuple(rows), look="answers") if rows else None


def _failure(record: Record, where: str, of_case: OfCase) -> TableRow:
    result = of_case[case_key(record)]
    cells = (
        Cell(result.model.title, sub=result.label, href=result.href),
        Cell(where, sub="runs in the other one"),
        Cell(line(why_failed(record), 200), tone="bad"),
    )
    return TableRow(cells, labels=tuple(column.label for column in _FAILED[1:]))


def _made_of(catalogue: Catalogue, pair: Pair) -> bytes:
    """Return a checksum of all that a page shows: records, names, and the choices beside it."""
    told = [one.href.encode() for one in (pair, *pairs(catalogue))]
    told += [entry.checksum for entry in pair.of.entries]
    told += [result.checksum for result in _results(catalogue, pair)]
    return hashlib.sha256(b"\n".join(told)).digest()


PAGE = PageOfEach("releases", "data", pairs, view, _made_of)
"""Of every two releases on a device; the foot of every page leads to the first of them."""
