"""Real collects in processes of their own, to be killed: forked from a server that is ready."""

from __future__ import annotations

import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import msgspec
import psutil

from ovreport import paths, store
from ovreport_collector.measurements.results import LatencyVisit, ThroughputVisit
from ovreport_collector.session.steps import OutputsDone, Step, StepDone, Written
from tests.collector import commands, models
from tests.collector.conftest import TINY, model_table
from tests.collector.suite_fixtures import document, write_suite

PROCESSES, ROUNDS = 2, 4
CASES = ["CPU", "SIMCPU"]
TWO_DEVICES = ("--device", "CPU", "--device", "SIMCPU", "--plugin", f"SIMCPU={models.CPU_PLUGIN}")
TWO_ARMS = ("--device", "CPU", "--arm", "one:NUM_STREAMS=1")
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.collector.killing", "ovreport_collector.session.collect"])


def collect(environment: dict[str, str], arguments: list[str], log: str) -> None:
    """Be an `ovreport collect` with a tier of tiny rounds; in a process of its own."""
    from ovreport import cli
    from ovreport_collector.plan import tiers

    os.setsid()
    os.environ |= environment
    tempfile.tempdir = None
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    tiers.TIERS["quick"] = msgspec.structs.replace(
        TINY, processes=PROCESSES, max_processes=PROCESSES, rounds_per_process=ROUNDS // PROCESSES
    )
    sys.argv[1:] = arguments
    cli.main()


class Place:
    """A folder with a suite of one tiny network, and everything that its collects keep."""

    def __init__(
        self,
        root: Path,
        *,
        skip: Sequence[str] = commands.ALL,
        measured: Sequence[str] = TWO_DEVICES,
    ) -> None:
        """Make it; `measured` are the options that choose its cases."""
        self.root, self.out, self.skip, self.measured = root, root / "records", skip, measured
        self.temporary, self.log = root / "tmp", root / "log"
        self.temporary.mkdir(parents=True)
        self.journal_folder = root / "state" / "runs"
        models.save(models.classifier(), root / "good.xml")
        self.suite = write_suite(
            root / "my.toml", document(models=[model_table("good", "good.xml")])
        )

    def start(self, seed: int = 1, out: Path | None = None, **folder: Path) -> ForkServerProcess:
        """Start a collect of two cases; `state` and `temporary` may be other folders."""
        environment = {
            paths.STATE: str(folder.get("state", self.root / "state")),
            paths.CACHE: str(self.root / "cache"),
            "TMPDIR": str(folder.get("temporary", self.temporary)),
        }
        arguments = commands.collect(
            self.suite,
            out or self.out,
            *("--precision", "f32", *self.measured, "--seed", str(seed)),
            without=self.skip,
        )
        process = _context.Process(target=collect, args=(environment, arguments, str(self.log)))
        process.start()
        return process

    @property
    def said(self) -> str:
        """What all collects printed."""
        return self.log.read_text() if self.log.exists() else ""

    @property
    def steps(self) -> list[Step]:
        """Whole lines of the journal, of which there is at most one."""
        return [step for _, step in self.lines]

    @property
    def lines(self) -> list[tuple[bytes, Step]]:
        """Whole lines of the journal, as they are and as they read."""
        data = b"".join(path.read_bytes() for path in self.journals)
        return [(line, msgspec.json.decode(line, type=Step)) for line in data.split(b"\n")[:-1]]

    @property
    def journals(self) -> list[Path]:
        """Files of stopped runs."""
        return sorted(self.journal_folder.glob("*"))

    @property
    def files(self) -> int:
        """How many files there are among the records, half-written ones too."""
        return sum(len(files) for _, _, files in os.walk(self.out))

    @property
    def rounds(self) -> dict[tuple[str, str, int], bytes]:
        """Case, kind and number of every finished round → its line."""
        return {
            (s.case, s.name, s.result.round): line
            for line, s in self.lines
            if isinstance(s, StepDone) and isinstance(s.result, LatencyVisit | ThroughputVisit)
        }

    def finish(self, seed: int = 1) -> int | None:
        """Run the same command to its end; return its exit code."""
        process = self.start(seed)
        process.join(120)
        return process.exitcode


@dataclass
class Killer:
    """Kills collects of one place at random moments, and watches what they leave."""

    place: Place
    random: random.Random
    hit: list[str] = field(default_factory=list)
    """Where in its run each killed collect was."""
    orphans: list[psutil.Process] = field(default_factory=list)
    """What killed collects had started."""

    def kill_one(self, seed: int) -> bool:
        """Start the collect, kill it at some moment; False if it had ended before."""
        process = self.place.start(seed)
        self._wait(process)
        alive = process.exitcode is None
        if alive:
            self.orphans += _children(process.pid)
            process.kill()
        process.join()
        if alive and process.exitcode == -9:
            self.hit.append(self._where())
        assert process.exitcode in {-9, 0}, f"exit {process.exitcode}: {self.place.said[-2000:]}"
        return process.exitcode == -9

    def _wait(self, process: ForkServerProcess) -> None:
        """Wait for a moment: some time after the start, or after the next step or record.

        The first one is before any step: chance alone seldom comes upon so short a time.
        """
        if not self.hit:
            time.sleep(self.random.uniform(0.01, 0.2))
            return
        kind = self.random.choice(["start", "step", "step", "step", "record"])
        if kind == "start":
            time.sleep(self.random.uniform(0.01, 1.5))
            return
        steps, files = len(self.place.steps), self.place.files
        changed: Callable[[], bool] = (
            (lambda: len(self.place.steps) > steps + 1)
            if kind == "step"
            else (lambda: self.place.files > files)
        )
        while not changed() and process.exitcode is None:
            time.sleep(0.001)
        time.sleep(self.random.choice([0.0, self.random.uniform(0, 1.5)]))

    def _where(self) -> str:
        steps = self.place.steps
        if any(isinstance(s, Written) for s in steps) or len(self.place.rounds) == 4 * ROUNDS:
            return "records"
        if any(isinstance(s, StepDone) for s in steps):
            return "rounds"
        if sum(isinstance(s, OutputsDone) for s in steps) == len(CASES):
            return "first round"
        return "outputs" if steps else "start"

    @property
    def left_running(self) -> list[psutil.Process]:
        """What outlived its killed collect, after a moment to notice."""
        _, alive = psutil.wait_procs(self.orphans, timeout=10)
        return alive


def _children(pid: int | None) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def half_written(place: Place) -> Iterator[Path]:
    """Yield files among the records that are no whole record."""
    whole = {stored.path for stored in store.read_all([place.out]).stored}
    yield from (path for path in place.out.rglob("*") if path.is_file() and path not in whole)
