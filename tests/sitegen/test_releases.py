"""Releases that one run measured in turn: the change page, the answer table, feed and badges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from ovreport.change import Run, change_of
from ovreport.metrics import METRICS
from ovreport.record import Record
from ovreport.store import Loaded, Stored
from ovreport_sitegen import badges, feed
from ovreport_sitegen.answer.presets import presets
from ovreport_sitegen.answer.state import State
from ovreport_sitegen.answer.table import Answer, answer
from ovreport_sitegen.config import Config
from ovreport_sitegen.data.catalogue import Catalogue, make
from ovreport_sitegen.data.timeline import timelines
from ovreport_sitegen.pages import changes
from ovreport_sitegen.pages.changes import releases
from tests.factories import a_record
from tests.releases import MODELS, RELEASES, a_matrix

replace = msgspec.structs.replace
Build = Callable[[Sequence[Record]], Path]
OLDEST, MIDDLE, NEWEST = RELEASES


def catalogue(records: Sequence[Record]) -> Catalogue:
    stored = [Stored(record, Path(f"{i}.json")) for i, record in enumerate(records)]
    return make(Config(site_url="https://example.org/b/"), Loaded(stored))


def views(records: Sequence[Record]) -> dict[tuple[str, str], releases.ReleasesView]:
    found = catalogue(records)
    return {(p.before, p.after): releases.view(found, p) for p in releases.pairs(found)}


@pytest.fixture(scope="module")
def found() -> dict[tuple[str, str], releases.ReleasesView]:
    """Return the views of each two of three releases, of which the last has the known changes."""
    return views(a_matrix(again=NEWEST))


def test_the_known_changes_are_listed_and_nothing_else(
    found: dict[tuple[str, str], releases.ReleasesView],
) -> None:
    """Worst first; between the first two releases nothing changed."""
    for before in (OLDEST, MIDDLE):
        view = found[before, NEWEST]
        assert view.comparison.worse is not None
        names = [(row.cells[0].text, row.cells[1].text) for row in view.comparison.worse.rows]
        assert names[0] == ("inaccurate", "Top-1 accuracy")
        assert set(names[1:]) == {("slower", "Latency"), ("slower", "Throughput")}
        assert view.comparison.better is None
        assert view.failed is not None
        (failure,) = view.failed.rows
        assert failure.cells[0].text == "failing"
        assert "SIGSEGV" in failure.cells[2].text
    same = found[OLDEST, MIDDLE]
    assert (same.comparison.worse, same.comparison.better, same.failed) == (None, None, None)


def test_the_matrix_has_every_release_beside_the_first_one(
    found: dict[tuple[str, str], releases.ReleasesView],
) -> None:
    """Speed, start-up, memory, accuracy and precision; the last release once more at the end."""
    matrices = {one.key: one.table for one in found[OLDEST, NEWEST].matrices}
    wanted = {"latency-ms", "throughput-ips", "startup-ms", "peak-memory-bytes", "accuracy"}
    assert matrices.keys() == wanted | {"precision"}
    latency = matrices["latency-ms"]
    assert [c.label for c in latency.columns[1:]] == [*RELEASES, f"{NEWEST} again"]
    rows = {row.cells[0].text: row.cells[1:] for row in latency.rows}
    assert rows.keys() == set(MODELS)
    assert [cell.tone for cell in rows["slower"]] == ["", "", "bad", ""]
    assert rows["failing"][2].text == "failed"
    precision = {row.cells[0].text: row.cells[1:] for row in matrices["precision"].rows}
    assert [cell.text for cell in precision["reduced"]] == ["f32", "f32", "bf16"]


def test_a_release_against_itself_is_evidence_and_nothing_else() -> None:
    """No alarm; it is no result, no release, no point of a line and no change in the feed."""
    records = a_matrix(again=NEWEST)
    found = catalogue(records)
    assert len(found.evidence) == len(MODELS)
    arms = [result.record.arm for result in found.everything]
    assert not any(arm.kind == "again" for arm in arms if arm)
    assert "0 of" in releases.check(releases.pairs(found)[0].of)
    assert releases.check(releases.pairs(catalogue(a_matrix()))[0].of) == ""
    assert all(len(line) == 1 for one in timelines(found) for line in one.lines("latency_ms"))
    data = feed.feed(found) or b""
    assert data == feed.feed(catalogue([r for r in records if not r.arm or r.arm.kind != "again"]))
    assert b"clear change" not in data


def test_an_older_release_measured_later_is_no_newer_result() -> None:
    """Neither on a badge nor on a line over time."""
    now = a_matrix((MIDDLE, NEWEST), precision="default")
    later = a_matrix((OLDEST, MIDDLE), run="fedcba9876543210", hours=30, precision="default")
    for result in catalogue([*now, *later]).everything:
        assert result.release == NEWEST
    found = [badges.files(catalogue(records)) for records in (now, [*now, *later])]
    assert found[0] == found[1]
    for one in timelines(catalogue([*now, *later])):
        assert [point.openvino.split("-")[0] for point in one.points] == [NEWEST]


def test_two_runs_apart_are_said_to_be_weaker_evidence() -> None:
    """What is compared across runs is told apart from what one run measured in turn."""
    apart = [*a_matrix((OLDEST,)), *a_matrix((NEWEST,), run="fedcba9876543210", hours=30)]
    (view,) = views(apart).values()
    assert any("different times" in sentence for sentence in view.comparison.sentences)
    assert not any("in turn" in sentence for sentence in view.comparison.sentences)


def test_every_two_releases_have_a_page_and_links_lead_to_them(build_of: Build) -> None:
    """Of three releases three; the page of what changed shows the oldest against the newest."""
    site = build_of(a_matrix(again=NEWEST))
    pages = sorted(path.name for path in site.glob("changes-*.html"))
    assert len(pages) == 3
    main = (site / "changes.html").read_text()
    assert sum(f'href="{page}"' in main for page in pages) == 3
    assert f"{NEWEST} against {OLDEST}" in main


def test_one_release_has_no_such_section() -> None:
    """Nor has a site whose releases have no case in common."""
    assert not releases.pairs(catalogue(a_matrix((NEWEST,))))
    other = [*a_matrix((OLDEST,), ("one",)), *a_matrix((NEWEST,), ("two",), hours=30)]
    assert not releases.pairs(catalogue(other))


def test_the_answer_table_has_releases_as_columns() -> None:
    """Newest first, with a link that compares this release with the last, pair by pair."""
    found = catalogue(a_matrix(again=NEWEST))
    (last,) = [one for one in presets(found) if one.state.columns == "release"]
    assert last.state.baseline == MIDDLE
    table = answer(found, State("latency_ms", "release", baseline=MIDDLE))
    assert isinstance(table, Answer)
    assert [column.key for column in table.columns] == [NEWEST, MIDDLE, OLDEST]
    ratios = {row.model.title: row.cells[0] for row in table.rows}
    assert "slower" in str(ratios["slower"])
    assert "paired" in str(ratios["same-1"])


def test_an_arm_in_f32_costs_nothing_against_f32() -> None:
    """Its accuracy is the reference's; one that differs is said to."""
    table = answer(catalogue(a_matrix()), State(columns="release"))
    costs = {row.model.title: {c.cost.text for c in row.cells if c} for row in table.rows}
    assert costs.pop("inaccurate") - {""}
    assert set().union(*costs.values()) == {""}


def test_names_of_releases_are_nothing_but_text(build_of: Build) -> None:
    """Whatever a record says that its OpenVINO is."""
    evil = "<img src=x onerror=alert(1)>/../"
    records = a_matrix((OLDEST, NEWEST), ("same-1",))
    software = msgspec.structs.replace(records[0].software, openvino=evil)
    first = msgspec.structs.replace(records[0], arm=None, software=software)
    site = build_of([first, records[1]])
    assert (site / "changes.html").exists()
    for path in site.glob("changes*.html"):
        assert "<img" not in path.read_text()


def test_the_page_of_what_changed_begins_with_the_releases() -> None:
    """The run before is another run, not another release of the same one."""
    view = changes.view(catalogue(a_matrix()))
    assert view.releases is not None
    assert not view.comparisons


def test_a_value_that_cannot_be_relied_on_is_marked_beside_its_change() -> None:
    """Its ratio by pairs of rounds may hold all the same, and say another thing."""
    records = a_matrix()
    (first,) = (
        one
        for one in records
        if one.case.model == "slower" and one.software.openvino.startswith(OLDEST)
    )
    others = [one for one in records if one is not first]
    rounds = len(first.latency.rounds)
    wild = a_record(factors=[1 + n % 4 for n in range(rounds)]).latency
    view = views([msgspec.structs.replace(first, latency=wild), *others])[OLDEST, NEWEST]
    latency = next(one.table for one in view.matrices if one.key == "latency-ms")
    own = {row.cells[0].text: row.cells[1] for row in latency.rows}
    assert "observed" in own["slower"].marks
    calm = next(row.cells[1] for row in latency.rows if not row.cells[1].marks)
    assert (own["slower"].tone, calm.tone) == ("unreliable", "")


def test_a_change_and_its_two_values_point_to_the_same_side() -> None:
    """Where only one of the two has quiet rounds, both are shown as observed."""
    records = a_matrix()
    (one,) = (r for r in records if _is(r, "slower", OLDEST))
    factors = [1 + n % 4 for n in range(len(one.latency.rounds))]
    wild = a_record(factors=factors).latency
    runs = [replace(r, latency=wild) if r is one else r for r in records]
    before, after = (next(r for r in runs if _is(r, "slower", of)) for of in (OLDEST, NEWEST))
    change = change_of(METRICS["latency_ms"], Run.of(before), Run.of(after))
    assert change.pairs
    assert change.before is not None
    assert change.after is not None
    assert (change.before.kind, change.after.kind) == ("observed", "observed")


def _is(record: Record, model: str, release: str) -> bool:
    return record.case.model == model and record.software.openvino.startswith(release)


def test_a_case_is_counted_once_in_the_finding() -> None:
    """Slower in one metric and faster in another is neither of the two."""
    records = a_matrix()
    fast = [
        replace(round_, duration_s=round_.duration_s / 2)
        for one in records
        if _is(one, "slower", NEWEST)
        for round_ in one.throughput.rounds
    ]
    records = [
        replace(one, throughput=replace(one.throughput, rounds=fast))
        if _is(one, "slower", NEWEST)
        else one
        for one in records
    ]
    finding = views(records)[OLDEST, NEWEST].comparison.sentences[0]
    assert "1 slower in one metric and faster in another" in finding
    assert "0 clearly slower" in finding
