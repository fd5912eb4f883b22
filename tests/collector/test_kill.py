"""Killed at any moment, a collect loses at most the step in flight, and leaves nothing running."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import msgspec
import psutil
import pytest

from ovreport import checks, store
from ovreport.pairing import in_turn
from ovreport.record import Record
from ovreport_collector.session.steps import StepDone
from tests.collector import commands
from tests.collector.killing import CASES, ROUNDS, TWO_ARMS, Killer, Place, half_written

pytestmark = pytest.mark.slow

KILLS = 50
ARM_KILLS = 4
CAMPAIGNS = 2
"""At once: most of a tiny collect is waiting for the disk and for processes to start."""


def wait_for(condition: Callable[[], object], process: ForkServerProcess, limit_s: float = 60):
    """Wait until something holds; fail if the process ends before."""
    deadline = time.monotonic() + limit_s
    while not condition():
        assert process.exitcode is None, "the collect ended before"
        assert time.monotonic() < deadline, "it never came to this"
        time.sleep(0.01)


def campaign(root: Path, number: int) -> Counter[str]:
    """Kill collects of one place until enough were; check after each kill and each end."""
    # One campaign has more measurements to meet, the other gets to its ends sooner.
    skip = commands.ALL if number else commands.LONG
    place = Place(root / str(number), skip=skip)
    killer = Killer(place, random.Random(1000 + number))
    seed = 0
    while len(killer.hit) < KILLS // CAMPAIGNS:
        seed += 1
        run_to_its_end(killer, seed)
    assert killer.left_running == []
    assert place.said.count("Traceback") == 0
    return Counter(killer.hit)


def run_to_its_end(killer: Killer, seed: int) -> None:
    """Kill one run again and again until it has come to its end all the same."""
    place = killer.place
    seen: dict[tuple[str, str, int], bytes] = {}
    while len(killer.hit) < KILLS // CAMPAIGNS:
        if not killer.kill_one(seed):
            check_tidy(place)
            break
        if not place.journals and records_of(place, seed):
            break  # killed while it tidied up
        found = place.rounds
        assert seen.items() <= found.items(), "a finished round was lost, or measured again"
        seen = found
        records_of(place, seed)
    else:
        assert place.finish(seed) == 0, place.said[-2000:]
        check_tidy(place)
    check_end(place, seed, seen)


def records_of(place: Place, seed: int) -> list[Record]:
    """Return the records of one run of a place: none where it has not come to their folder."""
    loaded = store.read_all([place.out] if place.out.is_dir() else [])
    assert not loaded.faults, [str(fault) for fault in loaded.faults]
    return [record for record in loaded.records if record.inputs.seed == seed]


def check_end(place: Place, seed: int, seen: dict[tuple[str, str, int], bytes]) -> None:
    """Look at the records of a finished run: whole, of all cases, with the rounds seen."""
    assert place.journals == []
    assert list(half_written(place)) == []
    records = records_of(place, seed)
    assert sorted(r.case.device for r in records) == CASES
    for record in records:
        assert len(record.latency.rounds) == len(record.throughput.rounds) == ROUNDS
        for (case, name, number), line in seen.items():
            if case.endswith(f"/{record.case.device}/f32"):
                step = msgspec.json.decode(line, type=StepDone)
                (kept,) = [r for r in getattr(record, name).rounds if r.round == number]
                assert kept == step.result.measured


def check_tidy(place: Place) -> None:
    """Look for working folders; who is killed just after it made one leaves it empty."""
    assert list(place.temporary.glob("*/*")) == []


def test_a_collect_killed_at_fifty_moments_loses_nothing(tmp_path: Path) -> None:
    """Each time the same command finds every finished round, and ends with the same records."""
    # In processes: of two threads that ask for one child's exit code at once, one is told 255.
    apart = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(CAMPAIGNS, mp_context=apart) as pool:
        hits = sum(pool.map(partial(campaign, tmp_path), range(CAMPAIGNS)), Counter())
    print(dict(hits))
    assert sum(hits.values()) == KILLS
    assert {"start", "outputs", "rounds", "records"} <= hits.keys()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_arms_of_a_killed_collect_stay_in_turn(tmp_path: Path, seed: int) -> None:
    """Whenever it is killed: no finished round is lost, and all are in pairs."""
    place = Place(tmp_path / "place", measured=TWO_ARMS)
    killer = Killer(place, random.Random(seed))
    seen: dict[tuple[str, str, int], bytes] = {}
    while len(killer.hit) < ARM_KILLS and killer.kill_one(seed):
        found = place.rounds
        assert not place.journals or seen.items() <= found.items(), "a finished round was lost"
        seen |= found
    assert place.finish(seed) == 0, place.said[-2000:]
    assert killer.left_running == []
    records = {r.arm.name: r for r in records_of(place, seed) if r.arm}
    assert in_turn(records["default"], records["one"])
    for name in ("latency", "throughput"):
        rounds = [{r.round for r in getattr(one, name).rounds} for one in records.values()]
        assert len(set.intersection(*rounds)) == ROUNDS
    for case, name, number in seen:
        arm = case.rpartition("@")[2]
        assert number in {r.round for r in getattr(records[arm], name).rounds}
    assert not [fault for record in records.values() for fault in checks.faults(record)]


def test_a_second_collect_waits_and_takes_over_what_a_terminated_one_measured(
    tmp_path: Path,
) -> None:
    """SIGTERM is Ctrl-C: what is done is kept, children end, 143. Then the waiting one goes on."""
    place = Place(tmp_path / "place")
    first = place.start()
    wait_for(lambda: place.rounds, first)
    second = place.start()
    wait_for(lambda: "Another collect runs on this machine: waiting" in place.said, second)
    assert len(place.journals) == 1
    children = psutil.Process(first.pid).children(recursive=True)
    os.kill(first.pid, signal.SIGTERM)
    first.join(60)
    assert first.exitcode == 143
    assert not any(child.is_running() for child in children)
    second.join(120)
    assert second.exitcode == 0, place.said[-2000:]
    assert " kept; the same command goes on from there" in place.said
    assert "Resuming: " in place.said
    check_end(place, 1, {})
