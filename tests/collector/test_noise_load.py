"""A real collect on a quiet machine and on a loaded one: the verdict turns, the ratio stays."""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ovreport import paths, store
from ovreport.metrics.evidence import FOREIGN_CPU_SHARE
from ovreport.record import Record
from ovreport.stats.intervals import Interval, ratio_interval
from ovreport_collector.machine import noise
from tests.collector import commands, models
from tests.collector.conftest import model_table
from tests.collector.suite_fixtures import document, write_suite

BUSY = "import time; end = time.monotonic() + 300\nwhile time.monotonic() < end: pass"
"""Ends by itself, should the test be killed."""
COLLECT = """
import sys, msgspec
from ovreport import cli
from ovreport_collector.plan import tiers
tiers.TIERS["quick"] = msgspec.structs.replace(
    tiers.TIERS["quick"], min_seconds=0.25, min_inferences=16, max_seconds=3, is_custom=True)
sys.exit(cli.run(sys.argv[1:]))
"""
TOO_BUSY = 0.2
"""Foreign share at which a load of the test's own could not be told from what was there."""


@contextlib.contextmanager
def load() -> Iterator[None]:
    """Keep half of the processors busy: for a collect that runs beside us, foreign programs."""
    busy = [
        subprocess.Popen([sys.executable, "-c", BUSY])
        for _ in range(max(1, (os.cpu_count() or 1) // 2))
    ]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def collect(root: Path, out: Path) -> dict[str, Record]:
    """Run a collect of two networks, of which one is twice as deep; return model → record."""
    tables = [
        model_table(name, f"{name}.xml", shapes={"x": [models.ROWS, models.WIDTH]})
        for name in ("shallow", "deep")
    ]
    suite = write_suite(root / "my.toml", document(models=tables))
    options = ("--device", "CPU", "--precision", "f32")
    command = commands.collect(suite, out, *options, without=commands.ALL)
    subprocess.run(
        [sys.executable, "-c", COLLECT, *command],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, paths.STATE: str(root)},
    )
    return {record.case.model: record for record in store.read_all([out]).records}


def foreign_share(record: Record) -> float:
    """Return what other programs took, in the middle of the rounds."""
    return statistics.median(r.readings["foreign_cpu_share"] for r in record.noise)


def codes(record: Record) -> set[str]:
    """Return the reason codes of a record's latency."""
    return {reason.code for reason in record.verdicts["latency"].reasons}


def ratio(records: dict[str, Record]) -> Interval:
    """Return how much longer the deep network takes, paired by round."""
    deep, shallow = (
        [r.median_ms for r in records[name].latency.rounds] for name in ("deep", "shallow")
    )
    return ratio_interval(deep, shallow)


def overlap(a: Interval, b: Interval) -> bool:
    """Return whether some ratio is in both intervals."""
    return a.low <= b.high and b.low <= a.high


def foreign_now() -> float:
    """Return what other programs take now."""
    before = noise.snapshot()
    time.sleep(1)
    return noise.readings(before, noise.snapshot())["foreign_cpu_share"]


@pytest.mark.slow
@pytest.mark.alone
def test_a_load_turns_the_verdict_and_leaves_the_ratio(tmp_path: Path) -> None:
    """Absolute times are called noisy or worse; interleaved cases were slowed alike."""
    if (busy := foreign_now()) > TOO_BUSY:
        pytest.skip(f"other programs take {busy:.0%} of this machine")
    models.save(models.chain(6), tmp_path / "shallow.xml")
    models.save(models.chain(12), tmp_path / "deep.xml")
    calm = collect(tmp_path, tmp_path / "calm")
    with load():
        loaded = collect(tmp_path, tmp_path / "loaded")
    for name, record in loaded.items():
        verdict = record.verdicts["latency"]
        assert verdict.level != "stable"
        reason = next(r for r in verdict.reasons if r.code == "foreign-load")
        n = len(record.noise)
        assert f"{n} of {n}" in reason.detail
        assert foreign_share(record) > foreign_share(calm[name]) + 0.1
        if max(r.readings["foreign_cpu_share"] for r in calm[name].noise) <= FOREIGN_CPU_SHARE:
            assert "foreign-load" not in codes(calm[name])
    before, after = ratio(calm), ratio(loaded)
    if not overlap(before, after):
        # Two 95 % intervals of the same ratio miss each other now and then: a second pair decides.
        before = ratio(collect(tmp_path, tmp_path / "calm again"))
        with load():
            after = ratio(collect(tmp_path, tmp_path / "loaded again"))
    assert overlap(before, after)
    # Twice the work takes about twice as long, whatever runs beside it.
    assert 1.3 < before.value < 3
    assert 1.3 < after.value < 3
