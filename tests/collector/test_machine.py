"""What a record says of this machine: plausible, stable, and without a name of its own."""

from __future__ import annotations

import getpass
import os
import re
import socket
from pathlib import Path

import msgspec
import pytest

from ovreport.record import Machine, Software
from ovreport_collector.machine import describe
from tests.collector.trees import CPU, LAPTOP, plant


def test_this_machine_is_plausible() -> None:
    """Counts are positive and consistent, and the record's contract holds."""
    found = describe.describe()
    assert 0 < found.cores_available <= found.cores_logical
    assert 1 <= found.cores_physical <= found.cores_logical
    assert found.sockets <= found.cores_physical
    assert found.memory_bytes > 2**28
    assert found.architecture == os.uname().machine
    assert found.cpu.strip()
    assert msgspec.json.decode(msgspec.json.encode(found), type=Machine) == found


def test_the_id_is_stable_and_a_safe_name() -> None:
    """The same hardware gives the same id, fit for a folder."""
    first, second = describe.describe().id, describe.describe().id
    assert first == second
    assert re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,79}", first)


def test_the_id_is_of_hardware_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new governor, limit or name leaves it; another CPU changes it."""
    plant(tmp_path, LAPTOP)
    before = describe.describe(tmp_path)
    monkeypatch.setattr(socket, "gethostname", lambda: "another-name")
    plant(
        tmp_path,
        {
            f"{CPU}/cpufreq/policy0/scaling_governor": "performance",
            f"{CPU}/intel_pstate/no_turbo": "1",
            "sys/fs/cgroup/cpu.max": "100000 100000",
        },
    )
    after = describe.describe(tmp_path)
    assert after != before
    assert after.id == before.id
    plant(tmp_path, {"proc/cpuinfo": "model name: Another CPU"})
    assert describe.describe(tmp_path).id != before.id


def test_instruction_sets_are_hardware_and_a_hypervisors_name_is_not(tmp_path: Path) -> None:
    """Virtual processors of one name may differ in them: results are not those of one machine."""

    def made(flags: str, vendor: str) -> str:
        info = f"model name: AMD EPYC\nflags: hypervisor {flags}"
        plant(tmp_path, {"proc/cpuinfo": info, "sys/class/dmi/id/sys_vendor": vendor})
        return describe.describe(tmp_path).id

    assert made("avx2", "QEMU") == made("avx2", "KVM, of another wording")
    assert made("avx2", "QEMU") != made("avx2 avx512f avx512_bf16", "QEMU")


@pytest.mark.parametrize(
    "cpu",
    [
        "Intel(R) Xeon(R) CPU @ 2.20GHz",
        "AMD EPYC 7B13",
        "",
        "12th Gen Intel(R) Core(TM) i7-1260P",
        "x" * 300,
        "../../etc",
        "Процессор",
    ],
)
def test_any_name_of_a_cpu_gives_a_safe_id(tmp_path: Path, cpu: str) -> None:
    """Whatever the firmware says, the folder's name is short and plain."""
    found = describe.describe(plant(tmp_path, {"proc/cpuinfo": f"model name: {cpu}"}))
    assert re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,79}", found.id)
    assert ".." not in found.id
    assert msgspec.json.decode(msgspec.json.encode(found), type=Machine).id == found.id


def test_nothing_names_the_machine_or_its_user() -> None:
    """Neither host nor user nor home is in what is published."""
    text = msgspec.json.encode((describe.describe(), describe.software("2026.4"))).decode()
    host = socket.gethostname()
    assert len(host) <= 3 or not re.search(rf"\b{re.escape(host)}\b", text)
    assert str(Path.home()) not in text or str(Path.home()) == "/"
    assert f'"{getpass.getuser()}"' not in text


def test_software_is_recorded_in_full() -> None:
    """Every version between a model and the silicon, and the contract holds."""
    found = describe.software("2026.4.1-22982-abc")
    assert found.openvino == "2026.4.1-22982-abc"
    assert found.python.startswith("3.")
    assert "numpy" in found.packages
    assert msgspec.json.decode(msgspec.json.encode(found), type=Software) == found


@pytest.mark.parametrize(
    ("quota", "expected"), [("max", 0), ("150000", 1.5), ("50000", 0.5), ("100000000", 0)]
)
def test_a_containers_limit_bounds_the_cores(tmp_path: Path, quota: str, expected: float) -> None:
    """A quota is in force where it is less than the affinity; parts of a processor count."""
    plant(tmp_path, LAPTOP, {"sys/fs/cgroup/cpu.max": f"{quota} 100000"})
    allowed = len(os.sched_getaffinity(0))
    assert describe.available_cores(tmp_path) == (min(expected, allowed) or allowed)


def test_affinity_bounds_the_cores() -> None:
    """A process bound to one processor has one."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert describe.available_cores() == 1
    finally:
        os.sched_setaffinity(0, before)


def test_what_arm_calls_features_are_flags(tmp_path: Path) -> None:
    """/proc/cpuinfo of an Arm machine has other words."""
    plant(tmp_path, {"proc/cpuinfo": "processor\t: 0\nFeatures\t: fp asimd asimddp bf16\n"})
    assert describe.describe(tmp_path).cpu_flags == ["asimd", "asimddp", "bf16"]


def test_a_machine_that_tells_nothing_is_unknown(tmp_path: Path) -> None:
    """No file of the kernel is needed."""
    found = describe.describe(tmp_path)
    assert found.sockets == 1
    assert found.cpu_flags == []
    assert found.turbo == found.smt == "unknown"
