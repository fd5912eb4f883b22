"""Does a collect say the same twice? Several runs of one command, compared case by case.

    python tests/benchmarks/repeatability.py 3
    python tests/benchmarks/repeatability.py 3 --out runs -- --suite standard --tier standard
    python tests/benchmarks/repeatability.py --records runs/1 runs/2 runs/3

The first two collect so many times, each time all anew; the third compares what was collected
before, records of older formats too. README.md beside this file says what the columns mean. Exit
code 0: every goal is met; 1: one is not, and a line says which; 2: bad input.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ovreport.errors import InputError, OvreportError
from ovreport.metrics import METRICS

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a script, it sees only its own folder
from tests.benchmarks.agreement import (
    GOALS,
    UNDISTURBED,
    Estimate,
    Run,
    Summary,
    by_case,
    names_of,
    run_of,
    summaries,
    unmet,
)

# ---------------------------------------------------------------- printing


def cases_table(runs: Sequence[Run]) -> Table:
    """Return every quantity of every case: what each run says, and how far they lie apart."""
    table = Table(box=None, pad_edge=False)
    table.add_column("quantity")
    table.add_column("case")
    for index in range(len(runs)):
        table.add_column(f"run {index + 1}", justify="right", no_wrap=True)
    table.add_column("apart", justify="right")
    for name in names_of(runs):
        for case, of in by_case(runs, name).items():
            values = [one.value for one in of.values()]
            said = (_words(name, of.get(index)) for index in range(len(runs)))
            table.add_row(name, case, *said, f"{math.log(max(values) / min(values)):.1%}")
    return table


def _words(name: str, one: Estimate | None) -> str:
    """Return a value with its half-width; ≈ unreliable, ~ noisy, o observed only."""
    if one is None:
        return "–"
    mark = {"unreliable": "≈", "noisy": "~"}.get(one.level, "")
    shown = METRICS[name].format(one.value) if name in METRICS else f"{one.value:.3f}"
    return f"{mark}{shown} ±{one.half_width:.1%}{' o' if one.kind == 'observed' else ''}"


def summary_table(found: Sequence[Summary]) -> Table:
    """Return a line a quantity."""
    table = Table(box=None, pad_edge=False)
    headings = ("cases", "median", "95 %", "agree", "stable/noisy/unrel.", UNDISTURBED, "% × √s")
    table.add_column("quantity")
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    for one in found:
        levels = "/".join(str(one.levels[level]) for level in ("stable", "noisy", "unreliable"))
        table.add_row(
            one.quantity,
            str(one.cases),
            f"{one.median:.1%}",
            f"{one.p95:.1%}",
            f"{one.agree:.0%}",
            levels if one.levels else "",
            "" if one.undisturbed is None else f"{one.undisturbed:.0%}",
            f"{one.second_buys * 100:.1f}",
        )
    return table


def show(runs: Sequence[Run], console: Console) -> int:
    """Print the comparison, and return the exit code."""
    found = summaries(runs)
    console.print(cases_table(runs))
    console.print()
    console.print(summary_table(found))
    console.print()
    for index, run in enumerate(runs):
        share = run.measuring_s / run.wall_s if run.wall_s else 0.0
        console.print(
            f"run {index + 1}: {run.wall_s:.0f} s, {share:.0%} of it measuring; cases: {run.cases}"
        )
    console.print(f"Goals: {GOALS}")
    missed = list(unmet(found))
    for line in missed:
        console.print(f"not met: {line}")
    if not missed:
        console.print("Every goal is met.")
    return 1 if missed else 0


# ---------------------------------------------------------------- collecting


def collect(folder: Path, options: Sequence[str]) -> Run:
    """Run one collect, all anew, into a folder; InputError if it could not measure."""
    main = "from ovreport.cli import main; main()"
    command = [sys.executable, "-c", main, "collect", "--json", "--fresh", "--out", str(folder)]
    begun = time.monotonic()
    done = subprocess.run([*command, *options], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in {0, 1}:  # 1: some cases failed
        raise InputError(f"`ovreport collect` ended with {done.returncode}", where=str(folder))
    print(f"{folder}: {time.monotonic() - begun:.0f} s, downloads included", file=sys.stderr)
    run, whole = run_of(folder), json.loads(done.stdout)["measuring_time"]
    # The records' times leave out what all cases share.
    return replace(run, wall_s=whole["wall_s"], measuring_s=whole["measuring_s"])


def main() -> int:
    """Collect if asked to, compare, print, and return the exit code."""
    given = _arguments()
    try:
        if given.records:
            runs = [run_of(Path(name)) for name in given.records]
        else:
            out = Path(given.out or tempfile.mkdtemp(prefix="ovreport-repeatability-"))
            folders = [out / str(index + 1) for index in range(given.times)]
            if taken := [str(folder) for folder in folders if folder.exists()]:
                raise InputError("is there already", where=taken[0], remedy="Use another --out.")
            runs = [collect(folder, given.options) for folder in folders]
    except OvreportError as error:
        print(f"Error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return show(runs, Console(width=160, soft_wrap=True, highlight=False, markup=False))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare several runs of one collect.")
    parser.add_argument("times", nargs="?", type=int, default=0, help="how often to collect")
    parser.add_argument("--records", nargs="+", default=[], help="compare these folders instead")
    parser.add_argument("--out", help="folder for a folder a run; default: a temporary one")
    own, options = sys.argv[1:], []
    if "--" in own:
        at = own.index("--")
        own, options = own[:at], own[at + 1 :]
    given = parser.parse_args(own)
    given.options = options
    if bool(given.records) == bool(given.times) or len(given.records) == 1 or given.times == 1:
        parser.error("give how often to collect, at least 2, or --records and at least two folders")
    return given


if __name__ == "__main__":
    sys.exit(main())
