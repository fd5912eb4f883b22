"""Samples of a timed loop: how they follow each other, and their histogram."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ovreport.stats.intervals import Floats


def autocorrelation(samples: Sequence[float] | Floats) -> float:
    """Return the lag-1 autocorrelation, 0 where it is not defined.

    Box, Jenkins & Reinsel, "Time Series Analysis", section 2.1.5: r₁ = c₁ / c₀.
    """
    x = np.asarray(samples, dtype=np.float64)
    if len(x) < 3:
        return 0.0
    centred = x - x.mean()
    power = float(centred @ centred)
    return float(np.clip(centred[:-1] @ centred[1:] / power, -1, 1)) if power > 0 else 0.0


_GROWTHS = (
    *(1.001, 1.0015, 1.002, 1.003, 1.005, 1.007, 1.01, 1.015, 1.02, 1.03, 1.05, 1.07),
    *(1.1, 1.15, 1.2, 1.3, 1.5, 2.0),
)
"""Relative widths of buckets, finest first."""


def log_buckets(
    samples: Sequence[float] | Floats, limit: int
) -> tuple[float, list[tuple[int, int]]]:
    """Count positive samples in buckets (growth**(i-1), growth**i], at most `limit` of them.

    Returns the growth, the finest of a fixed ladder that fits, and sorted [index, count]
    (the layout of DDSketch: Masson et al., VLDB 12, 2019).
    """
    for growth in _GROWTHS:
        buckets = fixed_buckets(samples, growth)
        if len(buckets) <= limit:
            break
    return growth, buckets


def fixed_buckets(samples: Sequence[float] | Floats, growth: float) -> list[tuple[int, int]]:
    """Count positive samples in buckets (growth**(i-1), growth**i]: sorted [index, count].

    Counts of one growth can be added up, which those of `log_buckets` cannot.
    """
    logs = np.log(np.asarray(samples, dtype=np.float64))
    # The tiny slack keeps a sample that lies on a bound in the bucket it closes.
    indices, counts = np.unique(
        np.ceil(logs / math.log(growth) - 1e-9).astype(np.int64), return_counts=True
    )
    return [(int(i), int(c)) for i, c in zip(indices, counts, strict=True)]
