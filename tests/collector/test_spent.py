"""Where wall time goes: counted once, never lost, adding up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ovreport_collector.process import timing
from ovreport_collector.process.timing import Ledger, spending


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Put a clock of ours in the place of the real one; nothing is spent yet."""
    clock = Clock()
    monkeypatch.setattr(timing, "clock", clock)
    timing._spent.clear()
    return clock


def told(tmp_path: Path) -> dict[str, float]:
    """Return what this process would tell."""
    timing.tell(tmp_path / "spent.json")
    return timing.told(tmp_path / "spent.json")


def test_the_outermost_part_counts(clock: Clock, tmp_path: Path) -> None:
    """A warm-up that runs timed loops is a warm-up; afterwards loops count again."""
    with spending("warm-up"):
        clock.now += 1
        with spending("timed-loops"):
            clock.now += 2
    with spending("timed-loops"):
        clock.now += 4
    assert told(tmp_path) == {"warm-up": 3, "timed-loops": 4}


def test_what_fails_is_counted_too(clock: Clock, tmp_path: Path) -> None:
    """A loop that raises took its time."""

    def fail() -> None:
        clock.now += 2
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"), spending("timed-loops"):
        fail()
    with spending("check"):
        clock.now += 1
    assert told(tmp_path) == {"timed-loops": 2, "check": 1}


def test_what_nobody_claims_is_counted_as_the_processs_or_the_runs(clock: Clock) -> None:
    """Parts add up to the wall time; every taking begins anew."""
    ledger = Ledger()
    clock.now += 10
    ledger.process(8, {"timed-loops": 5.0, "warm-up": 1.0})
    with ledger.doing("accuracy"):
        clock.now += 3
    assert ledger.take() == {
        "timed-loops": 5,
        "warm-up": 1,
        "process": 2,
        "accuracy": 3,
        "bookkeeping": 2,
    }
    clock.now += 1
    assert ledger.take("inputs") == {"inputs": 1}
    assert ledger.take() == {}


def test_downloads_are_left_out(clock: Clock) -> None:
    """They are nobody's measuring."""
    ledger = Ledger()
    clock.now += 60
    ledger.leave_out(59)
    assert ledger.take() == {"bookkeeping": 1}


def test_an_effort_is_the_sum_of_all_steps() -> None:
    """Timed loops, warm-up, timed starts and idle baselines are measuring; no steps, no effort."""
    measuring_time = timing.measuring_time(
        [{"timed-loops": 3.0, "process": 1.0}, {"warm-up": 2.0, "process": 4.0}]
    )
    assert measuring_time is not None
    assert (measuring_time.wall_s, measuring_time.measuring_s) == (10, 5)
    assert timing.measuring_time([]) is None


@pytest.mark.parametrize("content", [None, b"", b"{", b'{"a": "b"}'])
def test_a_process_that_could_not_tell_told_nothing(tmp_path: Path, content) -> None:
    """It crashed, or was killed while writing."""
    if content is not None:
        (tmp_path / "spent.json").write_bytes(content)
    assert timing.told(tmp_path / "spent.json") == {}


def test_a_measuring_process_imports_no_telemetry() -> None:
    """OpenVINO's converter, which sends an event on import, is left out, and can be had later."""
    script = (
        "import sys, ovreport_collector.worker.main, ovreport_collector.engines.openvino.engine\n"
        "assert not [m for m in sys.modules if 'telemetry' in m]\n"
        "import openvino.tools.ovc"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
