"""Why a suite is refused: every rule that a suite must follow, and the error that reports faults.

    schema      fields and types: can the document be read as a suite at all?
    semantics   ids, tasks, datasets, variants, shapes: can its models be measured?
    files       addresses, checksums, file formats: can its files be fetched, and stay the same?
    text        names and texts: are they safe to print, and to put on a page?

A rule is a function that yields a `Fault` for everything that breaks it; `semantics.faults` calls
them all, so that a user sees all faults at once. To add a rule, write one and call it there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ovreport.errors import SuiteError

_MAX_SHOWN = 400


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a suite."""

    path: str
    """Into the document: `$.models[3].file.sha256`."""
    what: str
    """What is wrong there."""
    remedy: str
    """What to write instead."""


def raise_all(faults: Iterable[Fault], *, where: str) -> None:
    """Raise one SuiteError that lists every fault of the suite `where`; do nothing for none."""
    found = [Fault(_shown(f.path), _shown(f.what), _shown(f.remedy)) for f in faults]
    if not found:
        return
    if len(found) == 1:
        (fault,) = found
        raise SuiteError(fault.what, where=f"{where}: {fault.path}", remedy=fault.remedy)
    lines = "\n".join(f"  {f.path}: {f.what}\n    → {f.remedy}" for f in found)
    raise SuiteError(f"{len(found)} faults\n{lines}", where=where)


def _shown(text: str) -> str:
    """Return text that is safe to print, whatever a suite's names hold, and not too long."""
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text[:_MAX_SHOWN])
    return shown if len(text) <= _MAX_SHOWN else f"{shown}…"
