"""Whose processor time it is: ours, with all that we started, or somebody else's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovreport_collector.machine import processes
from tests.collector.trees import plant, process_stat

BURN = "import time; end = time.process_time() + {}\nwhile time.process_time() < end: pass\n"


def test_a_living_childs_work_is_our_own() -> None:
    """Work counts while it is done, not only after the child was waited for."""
    code = BURN.format(0.5) + "print('done', flush=True); input()"
    before = processes.own_cpu_s()
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        child.stdout.readline()
        alive = processes.own_cpu_s() - before
        child.communicate(b"\n")
    assert alive > 0.485  # ticks of 10 ms, one of which may be missing
    ended = processes.own_cpu_s() - before
    assert alive - 0.02 <= ended <= alive + 0.3  # not twice, not lost


def test_a_grandchild_in_another_session_is_our_own() -> None:
    """Measuring processes lead sessions of their own, and start threads and processes."""
    inner = BURN.format(0.4) + "print('done', flush=True); input()"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
    before = processes.own_cpu_s()
    with subprocess.Popen(
        [sys.executable, "-c", outer],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as child:
        child.stdout.readline()
        assert processes.own_cpu_s() - before >= 0.39
        assert {p.parent for p in processes.started_by(os.getpid())} >= {os.getpid(), child.pid}
        child.communicate(b"\n")


FAMILY = {1: 0, 10: 1, 11: 10, 12: 11, 20: 1}


@pytest.fixture(params=[True, False], ids=["children-files", "by-parent"])
def family(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Return a tree of processes; the kernel lists children only if it was built to."""
    for pid, parent in FAMILY.items():
        plant(tmp_path, {f"proc/{pid}/stat": process_stat(pid, parent, f"p{pid}")})
        if request.param:
            children = " ".join(str(p) for p, of in FAMILY.items() if of == pid)
            plant(tmp_path, {f"proc/{pid}/task/{pid}/children": children})
    return tmp_path


def test_descendants_are_found_at_any_depth(family: Path) -> None:
    """With and without the kernel's lists."""
    assert {p.pid for p in processes.started_by(10, family)} == {11, 12}
    assert {p.pid for p in processes.started_by(1, family)} == {10, 11, 12, 20}
    assert processes.started_by(12, family) == []


def test_a_circle_of_parents_ends(tmp_path: Path) -> None:
    """Files that change while they are read can tell anything."""
    plant(tmp_path, {"proc/5/stat": process_stat(5, 6), "proc/6/stat": process_stat(6, 5)})
    assert {p.pid for p in processes.started_by(5, tmp_path)} == {6}


@given(
    st.text(st.characters(blacklist_categories=["Cs"]), max_size=15),
    st.integers(0, 10**9),
    st.integers(0, 10**9),
)
def test_any_name_is_read_whole(name: str, ticks: int, waited: int) -> None:
    """Names hold spaces, brackets and line ends, and hide no field behind them."""
    found = processes.parse(process_stat(8, 9, name, ticks=ticks, waited=waited, started=77))
    assert found is not None
    assert (found.pid, found.parent, found.name, found.started) == (8, 9, name, 77)
    assert found.cpu_s == ticks / processes.TICKS_PER_S
    assert found.waited_s == waited / processes.TICKS_PER_S


@given(st.one_of(st.text(max_size=80), st.integers(0, 40).map(lambda n: process_stat(1, 0)[:n])))
def test_garbage_is_no_process(text: str) -> None:
    """A file cut short, or of something else."""
    assert processes.parse(text) is None


def test_bytes_that_are_no_text_are_shown_as_such(tmp_path: Path) -> None:
    """A name may be any bytes."""
    plant(tmp_path, {"proc/8/stat": ""})
    stat = process_stat(8, 1, "NAME").encode().replace(b"NAME", b"\xff\x1b")
    (tmp_path / "proc/8/stat").write_bytes(stat)
    assert [p.name for p in processes.everyone(tmp_path)] == ["\\xff\x1b"]
