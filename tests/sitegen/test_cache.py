"""What was computed before is used again, and never believed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from ovreport.store import read, record_files, write
from ovreport_sitegen.build import build
from ovreport_sitegen.data.cache import Cache
from ovreport_sitegen.data.lean import Shared, packed, unpacked
from tests.factories import a_record

RECORDS = Path(__file__).parents[2] / "site" / "records"


def files(folder: Path) -> dict[str, bytes]:
    """Return every file of a site."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def database(folder: Path) -> Path:
    """Return the one file of a cache."""
    (found,) = folder.glob("records-*.sqlite")
    return found


def cut_short(path: Path) -> None:
    """Leave half of the file."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def not_a_database(path: Path) -> None:
    """Put something else there."""
    path.write_bytes(b"no database" * 1000)


def one_byte_differs(path: Path) -> None:
    """Change a byte of every entry."""
    with sqlite3.connect(path) as changed:
        for key, data in changed.execute("SELECT key, data FROM kept").fetchall():
            flipped = bytes([*data[:-1], data[-1] ^ 1])
            changed.execute("UPDATE kept SET data = ? WHERE key = ?", (flipped, key))


def entries_changed_places(path: Path) -> None:
    """Give every entry the content of another."""
    with sqlite3.connect(path) as changed:
        kept = changed.execute("SELECT key, data FROM kept").fetchall()
        for (key, _), (_, data) in zip(kept, [*kept[1:], kept[0]], strict=True):
            changed.execute("UPDATE kept SET data = ? WHERE key = ?", (data, key))


def another_table(path: Path) -> None:
    """Put a database of somebody else there."""
    path.unlink()
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE kept (what INTEGER)")


DAMAGE = [cut_short, not_a_database, one_byte_differs, entries_changed_places, another_table]


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_the_same_records_give_the_same_bytes_whatever_lies_in_the_cache(
    site: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    """Empty, full or damaged: the site is the same, and so it is the next time."""
    cache = tmp_path / "cache"
    cold = files(build(site, [], tmp_path / "a", cache=cache).out)
    assert files(build(site, [], tmp_path / "b", cache=cache).out) == cold
    damage(database(cache))
    assert files(build(site, [], tmp_path / "c", cache=cache).out) == cold
    assert files(build(site, [], tmp_path / "d", cache=cache).out) == cold


def test_pages_do_not_depend_on_what_was_built_before(site: Path, tmp_path: Path) -> None:
    """Drawings that a site of other records left in the cache have no ids of that time."""
    cold = files(build(site, [], tmp_path / "a", cache=tmp_path / "one").out)
    write(a_record(model="another", seed=11), tmp_path / "other" / "records")
    build(tmp_path / "other", [], tmp_path / "b", cache=tmp_path / "two")
    assert files(build(site, [], tmp_path / "c", cache=tmp_path / "two").out) == cold


def test_a_site_that_grew_record_by_record_is_that_of_all_of_them(
    site: Path, tmp_path: Path
) -> None:
    """A new model, a case measured again, another machine: kept pages know nothing of them."""
    cache = tmp_path / "cache"
    same = {"model": "grown", "title": "Grown"}
    added = (
        a_record(**same, measured_at="2026-08-01T00:00:00Z"),
        a_record(**same, measured_at="2026-08-02T00:00:00Z", seed=5),
        a_record(**same, measured_at="2026-08-03T00:00:00Z", machine="another-8c"),
    )
    for number, record in enumerate(added):
        build(site, [], tmp_path / "before", cache=cache)
        write(record, site / "records")
        grown = files(build(site, [], tmp_path / f"grown-{number}", cache=cache).out)
        anew = files(build(site, [], tmp_path / f"anew-{number}", cache=tmp_path / f"{number}").out)
        assert {name for name in anew if anew[name] != grown.get(name)} == set()
        assert grown.keys() == anew.keys()


def test_a_packed_record_is_the_same_without_its_samples() -> None:
    """Whatever kind it is of: pages of it are the same bytes, read from its file or unpacked."""
    for path in record_files(RECORDS):
        record, again = (Shared().record(one) for one in (read(path), unpacked(packed(read(path)))))
        assert repr(again) == repr(record)


def test_a_cache_that_cannot_be_written_does_not_stop_a_build(site: Path, tmp_path: Path) -> None:
    """A file where the folder should be."""
    (tmp_path / "cache").write_text("")
    assert build(site, [], tmp_path / "a", cache=tmp_path / "cache").results == 8


def test_a_locked_cache_is_read_on_its_own(tmp_path: Path) -> None:
    """Another build holds the file: nothing is waited for twice, and nothing is lost."""
    Cache(tmp_path).close()
    held = sqlite3.connect(database(tmp_path), isolation_level=None)
    held.execute("BEGIN EXCLUSIVE")
    cache = Cache(tmp_path)
    cache.put("kind", b"key", b"data")
    cache.close()
    held.execute("ROLLBACK")
    held.close()
    assert database(tmp_path).is_file()
