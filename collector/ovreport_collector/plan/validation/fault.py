"""Faults of a suite, and the one error that tells of all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ovreport.errors import SuiteError


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, where, and what to do about it."""

    path: str
    what: str
    remedy: str


def raise_all(faults: Iterable[Fault], *, where: str) -> None:
    """Raise one SuiteError that tells of every fault; do nothing when there is none."""
    found = [Fault(_plain(f.path), _plain(f.what), _plain(f.remedy)) for f in faults]
    if not found:
        return
    if len(found) == 1:
        (fault,) = found
        raise SuiteError(fault.what, where=f"{where}: {fault.path}", remedy=fault.remedy)
    lines = "\n".join(f"  {f.path}: {f.what}\n    → {f.remedy}" for f in found)
    raise SuiteError(f"{len(found)} faults\n{lines}", where=where)


def _plain(text: str) -> str:
    """Return text that a terminal shows as it is, whatever a suite's names hold."""
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text[:400])
    return shown if len(text) <= 400 else f"{shown}…"
