"""Wheels of the package index: pins, and what a wheel's file name says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product

_PIN = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)==(?P<version>[A-Za-z0-9_.!+]+)"
)
_TAG = r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*"
_WHEEL = re.compile(
    rf"(?P<name>[A-Za-z0-9][A-Za-z0-9._]*)-(?P<version>[A-Za-z0-9._!+]+)(?:-\d[A-Za-z0-9_.]*)?"
    rf"-(?P<python>{_TAG})-(?P<abi>{_TAG})-(?P<platform>{_TAG})\.whl",
    re.ASCII,
)
_INTERPRETER = re.compile(r"(?P<implementation>[a-z]+)(?P<major>\d)(?P<minor>\d*)", re.ASCII)


class AddressError(ValueError):
    """An address, or the name of a wheel, that cannot be used.

    `remedy` says what to write instead.
    """

    def __init__(self, what: str, remedy: str) -> None:
        self.what = what
        self.remedy = remedy
        super().__init__(what)


def normalised(name: str) -> str:
    """Return a project's name as the package index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def is_pin(text: str) -> bool:
    """Return whether the text is `NAME==VERSION`."""
    return _PIN.fullmatch(text) is not None


@dataclass(frozen=True)
class WheelName:
    """What the file name of a wheel says."""

    name: str
    version: str
    tags: tuple[tuple[str, str, str], ...]
    """Every combination of interpreter, ABI and platform that the name stands for."""

    def fits(self, pin: str) -> bool:
        """Return whether this is a wheel of `NAME==VERSION`."""
        name, _, version = pin.partition("==")
        return normalised(name) == normalised(self.name) and version == self.version

    def pip_target(self) -> list[str]:
        """Return pip's options that make this wheel the fitting one, wherever pip runs.

        Any one tag of the set will do, since the checksum decides which file is taken: the
        newest interpreter, because pip knows no platforms for very old ones.
        """
        interpreter, abi, platform = max(self.tags, key=lambda tag: _version_of(tag[0]))
        implementation, _, version = _split(interpreter)
        return [
            *("--platform", platform),
            *("--python-version", version),
            *("--implementation", implementation),
            *("--abi", abi),
        ]


def parse_wheel(file: str) -> WheelName:
    """Return what a wheel's file name says; AddressError when it is not one.

    A tag can be a set (`py2.py3`, `manylinux_2_24_x86_64.manylinux_2_28_x86_64`).
    """
    found = _WHEEL.fullmatch(file)
    interpreters = found["python"].split(".") if found else []
    if not found or not all(_INTERPRETER.fullmatch(tag) for tag in interpreters):
        raise AddressError(
            f'"{file}" is not the file name of a wheel',
            "copy it from the index, for example magika-1.0.3-py3-none-any.whl",
        )
    sets = (interpreters, found["abi"].split("."), found["platform"].split("."))
    return WheelName(found["name"], found["version"], tuple(product(*sets)))


def _split(interpreter: str) -> tuple[str, int, str]:
    found = _INTERPRETER.fullmatch(interpreter)
    assert found is not None, interpreter  # noqa: S101 (parse_wheel lets nothing else through)
    major, minor = found["major"], found["minor"]
    return found["implementation"], int(major + minor.zfill(2)), f"{major}.{minor}".rstrip(".")


def _version_of(interpreter: str) -> int:
    return _split(interpreter)[1]
