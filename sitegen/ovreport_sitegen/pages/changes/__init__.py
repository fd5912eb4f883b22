"""What changed: between OpenVINO releases, and since the run before; and each case over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from ovreport.changes import changes
from ovreport.history import case_key
from ovreport.stats.comparison import MIN_DIFFERENCE
from ovreport.words import plural
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.timeline import Timeline, has_history, since_the_run_before, timelines
from ovreport_sitegen.pages.changes.comparison import Comparison, OfCase, comparison, failures
from ovreport_sitegen.pages.changes.pictures import Picture, drawn
from ovreport_sitegen.pages.changes.releases import Link, ReleasesView, in_short, pairs
from ovreport_sitegen.pages.changes.since import links
from ovreport_sitegen.pages.page import Head, Page

OPEN_PICTURES, MOST_PICTURES, MOST_POINTS = 12, 18, 150
"""Pictures that are open, and cases that have any: those with most runs, of so many in all."""


@dataclass(frozen=True)
class ChangesView:
    """Everything the template of the page needs."""

    head: Head
    releases: ReleasesView | None
    """The oldest release against the newest on the first device; None: one release was measured."""
    comparisons: tuple[Comparison, ...]
    since: tuple[tuple[str, tuple[Link, ...]], ...]
    """Devices, and the days since which a page says what changed."""
    check: str
    """How often unchanged software seems to have changed; empty where nothing was repeated."""
    pictures: tuple[Picture, ...]
    """Those with a step first."""
    open_pictures: int
    pictures_left_out: int


def view(catalogue: Catalogue) -> ChangesView:
    """Return the view of the page."""
    lines = timelines(catalogue)
    of_case = {case_key(one.result.record): one.result for one in lines}
    of_releases = pairs(catalogue)
    longest = _longest(lines)
    shown = sorted(drawn(longest), key=lambda one: not one.picture.steps)
    head = Head(
        "What changed",
        f"{plural(len(lines), 'case')} measured more than once. A change is called clear if it is "
        f"{100 * MIN_DIFFERENCE:.0f} % or more and unlikely to be chance: on average, at most one "
        "in twenty of those that are called clear is not real.",
    )
    left_out = len(lines) - len(longest)
    return ChangesView(
        head=head,
        releases=in_short(catalogue, of_releases[0]) if of_releases else None,
        comparisons=tuple(_of_runs(catalogue, of_case)),
        since=tuple(links(catalogue)),
        check=_check(lines),
        pictures=tuple(shown),
        open_pictures=OPEN_PICTURES,
        pictures_left_out=left_out,
    )


def _longest(lines: Sequence[Timeline]) -> list[Timeline]:
    """Return those with most runs, as many as a page has room for."""
    found = sorted(lines, key=lambda one: -len(one.earlier))[:MOST_PICTURES]
    points = accumulate(len(one.earlier) + 1 for one in found)
    return [one for one, total in zip(found, points, strict=True) if total <= MOST_POINTS]


def _of_runs(catalogue: Catalogue, of_case: OfCase) -> Iterator[Comparison]:
    """Yield the newest run of each case against the run before, where any case has two."""
    found = since_the_run_before(catalogue)
    if found.cases or found.not_compared:
        title = "The newest run of each case against the one before"
        yield comparison("runs", title, found, of_case, failures(found, of_case))


def _check(lines: Sequence[Timeline]) -> str:
    """Return how often a clear change is found where the software is the same."""
    pairs = [pair for one in lines if (pair := one.repeated)]
    found = changes([a for a, _ in pairs], [b for _, b in pairs])
    compared = [change for _, change in found.every if change.effect is not None]
    if not compared:
        return ""
    clear = sum(change.outcome == "different" for change in compared)
    return (
        f"{plural(len(found.cases), 'case')} measured twice with the same OpenVINO, driver and "
        f"kernel: {clear} of {plural(len(compared), 'value')} differ clearly. The software did "
        "not change, so those differ by chance or by other load on the machine."
    )


PAGE = Page("changes", "What changed", view, when=has_history, parent="data")
"""Not in the navigation, which is about what is now; the foot of every page leads to it."""
