"""What this machine is told to be: plausible, stable, and without a name of its own."""

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
from ovreport_collector.machine.cgroup import Limits


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function that puts files of the kernel where the machine is read from."""

    def put(**texts: str) -> None:
        for name, text in texts.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    real = describe.read_text

    def read(path: Path) -> str:
        return real(tmp_path / path.name)

    for module in (describe, describe.procfs):
        monkeypatch.setattr(module, "read_text", read)
    return put


def test_this_machine_is_plausible() -> None:
    """Counts are positive and consistent, and the record's contract holds."""
    found = describe.describe()
    assert 1 <= found.cores_available <= found.cores_logical
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


def test_the_id_is_of_hardware_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new kernel, governor or affinity leaves it; another CPU changes it."""
    before = describe.describe()
    monkeypatch.setattr(describe.procfs, "governor", lambda: "powersave")
    monkeypatch.setattr(describe.procfs, "turbo", lambda: "off")
    monkeypatch.setattr(describe, "available_cores", lambda: 1)
    monkeypatch.setattr(socket, "gethostname", lambda: "another-name")
    assert describe.describe().id == before.id
    monkeypatch.setattr(describe.procfs, "cpuinfo", lambda _: {"model name": "Another CPU"})
    assert describe.describe().id != before.id


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
def test_any_name_of_a_cpu_gives_a_safe_id(monkeypatch: pytest.MonkeyPatch, cpu: str) -> None:
    """Whatever the firmware says, the folder's name is short and plain."""
    monkeypatch.setattr(describe.procfs, "cpuinfo", lambda _: {"model name": cpu})
    found = describe.describe()
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


def test_software_is_told_in_full() -> None:
    """Every version between a model and the silicon, and the contract holds."""
    found = describe.software("2026.4.1-22982-abc")
    assert found.openvino == "2026.4.1-22982-abc"
    assert found.python.startswith("3.")
    assert "numpy" in found.packages
    assert msgspec.json.decode(msgspec.json.encode(found), type=Software) == found


QUOTAS = [(None, 0), (1.5, 1), (0.5, 1), (1000.0, 0)]


@pytest.mark.parametrize(("limit", "expected"), QUOTAS)
def test_a_containers_limit_bounds_the_cores(
    monkeypatch: pytest.MonkeyPatch, limit: float | None, expected: int
) -> None:
    """A quota is in force where it is less than the affinity; half a processor is still one."""
    monkeypatch.setattr(describe.cgroup, "limits", lambda: Limits(cpus=limit, memory_bytes=None))
    allowed = len(os.sched_getaffinity(0))
    assert describe.available_cores() == (min(expected, allowed) or allowed)


def test_affinity_bounds_the_cores() -> None:
    """A process bound to one processor has one."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert describe.available_cores() == 1
    finally:
        os.sched_setaffinity(0, before)


def test_what_arm_calls_features_are_flags(files) -> None:
    """/proc/cpuinfo of an Arm machine has other words."""
    files(cpuinfo="processor\t: 0\nFeatures\t: fp asimd asimddp bf16\n")
    assert describe.describe().cpu_flags == ["asimd", "asimddp", "bf16"]


def test_a_machine_that_tells_nothing_is_unknown(files) -> None:
    """No file of the kernel is needed."""
    found = describe.describe()
    assert found.sockets == 1
    assert found.cpu_flags == []
