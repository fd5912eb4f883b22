"""What the kernel's files say: read right, and never made up."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ovreport_collector.machine import procfs
from tests.collector.trees import CPU, LAPTOP, plant

DICTS = (
    procfs.processor_times,
    procfs.context_switches,
    procfs.swap_pages,
    procfs.throttle_events,
    procfs.pressure,
    procfs.load_average,
    procfs.frequency_mhz,
    procfs.temperature_c,
    procfs.memory_bytes,
)


@pytest.fixture
def laptop(tmp_path: Path) -> Path:
    """Return the root of a laptop."""
    return plant(tmp_path, LAPTOP)


def test_counters_are_read_right(laptop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Times leave out idle, iowait and guests; pages moved in and out are added up."""
    monkeypatch.setattr(procfs, "TICKS_PER_S", 100)
    assert procfs.processor_times(laptop) == pytest.approx({"busy_s": 1.63, "steal_s": 0.08})
    assert procfs.context_switches(laptop) == {"context_switches": 4321}
    assert procfs.swap_pages(laptop) == {"swap_pages": 7}
    assert procfs.throttle_events(laptop) == {"throttle_events": 5}


def test_pressure_of_disks_is_that_of_all_tasks(laptop: Path) -> None:
    """One task that reads a model's file is no pressure; all that could run waiting is."""
    assert procfs.pressure(laptop) == {
        "pressure_cpu_us": 1_500_000,
        "pressure_io_us": 4000,
        "pressure_memory_us": 70,
    }


def test_states_are_read_right(laptop: Path) -> None:
    """Only sensors of processors count, and the mask's processors that are there."""
    assert procfs.load_average(laptop) == {"load_average_1m": 0.52}
    assert procfs.frequency_mhz(laptop) == {"frequency_mhz": 2500}
    assert procfs.temperature_c(laptop) == {"temperature_c": 64.5}
    assert procfs.allowed_processors(laptop) == 4
    assert procfs.online_processors(laptop) == 4
    assert procfs.memory_bytes(laptop)["MemAvailable"] == 8_000_000 * 1024
    assert procfs.smt(laptop) == "on"
    assert procfs.governor(laptop) == "powersave (intel_pstate, hardware-managed)"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, "mains"),
        ({"AC/online": "0", "BAT0/status": "Discharging"}, "battery"),
        ({"AC/online": "0", "BAT0/status": "Charging"}, "mains"),
        ({"AC/online": "0", "BAT0/status": "Unknown"}, "unknown"),
        ({"AC/online": "0", "BAT0/status": "", "mouse/status": "Discharging"}, "unknown"),
    ],
)
def test_the_power_source(laptop: Path, files: dict[str, str], expected: str) -> None:
    """A supply that is online wins; a mouse's battery is not the machine's."""
    plant(laptop, {f"sys/class/power_supply/{name}": text for name, text in files.items()})
    assert procfs.power_source(laptop) == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({f"{CPU}/intel_pstate/no_turbo": "1"}, "off"),
        ({f"{CPU}/intel_pstate/no_turbo": "0"}, "on"),
        ({f"{CPU}/cpufreq/boost": "1"}, "on"),
        ({f"{CPU}/cpufreq/boost": "0"}, "off"),
        ({}, "unknown"),
    ],
)
def test_turbo_is_read_from_the_files_of_intel_or_of_others(
    tmp_path: Path, files: dict[str, str], expected: str
) -> None:
    """Two files, of which a machine has one or none."""
    assert procfs.turbo(plant(tmp_path, files)) == expected


def test_a_real_powersave_is_told_from_a_managed_one(tmp_path: Path) -> None:
    """Only where software chooses the clock does `powersave` mean a slow one."""
    policy = f"{CPU}/cpufreq/policy0"
    plant(
        tmp_path,
        {f"{policy}/scaling_governor": "powersave", f"{policy}/scaling_driver": "acpi-cpufreq"},
    )
    assert procfs.governor(tmp_path) == "powersave"


def test_of_many_processors_some_frequencies_are_read(tmp_path: Path) -> None:
    """A look must stay light on a machine of hundreds."""
    for i in range(200):
        plant(tmp_path, {f"{CPU}/cpufreq/policy{i}/scaling_cur_freq": "2000000"})
    read: list[Path] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(procfs, "read_text", lambda path: read.append(path) or "2000000")
        assert procfs.frequency_mhz(tmp_path) == {"frequency_mhz": 2000}
    assert 10 <= len(read) <= 20


def test_a_machine_that_tells_nothing(tmp_path: Path) -> None:
    """Missing files are no readings, and no errors."""
    assert [fact(tmp_path) for fact in DICTS] == [{}] * len(DICTS)
    assert procfs.allowed_processors(tmp_path) == 0
    assert procfs.power_source(tmp_path) == "unknown"
    assert procfs.smt(tmp_path) == "unknown"
    assert procfs.governor(tmp_path) == ""


def test_this_machine_tells_what_linux_tells() -> None:
    """The real files are read, not only made ones."""
    assert procfs.processor_times()["busy_s"] > 0
    assert procfs.context_switches()["context_switches"] > 0
    assert procfs.allowed_processors() == len(procfs.os.sched_getaffinity(0))
    assert procfs.memory_bytes()["MemTotal"] > 2**28


GARBAGE = st.one_of(
    st.text(max_size=100),
    st.integers(-(10**25), 10**25).map(str),
    # Real files with something put in somewhere.
    st.sampled_from(list(LAPTOP.values())).flatmap(
        lambda text: st.tuples(st.integers(0, len(text)), st.text(max_size=8)).map(
            lambda cut: text[: cut[0]] + cut[1] + text[cut[0] :]
        )
    ),
)


@pytest.fixture(scope="module")
def any_machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a root with all files that there may be."""
    return plant(tmp_path_factory.mktemp("any"), LAPTOP)


@settings(deadline=None)
@given(st.lists(GARBAGE, min_size=1, max_size=5))
def test_garbage_is_never_an_error_and_never_negative(any_machine: Path, texts: list[str]) -> None:
    """Whatever a file holds, a reading is a number from zero up, or it is not there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(procfs, "read_text", lambda path: texts[len(str(path)) % len(texts)].strip())
        found = [value for fact in DICTS for value in fact(any_machine).values()]
        assert all(0 <= value < float("inf") for value in found)
        assert procfs.allowed_processors(any_machine) >= 0
        assert procfs.power_source(any_machine) in {"mains", "battery", "unknown"}
        assert procfs.turbo(any_machine) in {"on", "off", "unknown"}
        assert procfs.smt(any_machine) in {"on", "off", "unknown"}
        assert isinstance(procfs.governor(any_machine), str)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"\0\0", b""])
def test_bytes_that_are_no_text_are_no_text(tmp_path: Path, content: bytes) -> None:
    """A file that cannot be read, or is none, tells nothing."""
    (tmp_path / "file").write_bytes(content)
    assert procfs.read_text(tmp_path / "file").strip("\0") == ""
    assert procfs.read_text(tmp_path) == ""
    assert procfs.read_text(tmp_path / "missing") == ""


@given(st.sets(st.integers(0, 300), min_size=1))
def test_a_list_of_processors_is_read_as_the_kernel_writes_it(numbers: set[int]) -> None:
    """Runs are written as ranges."""
    ordered = sorted(numbers)
    starts = [n for n in ordered if n - 1 not in numbers]
    ends = [n for n in ordered if n + 1 not in numbers]
    parts = [f"{a}-{b}" if a < b else f"{a}" for a, b in zip(starts, ends, strict=True)]
    assert procfs.processor_list(",".join(parts)) == numbers
