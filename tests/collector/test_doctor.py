"""`ovreport doctor`: what it finds on made machines, what it says, and that it changes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ovreport.cli import run
from ovreport.errors import OvreportError
from ovreport.metrics import evidence
from ovreport.metrics.reasons import REASONS
from ovreport_collector import doctor
from ovreport_collector.doctor import access, activity, preflight, settings
from ovreport_collector.doctor.activity import Look
from ovreport_collector.doctor.check import Check, share, worst
from ovreport_collector.engines.types import ProbeResult, Unavailable
from ovreport_collector.machine import procfs
from ovreport_collector.machine.processes import Process
from ovreport_collector.plan import devices
from tests.collector.conftest import a_device
from tests.collector.trees import CPU, LAPTOP, plant

QUIET = {
    "foreign_cpu_share": 0.004,
    "load_average_1m": 0.1,
    "steal_share": 0.0,
    "swap_pages": 0.0,
    "pressure_cpu_share": 0.02,
    "pressure_io_share": 0.0,
    "pressure_memory_share": 0.0,
    "throttle_events": 0.0,
    "temperature_c": 45.0,
}


@pytest.fixture
def laptop(tmp_path: Path) -> Path:
    """Return the root of a laptop."""
    return plant(tmp_path, LAPTOP)


@pytest.fixture(autouse=True)
def probe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let OpenVINO find a CPU, a GPU that is not there, and an NPU that does not work."""
    found = ProbeResult(
        openvino="2026.4.1",
        available=["CPU", "NPU"],
        devices=[a_device()],
        unavailable=[
            Unavailable(name="GPU", reason="libOpenCL is not installed", remedy="apt install it"),
            Unavailable(name="NPU", reason="the driver crashed", remedy="Update the driver."),
        ],
    )
    monkeypatch.setattr(devices, "probe", lambda *_: found)


def during(root: Path, **changes: float | None) -> dict[str, Check]:
    """Return the checks of a look, by id; None takes a reading away."""
    readings = {k: v for k, v in {**QUIET, **changes}.items() if v is not None}
    trips_ns = [140.0, 151.0] if readings else []
    look = Look(readings=readings, programs=[], round_trips_ns=trips_ns)
    return {c.id: c for c in activity.checks(look, root)}


def set_up(root: Path, **files: str) -> dict[str, Check]:
    """Return the checks of a laptop with some files changed."""
    plant(root, files)
    return {c.id: c for c in settings.checks(root, root)}


def test_a_quiet_laptop_is_fit(laptop: Path) -> None:
    """Everything in order: all is ok, and nothing is to be changed."""
    checks = {**during(laptop), **set_up(laptop), "energy": access.powercap(laptop)}
    assert {c.id: c.status for c in checks.values() if c.status != "ok"} == {}
    assert not [c.id for c in checks.values() if c.remedy]


@pytest.mark.parametrize(
    ("reading", "limit", "check", "code"),
    [
        ("foreign_cpu_share", evidence.FOREIGN_CPU_SHARE, "foreign-load", "foreign-load"),
        ("steal_share", evidence.STEAL_SHARE, "steal", "steal"),
        ("pressure_memory_share", evidence.PRESSURE_SHARE, "pressure", "pressure"),
        ("pressure_io_share", evidence.PRESSURE_SHARE, "pressure", "pressure"),
        ("swap_pages", 0, "swap", "swap"),
        ("throttle_events", 0, "heat", "throttled"),
    ],
)
def test_bad_is_what_the_verdict_calls_noisy(
    laptop: Path, reading: str, limit: float, check: str, code: str
) -> None:
    """The same reading at the same limit, and a remedy beyond it."""
    assert code in REASONS
    at_limit, beyond = during(laptop, **{reading: limit}), during(laptop, **{reading: limit + 0.01})
    assert at_limit[check].status == "ok"
    assert beyond[check].status == "bad"
    assert beyond[check].remedy
    assert [c.id for c in beyond.values() if c.status != "ok"] == [check]


def test_processors_that_were_moved_apart_may_slow_small_models(laptop: Path) -> None:
    """Told by round trips that differ, and no matter how long those of a machine are."""

    def found(*ns: float) -> Check:
        look = Look(readings=QUIET, programs=[], round_trips_ns=ns)
        return {c.id: c for c in activity.checks(look, laptop)}["core-to-core"]

    assert found(380.0, 390.0).status == "ok"
    apart = found(140.0, 380.0, 150.0)
    assert apart.status == "warn"
    assert "140 to 380 ns" in apart.value
    assert apart.remedy


def test_what_cannot_be_read_is_unknown_and_never_ok(tmp_path: Path) -> None:
    """An empty /proc and /sys: nothing is made up."""
    checks = during(tmp_path, **dict.fromkeys(QUIET))
    assert {c.status for c in checks.values()} == {"unknown"}
    assert set_up(tmp_path)["governor"].status == "unknown"
    unknown = {i for i, c in set_up(tmp_path).items() if c.status == "unknown"}
    assert unknown == {"governor", "turbo", "power-source", "smt", "affinity", "memory"}


def test_a_machine_in_swap_or_heat_may_go_wrong(laptop: Path) -> None:
    """No traffic yet, but pages lie on the disk; no throttling yet, but hot."""
    plant(laptop, {"proc/meminfo": "MemTotal: 1000 kB\nSwapTotal: 500 kB\nSwapFree: 400 kB\n"})
    assert during(laptop)["swap"].status == "warn"
    assert during(laptop, temperature_c=activity.HOT_C)["heat"].status == "warn"


POLICY = f"{CPU}/cpufreq/policy0"
SUPPLY = "sys/class/power_supply"
GROUP = "sys/fs/cgroup"


@pytest.mark.parametrize(
    ("files", "check", "status"),
    [
        ({f"{POLICY}/scaling_driver": "acpi-cpufreq"}, "governor", "bad"),
        (
            {
                f"{POLICY}/scaling_driver": "acpi-cpufreq",
                f"{POLICY}/scaling_governor": "schedutil",
                f"{CPU}/cpufreq/policy1/scaling_governor": "schedutil",
            },
            "governor",
            "warn",
        ),
        (
            {f"{SUPPLY}/AC/online": "0", f"{SUPPLY}/BAT0/status": "Discharging"},
            "power-source",
            "bad",
        ),
        ({f"{CPU}/intel_pstate/no_turbo": "1"}, "turbo", "ok"),
        ({"proc/cpuinfo": "flags: fpu hypervisor\n"}, "virtualised", "warn"),
        ({"proc/self/status": "Cpus_allowed_list:\t0-1\n"}, "affinity", "warn"),
        ({f"{GROUP}/cpu.max": "150000 100000"}, "cgroup-cpus", "bad"),
        ({f"{GROUP}/cpu.max": "200000 100000"}, "cgroup-cpus", "warn"),
        ({f"{GROUP}/cpu.max": "400000 100000"}, "cgroup-cpus", "ok"),
        ({f"{GROUP}/memory.max": str(2**30)}, "memory", "warn"),
        ({"proc/meminfo": "MemAvailable:  1000 kB\n"}, "memory", "bad"),
    ],
)
def test_settings_are_judged(laptop: Path, files: dict[str, str], check: str, status: str) -> None:
    """One thing changed on a laptop in order turns one check."""
    checks = set_up(laptop, **files)
    assert checks[check].status == status
    assert {c.id for c in checks.values() if c.status != "ok"} <= {check}
    assert bool(checks[check].remedy) == (status != "ok")


@pytest.mark.parametrize(("free", "status"), [(2**27, "bad"), (2**29, "warn"), (2**40, "ok")])
def test_room_for_models(
    laptop: Path, monkeypatch: pytest.MonkeyPatch, free: int, status: str
) -> None:
    """A cache that is not there yet lies where its nearest folder is."""
    usage = type("usage", (), {"free": free})
    requested: list[Path] = []
    monkeypatch.setattr(settings.shutil, "disk_usage", lambda path: requested.append(path) or usage)
    cache = laptop / "not" / "there" / "yet"
    found = {c.id: c for c in settings.checks(cache, laptop)}["disk"]
    assert found.status == status
    assert requested == [laptop]


def test_energy_that_is_denied_has_the_permission_as_its_remedy(tmp_path: Path) -> None:
    """Counters that are there and cannot be read; perf's events with a level too high."""
    assert access.powercap(tmp_path).status == "unknown"
    assert "modprobe" in access.powercap(tmp_path).remedy
    (tmp_path / "sys/class/powercap/intel-rapl:0/energy_uj").mkdir(parents=True)  # no one reads it
    denied = access.powercap(tmp_path)
    assert denied.status == "warn"
    assert "chmod o+r /sys/class/powercap" in denied.remedy
    plant(tmp_path, {"sys/class/powercap/intel-rapl:1/energy_uj": "5"})
    assert access.powercap(tmp_path).value == "1 of 2 counters readable"


@pytest.mark.parametrize(
    ("level", "status"), [("2", "warn"), ("0", "ok"), ("-1", "ok"), ("", "warn")]
)
def test_energy_events_of_perf(laptop: Path, level: str, status: str) -> None:
    """System-wide events need a level of 0."""
    plant(laptop, {"proc/sys/kernel/perf_event_paranoid": level})
    found = access.power_events(laptop)
    assert found.status == status
    assert ("sysctl" in found.remedy) == (status == "warn")


def test_devices_are_listed_with_what_is_wrong_with_them() -> None:
    """A device that is there and fails is bad; one that is not there is only listed."""
    found = {c.id: (c.status, c.remedy) for c in access.devices()}
    assert found == {
        "device-CPU": ("ok", ""),
        "device-GPU": ("unknown", "apt install it"),
        "device-NPU": ("bad", "Update the driver."),
    }


def test_an_openvino_that_cannot_be_loaded_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other checks are reported all the same."""

    def fails(*_: Any) -> None:
        raise OvreportError("it crashed", remedy="Install it again.")

    monkeypatch.setattr(devices, "probe", fails)
    (check,) = access.devices()
    assert (check.status, check.value, check.remedy) == ("bad", "it crashed", "Install it again.")


def test_programs_are_named_by_what_they_took() -> None:
    """Processes of one name are added up; one that began meanwhile counts whole."""

    def a(pid: int, name: str, cpu_s: float, started: int = 1) -> Process:
        return Process(pid=pid, parent=1, name=name, started=started, cpu_s=cpu_s, waited_s=0)

    before = [a(1, "web", 10), a(2, "web", 5), a(3, "idle", 7), a(4, "old", 50)]
    after = [a(1, "web", 10.5), a(2, "web", 5.5), a(3, "idle", 7), a(4, "new", 0.25, started=9)]
    assert activity.busiest(before, after) == [("web", 1.0), ("new", 0.25), ("idle", 0.0)]


def test_our_own_processes_are_not_among_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor accuses neither itself nor what it started."""
    others: set[int] = set()
    monkeypatch.setattr(
        activity, "busiest", lambda _, after: others.update(p.pid for p in after) or []
    )
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        seen = activity.look(0.05, procfs.ROOT)
        child.communicate(b"\n")
    assert set(seen.readings) <= set(evidence.READINGS)
    assert os.getppid() in others
    assert not {os.getpid(), child.pid} & others


@pytest.mark.parametrize(
    ("value", "words"), [(0, "0 %"), (0.004, "0.4 %"), (0.05, "5 %"), (0.973, "97.3 %")]
)
def test_shares_in_words(value: float, words: str) -> None:
    """No decimals that say nothing."""
    assert share(value) == words


@pytest.fixture
def on(laptop: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function that lets the command see a look at a laptop."""

    def see(programs: list[tuple[str, float]], **readings: float) -> None:
        seen = Look(readings={**QUIET, **readings}, programs=programs)
        monkeypatch.setattr(activity, "look", lambda *_: seen)
        monkeypatch.setattr(access, "devices", lambda: iter(()))
        real = doctor.examine
        monkeypatch.setattr(
            doctor, "examine", lambda seconds, _cache: real(seconds, laptop, laptop)
        )

    return see


def test_nothing_bad_exits_with_0(on, capsys: pytest.CaptureFixture[str]) -> None:
    """A table, and what could be changed still."""
    on([])
    assert run(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "Other programs" in said
    assert "sudo sysctl kernel.perf_event_paranoid=0" in said


def test_something_bad_exits_with_1_and_says_what_to_do(
    on, capsys: pytest.CaptureFixture[str]
) -> None:
    """Scripts can stop before they measure."""
    on([("updater", 0.3)], foreign_cpu_share=0.31)
    assert run(["doctor"]) == 1
    captured = capsys.readouterr()
    assert "updater 30 %" in captured.out
    assert "What to change" in captured.out
    assert "other programs" in captured.err


def test_names_of_programs_cannot_steer_the_terminal(
    on, capsys: pytest.CaptureFixture[str]
) -> None:
    """A process may call itself anything: escape sequences, markup, line ends."""
    on([("\x1b[31m[red]\n\u202eevil", 0.3)])
    run(["doctor"])
    said = capsys.readouterr().out
    assert "\x1b[31m" not in said
    assert "\u202e" not in said
    assert "[red]" in said


def test_json_is_whole(on, capsys: pytest.CaptureFixture[str]) -> None:
    """Every check with all its fields, and the worst of them."""
    on([], swap_pages=9)
    assert run(["doctor", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["worst"] == "bad"
    assert {c["id"]: c["status"] for c in found["checks"]}["swap"] == "bad"
    fields = {"id", "title", "status", "value", "why", "effect", "remedy"}
    assert all(fields == set(c) for c in found["checks"])


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "soon", "1000"])
def test_bad_input_exits_with_2(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is looked at."""
    assert run(["doctor", "--seconds", seconds]) == 2
    assert "--seconds" in capsys.readouterr().err


def test_this_machine_is_examined_and_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real /proc and /sys: every check has words, and no file is written."""
    written: list[object] = []
    monkeypatch.setattr(Path, "write_text", lambda *a, **_: written.append(a))
    monkeypatch.setattr(Path, "write_bytes", lambda *a, **_: written.append(a))
    checks = doctor.examine(0.05, tmp_path)
    assert len({c.id for c in checks}) == len(checks) > 15
    assert all(c.title and c.value and c.why.endswith(".") for c in checks)
    assert all(c.remedy for c in checks if c.status in {"warn", "bad"})
    assert written == []
    assert list(tmp_path.iterdir()) == []


def test_the_worst_of_checks() -> None:
    """A warning is worse than what is not known."""

    def check(status: Any) -> Check:
        return Check(id="x", title="x", status=status, value="x", why="x.")

    assert worst([]) == "ok"
    assert worst([check("ok"), check("unknown")]) == "unknown"
    assert worst([check("unknown"), check("warn"), check("ok")]) == "warn"
    assert worst([check("bad"), check("warn")]) == "bad"


# ---------------------------------------------------------------- before a collect


def test_nothing_is_said_of_a_machine_that_is_fit(laptop: Path) -> None:
    """A virtual machine among them: nothing can be done about that before a collect."""
    plant(laptop, {"proc/cpuinfo": "flags: fpu hypervisor\n"})
    assert preflight.lines([*during(laptop).values(), *set_up(laptop).values()]) == []


@pytest.mark.parametrize(
    ("reading", "found"),
    [
        ({"foreign_cpu_share": 0.38}, "38 %"),
        ({"steal_share": 0.12}, "12 %"),
        ({"throttle_events": 3.0}, "3 times"),
        ({"swap_pages": 70.0}, "70 pages"),
        ({"pressure_memory_share": 0.2}, "20 %"),
    ],
)
def test_what_goes_on_is_said_before_a_collect(
    laptop: Path, reading: dict[str, float], found: str
) -> None:
    """One line, with the number that was seen."""
    (line,) = preflight.lines(during(laptop, **reading).values())
    assert found in line


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({f"{POLICY}/scaling_driver": "acpi-cpufreq"}, "powersave"),
        ({f"{SUPPLY}/AC/online": "0", f"{SUPPLY}/BAT0/status": "Discharging"}, "battery"),
        ({"proc/self/status": "Cpus_allowed_list:\t0-1\n"}, "2 of 4"),
        ({f"{GROUP}/cpu.max": "150000 100000"}, "1.50"),
        ({f"{GROUP}/cpu.max": "200000 100000"}, "2.00"),
    ],
)
def test_how_a_machine_is_set_up_is_said_before_a_collect(
    laptop: Path, files: dict[str, str], found: str
) -> None:
    """One line, with what was found."""
    (line,) = preflight.lines(set_up(laptop, **files).values())
    assert found in line


def test_a_programs_name_is_no_escape_sequence(laptop: Path) -> None:
    """It is foreign text, and goes to a terminal."""
    seen = Look(readings={**QUIET, "foreign_cpu_share": 0.5}, programs=[("\x1b[2Jevil\n", 0.5)])
    (line,) = preflight.lines(activity.checks(seen, laptop))
    assert line.isprintable()


def test_this_very_machine_can_be_looked_at(tmp_path: Path) -> None:
    """Whatever it says: it is a list of lines, free of control characters."""
    assert all(line.isprintable() for line in preflight.preflight(tmp_path, window_s=0.01))
