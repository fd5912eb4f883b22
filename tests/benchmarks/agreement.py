"""What several runs of one collect say of each case, and how far they lie apart."""

from __future__ import annotations

import itertools
import math
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ovreport.errors import InputError
from ovreport.history import newest
from ovreport.metrics import MetricValue, metric_values
from ovreport.record import Completed, MeasuringTime, Record
from ovreport.stats.comparison import Comparison
from ovreport.store import read_all
from ovreport_sitegen.compare import MEASUREMENTS, PairedComparison

KEYS = (
    "latency_ms",
    "latency_observed_ms",
    "latency_cpu_ms",
    "throughput_ips",
    "throughput_observed_ips",
    "throughput_cpu_ms",
    "startup_ms",
    "time_to_first_token_ms",
    "time_per_output_token_ms",
)
"""Metrics that are compared, where the records have them."""
HEADLINES = ("latency_ms", "throughput_ips")
QUOTIENTS = (*HEADLINES, "latency_cpu_ms", "throughput_cpu_ms")
"""Metrics of which the default precision is also divided by f32, run by run."""
UNDISTURBED = "undisturbed"
_ONLY_UNDISTURBED, _PAIRED = ", undisturbed only", ", default / f32, paired"

MEDIAN_GOAL, P95_GOAL, RATIO_GOAL = 0.03, 0.08, 0.03
"""How far two runs may lie apart, as the logarithm of their ratio."""
AGREE_GOAL, STABLE_GOAL = 0.90, 0.80
"""Shares: of pairs whose intervals agree, and of cases that are stable in each run."""
GOALS = (
    f"latency and throughput at most {MEDIAN_GOAL:.0%} apart (median) and {P95_GOAL:.0%} (95 %), "
    f"{AGREE_GOAL:.0%} of intervals agree, {STABLE_GOAL:.0%} of cases stable in each run; paired "
    f"ratios at most {RATIO_GOAL:.0%} apart (median)."
)
_NORMAL_MEDIAN = 0.6745 * math.sqrt(2)
"""Median of |x − y| of two standard normal variables."""


@dataclass(frozen=True)
class Estimate:
    """What one run says of one quantity of one case."""

    value: float
    low: float
    high: float
    level: str = ""
    kind: str = ""

    @property
    def half_width(self) -> float:
        """Half of its interval, by its value."""
        return (self.high - self.low) / 2 / self.value


Quantities = dict[tuple[str, str], Estimate]
"""Quantity and case → what a run says of it."""


@dataclass(frozen=True)
class Run:
    """One collect."""

    quantities: Quantities
    cases: int
    wall_s: float
    """Downloads aside."""
    measuring_s: float


@dataclass(frozen=True)
class Summary:
    """One quantity over all cases, and all pairs of runs."""

    quantity: str
    cases: int
    apart: Sequence[float]
    """|log ratio| of each pair of runs of each case, sorted."""
    agree: float
    """Share of these pairs whose intervals overlap."""
    levels: Counter[str]
    fewest_stable: float
    """Share of stable cases, in the run that has the fewest."""
    undisturbed: float | None
    """Share of undisturbed values; None: the quantity knows no such thing."""
    second_buys: float
    """Standard deviation between runs × √(wall seconds a case)."""

    @property
    def median(self) -> float:
        """Half of the pairs lie at most so far apart."""
        return statistics.median(self.apart)

    @property
    def p95(self) -> float:
        """So far apart lie at most 95 % of the pairs; the nearest rank."""
        return self.apart[math.ceil(0.95 * len(self.apart)) - 1]


# ---------------------------------------------------------------- what a run says


def run_of(folder: Path) -> Run:
    """Return the run that wrote a folder of records; InputError if there are none."""
    loaded = read_all([folder])
    records = [one.record for one in newest(loaded.stored)[0]]
    done = [record for record in records if isinstance(record.outcome, Completed)]
    if loaded.faults or not done:
        what = str(loaded.faults[0]) if loaded.faults else "no record of a completed case"
        raise InputError(what, where=str(folder), remedy="Name a folder that a collect wrote.")
    times = [r.measuring_time for r in records if isinstance(r.measuring_time, MeasuringTime)]
    return Run(
        quantities=dict(itertools.chain(_values(done), _ratios(done))),
        cases=len(records),
        wall_s=sum(one.wall_s for one in times),
        measuring_s=sum(one.measuring_s for one in times),
    )


def _values(records: Sequence[Record]) -> Iterator[tuple[tuple[str, str], Estimate]]:
    for record in records:
        found = metric_values(record)
        for key in KEYS:
            value = found.get(key)
            if isinstance(value, MetricValue) and value.value > 0:
                yield (key, f"{_place(record)} {record.case.precision}"), _estimate(value)


def _estimate(value: MetricValue) -> Estimate:
    return Estimate(value.value, value.low, value.high, value.verdict.level, value.kind)


@dataclass(frozen=True)
class _Case:
    """A record as comparisons want it."""

    record: Record
    completed: bool = True


def _ratios(records: Sequence[Record]) -> Iterator[tuple[tuple[str, str], Estimate]]:
    """Yield the default precision against f32 of each model: paired by round, and by value."""
    by_precision = {(_place(r), r.case.precision): r for r in records}
    for (place, precision), record in by_precision.items():
        baseline = by_precision.get((place, "f32"))
        if precision != "default" or baseline is None:
            continue
        pair = PairedComparison(_Case(baseline), _Case(record))
        compared: dict[str, Comparison | None] = {m: pair.of(m) for m in MEASUREMENTS}
        compared["processor time"] = pair.processor_time
        for name, found in compared.items():
            if found is not None:
                ratio = found.ratio
                estimate = Estimate(ratio.value, ratio.low, ratio.high)
                yield (f"{name}{_PAIRED}", place), estimate
        ours, theirs = metric_values(record), metric_values(baseline)
        for key in QUOTIENTS:
            a, b = ours.get(key), theirs.get(key)
            if isinstance(a, MetricValue) and isinstance(b, MetricValue) and a.value * b.value > 0:
                quotient = Estimate(a.value / b.value, a.low / b.high, a.high / b.low)
                yield (f"{key}, default / f32", place), quotient


def _place(record: Record) -> str:
    """Return what a case is, but for its precision; the usual is not named."""
    case = record.case
    usual = {"fp32", "openvino", "openvino-genai", "CPU"}
    others = [part for part in (case.variant, case.engine, case.device) if part not in usual]
    return " ".join([case.model, *others])


# ---------------------------------------------------------------- comparing runs


def summaries(runs: Sequence[Run]) -> list[Summary]:
    """Return each quantity that at least two runs have, and the undisturbed ones by themselves."""
    found = []
    for name in names_of(runs):
        cases = by_case(runs, name)
        found.append(_summary(name, cases, runs))
        kept = {
            case: {i: one for i, one in values.items() if one.kind == UNDISTURBED}
            for case, values in cases.items()
        }
        if any(kept.values()) and kept != cases:
            found.append(_summary(f"{name}{_ONLY_UNDISTURBED}", kept, runs))
    return [one for one in found if one is not None]


def names_of(runs: Sequence[Run]) -> list[str]:
    """Return all quantities, each once."""
    return list(dict.fromkeys(name for run in runs for name, _ in run.quantities))


def by_case(runs: Sequence[Run], name: str) -> dict[str, dict[int, Estimate]]:
    """Return case → number of the run → what it says of a quantity, where two runs say it."""
    found: dict[str, dict[int, Estimate]] = {}
    for index, run in enumerate(runs):
        for (quantity, case), estimate in run.quantities.items():
            if quantity == name:
                found.setdefault(case, {})[index] = estimate
    return {case: of for case, of in found.items() if len(of) > 1}


def _summary(
    name: str, cases: dict[str, dict[int, Estimate]], runs: Sequence[Run]
) -> Summary | None:
    pairs = [pair for of in cases.values() for pair in itertools.combinations(of.values(), 2)]
    if not pairs:
        return None
    every = [one for of in cases.values() for one in of.values()]
    stable = Counter(i for of in cases.values() for i, one in of.items() if one.level == "stable")
    has_kinds = any(one.kind in {UNDISTURBED, "observed"} for one in every)
    apart = sorted(abs(math.log(a.value / b.value)) for a, b in pairs)
    seconds = statistics.mean(run.wall_s / run.cases for run in runs)
    return Summary(
        quantity=name,
        cases=sum(len(of) > 1 for of in cases.values()),
        apart=apart,
        agree=sum(a.low <= b.high and b.low <= a.high for a, b in pairs) / len(pairs),
        levels=Counter(one.level for one in every if one.level),
        fewest_stable=min(stable[i] for i in range(len(runs))) / len(cases),
        undisturbed=sum(one.kind == UNDISTURBED for one in every) / len(every)
        if has_kinds
        else None,
        second_buys=statistics.median(apart) / _NORMAL_MEDIAN * math.sqrt(seconds),
    )


def unmet(found: Sequence[Summary]) -> Iterator[str]:
    """Yield each goal that is not met, in words.

    How far runs lie apart is asked of the undisturbed values, where there are any; how many are
    stable is asked of all, and what is not undisturbed is not stable.
    """
    by_name = {one.quantity: one for one in found}
    if not by_name.keys() & set(HEADLINES):
        yield "nothing to judge: no two runs have a latency or a throughput of the same case"
    for key in HEADLINES:
        if key not in by_name:
            continue
        every = by_name[key]
        judged = by_name.get(f"{key}{_ONLY_UNDISTURBED}", every)
        if every.fewest_stable < STABLE_GOAL:
            yield f"{key}: {every.fewest_stable:.0%} stable, goal {STABLE_GOAL:.0%}"
        if judged.median > MEDIAN_GOAL:
            yield f"{key}: median {judged.median:.1%} apart, goal {MEDIAN_GOAL:.0%}"
        if judged.p95 > P95_GOAL:
            yield f"{key}: 95 % within {judged.p95:.1%}, goal {P95_GOAL:.0%}"
        if judged.agree < AGREE_GOAL:
            yield f"{key}: {judged.agree:.0%} of intervals agree, goal {AGREE_GOAL:.0%}"
    for name in (f"{measurement}{_PAIRED}" for measurement in MEASUREMENTS):
        if name in by_name and by_name[name].median > RATIO_GOAL:
            yield f"{name}: median {by_name[name].median:.1%} apart, goal {RATIO_GOAL:.0%}"
