"""What will be measured, and what makes two plans the same."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovreport.engines import GENAI
from ovreport.errors import InputError
from ovreport.record import Case, Device, Skipped, Tier
from ovreport.record.base import TierName
from ovreport.stats.spread import MIN_PROCESSES
from ovreport_collector.engines.types import ProbeResult, Unavailable
from ovreport_collector.machine import energy
from ovreport_collector.measurements import registry
from ovreport_collector.plan import tiers
from ovreport_collector.plan.devices import default_precisions
from ovreport_collector.plan.plan import Plan, PlannedCase
from ovreport_collector.plan.request import make_plan
from ovreport_collector.plan.tiers import MOST_ROUNDS, TIERS, tier_of
from ovreport_collector.process.timing import Timing
from ovreport_collector.session.estimate import total_s
from tests.collector import odd_models
from tests.collector.conftest import FakeChild, a_device, a_request
from tests.collector.suite_fixtures import suite_of


def missing(name: str, reason: str) -> Unavailable:
    """Return a device that cannot be used."""
    return Unavailable(name=name, reason=reason, remedy="")


def probed(
    devices: list[Device], unavailable: list[Unavailable], available: Sequence[str] = ("CPU",)
) -> ProbeResult:
    """Return what a probe found."""
    return ProbeResult(
        openvino="2026.4.1", available=list(available), devices=devices, unavailable=unavailable
    )


PAIRS = [
    (a_device(default="bf16"), ("f32", "default")),
    (a_device(default="f16"), ("f32", "default")),
    (a_device(default="f32"), ("f32",)),
    (a_device("NPU", default="", capabilities=["FP16", "INT8"]), ("default",)),
    (a_device("AUTO:GPU,CPU"), ("default",)),
    (a_device("AUTO"), ("default",)),
    (a_device("HETERO:CPU"), ("default",)),
    (a_device("GPU.1", default="f16"), ("f32", "default")),
]


@pytest.mark.parametrize(("device", "expected"), PAIRS, ids=lambda v: getattr(v, "name", None))
def test_each_device_gets_the_precisions_that_are_worth_comparing(device, expected) -> None:
    """f32 and the default where they differ; a virtual device takes no precision."""
    assert default_precisions(device) == expected


@pytest.fixture
def make(fake_child: FakeChild, suite_file: Path) -> Callable[..., Plan]:
    """Return a function that makes a plan of the suite of two models."""

    def of_request(**changes: object) -> Plan:
        return make_plan(a_request(suite_file, **changes))

    return of_request


def test_every_model_meets_every_device_and_precision(make, fake_child: FakeChild) -> None:
    """Cases are the product, model by model, in the suite's order."""
    fake_child.devices = [a_device(), a_device("SIMCPU", default="f32")]
    cases = [(p.case.model, p.case.device, p.case.precision) for p in make().cases]
    assert cases == [
        ("one", "CPU", "f32"),
        ("one", "CPU", "default"),
        ("one", "SIMCPU", "f32"),
        ("two", "CPU", "f32"),
        ("two", "CPU", "default"),
        ("two", "SIMCPU", "f32"),
    ]
    assert len({p.key for p in make().cases}) == 6


def test_what_was_requested_is_what_is_planned(make) -> None:
    """Chosen models and precisions only; said twice, they are measured once."""
    made = make(models=("two", "two"), precisions=("bf16", "bf16"), devices=("CPU", "CPU"))
    assert [(p.case.model, p.case.precision) for p in made.cases] == [("two", "bf16")]
    assert [m.id for m in made.models] == ["two"]


def test_the_same_request_gives_the_same_plan(make) -> None:
    """The key is what a stopped run is found again by."""
    assert make().key == make().key


@pytest.mark.parametrize(
    "changes",
    [{"seed": 21}, {"tier": "standard"}, {"models": ("one",)}, {"precisions": ("f32",)}],
    ids=str,
)
def test_another_request_is_another_plan(make, changes) -> None:
    """Rounds that were measured otherwise never mix."""
    assert make(**changes).key != make().key


def test_another_device_or_release_is_another_plan(make) -> None:
    """A new driver or OpenVINO starts a new run."""
    made = make()
    software = msgspec.structs.replace(made.software, openvino="2027.0")
    devices = {"CPU": msgspec.structs.replace(made.devices["CPU"], driver="2")}
    for changed in (
        dataclasses.replace(made, software=software),
        dataclasses.replace(made, devices=devices),
    ):
        assert changed.key != made.key


@pytest.mark.parametrize("file", ["one.onnx", "one.data"])
def test_an_edited_model_is_another_plan(make, own_folders: Path, file: str) -> None:
    """A file that no checksum pins is known by its content, and by that of its weights."""
    odd_models.external_onnx(own_folders / "one.onnx")
    before = make().key
    (own_folders / file).write_bytes(b"edited")
    assert make().key != before


def test_other_code_or_another_plugin_is_another_plan(make, own_folders: Path) -> None:
    """Rounds of this code, through this library, do not mix with others."""
    library = own_folders / "plugin.so"
    library.write_bytes(b"one")
    keys = {make(plugins={"X": str(library)}).key}
    library.write_bytes(b"two")
    other = make(plugins={"X": str(library)})
    keys |= {other.key, dataclasses.replace(other, code="edited").key}
    assert len(keys) == 3


def test_a_boot_or_a_slow_start_makes_no_other_plan(make) -> None:
    """A stopped run is found again though memory differs by kilobytes and the probe took longer."""
    one = make()
    memory = one.machine.memory_bytes - 4096
    machine = msgspec.structs.replace(one.machine, memory_bytes=memory)
    assert dataclasses.replace(one, machine=machine, timing=Timing(9.0, 0.0)).key == one.key


def test_a_suite_may_move(make, own_folders: Path, fake_child: FakeChild) -> None:
    """The same suite in another folder goes on with the same run."""
    before = make().key
    moved = own_folders.with_name(f"{own_folders.name}-moved")
    own_folders.rename(moved)
    assert make_plan(a_request(moved / "my.toml")).key == before


def test_the_expected_time_grows_with_what_is_planned(make) -> None:
    """It is positive, and twice the cases take twice as long."""
    one, both = total_s(make(models=("one",))), total_s(make())
    assert one > 0
    assert both == pytest.approx(2 * one)
    assert total_s(make(tier="publish")) > both


def test_the_expected_time_knows_what_accuracies_take(fake_child: FakeChild) -> None:
    """Thousands of texts take their time, for each case, and once more where f32 is no case."""

    def expected(model: str, *precisions: str) -> float:
        request = a_request(
            Path("standard"),
            models=(model,),
            precisions=precisions,
            variants=("published",),
            skip=registry.SKIPPABLE,
        )
        return total_s(make_plan(request))

    texts, eyes = expected("minilm-l6-v2", "f32"), expected("iris-landmark", "f32")
    assert texts - eyes > 20
    alone, twice = expected("minilm-l6-v2", "f32"), expected("minilm-l6-v2", "default")
    assert twice - alone == pytest.approx(texts - eyes, abs=5)


def a_case(engine: str) -> PlannedCase:
    """Return a case of an engine; what its model is does not matter."""
    case = Case(engine=engine, device="CPU", model="tiny", variant="fp32", precision="f32")
    return PlannedCase(case, suite_of("file:tiny.onnx", "").models[0])


@pytest.mark.parametrize("tier", tiers.TIERS.values(), ids=lambda t: t.name)
def test_tiers_can_be_met(tier: Tier) -> None:
    """Time and count have a cap, three processes can agree, and ratios have five pairs at least."""
    assert tier.min_seconds < tier.max_seconds
    assert 3 <= tier.processes <= tier.max_processes
    assert tier.rounds >= 5


@pytest.mark.parametrize("tier", tiers.TIERS.values(), ids=lambda t: t.name)
def test_everything_that_is_measured_knows_every_tier(tier: Tier) -> None:
    """Measurements have tables of their own by tier: a new tier needs a row in each of them."""
    assert tier.name in get_args(TierName)
    for measurement in registry.MEASUREMENTS:
        assert measurement.seconds(tier) >= 0, measurement.name
        assert 1 <= measurement.rounds(tier) <= tier.max_processes, measurement.name
    for case in (a_case("openvino"), a_case(GENAI)):
        work = list(registry.expected(case, tier, 0, 0.005))
        assert all(seconds > 0 for _, seconds in work)
    assert energy.IDLE_S[tier.name] > 0


@pytest.mark.parametrize(
    ("tier", "precisions", "measured"),
    [
        ("quick", ("f32", "default"), ["default"]),
        ("quick", ("f32", "f16"), ["f32", "f16"]),
        ("standard", ("f32", "default"), ["f32", "default"]),
    ],
)
def test_a_quick_look_takes_what_is_long_at_one_precision(
    make, tier: str, precisions: tuple[str, ...], measured: list[str]
) -> None:
    """At the device's default where that is a case; the other cases say so."""
    plan, curve = make(models=("one",), tier=tier, precisions=precisions), registry.BY_NAME["curve"]
    whys = {p.case.precision: registry.why_never(curve, p, plan.tier) for p in plan.cases}
    assert [precision for precision, why in whys.items() if why is None] == measured
    assert all(isinstance(why, Skipped) for why in whys.values() if why is not None)


def test_a_device_that_is_not_here_is_refused(make, fake_child: FakeChild) -> None:
    """The message names the device, why, and those that are there."""
    unavailable = [missing("GPU", "libOpenCL.so.1 is not installed")]
    fake_child.answers = [lambda _: probed([a_device()], unavailable)]
    with pytest.raises(InputError, match="libOpenCL") as caught:
        make(devices=("CPU", "GPU"))
    assert "'GPU'" in caught.value.what
    assert "Available: CPU" in caught.value.remedy


def test_devices_that_were_not_requested_may_be_missing(make, fake_child: FakeChild) -> None:
    """By default what is there is measured."""
    unavailable = [missing("GPU", "none"), missing("NPU", "none")]
    fake_child.answers = [lambda _: probed([a_device()], unavailable)]
    assert list(make().devices) == ["CPU"]


def test_an_available_device_that_cannot_be_used_is_reported(make, fake_child: FakeChild) -> None:
    """A device that is there but broken does not vanish from the plan unnoticed."""
    unavailable = [missing("CPU.1", "broken driver")]
    fake_child.answers = [lambda _: probed([a_device()], unavailable, ["CPU", "CPU.1"])]
    with pytest.raises(InputError, match="broken driver"):
        make()


def test_a_machine_without_devices_is_refused(make, fake_child: FakeChild) -> None:
    """Nothing to measure on is bad input, with the reason of the first that is missing."""
    fake_child.answers = [lambda _: probed([], [missing("CPU", "no plugin")])]
    with pytest.raises(InputError, match="no plugin"):
        make()


@given(st.sampled_from(sorted(TIERS)), st.integers(MIN_PROCESSES, MOST_ROUNDS))
def test_as_many_rounds_as_asked(name: str, rounds: int) -> None:
    """Or a few more: every process has as many, and there are three at least."""
    tier = tier_of(name, rounds=rounds)
    assert rounds <= tier.rounds < rounds + tier.processes
    assert MIN_PROCESSES <= tier.processes <= TIERS[name].processes
    assert tier.max_processes * tier.rounds_per_process <= 100
    assert tier.is_custom


def test_a_longer_loop_has_more_inferences_and_a_later_cap() -> None:
    """All in proportion; the tier's own numbers are no custom ones."""
    usual, longer = tier_of("quick"), tier_of("quick", seconds=1)
    assert usual == TIERS["quick"]
    share = 1 / usual.min_seconds
    assert longer.is_custom
    assert longer.rounds == usual.rounds
    assert (longer.min_seconds, longer.max_seconds) == (1, usual.max_seconds * share)
    assert longer.min_inferences == round(usual.min_inferences * share)
