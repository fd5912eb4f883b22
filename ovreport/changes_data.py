"""Changes as JSON holds them."""

from __future__ import annotations

import math

from ovreport.change import Change
from ovreport.changes import CaseChanges, Changes, executed
from ovreport.changes_text import why_failed
from ovreport.record import Record
from ovreport.stats.discoveries import FALSE_DISCOVERY_RATE


def data(found: Changes) -> dict[str, object]:
    """Return everything as what JSON can hold; an unbounded end is null."""
    return {
        "false_discovery_rate": FALSE_DISCOVERY_RATE,
        "changes": [_data(case, change) for case, change in found.every],
        "no_comparison": [
            {**_case_data(record), "reason": why} for record, why in found.not_compared
        ],
        "newly_failed": [_failure(record) for record in found.newly_failed],
        "newly_ran": [_failure(record) for record in found.newly_ran],
        "other_precision": [
            {
                **_case_data(case.after),
                "before": executed(case.before),
                "after": executed(case.after),
            }
            for case in found.other_precision
        ],
        "only_before": [_case_data(record) for record in found.only_before],
        "only_after": [_case_data(record) for record in found.only_after],
        "conditions": [
            {"what": what, "before": before, "after": after}
            for what, before, after in found.conditions
        ],
    }


def _case_data(record: Record) -> dict[str, object]:
    case, machine = record.case, record.machine
    return {
        "machine": machine.id,
        "processors_available": machine.cores_available,
        "device": case.device,
        "engine": case.engine,
        "model": case.model,
        "variant": case.variant,
        "precision": case.precision,
    }


def _failure(record: Record) -> dict[str, object]:
    return {**_case_data(record), "reason": why_failed(record)}


def _data(case: CaseChanges, change: Change) -> dict[str, object]:
    scale = change.metric.scale
    return {
        **_case_data(case.after),
        "metric": change.metric.key,
        "unit": change.metric.unit,
        "before": change.before and _finite(change.before.value * scale),
        "after": change.after and _finite(change.after.value * scale),
        "effect": "difference" if change.is_difference else "ratio",
        **_effect_data(change),
        "p": change.p,
        "pairs": change.pairs,
        "outcome": change.outcome,
        "direction": "better" if change.is_better else "worse" if change.is_worse else "",
        "reason": change.why,
        "measured_at": [case.before.measured_at, case.after.measured_at],
    }


def _effect_data(change: Change) -> dict[str, float | None]:
    scale = change.metric.scale if change.is_difference else 1.0
    ends = ("value", "low", "high")
    if change.effect is None:
        return dict.fromkeys(ends)
    return {end: _finite(getattr(change.effect, end) * scale) for end in ends}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
