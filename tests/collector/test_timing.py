"""Wall time and the time measuring: counted once, never lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ovreport_collector.process import timing
from ovreport_collector.process.timing import MeasuredTime, Stopwatch, Timing


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return a clock of ours."""
    return Clock()


def measured_s(measured: MeasuredTime, tmp_path: Path) -> float:
    """Return what a process would write, and the collecting process read."""
    timing.write_measured(tmp_path / "measured.json", measured)
    return timing.read_measured(tmp_path / "measured.json")


def test_nested_blocks_count_once(clock: Clock, tmp_path: Path) -> None:
    """A warm-up that runs timed loops counts once; afterwards loops count again."""
    measured = MeasuredTime(clock)
    with measured.measuring():
        clock.now += 1
        with measured.measuring():
            clock.now += 2
    clock.now += 8
    with measured.measuring():
        clock.now += 4
    assert measured_s(measured, tmp_path) == 7


def test_a_trial_does_not_count(clock: Clock, tmp_path: Path) -> None:
    """The loops of a trial run are no measurement."""
    measured = MeasuredTime(clock)
    with measured.measuring(counts=False), measured.measuring():
        clock.now += 2
    with measured.measuring():
        clock.now += 1
    assert measured_s(measured, tmp_path) == 1


def test_what_fails_is_counted_too(clock: Clock, tmp_path: Path) -> None:
    """A loop that raises took its time."""
    measured = MeasuredTime(clock)

    def fail() -> None:
        clock.now += 2
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"), measured.measuring():
        fail()
    with measured.measuring():
        clock.now += 1
    assert measured_s(measured, tmp_path) == 3


def test_every_taking_begins_anew(clock: Clock) -> None:
    """All time between two takings is wall time, whoever took it."""
    stopwatch = Stopwatch(clock)
    clock.now += 10
    stopwatch.add(5)
    stopwatch.add(1)
    assert stopwatch.take() == Timing(10, 6)
    clock.now += 1
    assert stopwatch.take() == Timing(1, 0)
    assert stopwatch.take() == Timing(0, 0)


def test_downloads_are_left_out(clock: Clock) -> None:
    """They are nobody's measuring."""
    stopwatch = Stopwatch(clock)
    clock.now += 1
    with stopwatch.paused():
        clock.now += 59
    assert stopwatch.take() == Timing(1, 0)


def test_a_measuring_time_is_the_sum_of_all_steps() -> None:
    """No steps, no measuring time."""
    total = timing.total([Timing(4, 3), Timing(6, 2)])
    assert total is not None
    assert (total.wall_s, total.measuring_s) == (10, 5)
    assert timing.total([]) is None


@pytest.mark.parametrize("content", [None, b"", b"{", b'{"a": "b"}'])
def test_a_process_that_ended_early_measured_nothing(tmp_path: Path, content) -> None:
    """It crashed, or was killed while writing."""
    if content is not None:
        (tmp_path / "measured.json").write_bytes(content)
    assert timing.read_measured(tmp_path / "measured.json") == 0


def test_a_measuring_process_imports_no_telemetry() -> None:
    """OpenVINO's converter, which sends an event on import, is left out, and can be had later."""
    script = (
        "import sys, ovreport_collector.worker, ovreport_collector.engines.openvino.engine\n"
        "assert not [m for m in sys.modules if 'telemetry' in m]\n"
        "import openvino.tools.ovc"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize(
    "name", ["inference", "generation", "startup", "no_mmap", "curve", "open_loop"]
)
def test_a_measuring_process_loads_nothing_of_the_session(name: str) -> None:
    """Its memory is measured: plan, preparation and tasks would be in every record."""
    script = (
        "import sys, ovreport_collector.worker\n"
        f"import ovreport_collector.measurements.{name}.run\n"
        "rooms = {m.split('.')[1] for m in sys.modules if m.startswith('ovreport_collector.')}\n"
        "assert not rooms & {'session', 'plan', 'prepare', 'tasks', 'models', 'datasets'}, rooms"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
