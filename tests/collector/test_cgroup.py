"""Control groups of both versions: the tightest limit, and how often we were held up."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ovreport_collector.machine import cgroup
from ovreport_collector.machine.cgroup import Limits
from tests.collector.trees import plant

V2 = "sys/fs/cgroup"
STAT = "usage_usec 9\nnr_periods 10\nnr_throttled {}\nthrottled_usec {}\n"


def test_version_2_counts_the_tightest_of_all_groups_above(tmp_path: Path) -> None:
    """A pod's quota binds its containers, which may have none of their own."""
    plant(
        tmp_path,
        {
            "proc/self/cgroup": "0::/pod/container\n",
            f"{V2}/cgroup.controllers": "cpu memory\n",
            f"{V2}/pod/cpu.max": "150000 100000\n",
            f"{V2}/pod/memory.max": "4294967296\n",
            f"{V2}/pod/cpu.stat": STAT.format(2, 500_000),
            f"{V2}/pod/container/cpu.max": "max 100000\n",
            f"{V2}/pod/container/memory.max": "1073741824\n",
            f"{V2}/pod/container/cpu.stat": STAT.format(1, 250_000),
            f"{V2}/other/cpu.max": "1000 100000\n",
        },
    )
    assert cgroup.limits(tmp_path) == Limits(cpus=1.5, memory_bytes=2**30)
    assert cgroup.throttling(tmp_path) == {
        "cgroup_throttled_periods": 3,
        "cgroup_throttled_s": 0.75,
    }


V1 = {
    "proc/self/cgroup": "5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/\n",
    f"{V2}/memory/memory.limit_in_bytes": "2147483648\n",
    f"{V2}/cpu/cpu.cfs_quota_us": "250000\n",
    f"{V2}/cpu/cpu.cfs_period_us": "100000\n",
    f"{V2}/cpu/cpu.stat": "nr_periods 5\nnr_throttled 4\nthrottled_time 1500000000\n",
}
"""As a container sees it: the host's path is reported, the mount is the group itself."""


def test_version_1_in_a_container(tmp_path: Path) -> None:
    """Where our path does not exist, the mount is our group."""
    plant(tmp_path, V1)
    assert cgroup.limits(tmp_path) == Limits(cpus=2.5, memory_bytes=2**31)
    assert cgroup.throttling(tmp_path) == {"cgroup_throttled_periods": 4, "cgroup_throttled_s": 1.5}


def test_both_versions_at_once(tmp_path: Path) -> None:
    """Version 2 beside version 1, as systemd's hybrid mode mounts it."""
    plant(
        tmp_path,
        V1,
        {f"{V2}/unified/cgroup.controllers": "\n", f"{V2}/unified/cpu.stat": "usage_usec 1\n"},
    )
    assert cgroup.limits(tmp_path).cpus == 2.5
    assert cgroup.throttling(tmp_path)["cgroup_throttled_periods"] == 4


@pytest.mark.parametrize(
    "files",
    [
        {},
        {f"{V2}/cpu.max": "max 100000", f"{V2}/memory.max": "max"},
        {f"{V2}/cpu.max": "", f"{V2}/memory.max": "-5"},
        {f"{V2}/cpu.max": "100000 0", f"{V2}/memory.max": "0"},
        {
            f"{V2}/cpu/cpu.cfs_quota_us": "-1",
            f"{V2}/cpu/cpu.cfs_period_us": "100000",
            f"{V2}/memory/memory.limit_in_bytes": "9223372036854771712",
        },
    ],
)
def test_no_limit_is_none(tmp_path: Path, files: dict[str, str]) -> None:
    """No file, no limit, a division by zero: all of them are no limit."""
    plant(tmp_path, {"proc/self/cgroup": "0::/\n2:cpu:/\n"}, files)
    assert cgroup.limits(tmp_path) == Limits(cpus=None, memory_bytes=None)
    assert cgroup.throttling(tmp_path) == {}


def test_a_path_cannot_lead_out_of_the_mount(tmp_path: Path) -> None:
    """A namespace tells groups above its own as `..`."""
    plant(
        tmp_path,
        {
            "proc/self/cgroup": "0::/../../etc\n",
            f"{V2}/cgroup.controllers": "",
            "sys/etc/cpu.max": "1000 1000",
            "etc/cpu.max": "1000 1000",
        },
    )
    assert cgroup.limits(tmp_path).cpus is None


NAMES = (
    "proc/self/cgroup",
    f"{V2}/cpu.max",
    f"{V2}/memory.max",
    f"{V2}/cpu.stat",
    f"{V2}/cpu/cpu.cfs_quota_us",
    f"{V2}/cpu/cpu.cfs_period_us",
    f"{V2}/cpu/cpu.stat",
    f"{V2}/memory/memory.limit_in_bytes",
)
LINES = st.lists(
    st.one_of(
        st.text(max_size=12),
        st.integers(-(10**25), 10**25).map(str),
        st.sampled_from(["max 100000", "nr_throttled 3", "throttled_usec x", "0::/a/../b", "::"]),
    ),
    max_size=4,
).map("\n".join)


@pytest.fixture(scope="module")
def any_group(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a root with all files that there may be."""
    return plant(tmp_path_factory.mktemp("any"), dict.fromkeys(NAMES, ""))


@settings(deadline=None)
@given(st.tuples(*[LINES] * len(NAMES)))
def test_garbage_is_no_error_and_no_limit_below_zero(
    any_group: Path, texts: tuple[str, ...]
) -> None:
    """Whatever the files hold, a limit is positive or none."""
    files = {any_group / name: text.strip() for name, text in zip(NAMES, texts, strict=True)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cgroup, "read_text", lambda path: files.get(path, ""))
        found, throttled = cgroup.limits(any_group), cgroup.throttling(any_group)
    assert found.cpus is None or found.cpus > 0
    assert found.memory_bytes is None or 0 < found.memory_bytes < 2**60
    assert all(value >= 0 for value in throttled.values())
