"""Is any model refused that OpenVINO's `benchmark_app` runs? Both, over a zoo of small models.

    python tests/benchmarks/accepts_what_benchmark_app_accepts.py
    python tests/benchmarks/accepts_what_benchmark_app_accepts.py --model hits nan --json

Each model of `tests/collector/zoo.py` is given to `benchmark_app`, in a process of its own, and
all of them to one `ovreport collect`, which measures as little as it can. Exit code 0: ours
measures all that `benchmark_app` runs, or records in plain words that it is unsupported (text); 1:
it does not.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from ovreport.errors import one_line
from ovreport.record import Completed, Record
from ovreport.store import read, record_files
from tests.collector.commands import ALL, skip
from tests.collector.zoo import ZOO, Odd

LIMIT_S = 120.0
"""Of one benchmark_app."""
BENCHMARK_APP = "import sys; from openvino.tools.benchmark.main import main; sys.exit(main())"
OURS = "import sys; from ovreport.cli import run; sys.exit(run(sys.argv[1:]))"
SHORT = ("--rounds", "3", "--time", "0.05", "--precision", "f32", "--device", "CPU")
RUNS = "runs"
MISSING = "no record"


@dataclass(frozen=True)
class Row:
    """What came of a model on both sides: `runs`, or why not."""

    model: str
    what: str
    benchmark_app: str
    ours: str

    @property
    def is_unsupported(self) -> bool:
        """Whether benchmark_app runs it, and ours says in plain words that it does not."""
        return self.benchmark_app == RUNS and self.ours.startswith("unsupported")

    @property
    def is_worse(self) -> bool:
        """Whether ours fails at what benchmark_app runs, or says nothing of it."""
        fails = self.benchmark_app == RUNS and self.ours != RUNS
        return self.ours == MISSING or (fails and not self.is_unsupported)


def main() -> int:
    """Compare both, print a table or JSON, and return the exit code."""
    models, as_json = _arguments()
    with tempfile.TemporaryDirectory(prefix="ovreport-") as folder:
        files = {one.id: one.make(Path(folder, one.file)) for one in models}
        theirs = {one.id: benchmark_app(one, files[one.id]) for one in models}
        ours = collect(models, list(files.values()), Path(folder, "out"))
    rows = [Row(one.id, one.what, theirs[one.id], ours.get(one.id, MISSING)) for one in models]
    if as_json:
        print(msgspec.json.encode(rows).decode())
    else:
        _show(rows)
    return 1 if any(row.is_worse for row in rows) else 0


def benchmark_app(one: Odd, file: Path) -> str:
    """Return `runs`, or what benchmark_app says."""
    command = [sys.executable, "-c", BENCHMARK_APP, "-m", str(file), "-d", "CPU"]
    command += ["-hint", "latency", "-niter", "4"]
    if one.shapes:
        shapes = [f"{name}[{','.join(map(str, shape))}]" for name, shape in one.shapes.items()]
        command += ["-shape", ",".join(shapes)]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no result after {LIMIT_S:.0f} s"
    output = done.stdout + done.stderr
    if done.returncode == 0 and "Throughput:" in output:
        return RUNS
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if "ERROR" in line or "Error" in line]
    return one_line(errors[-1] if errors else f"exit code {done.returncode}", 120)


def collect(models: Sequence[Odd], files: Sequence[Path], out: Path) -> dict[str, str]:
    """Return what each model's record says, after one collect of all of them."""
    shapes = [
        word
        for one in models
        for name, shape in one.shapes.items()
        for word in ("--shape", f"{name}={','.join(map(str, shape))}")
    ]
    command = [sys.executable, "-c", OURS, "collect", *map(str, files), *shapes, *SHORT]
    command += ["--out", str(out), *skip(ALL)]
    state = {"OVREPORT_STATE": str(out.parent / "state")}
    done = subprocess.run(
        command, env=os.environ | state, text=True, capture_output=True, check=False
    )
    if done.returncode not in {0, 1}:
        raise SystemExit(f"collect was refused:\n{done.stderr}")
    return {record.case.model: _outcome(record) for record in map(read, record_files(out))}


def _outcome(record: Record) -> str:
    if isinstance(record.outcome, Completed):
        return RUNS
    return one_line(f"{type(record.outcome).__name__.lower()}: {record.outcome.reason}", 120)


def _show(rows: Sequence[Row]) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("model", "what", "benchmark_app", "ovreport"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(row.model, row.what, row.benchmark_app, row.ours)
    console = Console(markup=False, width=160)
    console.print(table)
    counts = [sum(side == RUNS for side in sides) for sides in _columns(rows)]
    console.print(
        f"\nOf {len(rows)} models benchmark_app runs {counts[0]}, ovreport measures {counts[1]}."
    )
    unsupported = [row.model for row in rows if row.is_unsupported]
    worse = [row.model for row in rows if row.is_worse]
    for what, names in (("calls unsupported", unsupported), ("fails at", worse)):
        if names:
            console.print(f"benchmark_app runs, and ovreport {what}: {', '.join(names)}.")


def _columns(rows: Sequence[Row]) -> tuple[list[str], list[str]]:
    return [row.benchmark_app for row in rows], [row.ours for row in rows]


def _arguments() -> tuple[list[Odd], bool]:
    parser = argparse.ArgumentParser(description="Compare what ovreport and benchmark_app run.")
    parser.add_argument("--model", nargs="+", metavar="ID", help="only these models of the zoo")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    chosen = [one for one in ZOO if not given.model or one.id in given.model]
    if not chosen:
        parser.error(f"the models are {', '.join(one.id for one in ZOO)}")
    return chosen, given.json


if __name__ == "__main__":
    sys.exit(main())
