"""A folder of records: nothing half written, nothing overwritten, nothing outside it."""

import errno
import os
import stat
import tempfile
import threading
from pathlib import Path

import msgspec
import pytest

from ovreport import store
from ovreport.errors import RecordError, StoreError, one_line
from ovreport.record import Failed
from tests.factories import a_failed_record, a_record

replace = msgspec.structs.replace


def files(root: Path) -> list[str]:
    """Return all files below a folder, hidden ones included."""
    return sorted(str(p.relative_to(root)) for p in root.rglob("*") if not p.is_dir())


def test_a_record_is_named_from_what_it_is(tmp_path):
    """Folder of the machine; time, case, tier and checksum in the name."""
    record = a_record(device="AUTO:GPU.0,CPU")
    path = store.write(record, tmp_path)
    assert path.parent == tmp_path / "example-cpu-9000-8c"
    assert path.name.startswith("20261123T120000Z-magika-v3.3-fp32-auto-gpu.0-cpu-f32-standard-")
    assert store.read(path) == record
    assert path.stat().st_mode & 0o777 == 0o644
    assert path.read_bytes().count(b"\n") == 1


@pytest.mark.parametrize(
    "device", ["../../etc/passwd", "/", "", "..", "GPU\n", "é" * 300, "\u202e"]
)
def test_a_device_string_cannot_lead_out_of_the_folder(tmp_path, device):
    """Device strings are free text, and become a harmless part of the name."""
    root = tmp_path / "records"
    path = store.write(a_record(device=device, full_name="x"), root)
    assert path.parent.parent == root
    assert path.resolve().is_relative_to(root.resolve())
    assert path.name.isascii()
    assert path.name.isprintable()
    assert len(path.name) < 255


@pytest.mark.parametrize("name", ["../out", "/tmp/out", "a/b", "..", ""])
def test_ids_made_in_python_cannot_lead_out_either(tmp_path, name):
    """Types are not checked when a record is made in Python: they are before it is written."""
    root = tmp_path / "records"
    for record in (a_record(machine=name), a_record(model=name)):
        with pytest.raises(RecordError):
            store.write(record, root)
    assert files(tmp_path) == []


def test_what_cannot_be_read_back_is_not_written(tmp_path):
    """NaN would be written as null, a lone surrogate not at all, a huge record be refused."""
    record = a_record()
    nan = replace(record, accuracy=replace(record.accuracy, n=-1))
    surrogate = replace(record, device=replace(record.device, driver="\ud800"))
    huge = replace(record, noise_unreadable={str(i): "x" * 20_000 for i in range(30)})
    failed = Failed(reason="no", cause="crash", stderr_tail="x" * 30_000)
    not_a_number = replace(
        record, noise=[replace(record.noise[0], readings={"steal_share": float("nan")})]
    )
    for bad in (nan, surrogate, huge, not_a_number, a_failed_record(outcome=failed)):
        with pytest.raises(RecordError):
            store.write(bad, tmp_path)
    assert files(tmp_path) == []


def test_writing_again_changes_nothing(tmp_path):
    """The same record is the same file."""
    record = a_record()
    first, second = store.write(record, tmp_path), store.write(record, tmp_path)
    assert first == second
    assert len(files(tmp_path)) == 1


def test_different_records_never_share_a_name(tmp_path):
    """The same case at the same second, measured differently."""
    at = "2026-11-23T12:00:00Z"
    paths = {store.write(a_record(seed=seed, measured_at=at), tmp_path) for seed in range(5)}
    assert len(paths) == 5


def test_a_file_of_that_name_is_never_overwritten(tmp_path):
    """Whatever lies there stays, and nothing is left beside it."""
    record = a_record()
    path = store.write(record, tmp_path)
    path.write_bytes(b"edited by hand")
    with pytest.raises(StoreError, match="cannot be written"):
        store.write(record, tmp_path)
    assert path.read_bytes() == b"edited by hand"
    assert len(files(tmp_path)) == 1


def test_many_writers_at_once_leave_one_whole_file(tmp_path):
    """Eight threads write the same record: all succeed."""
    record, paths, barrier = a_record(), [], threading.Barrier(8)

    def write():
        barrier.wait()
        paths.append(store.write(record, tmp_path))

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(paths) == 8
    assert len(set(paths)) == 1
    assert len(files(tmp_path)) == 1
    assert store.read(paths[0]) == record


def full(*_args, **_kwargs):
    """Fail as a full disk does."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("target", ["os.fsync", "tempfile.mkstemp", "pathlib.Path.hardlink_to"])
def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch, target):
    """The error says what to do; records that were there stay; no temporary file is left."""
    kept = store.write(a_record(seed=2), tmp_path)
    monkeypatch.setattr(target, full)
    with pytest.raises(StoreError, match="No space left") as caught:
        store.write(a_record(), tmp_path)
    assert "Free space" in caught.value.remedy
    assert files(tmp_path) == [str(kept.relative_to(tmp_path))]


def test_an_interrupted_write_leaves_nothing_behind(tmp_path, monkeypatch):
    """Ctrl-C between writing and naming."""

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        store.write(a_record(), tmp_path)
    assert files(tmp_path) == []


def test_a_record_has_no_name_before_it_is_whole(tmp_path, monkeypatch):
    """When the data reaches the disk, no `.json` is to be seen yet."""
    seen = []
    sync = os.fsync

    def look(handle):
        seen.append([f for f in files(tmp_path) if f.endswith(".json")])
        sync(handle)

    monkeypatch.setattr(os, "fsync", look)
    store.write(a_record(), tmp_path)
    assert seen[0] == []


def test_the_name_of_a_record_is_synced_too(tmp_path, monkeypatch):
    """After a loss of power a finished record is there: new folders, its data, then its name."""
    synced = []
    monkeypatch.setattr(os, "fsync", lambda h: synced.append(stat.S_ISDIR(os.fstat(h).st_mode)))
    store.write(a_record(), tmp_path)
    assert synced == [True, False, True]


def test_a_file_in_place_of_a_folder_is_a_store_error(tmp_path):
    """As is a folder without permission; the error names the place."""
    (tmp_path / "records").write_text("not a folder")
    with pytest.raises(StoreError) as caught:
        store.write(a_record(), tmp_path / "records")
    assert str(tmp_path) in caught.value.where


def test_a_read_only_folder_is_a_store_error(tmp_path, monkeypatch):
    """Simulated: root may write anywhere."""

    def refuse(*_args, **_kwargs):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    with pytest.raises(StoreError, match="Permission denied"):
        store.write(a_record(), tmp_path)


# ---------------------------------------------------------------- reading


def test_a_folder_is_read_sorted_and_whole(tmp_path):
    """Every machine's records, in the order of their paths."""
    written = [store.write(a_record(machine=m, seed=i), tmp_path) for i, m in enumerate("bac")]
    loaded = store.read_all([tmp_path])
    assert [s.path for s in loaded.stored] == sorted(written)
    assert [r.machine.id for r in loaded.records] == ["a", "b", "c"]
    assert loaded.faults == []


BAD = {
    "empty": b"",
    "blank": b" \n",
    "truncated": store.encode(a_record())[:-500],
    "truncated-newer": b'{"format": 3, "new": ',
    "array": b"[]",
    "null": b"null",
    "text": b"hello",
    "not-utf8": store.encode(a_record()).replace(b"Magika v3.3", b"Magika \xff\xfe"),
    "utf16": store.encode(a_record()).decode().encode("utf-16"),
    "deep": b"[" * 100_000,
    "deep-inside": b'{"format":1,"case":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep-unknown": b'{"x":' * 100_000 + b"1" + b"}" * 100_000,
    "huge-number": b'{"format":' + b"9" * 10_000 + b"}",
    "huge": b" " * (store.MAX_RECORD_BYTES + 1),
    "binary": bytes(range(256)),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_a_fault_with_its_path_and_stops_nothing(tmp_path, name):
    """The sound record beside it is read."""
    sound = store.write(a_record(), tmp_path)
    bad = tmp_path / f"{name}.json"
    bad.write_bytes(BAD[name])
    loaded = store.read_all([tmp_path])
    assert [s.path for s in loaded.stored] == [sound]
    assert len(loaded.faults) == 1
    assert loaded.faults[0].where.startswith(str(bad))
    assert loaded.faults[0].remedy


def test_a_huge_file_is_refused_without_being_read(tmp_path, monkeypatch):
    """A terabyte of holes costs nothing."""
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(2**40)
    monkeypatch.setattr(Path, "read_bytes", full)
    with pytest.raises(RecordError, match="at most"):
        store.read(path)


def test_a_copied_record_counts_once(tmp_path):
    """A merge of two collections makes copies: harmless, and named."""
    path = store.write(a_record(), tmp_path / "a")
    copy = tmp_path / "b" / path.name
    copy.parent.mkdir()
    copy.write_bytes(path.read_bytes())
    loaded = store.read_all([tmp_path])
    assert [s.path for s in loaded.stored] == [path]
    assert not loaded.faults
    (same,) = loaded.duplicates
    assert (same.path, same.of) == (copy, path)


def test_a_renamed_record_is_refused(tmp_path):
    """And told its name."""
    path = store.write(a_record(), tmp_path)
    renamed = path.rename(path.with_name("new.json"))
    (fault,) = store.read_all([tmp_path], check=True).faults
    assert fault.where == str(renamed)
    assert path.name in fault.what


def test_a_record_that_was_edited_under_its_old_name_is_refused(tmp_path):
    """The name holds a checksum of the content."""
    path = store.write(a_record(), tmp_path)
    path.write_bytes(path.read_bytes().replace(b"Magika v3.3", b"Magika v3.4"))
    (fault,) = store.read_all([tmp_path], check=True).faults
    assert fault.where == str(path)
    assert fault.remedy


def test_a_record_that_is_refused_can_be_kept(tmp_path):
    """One's own: the first fault of each is a doubt."""
    path = store.write(a_record(), tmp_path)
    renamed = path.rename(path.with_name("new.json"))
    (tmp_path / "bad.json").write_text("{")
    loaded = store.read_all([tmp_path], check=True, keep=True)
    assert [s.path for s in loaded.stored] == [renamed]
    assert [doubt.where for doubt in loaded.doubts] == [str(renamed)]
    assert [fault.where for fault in loaded.faults] == [str(tmp_path / "bad.json")]


def test_a_record_of_the_future_is_kept_from_others(tmp_path):
    """It would be the newest of its case for good: refused, and left out of one's own site too."""
    sound = store.write(a_record(), tmp_path)
    ahead = store.write(a_record(measured_at="2099-01-01T00:00:00Z"), tmp_path)
    for keep in (False, True):
        loaded = store.read_all([tmp_path], check=True, keep=keep)
        assert [s.path for s in loaded.stored] == [sound]
        assert not loaded.doubts
        assert [fault.where for fault in loaded.faults] == [f"{ahead}: $.measured_at"]


def test_one_file_named_twice_counts_once(tmp_path):
    """A folder and a file in it."""
    path = store.write(a_record(), tmp_path)
    assert len(store.read_all([tmp_path, path]).stored) == 1


def test_links_are_not_followed(tmp_path):
    """Neither to a file nor to a folder outside."""
    outside = store.write(a_record(), tmp_path / "outside")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "file.json").symlink_to(outside)
    (inside / "folder").symlink_to(outside.parent)
    (inside / "broken.json").symlink_to(tmp_path / "nowhere")
    (inside / "loop").symlink_to(inside)
    assert list(store.record_files(inside)) == []


def test_a_folder_that_lists_its_names_and_nothing_more_is_a_fault(tmp_path, monkeypatch):
    """Reading is allowed, entering is not: simulated, as root may do anything."""
    store.write(a_record(), tmp_path)
    hidden = tmp_path / "hidden" / "a.json"
    hidden.parent.mkdir()
    hidden.write_text("{}")
    stat = Path.stat

    def refuse(self, **how):
        if self == hidden:
            raise PermissionError(13, "Permission denied", str(self))
        return stat(self, **how)

    monkeypatch.setattr(Path, "stat", refuse)
    loaded = store.read_all([tmp_path], check=True)
    assert len(loaded.records) == 1
    assert [fault.where for fault in loaded.faults] == [str(hidden)]


def test_unfinished_files_and_foreign_folders_are_not_records(tmp_path):
    """What a killed writer left, what git keeps, and folders that end in .json."""
    (tmp_path / ".writing-abc123").write_bytes(b"half")
    (tmp_path / "notes.txt").write_text("no")
    (tmp_path / "folder.json").mkdir()
    for folder in (".git", "node_modules", "__pycache__"):
        (tmp_path / "deep" / folder).mkdir(parents=True)
        (tmp_path / "deep" / folder / "x.json").write_text("{}")
    assert list(store.record_files(tmp_path)) == []


def test_a_folder_below_an_ignored_one_is_read(tmp_path):
    """Only what lies inside the folder asked for is ignored, not what the folder lies in."""
    path = store.write(a_record(), tmp_path / "node_modules" / "records")
    assert list(store.record_files(tmp_path / "node_modules" / "records")) == [path]


def test_an_unreadable_file_is_a_fault(tmp_path, monkeypatch):
    """The disk's word is passed on."""
    path = store.write(a_record(), tmp_path)

    def refuse(_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(StoreError, match="Permission denied"):
        store.read(path)
    assert [f.where for f in store.read_all([tmp_path]).faults] == [str(path)]


def test_faults_are_one_printable_line(tmp_path):
    """Names of fields and files come from outside, and cannot write to a terminal."""
    evil = "\x1b[2J\nforged: line\u202e"
    path = tmp_path / f"{evil}.json"
    path.write_bytes(msgspec.json.encode({evil: 1, "format": 1}))
    faults = store.read_all([tmp_path]).faults
    assert all(f"{fault.where}{fault.what}".isprintable() for fault in faults)
    assert any("\\x1b[2J\\nforged" in fault.what for fault in faults)


def test_one_line_keeps_ordinary_text_and_cuts_long_text():
    """Letters of all scripts stay."""
    assert one_line("größer 测试 – a b") == "größer 测试 – a b"
    assert one_line("x" * 1000, limit=10) == "x" * 10 + "…"


@pytest.mark.parametrize(
    ("text", "name"),
    [("CPU", "cpu"), ("AUTO:GPU.0,CPU", "auto-gpu.0-cpu"), ("../..", "unnamed"), ("", "unnamed")],
)
def test_slugs(text, name):
    """Lower case, no separators of paths, never empty."""
    assert store.slug(text) == name


def test_what_a_killed_write_left_is_swept(tmp_path):
    """Only half-written files go; records and what others keep there stay."""
    path = store.write(a_record(), tmp_path)
    (path.parent / ".writing-abc").write_text("half")
    (path.parent / "notes.txt").write_text("mine")
    store.sweep(path.parent)
    store.sweep(tmp_path / "no-such")
    assert sorted(p.name for p in path.parent.iterdir()) == sorted([path.name, "notes.txt"])


def test_a_folder_named_twice_is_read_once(tmp_path):
    """`build --records site/records` names the default again: no record is a copy of itself."""
    path = store.write(a_record(), tmp_path)
    loaded = store.read_all([tmp_path, tmp_path, path])
    assert [s.path for s in loaded.stored] == [path]
    assert not loaded.faults
