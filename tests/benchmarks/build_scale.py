"""How a build grows with the number of records: processor time, memory, and the site's size.

    python tests/benchmarks/build_scale.py                      1,000, 10,000 and 100,000 records
    python tests/benchmarks/build_scale.py 1000 10000 --keep /tmp/scale

The records are made after those of this repository: machines × models × precisions, measured again
on many days with several releases, times shifted by whole buckets of the histograms. Every size is
built three times, each in a process of its own: with empty caches, with full ones, and with full
ones after one more record was measured. Python's own cache of compiled modules is full, as it is
once a package was installed. Exit code 1 where a goal is missed.
"""

from __future__ import annotations

import argparse
import datetime
import itertools
import json
import math
import os
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec

from ovreport import paths, store
from ovreport.record import Completed, Record

ROOT = Path(__file__).resolve().parents[2]
RELEASES = ("2026.1.0-20101-a1", "2026.2.0-20502-b2", "2026.3.0-20803-c3", "2026.4.0-21104-d4")
_FIRST_DAY = datetime.datetime(2026, 1, 5, 2, tzinfo=datetime.UTC)
_MIB = 1024**2
_MEDIANS = ("median_ms", "runtime_median_ms", "first_third_median_ms", "last_third_median_ms")
_TIMES = frozenset({*_MEDIANS, "mean_ms", "min_ms", "max_ms", "duration_s", "cpu_s"})
_RATES = frozenset({"first_third_ips", "last_third_ips"})


# ---------------------------------------------------------------- the records


@dataclass(frozen=True)
class Shape:
    """How many of each there are; their product is the number of records."""

    machines: int
    models: int
    days: int
    precisions: int = 2

    @classmethod
    def of(cls, records: int) -> Shape:
        """Return the shape of a pile of so many records: the larger, the longer it was grown."""
        days = 20 if records > 50_000 else 5 if records > 5_000 else 2 if records > 500 else 1
        models = 25 if records >= 50 else 1
        return cls(math.ceil(records / (models * cls.precisions * days)), models, days)


Pattern = Mapping[str, dict[str, Any]]
"""Documents of one model by the requested precision."""


def patterns() -> list[Pattern]:
    """Return documents of records that ran, of each model that has both precisions of fp32."""
    found: dict[str, dict[str, Record]] = {}
    for path in sorted((ROOT / "site" / "records").rglob("*.json")):
        record = store.read(path)
        case = record.case
        is_plain = (case.engine, case.variant, case.device) == ("openvino", "fp32", "CPU")
        if is_plain and isinstance(record.outcome, Completed):
            found.setdefault(case.model, {})[case.precision] = record
    return [
        {name: msgspec.json.decode(store.encode(record)) for name, record in one.items()}
        for one in found.values()
        if {"f32", "default"} <= one.keys()
    ]


def documents(shape: Shape, *, first_day: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the documents of records, day by day."""
    made = patterns()
    for day, machine in itertools.product(range(first_day, shape.days), range(shape.machines)):
        for number in range(shape.models * shape.precisions):
            model, precision = divmod(number, shape.precisions)
            yield document(made, day, machine, model, ("f32", "default")[precision], number)


def document(
    made: Sequence[Pattern], day: int, machine: int, model: int, precision: str, second: int
) -> dict[str, Any]:
    """Return a document like one of the patterns, of another machine, model, day and speed."""
    pattern = made[model % len(made)][precision]
    noise = random.Random(f"{day} {machine} {model} {precision}").choice((-1, 0, 0, 1))
    copy = f"-{model // len(made)}" if model >= len(made) else ""
    name = pattern["case"]["model"] + copy
    host = f"machine-{machine:03}"
    at = _FIRST_DAY + datetime.timedelta(days=day, minutes=machine, seconds=second)
    release = RELEASES[day // 5 % len(RELEASES)]
    slower = 12 * (machine % 7) + noise + (0 if precision == "f32" else -30)
    return {
        **pattern,
        "measured_at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "case": {**pattern["case"], "model": name, "precision": precision, "variant": "fp32"},
        "machine": {**pattern["machine"], "id": host, "cpu": f"Example CPU {machine} @ 2.50GHz"},
        "device": {**pattern["device"], "full_name": f"Example CPU {machine} @ 2.50GHz"},
        "model": {**pattern["model"], "id": name, "title": pattern["model"]["title"] + copy},
        "noise": _noise(pattern, at),
        "repeat": {**pattern["repeat"], "ovreport": _repeat(pattern, name, precision)},
        "software": {**pattern["software"], "openvino": release},
        "latency": _slower(pattern["latency"], slower),
        "throughput": _slower(pattern["throughput"], slower),
    }


def _repeat(pattern: dict[str, Any], model: str, precision: str) -> str:
    case, command = pattern["case"], f"{pattern['repeat']['ovreport']} "
    command = command.replace(f"--model {case['model']} ", f"--model {model} ")
    return command.replace(f"--precision {case['precision']} ", f"--precision {precision} ").strip()


def _noise(pattern: dict[str, Any], at: datetime.datetime) -> list[dict[str, Any]]:
    """Return the noise of each process, begun after the record's time as in the pattern."""
    begun = datetime.datetime.fromisoformat(pattern["measured_at"])

    def moved(text: str) -> str:
        moment = at + (datetime.datetime.fromisoformat(text) - begun)
        return f"{moment:%Y-%m-%dT%H:%M:%SZ}"

    return [{**one, "started_at": moved(one["started_at"])} for one in pattern["noise"]]


def _slower(measured: dict[str, Any], buckets: int) -> dict[str, Any]:
    """Return a timed loop that took longer by a number of buckets of its histograms."""
    if measured["status"] != "measured":
        return measured
    return {**measured, "rounds": [_slower_round(r, buckets) for r in measured["rounds"]]}


def _slower_round(timed: dict[str, Any], buckets: int) -> dict[str, Any]:
    histogram = timed["histogram"]
    by = histogram["growth"] ** buckets
    changed = {key: value * by for key, value in timed.items() if key in _TIMES}
    changed |= {key: value / by for key, value in timed.items() if key in _RATES}
    shifted = [[index + buckets, count] for index, count in histogram["buckets"]]
    return {**timed, **changed, "histogram": {**histogram, "buckets": shifted}}


def write(made: Iterator[dict[str, Any]], folder: Path) -> None:
    """Write documents as records, each under the name that its content gives."""
    for one in made:
        record = msgspec.convert(one, Record, strict=True)
        data = store.encode(record)
        path = folder / record.machine.id / store.file_name(record, data)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


# ---------------------------------------------------------------- the builds


@dataclass(frozen=True)
class Row:
    """What the builds of one size took, and what came out."""

    records: int
    cold_s: float
    """Processor time with empty caches, user and system."""
    warm_s: float
    one_more_s: float
    """After one record was added."""
    peak_mib: float
    """The largest of the three builds."""
    site_mb: float
    pages: int
    biggest_kb: float
    """Of the pages."""
    cache_mb: float


_BUILD = """
import sys
from pathlib import Path
from ovreport.cli import run
code = run(["build", *sys.argv[1:]])
text = Path("/proc/self/status").read_text()
print(next(line.split()[1] for line in text.splitlines() if line.startswith("VmHWM")))
sys.exit(code)
"""


def measure(folder: Path, records: int) -> Row:
    """Return what building so many records takes."""
    shape = Shape.of(records)
    site = folder / f"site-{records}"
    # In a process of its own: what it needs would count as the peak of the builds.
    subprocess.run([sys.executable, __file__, "--make", str(records), str(site)], check=True)
    cache, out = folder / f"cache-{records}", folder / f"out-{records}"
    _run("import ovreport_sitegen.build, ovreport_sitegen.charts.plane_spec", [], cache)
    cold, warm = (_build(site, cache, out) for _ in range(2))
    write(itertools.islice(documents(_longer(shape), first_day=shape.days), 1), site / "records")
    one_more = _build(site, cache, out)
    pages = [path.stat().st_size for path in out.rglob("*.html")]
    return Row(
        records=sum(1 for _ in (site / "records").rglob("*.json")) - 1,
        cold_s=cold[0],
        warm_s=warm[0],
        one_more_s=one_more[0],
        peak_mib=max(cold[1], warm[1], one_more[1]),
        site_mb=_bytes(out) / 1e6,
        pages=len(pages),
        biggest_kb=max(pages) / 1e3,
        cache_mb=_bytes(cache) / 1e6,
    )


def _longer(shape: Shape) -> Shape:
    return Shape(shape.machines, shape.models, shape.days + 1, shape.precisions)


def _build(site: Path, cache: Path, out: Path) -> tuple[float, float]:
    """Return the processor time in seconds and the peak memory in MiB of a build."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    printed = _run(_BUILD, ["--site", str(site), "--out", str(out)], cache)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, int(printed.split()[-1]) * 1024 / _MIB


def _run(code: str, arguments: Sequence[str], cache: Path) -> str:
    """Run Python with caches of its own beside those of the builds, and return what it prints."""
    compiled = {"PYTHONPYCACHEPREFIX": str(cache.with_name("compiled"))}
    env = {**os.environ, **compiled, paths.CACHE: str(cache)}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


# ---------------------------------------------------------------- the table

GOALS = {1_000: (3.0, 500.0), 10_000: (20.0, 1_000.0), 100_000: (120.0, 1_500.0)}
"""Records → seconds of processor time with empty caches, and peak memory in MiB."""
ONE_MORE_S = 3.0
"""For one more record at 10,000."""
SITE_MB = 150.0
"""Of 10,000 records."""


def missed(row: Row) -> list[str]:
    """Return the goals that a size misses, a line each."""
    seconds, mib = GOALS.get(row.records, (math.inf, math.inf))
    found = []
    if row.cold_s > seconds:
        found.append(f"{row.records:,} records: {row.cold_s:.1f} s, goal {seconds:g} s")
    if row.peak_mib > mib:
        found.append(f"{row.records:,} records: {row.peak_mib:,.0f} MiB, goal {mib:,} MiB")
    if row.records == 10_000 and row.one_more_s > ONE_MORE_S:
        found.append(f"one more record: {row.one_more_s:.1f} s, goal {ONE_MORE_S:g} s")
    if row.records == 10_000 and row.site_mb > SITE_MB:
        found.append(f"site of 10,000 records: {row.site_mb:.0f} MB, goal {SITE_MB:g} MB")
    return found


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a table in Markdown."""
    lines = [
        "| records | CPU s cold | warm | one more | peak MiB | site MB | pages | biggest page kB "
        "| caches MB |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {r.records:,} | {r.cold_s:.1f} | {r.warm_s:.1f} | {r.one_more_s:.1f} "
        f"| {r.peak_mib:,.0f} | {r.site_mb:.1f} | {r.pages:,} | {r.biggest_kb:,.0f} "
        f"| {r.cache_mb:.1f} |"
        for r in rows
    ]
    return "\n".join(lines)


def main() -> int:
    """Build every size, print the table, and return whether a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("records", type=int, nargs="*", default=list(GOALS))
    parser.add_argument("--keep", type=Path, help="Folder for records, caches and sites; is kept.")
    parser.add_argument("--json", action="store_true", help="Print the rows as JSON.")
    parser.add_argument("--make", nargs=2, metavar=("RECORDS", "SITE"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.make:
        records = int(asked.make[0])
        made = itertools.islice(documents(Shape.of(records)), records)
        write(made, Path(asked.make[1]) / "records")
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.keep or Path(temporary)
        rows = [measure(folder, records) for records in asked.records]
    print(json.dumps([asdict(row) for row in rows], indent=1) if asked.json else table(rows))
    wrong = [fault for row in rows for fault in missed(row)]
    print(*wrong, sep="\n", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
