"""Rounds for `calibration_study`: measured on the spot, or taken from records.

Kept in one JSON file, so that they can be studied again.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from rich.console import Console

from ovreport.record import (
    Calibration,
    CalibrationRound,
    Latency,
    Precision,
    Record,
    Throughput,
    Tier,
)
from ovreport.store import read_all
from ovreport_collector import calibration, child, sources, suite
from ovreport_collector.calibrator import Timed
from ovreport_collector.jobs import Driver, JobFailed, PilotJob, PilotResult, RoundJob, RoundResult
from ovreport_collector.jobs import Target as JobTarget
from ovreport_collector.prepare import Ready, make_ready
from ovreport_collector.workplace import one_at_a_time

SEED = 20
LIMIT_S = 120.0
BURNER = "while True: pass"
"""Foreign load: one process that keeps one core busy."""


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """One round of one case, with the fixed computations around it."""

    session: str
    """Rounds of one session ran alternately; others are never compared with them."""
    device: str
    model: str
    precision: str
    round: int
    loaded: bool
    """Whether a burner ran beside it."""
    latency_ms: float
    throughput_ips: float
    calibration: CalibrationRound


@dataclass(frozen=True)
class Wanted:
    """What to measure."""

    models: Sequence[str]
    precisions: Sequence[Precision]
    device: str
    rounds: int
    seconds: float
    """Of one timed loop."""
    minutes: float
    """No further turn of all cases begins after so long."""
    load: bool
    """Burn a core in every third round."""


def collect(wanted: Wanted, console: Console) -> list[Round]:
    """Measure rounds of all cases in turn, each in a fresh process as `ovreport collect` does."""
    loaded = suite.load("standard")
    models = [loaded.model(name) for name in wanted.models]
    end = time.monotonic() + 60 * wanted.minutes
    found: list[Round] = []
    with (
        one_at_a_time(console),
        tempfile.TemporaryDirectory(prefix="ovreport-") as work,
        calibration.Calibrator({}) as calibrate,
    ):
        prepared = sources.prepare(loaded, models, started=lambda f: console.print(f.name))
        ready = [make_ready(m, prepared[m.id], Path(work), seed=SEED) for m in models]
        cases = [
            _Case(_sound(one), p, wanted, Path(work)) for one in ready for p in wanted.precisions
        ]
        for index in range(wanted.rounds):
            if time.monotonic() > end:
                console.print(f"time is up after {index} rounds")
                break
            is_loaded = wanted.load and index % 3 == 2
            with burning() if is_loaded else contextlib.nullcontext():
                for case in cases if index % 2 == 0 else reversed(cases):
                    found += case.measure(index, calibrate, loaded=is_loaded)
            left = (end - time.monotonic()) / 60
            console.print(f"round {index + 1}/{wanted.rounds}, time left {left:.1f} min")
    return found


def read(path: Path) -> list[Round]:
    """Return the rounds of a file that this module wrote, or of a folder of records."""
    if path.is_file():
        return msgspec.json.decode(path.read_bytes(), type=list[Round])
    return [one for record in read_all([path]).records for one in _of_record(record)]


@contextlib.contextmanager
def burning() -> Iterator[None]:
    """Keep one core busy with a process of its own."""
    with subprocess.Popen([sys.executable, "-c", BURNER]) as burner:
        try:
            yield
        finally:
            burner.kill()


class _Case:
    def __init__(self, ready: Ready, precision: Precision, wanted: Wanted, work: Path) -> None:
        self._ready, self._wanted, self._work = ready, wanted, work
        self._target = JobTarget(
            engine="openvino", model=str(ready.file), shapes=ready.model.shapes,
            device=wanted.device, precision=precision,
        )  # fmt: skip
        pilot = PilotJob(target=self._target, inputs=str(ready.samples))
        result = child.run(pilot, work, limit_s=LIMIT_S)
        self._driver: Driver = result.driver if isinstance(result, PilotResult) else "threads"

    def measure(
        self, index: int, calibrate: calibration.Calibrate, *, loaded: bool
    ) -> Iterator[Round]:
        """Yield the round of that index, if it can be measured."""
        seconds = self._wanted.seconds
        tier = Tier(
            name="quick", min_seconds=seconds, min_inferences=16, max_seconds=8 * seconds,
            rounds=1, max_rounds=1,
        )  # fmt: skip
        job = RoundJob(
            target=self._target, round=index, tier=tier, inputs=str(self._ready.samples),
            seed=SEED, driver=self._driver,
        )  # fmt: skip
        before = calibrate(self._target.device)
        result = child.run(job, self._work, limit_s=LIMIT_S)
        after = calibrate(self._target.device)
        if not (isinstance(before, Timed) and isinstance(after, Timed)):
            return
        if not isinstance(result, RoundResult) or not (result.latency and result.throughput):
            return
        around = calibration.around(index, before, after)
        assert isinstance(around, Calibration)
        yield Round(
            session="collected", device=self._target.device, model=self._ready.model.id,
            precision=self._target.precision, round=index, loaded=loaded,
            latency_ms=result.latency.median_ms,
            throughput_ips=result.throughput.n / result.throughput.duration_s,
            calibration=around.rounds[0],
        )  # fmt: skip


def _sound(ready: Ready | JobFailed) -> Ready:
    if isinstance(ready, JobFailed):
        raise SystemExit(f"Error: {ready.reason}")
    return ready


def _of_record(record: Record) -> Iterator[Round]:
    latency, throughput, around = record.latency, record.throughput, record.calibration
    if not (
        isinstance(latency, Latency)
        and isinstance(throughput, Throughput)
        and isinstance(around, Calibration)
    ):
        return
    times = {r.round: r for r in latency.rounds}
    rates = {r.round: r for r in throughput.rounds}
    for one in around.rounds:
        if one.round in times and one.round in rates:
            rate = rates[one.round]
            yield Round(
                session=f"{record.machine.id} {record.measured_at[:10]}",
                device=record.case.device, model=record.model.id,
                precision=record.case.precision, round=one.round, loaded=False,
                latency_ms=times[one.round].median_ms, throughput_ips=rate.n / rate.duration_s,
                calibration=one,
            )  # fmt: skip
