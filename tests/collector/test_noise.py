"""Evidence about the machine while a round runs."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from ovreport.verdict import READINGS
from ovreport_collector import noise

BUSY = "import time; end = time.monotonic() + {}; exec('while time.monotonic() < end: pass')"


def during(work) -> dict[str, float]:
    """Return what was read while something ran."""
    before = noise.snapshot()
    work()
    return noise.readings(before, noise.snapshot())


def test_every_reading_is_a_documented_one() -> None:
    """What is not there has a reason, and shares are shares."""
    found = during(lambda: time.sleep(0.2))
    assert set(found) <= set(READINGS)
    assert set(noise.unreadable(found)) <= set(READINGS) - set(found)
    assert all(0 <= value <= 1.05 for key, value in found.items() if key.endswith("_share"))
    assert all(value >= 0 for value in found.values())


def test_another_program_is_foreign_load() -> None:
    """A busy process that is not ours raises the share by what it takes."""

    def beside_a_busy_one() -> None:
        time.sleep(1)

    quiet = min(during(lambda: time.sleep(0.5))["foreign_cpu_share"] for _ in range(2))
    with subprocess.Popen([sys.executable, "-c", BUSY.format(20)]) as busy:
        time.sleep(0.3)  # its start
        loud = max(during(beside_a_busy_one)["foreign_cpu_share"] for _ in range(2))
        busy.kill()
    share_of_one = 1 / (noise.os.cpu_count() or 1)
    assert loud > quiet + 0.2 * share_of_one or loud > 0.9


def test_our_own_work_is_not_foreign_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this process and its finished children used is taken off what the machine did."""
    monkeypatch.setattr(noise.os, "cpu_count", lambda: 2)
    before = noise.Snapshot(at=0, own_cpu_s=1, counters={"busy_s": 100, "steal_s": 0})
    after = noise.Snapshot(at=10, own_cpu_s=16, counters={"busy_s": 117, "steal_s": 1})
    found = noise.readings(before, after)
    assert found["foreign_cpu_share"] == pytest.approx((17 - 15) / 20)
    assert found["steal_share"] == pytest.approx(1 / 20)


def test_a_finished_childs_work_is_our_own() -> None:
    """The measuring process counts as ours once it was waited for."""
    before = noise.snapshot()
    subprocess.run([sys.executable, "-c", BUSY.format(0.5)], check=True)
    assert noise.snapshot().own_cpu_s - before.own_cpu_s > 0.2


def test_coarse_ticks_make_no_negative_load() -> None:
    """A difference below nothing is nothing."""
    before = noise.Snapshot(at=0, own_cpu_s=0, counters={"busy_s": 1, "steal_s": 1})
    after = noise.Snapshot(at=1, own_cpu_s=2, counters={"busy_s": 2, "steal_s": 0.5})
    found = noise.readings(before, after)
    assert found["foreign_cpu_share"] == 0
    assert found["steal_share"] == 0


PROC = {
    "stat": "cpu  100 20 30 1000 5 6 7 8 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n",
    "vmstat": "pgpgin 4\npswpin 3\npswpout 4\n",
    "cpu": "some avg10=0.00 avg60=0.00 avg300=0.00 total=1500000\nfull avg10=0 total=9\n",
}


def test_the_kernels_files_are_read_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Times leave out idle, iowait and guests; pages moved in and out are added up."""
    monkeypatch.setattr(noise, "read_text", lambda path: PROC.get(path.name, ""))
    monkeypatch.setattr(noise, "_TICKS_PER_S", 100)
    counters = noise.snapshot().counters
    assert counters["busy_s"] == pytest.approx(1.63)
    assert counters["steal_s"] == pytest.approx(0.08)
    assert counters["swap_pages"] == 7
    assert counters["pressure_us"] == 1_500_000


def test_a_machine_that_tells_nothing_is_said_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """No reading is made up, and each missing one has its reason."""
    monkeypatch.setattr(noise, "read_text", lambda _: "")
    monkeypatch.setattr(noise.psutil, "sensors_temperatures", dict, raising=False)
    found = during(lambda: None)
    assert set(found) <= {"load_average_1m", "context_switches", "frequency_mhz"}
    assert {"foreign_cpu_share", "steal_share", "temperature_c"} <= set(noise.unreadable(found))
    assert all(noise.unreadable(found).values())
