"""Energy counters in a faithful tree: domains, wraps, denial, garbage, and a run around them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovreport.record import Energy, Failed, Unsupported
from ovreport_collector.machine import energy
from ovreport_collector.machine.energy import counters, hwmon, perf, powercap
from ovreport_collector.machine.energy import measurement as measurements
from ovreport_collector.machine.energy.counters import (
    FASTEST_W,
    Counter,
    CounterError,
    Domain,
    Meter,
    Tally,
    Watch,
    read_text,
)
from tests.collector.conftest import a_device
from tests.collector.fake_sysfs import Machine, Running, put


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Return a bare machine without counters."""
    made = Machine(tmp_path / "root")
    made.cpuinfo()
    return made


@pytest.fixture
def two_sockets(machine: Machine) -> Machine:
    """Return a server: two packages with their parts, and psys."""
    for socket, power_w in ((0, 100.0), (1, 60.0)):
        machine.zone(f"{socket}", f"package-{socket}", power_w=power_w)
        machine.zone(f"{socket}:0", "core", power_w=40.0)
        machine.zone(f"{socket}:1", "dram", power_w=5.0)
    machine.zone("2", "psys", power_w=300.0)
    return machine


def no_permission(path: Path) -> str:
    """Read as any user but root does: the counters refuse."""
    if path.name.startswith("energy"):
        raise PermissionError(13, "Permission denied", str(path))
    return read_text(path)


def energies(machine: Machine, seconds: float) -> dict[str, float]:
    """Return what a watch over the machine's packages counts while so much time passes."""
    meter = energy.choose("package", machine.root)
    assert isinstance(meter, Meter)
    with Watch(meter.domains) as watch:
        machine.advance(seconds)
    return watch.energy_j


# ---------------------------------------------------------------- domains


def test_packages_of_all_sockets_are_one_domain(two_sockets: Machine) -> None:
    """Sockets are added up; parts and the platform stand apart, the package first."""
    found = energies(two_sockets, 2.0)
    assert list(found) == ["package", "psys", "core", "dram"]
    assert found == pytest.approx({"package": 320, "psys": 600, "core": 160, "dram": 20})


def test_the_scope_names_the_sockets(two_sockets: Machine) -> None:
    """A reader learns what was counted, and that other programs are in it."""
    meter = powercap.find(two_sockets.root)
    assert meter is not None
    assert meter.method == "powercap"
    assert meter.domains[0].scope.startswith("2 processor packages together")
    assert "every program that ran on them" in meter.domains[0].scope


def test_dies_of_a_package_are_packages(machine: Machine) -> None:
    """Processors of several dies count each die: together they are the processor."""
    machine.zone("0", "package-0-die-0", power_w=10)
    machine.zone("1", "package-0-die-1", power_w=20)
    assert energies(machine, 1.0) == pytest.approx({"package": 30})


def test_a_package_that_is_counted_twice_is_taken_once(machine: Machine) -> None:
    """The register and the memory-mapped interface show the same package."""
    machine.zone("0", "package-0", power_w=10)
    machine.zone("0", "package-0", power_w=10, control="intel-rapl-mmio")
    assert energies(machine, 1.0) == pytest.approx({"package": 10})


def test_a_second_platform_counter_is_not_added(machine: Machine) -> None:
    """Each psys keeps its own name: nobody says that they do not overlap."""
    machine.zone("0", "psys", power_w=100)
    machine.zone("1", "psys-1", power_w=100)
    assert energies(machine, 1.0) == pytest.approx({"psys": 100, "psys-1": 100})


def test_amds_core_zone_is_left_out(machine: Machine) -> None:
    """It counts one core, and its name says the processor's cores."""
    machine.cpuinfo(vendor="AuthenticAMD")
    machine.zone("0", "package-0", power_w=65)
    machine.zone("0:0", "core", power_w=4)
    assert list(energies(machine, 1.0)) == ["package"]


def test_a_zone_of_garbage_is_left_out(two_sockets: Machine) -> None:
    """What gives no number is not counted; the others are."""
    put(two_sockets.root / "sys/class/powercap/intel-rapl:2/energy_uj", "n/a")
    put(two_sockets.root / "sys/class/powercap/intel-rapl:9/note", "no zone at all")
    meter = powercap.find(two_sockets.root)
    assert meter is not None
    assert [d.name for d in meter.domains] == ["package", "core", "dram"]


# ---------------------------------------------------------------- wraps


@given(
    start=st.integers(0, 999),
    limit=st.integers(1_000, 10**6),
    steps=st.lists(st.floats(0, 0.999), max_size=50),
)
def test_a_tally_counts_through_every_wrap(start: int, limit: int, steps: list[float]) -> None:
    """Whatever is counted between two readings, as long as it is less than one range."""
    truth = [start]
    tally = Tally(Counter(lambda: truth[-1] % limit, 1.0, limit))
    for share in steps:
        truth.append(truth[-1] + int(share * limit))
        tally.update()
    assert tally.energy_j == truth[-1] - start


@pytest.mark.alone
def test_a_counter_that_wraps_in_mid_run_is_read_in_time(machine: Machine) -> None:
    """Several wraps within one run are all counted: a thread reads often enough."""
    machine.zone("0", "package-0", power_w=2_000, range_uj=200_000_000, at_uj=199_000_000)
    meter = powercap.find(machine.root)
    assert meter is not None
    with Watch(meter.domains) as watch, Running(machine):
        while machine.seconds < 0.35:
            time.sleep(0.01)
    assert watch.energy_j["package"] > 3 * 200
    assert watch.energy_j["package"] == pytest.approx(2_000 * machine.seconds)


@given(st.integers(1, 10**12), st.sampled_from([1e-6, 2.0**-32, 1.0]))
def test_polling_leaves_no_room_for_two_wraps(wraps_at: int, unit_j: float) -> None:
    """At the fastest that any counter fills, two readings lie within one range."""
    counter = Counter(lambda: 0, unit_j, wraps_at)
    assert counter.safe_poll_s * FASTEST_W <= wraps_at * unit_j / 2 * (1 + 1e-9)


def test_a_fall_without_a_range_is_reported(machine: Machine) -> None:
    """Nobody can know what was counted: there is no figure."""
    machine.zone("0", "package-0", range_uj=None, at_uj=1_000)
    meter = powercap.find(machine.root)
    assert meter is not None
    with pytest.raises(CounterError, match="its range is not known"), Watch(meter.domains):
        put(machine.root / "sys/class/powercap/intel-rapl:0/energy_uj", "10")


def test_without_a_range_a_rising_counter_is_counted(machine: Machine) -> None:
    """The range matters when it wraps only."""
    machine.zone("0", "package-0", range_uj=None, power_w=7)
    assert energies(machine, 2.0) == pytest.approx({"package": 14})


# ---------------------------------------------------------------- why not


def test_root_only_counters_name_the_remedy(two_sockets: Machine) -> None:
    """Since CVE-2020-8694: the exact command, and what it opens."""
    with pytest.raises(PermissionError):
        powercap.find(two_sockets.root, read=no_permission)
    assert "sudo chmod o+r /sys/class/powercap/intel-rapl*/energy_uj" in powercap.REMEDY
    assert "PLATYPUS" in powercap.REMEDY


@pytest.fixture
def denied(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody read powercap: tests may run as root, whom no file refuses."""
    reader = powercap.find

    def find(root: Path) -> Meter | None:
        return reader(root, read=no_permission)

    monkeypatch.setattr(powercap, "find", find)


@pytest.mark.usefixtures("denied")
def test_denial_is_a_reason_and_not_an_error(two_sockets: Machine) -> None:
    """The record says why there is no energy and what to do."""
    found = energy.choose("package", two_sockets.root)
    assert isinstance(found, Unsupported)
    assert "root" in found.reason
    assert found.remedy == powercap.REMEDY


@pytest.mark.parametrize(
    ("flags", "mark", "reason", "remedy"),
    [
        ("fpu hypervisor", None, "virtual machine", "bare metal"),
        ("fpu", ".dockerenv", "container", "outside the container"),
        ("fpu", None, "no RAPL zone", "sudo modprobe intel_rapl_msr"),
    ],
)
def test_no_counter_says_why(
    machine: Machine, flags: str, mark: str | None, reason: str, remedy: str
) -> None:
    """A virtual machine, a container, and a missing module are told apart."""
    machine.cpuinfo(flags=flags)
    if mark:
        put(machine.root / mark, "")
    found = energy.choose("package", machine.root)
    assert isinstance(found, Unsupported)
    assert reason in found.reason
    assert remedy in found.remedy


def test_hidden_zones_of_a_container_are_none(machine: Machine) -> None:
    """Links remain in the class, what they lead to is masked."""
    folder = machine.root / "sys/class/powercap"
    folder.mkdir(parents=True)
    (folder / "intel-rapl:0").symlink_to("../../devices/virtual/powercap/gone")
    put(machine.root / ".dockerenv", "")
    found = energy.choose("package", machine.root)
    assert isinstance(found, Unsupported)
    assert "container" in found.reason


# ---------------------------------------------------------------- graphics cards


def test_a_card_is_counted_by_itself(two_sockets: Machine) -> None:
    """The card's own counter, not the chip's, and not the host's packages."""
    two_sockets.card(0, "coretemp")
    two_sockets.card(1, "xe", "card", "pkg", power_w=120)
    meter = energy.choose("card", two_sockets.root)
    assert isinstance(meter, Meter)
    assert (meter.method, [d.name for d in meter.domains]) == ("hwmon", ["gpu"])
    with Watch(meter.domains) as watch:
        two_sockets.advance(0.5)
    assert watch.energy_j == pytest.approx({"gpu": 60})
    assert "host's processor is not in it" in meter.domains[0].scope


def test_a_card_that_counts_its_chip_only_says_so(machine: Machine) -> None:
    """The scope never says more than was counted."""
    machine.card(0, "xe", "pkg")
    (meter,) = hwmon.find(machine.root)
    assert meter.domains[0].scope.startswith("the chip of the graphics card")


def test_tiles_of_a_card_are_not_cards(machine: Machine) -> None:
    """The driver i915 shows the card, and each of its tiles in a folder of its own."""
    machine.card(0, "i915")
    machine.card(1, "i915_gt0")
    assert len(hwmon.find(machine.root)) == 1


def test_two_cards_are_not_guessed_at(machine: Machine) -> None:
    """OpenVINO does not tell which card a device is."""
    machine.card(0, "xe", "card")
    machine.card(1, "i915")
    found = energy.choose("card", machine.root)
    assert isinstance(found, Unsupported)
    assert found.reason.startswith("2 graphics cards")


def test_no_card_counts(two_sockets: Machine) -> None:
    """The host's package is no stand-in for a graphics card."""
    assert isinstance(energy.choose("card", two_sockets.root), Unsupported)


@pytest.mark.parametrize(
    ("device", "place"),
    [
        (a_device(), "package"),
        (a_device("GPU.1", family="dGPU"), "card"),
        (a_device("AUTO:GPU.0,CPU", properties={"GPU.0.DEVICE_TYPE": "INTEGRATED"}), "package"),
        (a_device("AUTO:GPU.1,CPU", properties={"GPU.1.DEVICE_TYPE": "DISCRETE"}), "both"),
    ],
)
def test_where_a_device_takes_its_energy(device: object, place: str) -> None:
    """Built-in graphics are in the package; a mix with a card is in no one counter."""
    assert energy.where(device) == place
    if place == "both":
        assert isinstance(energy.choose(place), Unsupported)


# ---------------------------------------------------------------- perf


@pytest.fixture
def power_pmu(machine: Machine) -> Machine:
    """Add perf's power PMU, of two packages."""
    folder = machine.root / perf.FOLDER
    put(folder / "type", "21")
    put(folder / "cpumask", "0,28")
    put(folder / "events/energy-pkg", "event=0x02")
    put(folder / "events/energy-pkg.scale", "2.3283064365386962890625e-10")
    put(folder / "events/energy-ram", "event=0x03")
    put(folder / "events/energy-ram.scale", "2.3283064365386962890625e-10")
    return machine


def test_perf_counts_where_it_is_allowed(power_pmu: Machine) -> None:
    """An event for each package's processor, in the PMU's own units."""
    counts: dict[tuple[int, int, int], int] = {}

    def opener(*event: int) -> Callable[[], int]:
        counts[event] = 0
        return lambda: counts[event]

    meter = perf.find(power_pmu.root, opener=opener)
    assert meter is not None
    assert list(counts) == [(21, 2, 0), (21, 2, 28), (21, 3, 0), (21, 3, 28)]
    with Watch(meter.domains) as watch:
        counts[21, 2, 0] = counts[21, 2, 28] = 2**32
    assert watch.energy_j == pytest.approx({"package": 2.0, "dram": 0.0})


@pytest.mark.usefixtures("denied")
def test_perf_serves_where_powercap_is_denied(
    power_pmu: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One way is enough."""
    power_pmu.zone("0", "package-0")
    monkeypatch.setattr(perf, "open_event", lambda *_: lambda: 0)
    found = energy.choose("package", power_pmu.root)
    assert isinstance(found, Meter)
    assert found.method == "perf"


def test_perf_that_is_denied_names_the_remedy(
    power_pmu: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no other way."""

    def refuse(*_: int) -> Callable[[], int]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(perf, "open_event", refuse)
    found = energy.choose("package", power_pmu.root)
    assert isinstance(found, Unsupported)
    assert "perf_event_paranoid" in found.remedy


def test_an_event_of_the_kernel_itself_is_opened_and_read() -> None:
    """The call is right: a software event, the processor's clock, rises."""
    software, cpu_clock = 1, 0
    try:
        read = perf.open_event(software, cpu_clock, 0)
    except OSError as error:
        pytest.skip(f"perf is not allowed here: {error}")
    first = read()
    time.sleep(0.01)
    assert read() >= first + 5_000_000


# ---------------------------------------------------------------- around a run


@pytest.fixture
def own_clock(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the measurement live by the machine's clock: who sleeps lets its time pass."""
    monkeypatch.setattr(counters, "clock", lambda: machine.seconds)
    monkeypatch.setattr(measurements, "sleep", machine.advance)


def measured(machine: Machine, idle_s: float = 2.0) -> energy.Measurement:
    """Return a measurement of the machine's packages, after its idle baseline."""
    made = energy.Measurement(energy.choose("package", machine.root), idle_s)
    made.idle()
    return made


@pytest.mark.usefixtures("own_clock")
def test_a_run_gives_its_energy_above_an_idle_baseline(machine: Machine) -> None:
    """Gross is what the domain took in the run; idle is the power just before."""
    counter = machine.zone("0", "package-0", power_w=20)
    measurement = measured(machine, 2.0)
    machine.powers_w[counter] = 80
    with measurement:
        machine.advance(10)
    measurement.count(50)
    found = measurement.result(4)
    assert isinstance(found, Energy)
    (taken,) = found.domains[0].rounds
    assert (taken.round, taken.inferences) == (4, 50)
    assert (taken.duration_s, taken.energy_j) == pytest.approx((10, 800))
    assert (taken.idle_s, taken.idle_w) == pytest.approx((2, 20))


def test_without_a_meter_nothing_is_slower(monkeypatch: pytest.MonkeyPatch) -> None:
    """No baseline is waited for where it cannot be read."""
    slept: list[float] = []
    monkeypatch.setattr(measurements, "sleep", slept.append)
    why = Unsupported(reason="no counter")
    measurement = energy.Measurement(why, 60.0)
    measurement.idle()
    with measurement:
        pass
    assert not slept
    measurement.count(10)
    assert measurement.result(0) is why


@pytest.mark.usefixtures("own_clock")
def test_a_counter_that_breaks_in_the_run_does_not_break_the_run(machine: Machine) -> None:
    """The run goes on, and the reason is reported."""
    counter = machine.zone("0", "package-0")
    measurement = measured(machine)
    with measurement:
        counter.write_text("")
    measurement.count(10)
    found = measurement.result(0)
    assert isinstance(found, Failed)
    assert "energy counters" in found.reason


@pytest.mark.usefixtures("own_clock")
def test_a_counter_that_stands_still_is_no_measurement(machine: Machine) -> None:
    """Some hypervisors show counters that never move: that is not zero joules."""
    machine.zone("0", "package-0", power_w=0)
    measurement = measured(machine)
    with measurement:
        machine.advance(1)
    measurement.count(10)
    found = measurement.result(0)
    assert isinstance(found, Unsupported)
    assert "stands still" in found.reason


@pytest.mark.usefixtures("own_clock")
def test_an_error_of_the_run_is_passed_on(machine: Machine) -> None:
    """A failed throughput run stays a failed throughput run, and has no energy."""
    machine.zone("0", "package-0")
    measurement = measured(machine)
    with pytest.raises(RuntimeError, match="the device went away"), measurement:
        raise RuntimeError("the device went away")
    measurement.count(0)
    assert isinstance(measurement.result(0), Failed)


@pytest.mark.usefixtures("own_clock")
def test_a_part_that_stands_still_is_left_out(machine: Machine) -> None:
    """Processors without a memory counter show one that never moves."""
    machine.zone("0", "package-0")
    machine.zone("0:0", "dram", power_w=0)
    measurement = measured(machine)
    with measurement:
        machine.advance(1)
    measurement.count(10)
    found = measurement.result(0)
    assert isinstance(found, Energy)
    assert [d.name for d in found.domains] == ["package"]


def test_watching_ends_its_thread() -> None:
    """Nothing goes on reading after the run."""
    domain = Domain("package", "all", (Counter(lambda: 1, 1.0, 10),))
    with Watch([domain]) as watch:
        assert watch._thread.is_alive()
    assert not watch._thread.is_alive()
