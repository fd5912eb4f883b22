"""What changed between two sets of records: what is faster or slower, what is more accurate.

A case of the one is compared with the same case of the other: same machine and processors, device,
engine, model file, variant and precision; `ovreport.change` says how. What is called different is
chosen among all comparisons at once (`ovreport.stats.discoveries`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ovreport.change import Change, Run, accuracy_change, change_of
from ovreport.history import case_key, had_no_file, made_alike, model_checksum
from ovreport.metrics import METRICS
from ovreport.record import Completed, Execution, Record
from ovreport.stats.discoveries import discoveries

SPEED = ("latency_ms", "throughput_ips", "startup_ms")
"""What can become faster or slower."""
SPEED_OF_LANGUAGE = (
    "time_to_first_token_ms",
    "time_per_output_token_ms",
    "concurrent_tokens_per_s",
    "model_load_ms",
)
MEMORY, MEMORY_OF_LANGUAGE = ("peak_memory_bytes",), ("peak_memory_generation_bytes",)
_CONDITIONS: dict[str, Callable[[Record], str]] = {
    "OpenVINO": lambda record: record.software.openvino,
    "ovreport": lambda record: record.software.ovreport,
    "driver": lambda record: record.device.driver,
    "kernel": lambda record: record.software.kernel,
    "tier": lambda record: record.tier.name,
}
"""What may differ between runs that are compared all the same."""


@dataclass(frozen=True, eq=False)
class CaseChanges:
    """A case in both sets."""

    before: Record
    after: Record
    changes: Mapping[str, Change]
    """By metric: speed, memory, accuracy, in this order."""

    def change(self, key: str) -> Change | None:
        """Return what became of a metric, or of its accuracy; None where it has none."""
        return next((change for change in self.changes.values() if change.key == key), None)


@dataclass(frozen=True, eq=False)
class Changes:
    """Everything that two sets of records have in common, and how it differs."""

    cases: Sequence[CaseChanges]
    """Those that both have and that can be compared."""
    newly_failed: Sequence[Record]
    """Records of the later set that failed, whose case ran in the earlier one."""
    newly_ran: Sequence[Record]
    """Records of the earlier set that failed, whose case ran in the later one."""
    not_compared: Sequence[tuple[Record, str]]
    """Records of the later set whose case the other set has too, and why they are not compared:
    under what other conditions, for one."""
    only_before: Sequence[Record]
    only_after: Sequence[Record]
    conditions: Sequence[tuple[str, str, str]]
    """What differs of the compared runs besides: what it is, before, after."""

    @property
    def in_turn(self) -> int:
        """How many cases were measured in turn in one run, so that rounds are compared."""
        return sum(any(c.pairs for c in case.changes.values()) for case in self.cases)

    @property
    def other_precision(self) -> list[CaseChanges]:
        """Cases whose executed precision is another one, where both could be read."""
        pairs = [(case, executed(case.before), executed(case.after)) for case in self.cases]
        return [case for case, before, after in pairs if before and after and before != after]

    @property
    def every(self) -> list[tuple[CaseChanges, Change]]:
        """Each change with its case."""
        return [(case, change) for case in self.cases for change in case.changes.values()]


def speed_of(record: Record) -> tuple[str, ...]:
    """Return the metrics in which a record can become faster or slower."""
    return SPEED_OF_LANGUAGE if record.case.is_language else SPEED


def executed(record: Record) -> str:
    """Return the precision that most layers ran in; empty where it could not be read."""
    return record.execution.precision if isinstance(record.execution, Execution) else ""


def changes(before: Iterable[Run], after: Iterable[Run]) -> Changes:
    """Return what changed from one set of records to another; of each case one record is given."""
    first = {case_key(run.record): run for run in before}
    second = {case_key(run.record): run for run in after}
    earlier = {key: run.record for key, run in first.items()}
    later = {key: run.record for key, run in second.items()}
    both = [(earlier[key], later[key]) for key in later if key in earlier]
    new = [record for key, record in later.items() if key not in earlier]
    gone = [record for key, record in earlier.items() if key not in later]
    named = {_name(record): record for record in gone}
    others = [(named[_name(record)], record) for record in new if _name(record) in named]
    met = {_name(record) for _, record in others}
    refused = [(a, b, why) for a, b in (*both, *others) if (why := _why_not(a, b))]
    cases = [
        _case(first[key], second[key])
        for key in later
        if key in earlier and not _why_not(earlier[key], later[key])
    ]
    return Changes(
        cases=_announced(cases),
        newly_failed=[b for a, b in both if _ran(a) and not _ran(b)],
        newly_ran=[a for a, b in both if _ran(b) and not _ran(a)],
        not_compared=[(b, why) for _, b, why in refused],
        only_before=[record for record in gone if _name(record) not in met],
        only_after=[record for record in new if _name(record) not in met],
        conditions=list(_conditions(cases)),
    )


def against_itself(runs: Iterable[Run]) -> Changes | None:
    """Return what differs between a release and itself, where a run measured one twice.

    Nothing should: what is called different there is an error of the method. None without such.
    """
    every = list(runs)
    first = {_arm_key(one.record): one for one in every if not _is_again(one.record)}
    pairs = [
        (first[key], one)
        for one in every
        if _is_again(one.record) and (key := _arm_key(one.record)) in first
    ]
    return changes([a for a, _ in pairs], [b for _, b in pairs]) if pairs else None


def _is_again(record: Record) -> bool:
    return record.arm is not None and record.arm.kind == "again"


def _arm_key(record: Record) -> tuple[object, ...]:
    properties = sorted(record.arm.properties.items()) if record.arm else []
    return record.run, record.software.openvino, tuple(properties), case_key(record)


def _name(record: Record) -> tuple[str, ...]:
    """Return what a case is called, wherever it was measured."""
    case = record.case
    return case.engine, case.device, case.model, case.variant, case.precision


def _why_not(before: Record, after: Record) -> str:
    """Return why two records of one name are not compared; empty: they can be."""
    return next(_differences(before, after), "")


def _differences(before: Record, after: Record) -> Iterator[str]:
    """Yield what speaks against comparing two records of one name."""
    if before == after:
        yield "the same record in both"
    a, b = before.machine, after.machine
    if had_no_file(before) or had_no_file(after):
        yield "the model could not be had"
    failed = [not _ran(record) for record in (before, after)]
    if any(failed):
        yield "failed both times" if all(failed) else f"failed {('before', 'after')[failed[1]]}"
    if a.id != b.id:
        yield f"other machine: {a.id} and {b.id}"
    if before.device.full_name != after.device.full_name:
        yield "other device"
    if model_checksum(before.model) != model_checksum(after.model):
        yield "other model file"
    if not made_alike(before.model, after.model):
        yield f"other model file: {after.case.variant} weights that were made in another way"
    if case_key(before) != case_key(after):
        yield f"other processors: {a.cores_available:g} and {b.cores_available:g}"
    if before.inputs.version != after.inputs.version:
        versions = f"{before.inputs.version} and {after.inputs.version}"
        yield f"other inputs and scoring: version {versions} of the task"
    if before.inputs != after.inputs:
        yield "other inputs"


def _ran(record: Record) -> bool:
    return isinstance(record.outcome, Completed)


def _case(before: Run, after: Run) -> CaseChanges:
    is_language = after.record.case.is_language
    keys = speed_of(after.record) + (MEMORY_OF_LANGUAGE if is_language else MEMORY)
    found = {key: change_of(METRICS[key], before, after) for key in keys}
    if accuracy := accuracy_change(before, after):
        found[accuracy.metric.key] = accuracy
    return CaseChanges(before.record, after.record, found)


# ---------------------------------------------------------------- all together


def _announced(cases: Sequence[CaseChanges]) -> list[CaseChanges]:
    """Return cases of whose differences only those are left that may be announced together."""
    compared = [c for case in cases for c in case.changes.values() if c.effect is not None]
    kept = iter(discoveries([change.p for change in compared]))
    return [
        replace(
            case,
            changes={
                key: change if change.effect is None else _kept(change, is_kept=next(kept))
                for key, change in case.changes.items()
            },
        )
        for case in cases
    ]


def _kept(change: Change, *, is_kept: bool) -> Change:
    if is_kept or change.outcome != "different":
        return change
    return replace(change, outcome="no clear difference")


def _conditions(cases: Sequence[CaseChanges]) -> Iterable[tuple[str, str, str]]:
    """Yield what differs between the compared runs besides the time: what, before, after."""
    for name, of in _CONDITIONS.items():
        pairs = Counter((of(case.before), of(case.after)) for case in cases)
        yield from ((name, a, b) for a, b in sorted(pairs) if a != b)
