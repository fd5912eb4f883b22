"""`tests/benchmarks/repeatability.py`: how far several collects lie apart."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pytest

from ovreport import store
from ovreport.errors import InputError
from tests.benchmarks.agreement import run_of, summaries, unmet
from tests.factories import a_failed_record, a_record

AT = "2026-11-20T10:00:00Z"
"""One time for all records of a run: rounds of its cases alternate."""
SCRIPT = Path(__file__).parent / "benchmarks" / "repeatability.py"


def a_run(folder: Path, factor: float) -> Path:
    """Write what a collect of two precisions wrote, all times multiplied."""
    for precision, median_ms in (("f32", 5.0), ("default", 2.5)):
        times = {"median_ms": median_ms * factor, "noise": 0.005, "measured_at": AT}
        record = a_record(precision=precision, **times)
        store.write(record, folder)
    store.write(a_failed_record(model="broken"), folder)
    return folder


def by_quantity(*folders: Path):
    """Return the summaries by quantity."""
    return {one.quantity: one for one in summaries([run_of(folder) for folder in folders])}


def test_a_run_that_is_10_percent_slower_lies_10_percent_apart(tmp_path: Path) -> None:
    """In time and in rate alike; the ratio of its precisions is as it was."""
    found = by_quantity(a_run(tmp_path / "a", 1.0), a_run(tmp_path / "b", 1.1))
    for key in ("latency_ms", "throughput_ips"):
        assert found[key].cases == 2
        assert found[key].median == pytest.approx(math.log(1.1), rel=0.01)
        assert found[key].agree < 1
    ratio = found["latency, default / f32, paired"]
    assert ratio.median == pytest.approx(0, abs=1e-6)
    assert ratio.agree == 1


def test_of_three_runs_every_pair_counts(tmp_path: Path) -> None:
    runs = [a_run(tmp_path / str(i), factor) for i, factor in enumerate((1.0, 1.0, 1.2))]
    apart = by_quantity(*runs)["latency_ms"].apart
    assert len(apart) == 2 * 3
    assert apart[0] == pytest.approx(0, abs=1e-6)
    assert apart[-1] == pytest.approx(math.log(1.2), rel=0.01)


def test_what_only_one_run_has_is_not_compared(tmp_path: Path) -> None:
    first, second = a_run(tmp_path / "a", 1.0), a_run(tmp_path / "b", 1.0)
    store.write(a_record(model="another"), second)
    assert by_quantity(first, second)["latency_ms"].cases == 2


def test_runs_that_share_no_case_meet_no_goal(tmp_path: Path) -> None:
    """Goals of nothing are not met."""
    store.write(a_record(model="another"), tmp_path / "b")
    runs = [run_of(a_run(tmp_path / "a", 1.0)), run_of(tmp_path / "b")]
    assert list(unmet(summaries(runs)))


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    store.write(a_failed_record(), tmp_path)
    with pytest.raises(InputError):
        run_of(tmp_path)


@pytest.mark.parametrize(("factor", "code"), [(1.0, 0), (1.5, 1)])
def test_the_exit_code_tells_whether_the_goals_are_met(
    tmp_path: Path, factor: float, code: int
) -> None:
    folders = [a_run(tmp_path / "a", 1.0), a_run(tmp_path / "b", factor)]
    command = [sys.executable, str(SCRIPT), "--records", *map(str, folders)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == code, ran.stdout + ran.stderr
    assert ("not met" in ran.stdout) == bool(code)
