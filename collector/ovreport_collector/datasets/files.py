"""What the layouts share: finding images, faults that name no folder of the user's, a checksum."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from ovreport.errors import InputError

IMAGES = frozenset({".jpeg", ".jpg", ".png", ".bmp"})
MAX_TEXT_BYTES = 256 << 20
"""Of a table of labels: anything larger is something else."""


def images_in(folder: Path) -> dict[str, int]:
    """Return name → size in bytes of the image files right in a folder, sorted by name."""
    with os.scandir(folder) as entries:
        found = {
            entry.name: entry.stat().st_size
            for entry in entries
            if entry.name[entry.name.rfind(".") :].lower() in IMAGES and entry.is_file()
        }
    empty = [name for name, size in found.items() if not size]
    if empty:
        raise InputError(
            f"{len(empty)} image files are empty, first {min(empty)}",
            where=folder.name,
            remedy="copy them again: a download or an unpacking broke off",
        )
    return dict(sorted(found.items()))


def text_of(path: Path) -> str:
    """Return a table of labels as text; InputError where it is none."""
    try:
        if path.stat().st_size > MAX_TEXT_BYTES:
            raise InputError(
                f"larger than {MAX_TEXT_BYTES >> 20} MiB",
                where=path.name,
                remedy="name the file of labels, not an archive",
            )
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"not UTF-8 text, from byte {error.start}", where=path.name, remedy="save it as UTF-8"
        ) from None
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", where=path.name, remedy="check its rights"
        ) from None


def checksum(rows: Iterable[tuple[object, ...]]) -> str:
    """Return the SHA-256 of a dataset's names, sizes and labels: its identity without its place."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update("\0".join(map(str, row)).encode() + b"\n")
    return digest.hexdigest()


def first_of(names: Iterable[str], limit: int = 3) -> str:
    """Return a few of many names, for a message."""
    listed = sorted(names)
    more = f" and {len(listed) - limit:,} more" if len(listed) > limit else ""
    return ", ".join(listed[:limit]) + more
