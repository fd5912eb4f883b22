"""A folder of records: names, atomic writes that never overwrite, reading it all.

    records/<machine id>/<time>-<model>-<variant>-<device>-<precision>-<tier>-<checksum>.json

Before the checksum stands the name of the arm, where a run compared several.

Merging two collections is copying files together: a name holds the time and a checksum of the
content, so different records never share one.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ovreport import checks
from ovreport.decoding import decode, decoded
from ovreport.engines import OPENVINO
from ovreport.errors import RecordError, StoreError, disk_errors, one_line
from ovreport.paths import make_folder, sync_folder
from ovreport.record import Record

MAX_RECORD_BYTES = 512 * 1024
"""A record is tens of kilobytes; anything beyond this is not one."""
MAX_FAULTS = 50
"""Of one file that are named."""

_IGNORED_PARTS = frozenset({".git", "node_modules", "__pycache__"})
_HALF_WRITTEN = ".writing-"


@dataclass(frozen=True)
class Stored:
    """A record and where it lies."""

    record: Record
    path: Path


@dataclass(frozen=True)
class Duplicate:
    """A file with the same record as another one: harmless, as merging two collections makes it."""

    path: Path
    of: Path

    def __str__(self) -> str:
        path, of = (one_line(str(each), limit=1000) for each in (self.path, self.of))
        return f"{path}: the same record as {of}, counted once"


@dataclass
class Loaded:
    """All that could be read, and what could not."""

    stored: list[Stored] = field(default_factory=list)
    faults: list[RecordError] = field(default_factory=list)
    """Of files that were left out; one file may have several."""
    duplicates: list[Duplicate] = field(default_factory=list)
    doubts: list[RecordError] = field(default_factory=list)
    """Of records that were kept though the check refuses them: the first fault of each."""

    @property
    def records(self) -> list[Record]:
        """The records without their paths."""
        return [s.record for s in self.stored]


def encode(record: Record) -> bytes:
    """Return the record as one line of JSON: histograms would fill a thousand."""
    return msgspec.json.encode(record) + b"\n"


def read(path: Path) -> Record:
    """Return the record in a file, whatever its name, and whatever its parts say together.

    Raises RecordError if it is not one, StoreError if the file cannot be read.
    """
    return decode(_bytes(path), where=_shown(path))


def _shown(path: Path) -> str:
    return one_line(str(path), limit=1000)


def _bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_RECORD_BYTES:
            raise RecordError(
                f"{size:,} bytes: a record has at most {MAX_RECORD_BYTES:,}",
                where=_shown(path),
                remedy="Samples are kept as histograms; this is not a record of ours.",
            )
        return path.read_bytes()
    except OSError as error:
        raise StoreError(
            f"cannot be read: {error.strerror}", where=_shown(path), remedy="Check its permissions."
        ) from error


def content(path: Path) -> bytes | RecordError:
    """Return the bytes of a file, or why they can be no record's."""
    try:
        return _bytes(path)
    except (RecordError, StoreError) as error:
        return RecordError(error.what, where=error.where, remedy=error.remedy)


def examined(path: Path, data: bytes, *, check: bool) -> tuple[Record | None, list[RecordError]]:
    """Return the record in a file's bytes, None if none can be used, and all that is wrong with it.

    `check`: whether it may not contradict itself, and must have the name that its content gives.
    """
    where = _shown(path)
    found = decoded(data, where=where)
    if not isinstance(found, Record):
        return None, _first(found, where)
    if not check:
        return found, []
    faults = list(checks.faults(found))
    wrong = [*misnamed(path, file_name(found, data)), *(_error(fault, where) for fault in faults)]
    spoils = any(fault.spoils_others for fault in faults)
    return None if spoils else found, _first(wrong, where)


def _first(faults: list[RecordError], where: str) -> list[RecordError]:
    """Return so many of a file's faults, and how many more there are."""
    if len(faults) <= MAX_FAULTS:
        return faults
    more = f"and {len(faults) - MAX_FAULTS} more faults"
    return [*faults[:MAX_FAULTS], RecordError(more, where=where, remedy=faults[-1].remedy)]


def misnamed(path: Path, name: str) -> Iterator[RecordError]:
    """Yield that a file has not the name that its content gives it."""
    if path.name != name:
        yield RecordError(
            f"the name does not fit the content, which gives {name}",
            where=_shown(path),
            remedy="If it was only renamed, give it this name again; a record that was edited is "
            "none.",
        )


def _error(fault: checks.Fault, where: str) -> RecordError:
    return RecordError(fault.what, where=f"{where}: {fault.path}", remedy=fault.remedy)


def record_files(folder: Path, faults: list[RecordError] | None = None) -> Iterator[Path]:
    """Yield every `.json` below a folder, sorted; links are not followed out of it.

    Folders that cannot be read are passed over, and added to `faults`: records may lie in them.
    """

    def note(error: OSError) -> None:
        if faults is not None:
            faults.append(
                RecordError(
                    f"the folder cannot be read: {error.strerror}",
                    where=one_line(str(error.filename), limit=1000),
                    remedy="Check its permissions.",
                )
            )

    for here, folders, names in os.walk(folder, onerror=note):
        folders[:] = sorted(set(folders) - _IGNORED_PARTS)
        for name in sorted(names):
            if not name.endswith(".json"):
                continue
            path = Path(here, name)
            # Where not even that can be asked, reading it tells why.
            with contextlib.suppress(PermissionError):
                if not _is_file(path):
                    continue
            yield path


def _is_file(path: Path) -> bool:
    """Return whether it is a file itself, and no link to one."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def read_all(folders: Sequence[Path], *, check: bool = False, keep: bool = False) -> Loaded:
    """Read every record below some folders or files; a bad one never stops the rest.

    A file that two of the folders hold is read once, and of two files with the same record the
    second is a duplicate. With `check` a record that contradicts itself, or has not its own name,
    is a bad one: for what others send. Of one's own records none is lost because a check of ours
    is too narrow for an odd machine: with `keep` too, it is read all the same, and why it would be
    a bad one is a doubt; but one that would do harm to the others, or that cannot be drawn, is left
    out.
    """
    loaded = Loaded()
    seen: dict[bytes, Path] = {}
    for path in files(folders, loaded.faults):
        data = content(path)
        found, wrong = (
            examined(path, data, check=check) if isinstance(data, bytes) else (None, [data])
        )
        if found is None or (wrong and not keep):
            loaded.faults += wrong
            continue
        loaded.doubts += wrong[:1]
        key = identity(found)
        if key in seen:
            loaded.duplicates.append(Duplicate(path, seen[key]))
            continue
        seen[key] = path
        loaded.stored.append(Stored(found, path))
    return loaded


def files(folders: Sequence[Path], faults: list[RecordError]) -> Iterator[Path]:
    """Yield every file below some folders that may be a record, once though two of them hold it.

    A file in place of a folder is yielded itself. `faults` gets the folders that cannot be read.
    """
    done: set[tuple[int, int]] = set()
    for folder in folders:
        for path in [folder] if folder.is_file() else record_files(folder, faults):
            with contextlib.suppress(OSError):  # reading it tells why
                about = path.stat()
                if (file := (about.st_dev, about.st_ino)) in done:
                    continue
                done.add(file)
            yield path


def identity(record: Record) -> bytes:
    """Return the checksum of what a record says, however its file is laid out.

    It is that of the file where the file is as `write` makes it.
    """
    return hashlib.sha256(encode(record)).digest()


def write(record: Record, root: Path) -> Path:
    """Write a record below `root` and return its path; nothing is ever overwritten.

    The file appears whole or not at all. Raises StoreError if the disk refuses, and RecordError
    if the record could not be read back: a type is not checked when a record is made in Python.
    """
    data = _readable(record)
    folder = root / record.machine.id
    path = folder / file_name(record, data)
    remedy = (
        "Free space or give write permission, then run the same command again: finished rounds "
        "are kept."
    )
    with disk_errors("cannot be written", where=path, remedy=remedy):
        make_folder(folder)
        _write_atomically(path, data)
    return path


def sweep(folder: Path) -> None:
    """Remove what writes that were killed left in a machine's folder.

    Only for the one process that writes there: another's write in flight looks the same.
    """
    for left in folder.glob(f"{_HALF_WRITTEN}*"):
        left.unlink(missing_ok=True)


def _readable(record: Record) -> bytes:
    """Return the record's bytes after reading them back: NaN would be `null`, for one."""
    try:
        data = encode(record)
    except (UnicodeEncodeError, msgspec.MsgspecError) as error:
        raise RecordError(f"cannot be encoded: {error}", where="the new record") from error
    if len(data) > MAX_RECORD_BYTES:
        raise RecordError(
            f"{len(data):,} bytes: a record has at most {MAX_RECORD_BYTES:,}",
            where="the new record",
        )
    decode(data, where="the new record")
    return data


def file_name(record: Record, data: bytes) -> str:
    """Return the name of a record's file: what it is, when, and a checksum of its content."""
    case = record.case
    parts = [
        re.sub(r"[-:]", "", record.measured_at),
        case.model,
        case.variant,
        # OpenVINO is the default, and is not named: only another engine is named.
        *([] if case.engine == OPENVINO else [case.engine]),
        slug(case.device),
        case.precision,
        record.tier.name,
        *([slug(record.arm.name)] if record.arm else []),
        hashlib.sha256(data).hexdigest()[:8],
    ]
    return "-".join(parts) + ".json"


def slug(text: str) -> str:
    """Return text as a part of a file name: lower case, [a-z0-9.-], never empty."""
    cleaned = re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.")
    return cleaned[:60] or "unnamed"


def _write_atomically(path: Path, data: bytes) -> None:
    """Write to a temporary file in the same folder, then link it to its name."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=_HALF_WRITTEN)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        try:
            # A hard link, unlike a rename, refuses to replace what is there.
            path.hardlink_to(temporary)
        except FileExistsError:
            if path.read_bytes() != data:
                raise
        sync_folder(path.parent)
    finally:
        Path(temporary).unlink(missing_ok=True)
