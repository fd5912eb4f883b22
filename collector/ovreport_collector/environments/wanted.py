"""What builds of OpenVINO can be asked for, and how."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ovreport.errors import InputError, disk_errors, one_line
from ovreport_collector.environments.environment import INSTALLED
from ovreport_collector.sources.cache import sha256_of
from ovreport_collector.sources.wheel import AddressError, normalised, parse_wheel

_RELEASE = re.compile(r"20\d\d(\.\d+){0,2}(\.?(dev|rc)\d+)?", re.ASCII)
_EXACT = re.compile(r"20\d\d\.\d+\.\d+", re.ASCII)
_REMEDY = (
    "name a release (2025.4.1, or 2025.4 for the newest of that name), the path of a wheel of "
    f"OpenVINO, or `{INSTALLED}`"
)


@dataclass(frozen=True)
class Wanted:
    """A build of OpenVINO that an environment is to hold."""

    name: str
    """As it is shown: the release, or the file name of the wheel."""
    requirement: str
    """For pip."""
    wheel: Path | None = None
    wheel_sha256: str = ""

    @property
    def is_fixed(self) -> bool:
        """Whether it stands for one build, today and tomorrow: `2025.4` does not."""
        return self.wheel is not None or _EXACT.match(self.name) is not None


def parse(text: str) -> Wanted:
    """Return what a release or the path of a wheel asks for; InputError for anything else."""
    if text.endswith(".whl"):
        return _wheel(Path(text).expanduser().absolute())
    if not _RELEASE.fullmatch(text):
        raise InputError("not a release of OpenVINO", where=one_line(text), remedy=_REMEDY)
    is_short = _EXACT.match(text) is None
    return Wanted(text, f"openvino=={text}{'.*' if is_short else ''}")


def _wheel(path: Path) -> Wanted:
    try:
        name = parse_wheel(path.name)
    except AddressError as error:
        raise InputError(error.what, where=one_line(str(path)), remedy=error.remedy) from None
    if normalised(name.name) != "openvino":
        raise InputError("not a wheel of OpenVINO", where=one_line(str(path)), remedy=_REMEDY)
    if not path.is_file():
        raise InputError("there is no such file", where=one_line(str(path)), remedy=_REMEDY)
    with disk_errors("cannot be read", where=path, remedy="give permission to it, or copy it"):
        checksum = sha256_of(path)
    return Wanted(path.name, f"openvino @ {path.as_uri()}", path, checksum)
