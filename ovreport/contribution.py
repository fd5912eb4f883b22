"""What new records would change on a site: for the one who decides on a pull request.

All of it is foreign: names stand between backticks, where Markdown has no links, no mentions of
people and no HTML.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ovreport.change import Run
from ovreport.changes import changes
from ovreport.changes_text import case_name, place_name
from ovreport.changes_text import markdown as changes_markdown
from ovreport.errors import RecordError, one_line
from ovreport.history import case_key, newest
from ovreport.metrics.anomalies import ANOMALIES, anomalies
from ovreport.record import Completed, Record
from ovreport.store import Duplicate, Stored, read_all, record_files

_NAMED = 20
"""So many faults, machines and suspicions are named; of more, their number is given."""
_LIMIT = 60_000
"""Characters of a summary: a comment on GitHub has 65,536 at most."""


@dataclass(frozen=True)
class Contribution:
    """New records, beside those that a site has."""

    new: Sequence[Stored]
    old: Sequence[Stored]
    faults: Sequence[RecordError]
    """Of new files."""
    warnings: Sequence[RecordError]
    """Of files that the site has already: whoever sends records cannot help those."""
    duplicates: Sequence[Duplicate]
    removed: Sequence[str]
    """Names of the site's files that are gone or have other content."""


def contribution(paths: Sequence[Path], site: Path) -> Contribution:
    """Tell new record files from those that a site's folder has: same name, same bytes.

    The folder may be missing: then all are new. StoreError for a file that cannot be read.
    """
    had = {path.name: path for path in record_files(site)} if site.is_dir() else {}
    files = [f for path in paths for f in ([path] if path.is_file() else record_files(path))]
    is_old = {f: f.name in had and f.read_bytes() == had[f.name].read_bytes() for f in files}
    new, old = (read_all([f for f in files if is_old[f] is so], check=True) for so in (False, True))
    doubts = newest([*old.stored, *new.stored])[2]
    known = set(map(str, newest(old.stored)[2]))
    kept = {f.name for f in files if is_old[f]}
    return Contribution(
        new=new.stored,
        old=old.stored,
        faults=[*new.faults, *(one for one in doubts if str(one) not in known)],
        warnings=old.faults,
        duplicates=[*new.duplicates, *old.duplicates],
        removed=sorted(set(had) - kept),
    )


def markdown(found: Contribution) -> str:
    """Return in Markdown what the new records would change."""
    lines = ["## What these records would change on the site", ""]
    for part in (_counts, _faults, _machines, _suspicions, _changes):
        lines += part(found)
    text = "\n".join(lines) + "\n"
    if len(text) <= _LIMIT:
        return text
    return text[:_LIMIT].rpartition("\n")[0] + "\n\nThis is cut: there is more than fits.\n"


def _shown(found: Contribution) -> list[Record]:
    """Return the new records that are the newest of their case, which pages would show."""
    new = {id(one) for one in found.new}
    return [one.record for one in newest([*found.old, *found.new])[0] if id(one) in new]


def _counts(found: Contribution) -> Iterator[str]:
    shown, there = _shown(found), {case_key(one.record) for one in newest(found.old)[0]}
    superseding = sum(case_key(record) in there for record in shown)
    arms = [one.record.arm for one in found.new]
    evidence = sum(arm is not None and not arm.is_result for arm in arms)
    failed = sum(not isinstance(record.outcome, Completed) for record in shown)
    counts = {
        "sound new records": len(found.new),
        "results of cases that the site does not have": len(shown) - superseding,
        "results that would take the place of older ones": superseding,
        "records older than what the site has: history only": len(found.new)
        - len(shown)
        - evidence,
        "records of comparisons alone: of a release against itself, of other settings": evidence,
        "results of cases that failed": failed,
        "**faults of new files**": len(found.faults),
        "warnings: faults of files that the site has already": len(found.warnings),
        "**files of the site that are gone or were edited**": len(found.removed),
    }
    yield from (f"- {what}: {n:,}" for what, n in counts.items() if n or what.startswith("sound"))


def _faults(found: Contribution) -> Iterator[str]:
    faults = [f"{_code(fault.where)}: {_code(fault.what)}" for fault in found.faults]
    yield from _listed("Faults: these files cannot be taken", faults)
    yield from _listed("Gone or edited", list(map(_code, found.removed)))


def _machines(found: Contribution) -> Iterator[str]:
    there = {one.record.machine.id for one in found.old}
    results = Counter((r.machine.id, r.case.device, r.software.openvino) for r in _shown(found))
    if not results:
        return
    yield from ("", "### Machines", "", "| machine | device | OpenVINO | results |")
    yield "|---|---|---|---:|"
    for (machine, device, release), n in results.most_common(_NAMED):
        new = "" if machine in there else " **new**"
        yield f"| {_code(machine)}{new} | {_code(device)} | {_code(release)} | {n:,} |"
    if len(results) > _NAMED:
        yield f"\nand {len(results) - _NAMED:,} more"


def _suspicions(found: Contribution) -> Iterator[str]:
    said = [
        f"{_code(case_name(one.record))} on {_code(place_name(one.record))}: "
        f"{ANOMALIES[one.code].title} ({_code(one.detail)})"
        for one in anomalies(_shown(found))
    ]
    yield from _listed("Suspicions: look at these before they are taken", said)


def _changes(found: Contribution) -> Iterator[str]:
    shown = _shown(found)
    names = set(map(_name, shown))
    before = [one.record for one in newest(found.old)[0] if _name(one.record) in names]
    if not before:
        return
    yield from ("", "### What gets faster, slower or less accurate", "")
    yield "The first is what the site has, the second what it would have."
    yield ""
    yield changes_markdown(changes(map(Run.of, before), map(Run.of, shown))).rstrip("\n")


def _name(record: Record) -> tuple[str, ...]:
    """Return what a case of a machine is called, whatever its model's file."""
    case = record.case
    return record.machine.id, case.engine, case.device, case.model, case.variant, case.precision


def _listed(title: str, items: Sequence[str]) -> Iterator[str]:
    if not items:
        return
    yield from ("", f"### {title}", "")
    yield from (f"- {item}" for item in items[:_NAMED])
    if len(items) > _NAMED:
        yield f"- and {len(items) - _NAMED:,} more"


def _code(text: str) -> str:
    """Return foreign text as code, which it cannot end, nor a cell of a table."""
    shown = one_line(text).replace("`", "'").replace("|", "¦").strip()
    return f"`{shown}`" if shown else "–"
