"""Locks: every package that an environment holds, its version, and the checksum of its wheel.

pip chooses the packages of each build, without installing any. numpy has to be the same in all,
because it is a part of what is measured; so the newest that every build allows is chosen.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from ovreport.errors import InputError, SourceError
from ovreport_collector.environments.wanted import Wanted
from ovreport_collector.sources import pip
from ovreport_collector.sources.wheel import normalised

MEASURING = ("filelock", "msgspec", "packaging", "pillow", "platformdirs", "rich")
"""What a measuring process imports, besides numpy and the engine."""
_NUMPY = "numpy>=2.0"  # as ovreport itself requires
_LIMIT_S = 900.0
_OTHER_RELEASE = (
    "name a release that the package index has for this Python, or run ovreport with a Python that "
    "the release supports"
)
_OTHER_WHEEL = (
    "name a whole wheel of OpenVINO that was built for this Python and platform, under the name "
    "that the build gave it"
)


@dataclass(frozen=True)
class Package:
    """A package of a lock."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True)
class Lock:
    """What an environment is made of."""

    packages: tuple[Package, ...]
    python: str
    """Interpreter and platform that the wheels are for."""

    @property
    def text(self) -> str:
        """As a file of requirements, which pip and uv install."""
        lines = [f"{one.name}=={one.version} --hash=sha256:{one.sha256}" for one in self.packages]
        return "\n".join([f"# {self.python}", *lines, ""])

    @property
    def sha256(self) -> str:
        """Checksum of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def version(self, name: str) -> str:
        """Return the version of a package that is in it."""
        return next(one.version for one in self.packages if one.name == name)


@dataclass(frozen=True)
class _Resolved:
    lock: Lock
    numpy: tuple[str, ...]
    """What its packages require of numpy, such as `openvino 2025.0.0 needs numpy<2.2`."""
    allowed: SpecifierSet


def interpreter() -> str:
    """Return what wheels of this Python are for."""
    name = platform.python_implementation()
    return f"{name} {platform.python_version()} {sysconfig.get_platform()}"


def pins(numpy: str | None) -> dict[str, str]:
    """Return package → version that every environment has as the running one has it.

    `numpy` is given where the running environment is one of those that are compared.
    """
    found = {name: importlib.metadata.version(name) for name in MEASURING}
    return found | ({"numpy": numpy} if numpy else {})


def resolve(wanted: Sequence[Wanted], pinned: Mapping[str, str]) -> tuple[Lock, ...]:
    """Return the lock of each build, with the same numpy in all; see `prepare` for errors."""
    found = [_resolve(one, pinned) for one in wanted]
    if len({one.lock.version("numpy") for one in found}) > 1:
        common = {**pinned, "numpy": _common_numpy(found)}
        found = [_resolve(one, common) for one in wanted]
    return tuple(one.lock for one in found)


def _resolve(wanted: Wanted, pinned: Mapping[str, str]) -> _Resolved:
    fixed = [f"{name}=={version}" for name, version in pinned.items()]
    remedy = _OTHER_WHEEL if wanted.wheel else _OTHER_RELEASE
    report = _report([wanted.requirement, _NUMPY, *fixed], f"OpenVINO {wanted.name}", remedy)
    packages, numpy, allowed = [], [], SpecifierSet()
    for item in report["install"]:
        metadata = item["metadata"]
        name, version = normalised(metadata["name"]), metadata["version"]
        checksums = item["download_info"]["archive_info"]["hashes"]
        packages.append(Package(name, version, checksums["sha256"]))
        for requirement in map(Requirement, metadata.get("requires_dist", ())):
            if normalised(requirement.name) == "numpy" and _holds(requirement):
                numpy.append(f"{name} {version} needs {requirement.name}{requirement.specifier}")
                allowed &= requirement.specifier
    lock = Lock(tuple(sorted(packages, key=lambda one: one.name)), interpreter())
    return _Resolved(lock, tuple(numpy), allowed)


def _holds(requirement: Requirement) -> bool:
    """Return whether a requirement applies here: not that of an extra, or of another system."""
    return requirement.marker is None or requirement.marker.evaluate({"extra": ""})


def _common_numpy(found: Sequence[_Resolved]) -> str:
    """Return the newest numpy that all allow."""
    allowed = SpecifierSet(_NUMPY.removeprefix("numpy"))
    for one in found:
        allowed &= one.allowed
    why = "; ".join(dict.fromkeys(line for one in found for line in one.numpy))
    try:
        report = _report(["--no-deps", f"numpy{allowed}"], "numpy", _OTHER_RELEASE)
    except InputError:
        raise InputError(
            f"no numpy fits all of these releases, and it has to be the same in all: {why}",
            remedy="compare releases that are nearer to each other",
        ) from None
    return str(report["install"][0]["metadata"]["version"])


def _report(requirements: Sequence[str], what: str, remedy: str) -> dict[str, Any]:
    """Return pip's report of what it would install; `remedy`: where it refuses that."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "report.json"
        options = ["--dry-run", "--ignore-installed", "--only-binary=:all:", "--report", str(file)]
        failed = pip.run(["install", *options, *requirements], what=what, limit_s=_LIMIT_S)
        if failed is not None:
            raise _error(failed, what, remedy)
        report: dict[str, Any] = json.loads(file.read_bytes())
        return report


def _error(lines: list[str], what: str, remedy: str) -> InputError | SourceError:
    cause = pip.cause(lines)
    if "cannot be reached" in cause or "(from versions: none)" in cause:
        return SourceError(
            f"pip could not fetch it: {cause[:600]}",
            where=what,
            remedy="no network? Environments that were made before are used again without it, "
            "where releases are named in full (2025.4.1); a mirror? set PIP_INDEX_URL or pip's "
            "configuration",
        )
    return InputError(
        f"pip found no packages for it on {interpreter()}: {cause[-1500:]}",
        where=what,
        remedy=remedy,
    )


def with_wheel(lock: Lock, wanted: Wanted) -> str:
    """Return the requirements to install: where a wheel is wanted, that file."""
    if wanted.wheel is None:
        return lock.text
    pinned = f"openvino=={lock.version('openvino')} --hash"
    return lock.text.replace(pinned, f"{wanted.requirement} --hash")


def parse(text: str) -> Lock:
    """Return the lock that `Lock.text` wrote; ValueError for anything else."""
    first, *lines = text.splitlines()
    packages = []
    for line in lines:
        name, _, rest = line.partition("==")
        version, separator, checksum = rest.partition(" --hash=sha256:")
        if not (name and separator and checksum):
            raise ValueError(line)
        packages.append(Package(name, version, checksum))
    return Lock(tuple(packages), first.removeprefix("# "))
