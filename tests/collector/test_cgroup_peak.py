"""The control group's peak is reported where the group is ours alone, and never else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ovreport_collector.loadgen.cgroup_peak import PEAK, START, CgroupPeak
from ovreport_collector.loadgen.memory import MemoryMeter
from tests.collector.fake_sysfs import put

GROUP = "sys/fs/cgroup/user.slice/ours"
SHELL = 50


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a tree in which this process and its shell are alone in a group."""
    put(tmp_path / "proc/self/cgroup", "0::/user.slice/ours")
    put(tmp_path / f"proc/{os.getpid()}/status", f"Name:\tpython\nPPid:\t{SHELL}")
    put(tmp_path / f"proc/{SHELL}/status", "Name:\tbash\nPPid:\t1")
    put(tmp_path / GROUP / "cgroup.procs", f"{SHELL}\n{os.getpid()}")
    put(tmp_path / GROUP / "memory.current", "1000")
    put(tmp_path / GROUP / "memory.peak", "900000")
    return tmp_path


def test_the_peak_is_reset_and_read_again(root: Path) -> None:
    """What waits for us is ours; the usage at the start stands beside the peak."""
    peak = CgroupPeak(root)
    assert (root / GROUP / "memory.peak").read_text().startswith("reset\n")
    (root / GROUP / "memory.peak").write_text("5000\n")  # as the kernel shows it after the reset
    assert peak.counters() == {PEAK: 5000, START: 1000}
    assert peak.why_not == ""


def test_a_shared_group_is_not_ours(root: Path) -> None:
    """Its peak is not touched, and no figure is claimed."""
    put(root / GROUP / "cgroup.procs", f"{os.getpid()}\n77\n78")
    peak = CgroupPeak(root)
    assert peak.counters() == {}
    assert "shared with 2 other processes" in peak.why_not
    assert (root / GROUP / "memory.peak").read_text() == "900000\n"


def test_a_process_in_a_group_below_shares_it_too(root: Path) -> None:
    """Memory of the groups below is counted in the one above."""
    put(root / GROUP / "below/cgroup.procs", "77")
    assert "shared with another process" in CgroupPeak(root).why_not


def test_who_comes_in_during_the_run_spoils_it(root: Path) -> None:
    """The figure is dropped, with the reason."""
    peak = CgroupPeak(root)
    put(root / GROUP / "cgroup.procs", f"{os.getpid()}\n77")
    assert peak.counters() == {}
    assert "shared" in peak.why_not


def test_a_kernel_that_cannot_reset_gives_no_figure(root: Path) -> None:
    """The peak of all that ran before would be reported as ours."""
    (root / GROUP / "memory.peak").unlink()
    (root / GROUP / "memory.peak").symlink_to("/proc/version")  # opens to read only
    assert "cannot be reset" in CgroupPeak(root).why_not


@pytest.mark.parametrize(
    ("line", "reason"), [("4:memory:/x", "no version 2 group"), ("0::/elsewhere", "no memory.peak")]
)
def test_no_group_of_version_2_says_so(root: Path, line: str, reason: str) -> None:
    """Old systems and root groups have no peak."""
    put(root / "proc/self/cgroup", line)
    peak = CgroupPeak(root)
    assert reason in peak.why_not
    assert peak.counters() == {}


def test_the_reason_is_the_meters(root: Path) -> None:
    """A round's memory is there without it."""
    put(root / GROUP / "cgroup.procs", "77")
    meter = MemoryMeter(CgroupPeak(root))
    meter.end("import")
    assert meter.result(0).counters == {}
    assert "shared" in meter.unreadable[PEAK]


class Engine:
    """An engine whose device counts."""

    def device_memory(self, device: str) -> tuple[dict[str, int], dict[str, str]]:
        """Count."""
        return {f"{device} usm_device": 7}, {"other": "not supported"}


def test_the_devices_own_memory_is_noted_by_mode() -> None:
    """Latency and throughput mode take different amounts on a device too."""
    meter = MemoryMeter()
    meter.note_device(Engine(), "GPU.0", "latency")
    meter.note_device(Engine(), "GPU.0", "throughput")
    meter.end("import")
    expected = {"latency: GPU.0 usm_device": 7, "throughput: GPU.0 usm_device": 7}
    assert meter.result(0).counters == expected
    assert meter.unreadable == {"other": "not supported"}
