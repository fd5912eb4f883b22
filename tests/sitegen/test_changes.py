"""What changed: the page, the feed and the badges of records with a history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest

from ovreport.record import Record
from ovreport.store import Loaded, Stored
from ovreport_sitegen import badges, feed
from ovreport_sitegen.answer.table import answer
from ovreport_sitegen.config import Config
from ovreport_sitegen.data.catalogue import Catalogue, make
from ovreport_sitegen.data.timeline import has_history, timelines
from ovreport_sitegen.pages import changes
from ovreport_sitegen.pages.changes import since
from tests.factories import a_record
from tests.sitegen.conftest import a_reference

Build = Callable[[Sequence[Record]], Path]
ATOM = "{http://www.w3.org/2005/Atom}"


def day(n: int, **changes_: object) -> Record:
    """Return a record of a day, each with rounds of its own."""
    return a_record(measured_at=f"2026-11-{n:02}T10:00:00Z", seed=n, **changes_)


def of_release(record: Record, release: str) -> Record:
    software = msgspec.structs.replace(record.software, openvino=f"{release}.0-1-abc")
    return msgspec.structs.replace(record, software=software)


def catalogue(*records: Record, config: Config | None = None) -> Catalogue:
    stored = [Stored(record, Path(f"{i}.json")) for i, record in enumerate(records)]
    return make(config or Config(), Loaded(stored))


def slower_by_a_quarter() -> list[Record]:
    """Return three models on two days, of which one became slower."""
    return [
        day(n, model=model, title=model, median_ms=5 * (1.25 if (model, n) == ("b", 9) else 1))
        for n in (2, 9)
        for model in ("a", "b", "c")
    ]


def test_a_site_of_one_campaign_has_no_such_page(build_of: Build) -> None:
    """And says so in plain words where one would look for it."""
    site = build_of([a_record()])
    assert not (site / "changes.html").exists()
    assert "no history yet" in (site / "data.html").read_text()


def test_a_device_that_was_measured_on_another_day_says_what_changed_since() -> None:
    """Against each case's last run up to that day, whatever release ran; not on the same day."""
    records = [*slower_by_a_quarter(), day(5, model="a", title="a", median_ms=9)]
    found = catalogue(*records, of_release(day(1, model="c", title="c"), "2025.4"))
    newest, older, oldest = since.days(found)
    assert [one.day[-2:] for one in (newest, older, oldest)] == ["05", "02", "01"]
    pages = [since.view(found, one) for one in (newest, older, oldest)]
    assert pages[0].comparison.better
    assert [len(page.comparison.worse.rows) for page in pages[:2] if page.comparison.worse] == [
        2,
        2,
    ]
    assert {link.href for _, links in pages[0].choices for link in links} == {
        one.href for one in since.days(found)
    }
    assert not since.days(catalogue(day(2), of_release(day(2), "2025.4")))


def test_what_got_worse_is_named_with_its_ratio() -> None:
    """Once for latency and once for throughput, and nothing of the other models."""
    (comparison,) = changes.view(catalogue(*slower_by_a_quarter())).comparisons
    assert comparison.better is None
    assert comparison.worse is not None
    assert {row.cells[0].text for row in comparison.worse.rows} == {"b"}
    assert {row.cells[1].text for row in comparison.worse.rows} == {"Latency", "Throughput"}
    assert all(row.cells[0].href for row in comparison.worse.rows)


def test_releases_are_compared_first() -> None:
    """The newest run of each of the last two; the runs of one release are the check."""
    records = [
        *(of_release(day(n), "2026.3") for n in (1, 2)),
        *(of_release(day(n, median_ms=6.5), "2026.4") for n in (8, 9)),
    ]
    view = changes.view(catalogue(*records))
    (runs,) = view.comparisons
    assert view.releases is not None
    releases = view.releases.comparison
    assert "2026.3" in releases.title
    assert releases.worse is not None
    assert runs.worse is None
    assert "0 of" in view.check


@pytest.mark.parametrize("part", ["machine", "driver", "inputs", "tier", "model", "method", "task"])
def test_points_of_other_conditions_are_never_joined(part: str) -> None:
    """Of another machine or model file they are not even of one case."""
    first, second = day(2), day(9)
    changed = {
        "machine": lambda r: _with(r, "machine", cores_available=2),
        "driver": lambda r: _with(r, "device", driver="another"),
        "inputs": lambda r: _with(r, "inputs", seed=99),
        "tier": lambda r: _with(r, "tier", min_seconds=11),
        "model": lambda r: _with(r, "model", sha256="e" * 64),
        "method": lambda r: msgspec.structs.replace(r, method=r.method + 1),
        "task": lambda r: _with(r, "inputs", version=2),
    }[part](second)
    (joined,) = timelines(catalogue(first, second))
    assert [len(line) for line in joined.lines("latency_ms")] == [2]
    apart = [len(line) for one in timelines(catalogue(first, changed))
             for line in one.lines("latency_ms")]  # fmt: skip
    assert apart in ([], [1, 1])


def _with(record: Record, part: str, **values: object) -> Record:
    changed = msgspec.structs.replace(getattr(record, part), **values)
    return msgspec.structs.replace(record, **{part: changed})


def test_a_step_is_drawn_where_it_is() -> None:
    """From eight runs on."""
    records = [day(n, median_ms=5 if n < 6 else 6) for n in range(1, 11)]
    pictures = {p.metric: p for p in changes.view(catalogue(*records)).pictures}
    (step,) = pictures["Latency, ms"].picture.steps
    assert step[0] == pictures["Latency, ms"].picture.marks[5].at
    assert "slower" in step[1]


def test_the_feed_is_valid_and_tells_of_changes() -> None:
    """Every id once, every entry with title, time and link; nothing without an address."""
    assert feed.feed(catalogue(*slower_by_a_quarter())) is None
    config = Config(site_url="https://example.org/b/", title="A & <B>")
    data = feed.feed(catalogue(*slower_by_a_quarter(), config=config))
    assert data is not None
    root = ET.fromstring(data)  # noqa: S314 - our own
    entries = root.findall(f"{ATOM}entry")
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert len(entries) == len(set(ids)) == 3
    assert any("changes.html" in ET.tostring(entry, "unicode") for entry in entries)
    for entry in (root, *entries):
        assert all(entry.findtext(f"{ATOM}{name}") for name in ("id", "title", "updated"))


def test_badges_are_pictures_and_nothing_else(build_of: Build) -> None:
    """Whatever a model or a device is called."""
    evil = '"><script>alert(1)</script>](javascript:x)'
    record = a_record(title=evil, full_name=evil, precision="default")
    site = build_of([record])
    (file,) = (site / "badges").iterdir()
    root = ET.fromstring(file.read_text())  # noqa: S314 - our own
    assert {e.tag.rpartition("}")[2] for e in root.iter()} <= {"svg", "title", "rect", "path", "g",
                                                               "text"}  # fmt: skip
    found = catalogue(record, config=Config(site_url="https://example.org/b/"))
    (badge,) = badges.badges(found, found.models[0])
    assert badge.markdown.count("](") == 2
    assert "<" not in badge.markdown


def test_a_badge_shows_what_the_overview_shows() -> None:
    """The best that keeps 99 % of the accuracy: not a default precision that loses it."""
    records = [a_reference(), a_record(precision="default", executed="bf16", top1=0.5, seed=2)]
    found = catalogue(*records, config=Config(site_url="https://example.org/b/"))
    (badge,) = badges.badges(found, found.models[0])
    (row,) = answer(found).rows
    (cell,) = row.cells
    assert cell is not None
    assert f"{cell.text} ms, f32" in badge.alt


def test_a_page_of_a_history_of_evil_names_is_sound(build_of: Build) -> None:
    """The build refuses a page with an attribute or a link that is not its own."""
    evil = '"><img src=x onerror=alert(1)>'
    records = [day(n, title=evil, full_name=evil, median_ms=n) for n in (2, 9)]
    page = (build_of(records) / "changes.html").read_text()
    assert "<img" not in page


def test_a_newer_case_that_failed_has_no_history_to_compare() -> None:
    """Of a model that could not be had before: there is no second run."""
    assert not has_history(catalogue(a_record()))
    assert has_history(catalogue(day(2), day(9)))
