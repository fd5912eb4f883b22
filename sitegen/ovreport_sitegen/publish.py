"""Put a finished site in its place: whole, or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ovreport.errors import InputError, StoreError

MARKER = ".ovreport-site"
"""A file in every site that ovreport built; only folders that have it are replaced."""
_REMEDY = "Free space or give write permission, then build again: the old site is untouched."


def refuse_foreign(out: Path) -> None:
    """Raise InputError for a folder with files that are not a site built by ovreport."""
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise InputError(
            "is not a folder", where=str(out), remedy="Name another folder with --out."
        )
    try:
        foreign = out.is_dir() and any(out.iterdir()) and not (out / MARKER).is_file()
    except OSError as error:
        raise _refused(error, out) from error
    if foreign:
        raise InputError(
            "holds files that are not a site built by ovreport, and would be replaced as a whole",
            where=str(out),
            remedy="Name another folder with --out, or empty this one.",
        )


def replace(out: Path, files: Mapping[str, bytes]) -> None:
    """Write all files beside the old site, then swap the two.

    Raises StoreError where the disk refuses; the old site is whole then.
    """
    refuse_foreign(out)
    out = out.absolute()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}-new-"))
    except OSError as error:
        raise _refused(error, out.parent) from error
    try:
        _write(new, files)
        _swap(new, out)
    except OSError as error:
        raise _refused(error, out) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name in {str(Path(name).parent) for name in files}:
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / MARKER).write_text("Built by ovreport; replaced as a whole by the next build.\n")
    folder.chmod(0o755)


def _swap(new: Path, out: Path) -> None:
    """Rename the old site away and the new one into its place; undo if that fails."""
    if not out.exists():
        new.rename(out)
        return
    old = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}-old-"))
    old.rmdir()
    out.rename(old)
    try:
        new.rename(out)
    except OSError:
        old.rename(out)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _refused(error: OSError, where: Path) -> StoreError:
    what = os.strerror(error.errno) if error.errno else str(error)
    return StoreError(f"the site could not be written: {what}", where=str(where), remedy=_REMEDY)
