"""Reading single files out of wheels and other zip archives, which are never unpacked.

A path inside an archive is only ever compared with names; bytes go to a path of our choice,
so nothing in an archive decides where anything is written.
"""

from __future__ import annotations

import shutil
import zipfile
import zlib
from pathlib import Path

from ovreport.errors import SourceError

MAX_MEMBER_BYTES = 4 << 30
"""Of one unpacked file; zipfile never yields more than an archive declares."""

_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,  # a compression that this Python does not know
    RuntimeError,  # an encrypted file
)


def names(archive: Path) -> list[str]:
    """Return the paths of the files in a zip archive; SourceError where it is none."""
    try:
        with zipfile.ZipFile(archive) as opened:
            return [info.filename for info in opened.infolist() if not info.is_dir()]
    except _BROKEN as error:
        raise _unreadable(error, archive.name) from None


def _unreadable(error: Exception, where: str) -> SourceError:
    return SourceError(
        f"the archive cannot be read: {error}", where=where, remedy="use another release"
    )


def extract(archive: Path, member: str, to: Path) -> Path:
    """Write one file of a zip archive to `to`."""
    where = f"{archive.name}/{member}"
    try:
        with zipfile.ZipFile(archive) as opened:
            info = opened.getinfo(member)
            if info.file_size > MAX_MEMBER_BYTES:
                raise SourceError(
                    f"it would unpack to {info.file_size / 1e9:.1f} GB",
                    where=where,
                    remedy=f"files up to {MAX_MEMBER_BYTES / 1e9:.1f} GB are read",
                )
            with opened.open(info) as packed, to.open("wb") as plain:
                shutil.copyfileobj(packed, plain, 1 << 20)
    except KeyError:
        raise SourceError(
            "there is no such file in the archive",
            where=where,
            remedy=f"check the path in the suite; `unzip -l {archive}` lists what there is",
        ) from None
    except _BROKEN as error:
        raise _unreadable(error, where) from None
    return to
