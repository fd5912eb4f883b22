#!/usr/bin/env python3
"""Compare methods for ratios, and show what percentile bounds lose that forget the rounds.

    python tests/benchmarks/statistics_methods.py

The choice behind `ovreport.stats.intervals`; `statistics_simulation.py` measures what was chosen.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
from rich.console import Console
from rich.table import Table

from ovreport.stats import intervals
from ovreport.stats.intervals import Floats, t_quantile

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.simulation import measures
from tests.simulation.truth import Truth

COMPARISONS, SEED = 20_000, 20
MEDIAN_FACTOR = {5: 1.1976, 7: 1.2137, 11: 1.2533}

Method = Callable[[Floats, float], tuple[Floats, Floats]]
"""Differences of logarithms [comparisons, rounds], confidence → centres, half-widths."""


def mean(x: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Student's t."""
    n = x.shape[1]
    return x.mean(1), t_quantile(n - 1, confidence) * x.std(1, ddof=1) / math.sqrt(n)


def median(x: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Student's t around the median, widened by its efficiency."""
    return np.median(x, axis=1), mean(x, confidence)[1] * MEDIAN_FACTOR[x.shape[1]]


def hodges_lehmann(x: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Student's t around the median of all pairwise means, widened by its efficiency."""
    i, j = np.triu_indices(x.shape[1])
    return np.median((x[:, i] + x[:, j]) / 2, axis=1), mean(x, confidence)[1] * math.sqrt(
        math.pi / 3
    )


def trimmed(x: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Yuen's t: the lowest and the highest value count as their neighbours."""
    n, kept = x.shape[1], x.shape[1] - 2
    ordered = np.sort(x, axis=1)
    winsorised = np.clip(ordered, ordered[:, [1]], ordered[:, [-2]])
    error = winsorised.std(1, ddof=1) * math.sqrt((n - 1) / (kept * (kept - 1)))
    return ordered[:, 1:-1].mean(1), t_quantile(kept - 1, confidence) * error


NAMES: dict[Method, str] = {
    mean: "mean",
    median: "median",
    hodges_lehmann: "Hodges–Lehmann",
    trimmed: "trimmed mean",
}


def main() -> None:
    """Print both tables."""
    console = Console(width=120)
    table = Table(
        "noise between rounds",
        "rounds",
        "method",
        "95 % interval covers",
        "5 % change found",
        title="Ratios, each case's rounds differ by 2 %",
    )
    rng = np.random.default_rng(SEED)
    for tail in measures.TAILS:
        truth = Truth(between=measures.BETWEEN, tail=tail)
        for rounds in MEDIAN_FACTOR:
            first, second = (truth.noise(rng, (COMPARISONS, rounds)) for _ in range(2))
            differences = truth.between * (first - second)
            for method, name in NAMES.items():
                covered, found = _quality(method, differences)
                table.add_row(tail, str(rounds), name, f"{covered:.1%}", f"{found:.1%}")
    console.print(table)
    table = Table("conditions", "violated", title="Bounds by the rank alone, 1 % asked for")
    with mock.patch.object(intervals, "rounds_factor", return_value=1.0):
        for finding in measures.percentile_bounds(500, seed=SEED):
            table.add_row(finding.conditions, f"{finding.measured:.1%}")
    console.print(table)


def _quality(method: Method, differences: Floats) -> tuple[float, float]:
    """Return the coverage, and the share in which a 5 % change is called different."""
    centres, widths = method(differences, 0.95)
    changed = centres + math.log(measures.CHANGE)
    found = (changed > widths) & (changed > math.log(1.02))
    return float(np.mean(np.abs(centres) <= widths)), float(np.mean(found))


if __name__ == "__main__":
    main()
