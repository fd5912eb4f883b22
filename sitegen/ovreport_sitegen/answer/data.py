"""Results as files for the script of the answer table: columns of numbers, texts coded once.

    results            what each result is of, what ran, what it costs; and all lists of texts
    METRIC             a file a metric: value, interval, verdict of each result, and paired ratios

Each file is a classic script that hands its data to `ovreportData`: pages opened from a disk cannot
fetch. Values are in the unit of the metric, to eight digits: rounding to the three that are shown
gives what the page has.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, get_args

from ovreport.metrics import GROUPS, Metric, MetricValue
from ovreport.metrics.ratio_words import is_time
from ovreport.record import Accuracy, Level, NotMeasured
from ovreport.store import slug
from ovreport_sitegen.answer import axes, ratios
from ovreport_sitegen.answer.cells import cost_of, ran_words, value_cell
from ovreport_sitegen.answer.choice import ACCURACY, counts, fullness, value_key
from ovreport_sitegen.answer.columns import metric_of, pool
from ovreport_sitegen.answer.rows import accuracy_label, row_order
from ovreport_sitegen.answer.state import TASK
from ovreport_sitegen.components.cells import status_word
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.names import grouped
from ovreport_sitegen.data.result import Result, with_value
from ovreport_sitegen.text import line

RESULTS = "results"
POOLS = ("device", "engine", "release")
"""Columns whose tables are of different results; a bit each, of which `device` is all others'."""
_LEVELS = list(get_args(Level))
_OUTCOMES = ("different", "no clear difference", "insufficient data")


@dataclass
class _Coded:
    """Values of a list, each once, and which of them each result has."""

    values: dict[Hashable, int] = field(default_factory=dict)
    codes: list[int] = field(default_factory=list)

    def add(self, value: Hashable) -> None:
        """Add the value of the next result."""
        self.codes.append(self.values.setdefault(value, len(self.values)))

    @property
    def columns(self) -> dict[str, Any]:
        """The list of values, and the place in it of each result's."""
        return {"values": list(self.values), "codes": self.codes}


def files(catalogue: Catalogue) -> tuple[dict[str, bytes], dict[str, str]]:
    """Return the files by their address, and the address of each part by its name."""
    results = every(catalogue)
    found, names = {}, {}
    for metric in metrics(results):
        name, data = _file(metric.key, _values(results, metric))
        found[name], names[metric.key] = data, name
    name, data = _file(RESULTS, _results(catalogue, results, names))
    return found | {name: data}, names | {RESULTS: name}


def every(catalogue: Catalogue) -> list[Result]:
    """Return all results that the table can show, each once."""
    found = (r for columns in POOLS for r in pool(catalogue, columns))
    return list({id(r): r for r in found}.values())


def metrics(results: Sequence[Result]) -> list[Metric]:
    """Return the metrics that have a value, accuracy as one."""
    measured = with_value(results)
    accuracy = any(isinstance(r.accuracy, Accuracy) for r in results)
    return [
        *([metric_of(ACCURACY)] if accuracy else []),
        *(
            metric
            for group in GROUPS
            for metric in group.metrics
            if metric.key in measured and metric.measurement != ACCURACY
        ),
    ]


def _file(name: str, data: Mapping[str, Any]) -> tuple[str, bytes]:
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    script = f"ovreportData({json.dumps(name)},{text});\n".encode()
    return f"data/answer/{name}-{hashlib.sha256(script).hexdigest()[:10]}.js", script


# ---------------------------------------------------------------- results


def _results(
    catalogue: Catalogue, results: Sequence[Result], names: dict[str, str]
) -> dict[str, Any]:
    others = ("model", "variant", "requested", "ran", "cost", "href", "work", "without")
    coded = {key: _Coded() for key in (*axes.AXES, *others)}
    for r in results:
        for key, axis in axes.AXES.items():
            place = axis.place(r)
            coded[key].add((place.key, place.label, place.note))
        cost = cost_of(r)
        task = f"{TASK}{slug(r.model.task)}"
        coded["model"].add((r.model.slug, r.model.title, r.model.task, r.model.href, task))
        coded["variant"].add(r.variant)
        coded["requested"].add(r.requested)
        coded["ran"].add(ran_words(r) if r.completed else "")
        coded["cost"].add((cost.text, cost.interval, int(cost.is_bad)))
        coded["href"].add(r.href)
        coded["work"].add(_work(r))
        outcome = r.record.outcome
        coded["without"].add(status_word(outcome) if isinstance(outcome, NotMeasured) else "")
    pools = [{id(r) for r in pool(catalogue, columns)} for columns in POOLS]
    order = [d.slug for d in sorted(catalogue.devices, key=catalogue.rank, reverse=True)]
    return {
        **{key: one.columns for key, one in coded.items()},
        "work": coded["work"].codes,
        "family": [r.device.family for r in results],
        "counts": [int(counts(r)) for r in results],
        "plain": [int(r.is_baseline) for r in results],
        "published": [int(r.is_published) for r in results],
        "native": [int(bool(r.framework)) for r in results],
        "quick": [int(r.quick) for r in results],
        "fullness": [fullness(r) for r in results],
        "architecture_only": [int(r.model.architecture_only) for r in results],
        "accuracy": [accuracy_label(r) for r in results],
        "models": [m.slug for m in sorted({r.model for r in results}, key=row_order)],
        "pools": [sum((id(r) in one) << i for i, one in enumerate(pools)) for r in results],
        "order": {
            key: [place.key for place in axes.places(axis, results, order)]
            for key, axis in axes.AXES.items()
        },
        "files": names,
        "metrics": {metric.key: _described(metric) for metric in metrics(results)},
    }


def _work(result: Result) -> tuple[str, str]:
    """Return what results of one variant must share to be compared: the file and the inputs."""
    return result.record.model.sha256, repr(result.record.inputs)


def _described(metric: Metric) -> dict[str, Any]:
    group = next((g for g in GROUPS if metric.key in g.keys), None)
    return {
        "label": metric.label,
        "unit": metric.unit,
        "lower": int(metric.direction == "lower"),
        "time": int(is_time(metric)),
        "group": group.title if group else metric.label,
    }


# ---------------------------------------------------------------- values of a metric


def _values(results: Sequence[Result], metric: Metric) -> dict[str, Any]:
    """Return the values of a metric: `at`, the results that have one, then a list for each part."""
    at, values, methods = [], [], []
    missing = _Coded()
    missing_at = []
    for i, r in enumerate(results):
        found = r.metric_values.get(value_key(r, metric.key))
        if isinstance(found, MetricValue):
            at.append(i)
            values.append(found)
            methods.append(r.record.method_of(metric.measurement))
        elif found is not None:
            cell = value_cell(r, metric.key)
            missing_at.append(i)
            missing.add((cell.text, cell.tip))
    return {
        "at": at,
        "value": [_rounded(v.value * metric.scale) for v in values],
        "low": [_rounded(v.low * metric.scale) for v in values],
        "high": [_rounded(v.high * metric.scale) for v in values],
        "level": [_LEVELS.index(v.verdict.level) for v in values],
        "kind": [v.kind for v in values],
        "scope": [line(v.scope, 60) for v in values] if any(v.scope for v in values) else [],
        "method": methods if len(set(methods)) > 1 else [],
        "missing": {"at": missing_at, **missing.columns},
        "pairs": list(_pairs(results, metric)) if metric.key in ratios.PAIRED else [],
    }


def _rounded(value: float) -> float | None:
    """Return a number to eight digits; None where it is unbounded."""
    return float(f"{value:.8g}") if abs(value) < float("inf") else None


def _pairs(results: Sequence[Result], metric: Metric) -> Iterable[list[Any]]:
    """Yield the ratios that are paired by round: candidate, baseline, ratio, its ends, outcome, n.

    Each pair once; the other way around it is the inverse.
    """
    numbered = enumerate(results)
    groups = grouped(((r.model.slug, r.device.slug), (i, r)) for i, r in numbered if r.completed)
    for group in groups.values():
        for (i, one), (j, other) in combinations(group, 2):
            found = ratios.paired(other, one, metric.key)
            if found:
                ratio = found.ratio
                ends = (_rounded(x) for x in (ratio.value, ratio.low, ratio.high))
                yield [j, i, *ends, _OUTCOMES.index(found.outcome), found.pairs]
