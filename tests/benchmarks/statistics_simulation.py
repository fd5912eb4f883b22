#!/usr/bin/env python3
"""Do the statistics keep what they promise? Simulated cases of known truth tell.

    python tests/benchmarks/statistics_simulation.py
    python tests/benchmarks/statistics_simulation.py --write FILE.json

Exit code 0 when every goal is met that can be, else 1.
"""

from __future__ import annotations

import argparse
import datetime
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

import ovreport

sys.path.insert(0, str(Path(__file__).parents[2]))
from ovreport_sitegen.pages.method.simulation import Finding, StatisticsStudy
from tests.simulation import cells, machines, measures

SEED = 20
LEAST = 4000


def main() -> int:
    """Measure, print, and keep if asked."""
    options = _options()
    began = time.monotonic()
    findings = []
    for finding in study(options.comparisons, options.seed):
        findings.append(finding)
        _say(f"\r{time.monotonic() - began:4.0f} s, {len(findings)} findings")
    _say("\n")
    _print(findings)
    if options.write:
        _write(options.write, findings, options)
    return 0 if all(f.met is not False or f.why for f in findings) else 1


def study(comparisons: int, seed: int) -> Iterator[Finding]:
    """Yield every finding."""
    yield from machines.study(comparisons // 2, seed=seed)
    yield from cells.observed(comparisons // 2, seed=seed + 1)
    yield from cells.ratios(comparisons, seed=seed + 2)
    yield from measures.through_the_loops(comparisons // 2, seed=seed + 3)
    yield from measures.percentile_bounds(comparisons // 2, seed=seed + 4)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default, words in (
        (
            "--comparisons",
            LEAST,
            f"simulated comparisons behind a ratio; half as many behind the rest ({LEAST})",
        ),
        ("--seed", SEED, "another one gives another draw"),
    ):
        parser.add_argument(name, type=int, default=default, metavar="N", help=words)
    parser.add_argument("--write", type=Path, metavar="FILE", help="keep the findings as JSON")
    return parser.parse_args()


def _print(findings: list[Finding]) -> None:
    console = Console(width=max(120, Console().width))
    for question in dict.fromkeys(f.question for f in findings):
        table = Table("conditions", "measured", "goal", "met", "n", title=question, width=118)
        for f in findings:
            if f.question == question:
                table.add_row(f.conditions, f"{f.measured:.1%}", _goal(f), _met(f), f"{f.n:,}")
        console.print(table)
    for why in dict.fromkeys(f.why for f in findings if f.why):
        console.print(why)


def _goal(finding: Finding) -> str:
    if finding.goal is None:
        return "–"
    return f"{'≥' if finding.at_least else '≤'} {finding.goal:.1%}"


def _met(finding: Finding) -> str:
    return {True: "yes", False: "no", None: "–"}[finding.met]


def _write(path: Path, findings: list[Finding], options: argparse.Namespace) -> None:
    command = "python tests/benchmarks/statistics_simulation.py"
    for name, default in (("comparisons", LEAST), ("seed", SEED)):
        value = getattr(options, name)
        command += "" if value == default else f" --{name} {value}"
    made = StatisticsStudy(
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        ovreport=ovreport.__version__,
        command=command,
        seed=options.seed,
        findings=findings,
    )
    path.write_bytes(msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n")


def _say(text: str) -> None:
    if sys.stderr.isatty():
        print(text, end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
