"""What new records would change on a site: for the one who decides on a pull request.

All of it is foreign: names stand between backticks, where Markdown has no links, no mentions of
people and no HTML.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ovreport.change import Change, Run
from ovreport.changes import Changes, changes, speed_of
from ovreport.changes_text import case_name, place_name, why_failed, words
from ovreport.changes_text import markdown as changes_markdown
from ovreport.errors import RecordError, one_line
from ovreport.history import CaseKey, case_key, newest
from ovreport.metrics import METRICS, MetricValue, metric_values
from ovreport.metrics.anomalies import ANOMALIES, anomalies
from ovreport.record import Accuracy, Completed, Record
from ovreport.store import Duplicate, Stored, read_all, record_files

_NAMED = 20
"""So many of each list are named; of more, their number is given."""
_LIMIT = 60_000
"""Characters of a summary: a comment on GitHub has 65,536 at most."""
_LEVELS = ("stable", "noisy", "unreliable", "no result")
_ODD_RATIO = 1.5
"""A machine that is measured again with the same software is rarely faster or slower by more."""


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


@dataclass(frozen=True)
class _Effect:
    """What the new records change."""

    shown: Sequence[Record]
    """New ones that are the newest of their case, which pages would show."""
    superseded: Mapping[CaseKey, Record]
    """Case of a shown record → what the site shows of it now."""
    changes: Changes | None
    """From what the site shows now to what it would show; None without a case of both."""


def markdown(found: Contribution) -> str:
    """Return in Markdown what the new records would change."""
    effect = _effect(found)
    lines = ["## What these records would change on the site", ""]
    lines += _counts(found, effect)
    lines += _faults(found)
    lines += _machines(found, effect)
    lines += _suspicions(effect)
    lines += _changes(effect)
    lines += _superseded(effect)
    lines += _new_results(effect)
    text = "\n".join(lines) + "\n"
    if len(text) <= _LIMIT:
        return text
    return text[:_LIMIT].rpartition("\n")[0] + "\n\nThis is cut: there is more than fits.\n"


def _effect(found: Contribution) -> _Effect:
    new = {id(one) for one in found.new}
    shown = [one.record for one in newest([*found.old, *found.new])[0] if id(one) in new]
    there = [one.record for one in newest(found.old)[0]]
    names, keys = set(map(_name, shown)), set(map(case_key, shown))
    before = [record for record in there if _name(record) in names]
    return _Effect(
        shown=shown,
        superseded={case_key(one): one for one in there if case_key(one) in keys},
        changes=changes(map(Run.of, before), map(Run.of, shown)) if before else None,
    )


def _counts(found: Contribution, effect: _Effect) -> Iterator[str]:
    shown, superseding = effect.shown, len(effect.superseded)
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
        "copies of other records, counted once": len(found.duplicates),
        "**faults of new files**": len(found.faults),
        "warnings: faults of files that the site has already": len(found.warnings),
        "**files of the site that are gone or were edited**": len(found.removed),
    }
    yield from (f"- {what}: {n:,}" for what, n in counts.items() if n or what.startswith("sound"))
    if not (found.new or found.faults or found.removed):
        yield "\n**Nothing new was found.** Records are `.json` files below the site's `records`."


def _faults(found: Contribution) -> Iterator[str]:
    faults, warnings = (
        [f"{_code(fault.where)}: {_code(fault.what)}" for fault in each]
        for each in (found.faults, found.warnings)
    )
    yield from _listed("Faults: these files cannot be taken", faults)
    yield from _listed("Gone or edited", list(map(_code, found.removed)))
    yield from _listed("Warnings: of files that were there before", warnings)


def _machines(found: Contribution, effect: _Effect) -> Iterator[str]:
    there = {one.record.machine.id for one in found.old}
    places: dict[tuple[str, str, str], Counter[str]] = {}
    for one in effect.shown:
        place = one.machine.id, one.case.device, one.software.openvino
        places.setdefault(place, Counter())[_level(one)] += 1
    if not places:
        return
    yield from ("", "### Machines", "")
    yield f"| machine | device | OpenVINO | results | {' | '.join(_LEVELS)} |"
    yield "|---|---|---|---:|" + "---:|" * len(_LEVELS)
    most = sorted(places.items(), key=lambda item: -item[1].total())
    for (machine, device, release), levels in most[:_NAMED]:
        new = "" if machine in there else " **new**"
        numbers = " | ".join(str(levels[level]) for level in _LEVELS)
        yield (
            f"| {_code(machine)}{new} | {_code(device)} | {_code(release)} | "
            f"{levels.total():,} | {numbers} |"
        )
    if len(places) > _NAMED:
        yield f"\nand {len(places) - _NAMED:,} more"
    new_ones = {one.machine.id: one for one in effect.shown if one.machine.id not in there}
    yield from _listed("New machines", [_machine(one) for one in new_ones.values()])


def _machine(record: Record) -> str:
    """Return what a machine is, for one who has never seen it."""
    machine = record.machine
    virtual = "" if machine.virtualised in {"no", "unknown"} else f", {_code(machine.virtualised)}"
    return (
        f"{_code(machine.id)}: {_code(machine.cpu)}, {machine.share}, "
        f"{machine.memory_bytes / 2**30:,.0f} GiB{virtual}, {_code(record.software.os)}"
    )


def _level(record: Record) -> str:
    """Return how far a record's speeds can be relied on: its worst verdict; or that it failed."""
    if not isinstance(record.outcome, Completed):
        return "no result"
    levels = {verdict.level for verdict in record.verdicts.values()}
    return next((level for level in reversed(_LEVELS) if level in levels), "no result")


def _suspicions(effect: _Effect) -> Iterator[str]:
    said = [
        f"{_case(one.record)}: {ANOMALIES[one.code].title} ({_code(one.detail)})"
        for one in anomalies(effect.shown)
    ]
    for case, change in effect.changes.every if effect.changes else []:
        if _is_odd(case.before, case.after, change):
            amount, interval = words(change)
            what = f"{change.metric.label.lower()} {amount} ({interval})"
            said.append(f"{_case(case.after)}: {what}, with the same software as before")
    yield from _listed("Suspicions: look at these before they are taken", said)


def _is_odd(before: Record, after: Record, change: Change) -> bool:
    """Return whether a clear change is more than what one machine does with the same software."""
    if before.software != after.software or before.device.driver != after.device.driver:
        return False
    if change.effect is None or not (change.is_better or change.is_worse):
        return False
    ratio = change.effect.value
    return change.is_difference or not 1 / _ODD_RATIO <= ratio <= _ODD_RATIO


def _changes(effect: _Effect) -> Iterator[str]:
    if effect.changes is None:
        return
    yield from ("", "### What gets faster, slower or less accurate", "")
    yield "The first is what the site has, the second what it would have."
    yield ""
    yield changes_markdown(effect.changes).rstrip("\n")


def _superseded(effect: _Effect) -> Iterator[str]:
    said = [
        f"{_case(one)}: {_moment(effect.superseded[case_key(one)])} by {_moment(one)}"
        for one in effect.shown
        if case_key(one) in effect.superseded
    ]
    yield from _listed("Superseded: these results become history", said)


def _moment(record: Record) -> str:
    """Return when a record was measured, with which OpenVINO."""
    return f"{_code(record.measured_at[:10])} ({_code(record.software.openvino.partition('-')[0])})"


def _new_results(effect: _Effect) -> Iterator[str]:
    new = [one for one in effect.shown if case_key(one) not in effect.superseded]
    yield from _listed("Results of new cases", [f"{_case(one)}: {_numbers(one)}" for one in new])


def _numbers(record: Record) -> str:
    """Return the headlines of a record with their 95 % intervals, or why it has none."""
    if not isinstance(record.outcome, Completed):
        return _code(why_failed(record))
    values = metric_values(record)
    accuracy = [record.accuracy.metric] if isinstance(record.accuracy, Accuracy) else []
    found = [values.get(key) for key in (*speed_of(record)[:2], *accuracy)]
    said = [_value(value) for value in found if isinstance(value, MetricValue)]
    return ", ".join(said) or "no numbers"


def _value(found: MetricValue) -> str:
    metric = METRICS[found.metric]
    low, high = metric.format(found.low), metric.format(found.high)
    interval = f" ({low} – {high})" if low != high else ""
    doubt = f", {found.verdict.level}" if found.verdict.level != "stable" else ""
    return f"{metric.label.lower()} {metric.format(found.value)} {metric.unit}{interval}{doubt}"


def _case(record: Record) -> str:
    return f"{_code(case_name(record))} on {_code(place_name(record))}"


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
