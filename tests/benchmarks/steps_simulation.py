"""Steps in series of known truth: false alarms, power, and the table of limits.

    python tests/benchmarks/steps_simulation.py            false alarms and power
    python tests/benchmarks/steps_simulation.py --write    the limits again, first

A limit is what the clearest cut exceeds in 1 % of series without a step: the largest over how much
of the noise each point's own interval tells of, from nothing to all of it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from ovreport.stats import step_limits, steps
from ovreport.stats.intervals import NORMAL, Floats, Interval

SEED = 20
LENGTHS = (6, 7, 8, 9, 10, 12, 14, 17, 20, 23, 24, 30, 40, 60)
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Of the noise's variance, how much each point's own interval tells of."""
NULL_SERIES, SHOWN_SERIES = 20_000, 1_000
FALSE_ALARMS = 0.01
NOISE, STEP = 0.02, 0.05
_LEAST = 1e-4
_CHUNK = 2_000
"""Series at once: a few megabytes."""

PEERS = {8: (1, 22), 12: (2, 63), 30: (2, 100)}
"""Otava at p = 0.001 on such series: false alarms and power in per cent, by length."""


def series(rng: np.random.Generator, count: int, n: int, share: float) -> tuple[Floats, Floats]:
    """Return logarithms of made series without a step, and each point's own variance."""
    own = np.full((count, n), max(NOISE * share**0.5, _LEAST) ** 2)
    return rng.normal(0, NOISE, (count, n)), own


def quantile(n: int, share: float) -> float:
    """Return what the clearest cut exceeds in 1 % of series."""
    rng = np.random.default_rng([SEED, n, int(100 * share)])
    found = [
        steps.clearest_cut(*series(rng, _CHUNK, n, share))[0] for _ in range(NULL_SERIES // _CHUNK)
    ]
    return float(np.quantile(np.concatenate(found), 1 - FALSE_ALARMS))


def write() -> None:
    """Write the table of limits."""
    limits = {n: max(quantile(n, share) for share in SHARES) for n in LENGTHS}
    lines = "".join(f"    {n}: {limit:.3f},\n" for n, limit in limits.items())
    text = (
        '"""How clear the clearest cut of series without a step is in 1 % of them, by length.\n\n'
        "Written by `tests/benchmarks/steps_simulation.py --write`.\n"
        f'"""\n\nLIMITS: dict[int, float] = {{\n{lines}}}\n'
    )
    Path(step_limits.__file__).write_text(text)
    step_limits.LIMITS.clear()
    step_limits.LIMITS.update(limits)


def flagged(n: int, share: float, step: float, place: int) -> tuple[float, float]:
    """Return the share of series with a step found, and with the step found within one point."""
    rng = np.random.default_rng([SEED, n, int(100 * share), int(1000 * step), 1])
    logs, own = series(rng, SHOWN_SERIES, n, share)
    logs[:, place:] += np.log1p(step)
    half = NORMAL[0.95] * np.sqrt(own)
    found = near = 0
    for values, low, high in zip(
        np.exp(logs), np.exp(logs - half), np.exp(logs + half), strict=True
    ):
        points = [Interval(*map(float, one)) for one in zip(values, low, high, strict=True)]
        places = [one.index for one in steps.steps(points)]
        found += bool(places)
        near += any(abs(one - place) <= 1 for one in places)
    return found / SHOWN_SERIES, near / SHOWN_SERIES


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--write", action="store_true")
    if parser.parse_args().write:
        write()
    print(f"{NOISE:.0%} noise, a step of {STEP:.0%} in the middle; {SHOWN_SERIES} series each\n")
    print("points  own share  false alarms  found  within one point  (Otava: false / found)")
    for n, (false, power) in PEERS.items():
        for share in SHARES:
            alarms, _ = flagged(n, share, 0.0, n // 2)
            found, near = flagged(n, share, STEP, n // 2)
            print(
                f"{n:6}  {share:9.2f}  {alarms:12.1%}  {found:5.0%}  {near:16.0%}  "
                f"({false} % / {power} %)"
            )


if __name__ == "__main__":
    main()
