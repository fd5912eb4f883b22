"""Evidence about the machine before, while and after a round runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from ovreport.metrics.evidence import FOREIGN_PEAK_SHARE, READINGS
from ovreport_collector.machine import noise, processes
from ovreport_collector.machine.loop_watch import LoopWatch
from ovreport_collector.machine.noise import Snapshot, Watch, Window
from tests.collector.trees import LAPTOP, plant

BUSY = "import time; end = time.monotonic() + {}; exec('while time.monotonic() < end: pass')"


@pytest.fixture(autouse=True)
def two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count a machine of two, for shares that can be told."""
    monkeypatch.setattr(noise.os, "cpu_count", lambda: 2)


def at(seconds: float, *, busy: float = 0, own: float = 0, steal: float = 0, **state: float):
    """Return a look at the machine."""
    counters = {"busy_s": busy, "steal_s": steal}
    return Snapshot(at=seconds, own_cpu_s=own, counters=counters, state=state)


def test_every_reading_is_a_documented_one() -> None:
    """What is not there has a reason, and shares are shares."""
    watch = Watch(period_s=0.05)
    with watch.window():
        time.sleep(0.4)
    found = watch.readings
    assert set(found) <= set(READINGS)
    assert set(noise.unreadable(found)) == set(READINGS) - set(found)
    assert all(0 <= value <= 2 for key, value in found.items() if key.endswith("_share"))
    assert all(value >= 0 for value in found.values())
    assert found["looks"] >= 3


@pytest.mark.alone
def test_another_program_is_foreign_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a busy process that is not ours takes is in the share, however busy the machine is."""
    monkeypatch.undo()  # this is about the real processors
    # Started by a process that ends: it is nobody's child then.
    command = [sys.executable, "-c", BUSY.format(20)]
    code = f"import subprocess; print(subprocess.Popen({command}, stdout=-3, stderr=-3).pid)"
    spawned = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    pid = int(spawned.stdout)
    try:
        before, its_s = noise.snapshot(), cpu_s(pid)
        time.sleep(1)
        taken_s, after = cpu_s(pid) - its_s, noise.snapshot()
    finally:
        os.kill(pid, signal.SIGKILL)
    capacity_s = (after.at - before.at) * (os.cpu_count() or 1)
    found = noise.readings(before, after)
    assert taken_s > 0.05
    assert found["foreign_cpu_share"] * capacity_s > taken_s - 0.1  # ticks are coarse


def cpu_s(pid: int) -> float:
    """Return what a process took until now."""
    return next(p.cpu_s for p in processes.everyone() if p.pid == pid)


def test_our_own_work_is_not_foreign_load() -> None:
    """What this process and all that it started used is taken off what the machine did."""
    found = noise.readings(at(0, busy=100, own=1), at(10, busy=117, own=16, steal=1))
    assert found["foreign_cpu_share"] == pytest.approx((17 - 15) / 20)
    assert found["steal_share"] == pytest.approx(1 / 20)


def test_coarse_ticks_make_no_negative_load() -> None:
    """A difference below nothing is nothing."""
    found = noise.readings(at(0, busy=1, steal=1), at(1, busy=2, own=2, steal=0.5))
    assert found["foreign_cpu_share"] == 0
    assert found["steal_share"] == 0


def test_a_short_disturbance_is_seen_in_the_peak() -> None:
    """One processor of two, for half a second of ten: 2.5 % on average, 50 % at its worst."""
    looks = [at(t / 2, busy=0.5 * (t > 6)) for t in range(1, 20)]
    found = noise.readings_of([Window([at(0), *looks, at(10, busy=0.5)])])
    assert found["foreign_cpu_share"] == pytest.approx(0.025)
    assert found["foreign_cpu_peak_share"] == pytest.approx(0.5)
    assert found["foreign_cpu_peak_share"] > FOREIGN_PEAK_SHARE


def test_looks_too_close_make_no_peak() -> None:
    """In 20 ms one tick of the kernel would be a quarter of the machine."""
    found = noise.readings_of([Window([at(0), at(0.5), at(1.0), at(1.02, busy=0.02)])])
    assert found["foreign_cpu_peak_share"] < 0.05


def test_a_watch_too_short_for_a_peak_is_not_said_to_be_an_unreadable_file() -> None:
    """Shares of the whole time and the peak come of the same counters."""
    short = noise.readings_of([Window([at(0), at(0.2, busy=0.1)])])
    assert "foreign_cpu_share" in short
    why = noise.unreadable(short)
    assert why["foreign_cpu_peak_share"] != noise.unreadable({})["foreign_cpu_peak_share"]
    assert "/proc/stat" not in why["steal_peak_share"]


def test_extremes_are_those_of_the_looks_between() -> None:
    """Before and after, the machine idles: its clock says nothing about the round."""
    idle = {"frequency_mhz": 800.0, "temperature_c": 40.0, "load_average_1m": 0.1}
    looks = [
        at(1, frequency_mhz=3000, temperature_c=70, battery_share=0),
        at(2, frequency_mhz=2000, temperature_c=90, battery_share=1),
    ]
    after = at(3, **{**idle, "load_average_1m": 2.0})
    found = noise.readings_of([Window([at(0, **idle), *looks, after])])
    assert found["frequency_mhz"] == 2500
    assert found["frequency_min_mhz"] == 2000
    assert found["temperature_c"] == 90
    assert found["battery_share"] == 0.5
    assert found["load_average_1m"] == 0.1


def test_a_whole_machine_is_read(tmp_path: Path) -> None:
    """Everything but what only a quota, or the measuring process, tells."""
    plant(tmp_path, LAPTOP)
    found = noise.readings(noise.snapshot(tmp_path), noise.snapshot(tmp_path))
    peaks = {"foreign_cpu_peak_share", "steal_peak_share"}  # of looks further apart
    missing = set(noise.unreadable(found)) - peaks
    assert missing == {
        "cgroup_cpus",
        "cgroup_memory_gib",
        "cgroup_throttled_periods",
        "cgroup_throttled_s",
        "core_to_core_ns",
        "involuntary_switches",
        "voluntary_switches",
        "waiting_share",
    }
    assert found["allowed_processors"] == 4
    assert found["battery_share"] == 0


def test_limits_of_a_container_are_readings(tmp_path: Path) -> None:
    """A quota, a limit of memory, and how often the quota ran out."""
    plant(
        tmp_path,
        LAPTOP,
        {
            "sys/fs/cgroup/cpu.max": "150000 100000",
            "sys/fs/cgroup/memory.max": str(2**30),
            "sys/fs/cgroup/cpu.stat": "nr_throttled 1\nthrottled_usec 1000\n",
        },
    )
    before = noise.snapshot(tmp_path)
    plant(tmp_path, {"sys/fs/cgroup/cpu.stat": "nr_throttled 5\nthrottled_usec 501000\n"})
    found = noise.readings(before, noise.snapshot(tmp_path))
    assert found["cgroup_cpus"] == 1.5
    assert found["cgroup_memory_gib"] == 1
    assert found["cgroup_throttled_periods"] == 4
    assert found["cgroup_throttled_s"] == 0.5


def test_a_machine_that_tells_nothing_is_said_to(tmp_path: Path) -> None:
    """No reading is made up, and each missing one has its reason."""
    found = noise.readings(noise.snapshot(tmp_path), noise.snapshot(tmp_path))
    assert found == {}
    assert set(noise.unreadable(found)) == set(READINGS) - {"looks", "looking_cpu_share"}
    assert all(noise.unreadable(found).values())


def test_a_watch_that_cannot_look_does_not_lose_the_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of the looking is no fault of the measuring."""
    calls = []

    def fails() -> Snapshot:
        calls.append(1)
        raise OSError("gone")

    monkeypatch.setattr(noise, "glance", fails)
    monkeypatch.setattr(noise, "snapshot", lambda: at(time.monotonic()))
    watch = Watch(period_s=0.02)
    with watch.window():
        time.sleep(0.3)
    assert calls
    assert watch.readings["looks"] == 0
    assert "foreign_cpu_share" in watch.readings


def test_an_error_while_watching_is_passed_on_and_the_looking_ends() -> None:
    """Ctrl-C in the middle of a round leaves no thread behind."""
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt), Watch(period_s=0.01).window():
        raise KeyboardInterrupt
    assert threading.active_count() == before


# ---------------------------------------------------------------- several windows


def test_only_what_happened_within_the_windows_counts() -> None:
    """Other cases are measured in between: what they did is not in the readings."""
    first = Window([at(0, busy=10), at(1, busy=11, own=0.5)])
    second = Window([at(50, busy=90, own=40), at(51, busy=91, own=41)])
    found = noise.readings_of([first, second])
    assert found["foreign_cpu_share"] == pytest.approx((2 - 1.5) / 4)
    assert found["foreign_cpu_peak_share"] == pytest.approx(0.25)
    assert noise.readings_of([first])["foreign_cpu_share"] == pytest.approx(0.25)


def test_a_watch_sums_its_windows_up() -> None:
    """There is nothing before the first is over; after it each adds its looks."""
    watch = Watch(period_s=0.05)
    assert watch.readings == {}
    looks = []
    for _ in range(2):
        with watch.window():
            time.sleep(1)
        looks.append(watch.readings["looks"])
    assert looks[1] > looks[0] > 0


# ---------------------------------------------------------------- one timed loop


def waiting_tree(root: Path, ticks: int, waited_ns: Sequence[int]) -> None:
    """Plant processor times, and what each of this process's threads waited."""
    threads = {
        f"proc/self/task/{number}/schedstat": f"5000 {waited} 3"
        for number, waited in enumerate(waited_ns)
    }
    plant(root, {"proc/stat": f"cpu  {ticks} 0 0 0 0 0 0 0 0 0\n", **threads})


def test_a_loop_tells_waiting_and_foreign_load(tmp_path: Path) -> None:
    """Waiting is summed over threads; of processor time a tick a processor is taken off."""
    waiting_tree(tmp_path, 1000, [10**9, 0])
    watch = LoopWatch(tmp_path)
    watch.begin()
    time.sleep(0.2)
    waiting_tree(tmp_path, 1022, [10**9 + 10**8, 10**8])
    watch.end()
    found = watch.readings
    assert set(found) <= set(READINGS)
    # It lasted 0.2 s at least: 0.2 s of waiting, and 0.22 s less two ticks of foreign work.
    assert 0 < found["waiting_share"] <= 1
    assert 0 < found["foreign_cpu_share"] <= 0.5
    assert found["steal_share"] == 0
    assert found["involuntary_switches"] >= 0


def test_a_tick_or_two_is_no_foreign_load(tmp_path: Path) -> None:
    """The kernel's counters may be wrong by as much."""
    waiting_tree(tmp_path, 1000, [0])
    watch = LoopWatch(tmp_path)
    watch.begin()
    waiting_tree(tmp_path, 1002, [0])
    watch.end()
    assert watch.readings["foreign_cpu_share"] == 0


def test_a_loop_on_a_system_without_proc_says_nothing_of_it(tmp_path: Path) -> None:
    """What is not counted is absent, never zero."""
    watch = LoopWatch(tmp_path)
    watch.begin()
    watch.end()
    assert set(watch.readings) <= {"involuntary_switches"}


def test_a_real_loop_is_read() -> None:
    """On this machine the kernel counts what our threads waited."""
    watch = LoopWatch()
    watch.begin()
    end = time.perf_counter() + 0.05
    while time.perf_counter() < end:
        pass
    watch.end()
    assert {"foreign_cpu_share", "waiting_share"} <= set(watch.readings)
