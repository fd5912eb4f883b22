"""`ovreport devices`, and what device strings mean."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovreport.cli import run
from ovreport.device_names import is_batching, parts
from ovreport_collector.engines.openvino import devices as openvino_devices
from ovreport_collector.engines.openvino.devices import probe
from ovreport_collector.process.job import JobFailed
from tests.collector import models
from tests.collector.conftest import FakeChild

SIMCPU = f"SIMCPU={models.CPU_PLUGIN}"

NAMES = [
    ("CPU", ["CPU"]),
    ("GPU.0", ["GPU.0"]),
    ("AUTO", []),
    ("AUTO:GPU,CPU", ["GPU", "CPU"]),
    ("AUTO:-GPU", []),
    ("HETERO:GPU.1,CPU", ["GPU.1", "CPU"]),
    ("MULTI:GPU.0(4),CPU(2)", ["GPU.0", "CPU"]),
    ("BATCH:CPU(16)", ["CPU"]),
    ("AUTO: GPU, CPU", ["GPU", "CPU"]),
]


@pytest.mark.parametrize(("device", "expected"), NAMES)
def test_a_device_string_names_physical_devices(device: str, expected: list[str]) -> None:
    """Virtual devices name those that they hand the work to; options are left out."""
    assert parts(device) == expected


physical = st.from_regex(r"(CPU|GPU|NPU|SIMCPU)(\.[0-9])?", fullmatch=True)


@given(
    st.sampled_from(["AUTO", "MULTI", "HETERO", "BATCH"]),
    st.lists(st.tuples(physical, st.sampled_from(["", "(2)", "(16)"])), min_size=1, max_size=4),
)
def test_any_virtual_device_has_its_parts(virtual: str, chosen: list[tuple[str, str]]) -> None:
    """Whatever is named is found again, in its order, and is itself physical."""
    device = f"{virtual}:{','.join(name + option for name, option in chosen)}"
    assert parts(device) == [name for name, _ in chosen]
    assert all(parts(name) == [name] for name, _ in chosen)


@pytest.fixture(scope="module")
def found() -> dict:
    """Return what this machine has, with a second device beside its CPU."""
    import msgspec

    return msgspec.to_builtins(probe([], dict([SIMCPU.split("=", 1)])))


def test_every_device_is_described(found: dict) -> None:
    """Full name, family, capabilities and properties of both; nothing local in them."""
    devices = {device["name"]: device for device in found["devices"]}
    assert {"CPU", "SIMCPU"} <= set(devices)
    for device in (devices["CPU"], devices["SIMCPU"]):
        assert device["full_name"]
        assert device["family"] == "CPU"
        assert "FP32" in device["capabilities"]
        assert device["properties"]["INFERENCE_PRECISION_HINT"] in {"f32", "bf16", "f16"}
        assert str(Path.home()) not in json.dumps(device)
    assert devices["CPU"]["full_name"] == devices["SIMCPU"]["full_name"]


def test_absent_devices_say_why(found: dict) -> None:
    """A GPU or NPU that is not here has a reason in words, and a remedy."""
    present = {name.partition(".")[0] for name in found["available"]}
    absent = {device["name"]: device for device in found["unavailable"]}
    assert set(absent) == {"CPU", "GPU", "NPU"} - present
    for device in absent.values():
        assert device["reason"]
        assert "Exception from" not in device["reason"]
        assert "nstall" in device["remedy"]


@pytest.mark.parametrize("device", ["AUTO:CPU", "HETERO:CPU", "MULTI:CPU", "BATCH:CPU(4)", "AUTO"])
def test_virtual_devices_are_described_by_what_they_use(device: str) -> None:
    """Name as asked, family and capabilities of the parts, whose properties are told apart."""
    result = probe([device], {})
    assert not result.unavailable
    (described,) = result.devices
    assert described.name == device
    assert described.full_name.startswith(f"{device.partition(':')[0]} over ")
    assert "FP32" in described.capabilities
    if device != "AUTO":
        assert described.family == "CPU"
    assert all("." in key for key in described.properties)


def test_a_virtual_device_over_equal_ones_says_how_many() -> None:
    """Two cards of one name are two."""
    plugins = dict([SIMCPU.split("=", 1)])
    (one, both) = probe(["CPU", "MULTI:CPU,SIMCPU"], plugins).devices
    assert both.full_name == f"MULTI over 2 × {one.full_name}"


@pytest.mark.parametrize("device", ["TPU", "AUTO:TPU", "HETERO:CPU,TPU", "NOPE:CPU", ""])
def test_what_openvino_does_not_know_is_unavailable(device: str) -> None:
    """A reason of one line, without places in OpenVINO's source."""
    result = probe([device, "CPU"], {})
    assert [d.name for d in result.devices] == ["CPU"]
    (unavailable,) = result.unavailable
    assert unavailable.name == device
    assert unavailable.reason
    assert "\n" not in unavailable.reason


def test_a_missing_library_is_named() -> None:
    """The remedy for a GPU without OpenCL is the package to install."""
    error = RuntimeError("Cannot load: libOpenCL.so.1: cannot open shared object file")
    told = openvino_devices._unavailable("GPU", error)
    assert told.reason == "libOpenCL.so.1 is not installed"
    assert "intel-opencl-icd" in told.remedy


def test_the_command_gives_json(capsys: pytest.CaptureFixture[str]) -> None:
    """`devices --json` holds what there is, and what there is not."""
    assert run(["devices", "--json", "--plugin", SIMCPU]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {"CPU", "SIMCPU"} <= {d["name"] for d in told["devices"]}
    assert all(d["reason"] for d in told["unavailable"])
    assert told["openvino"]


def test_the_command_gives_a_table(
    fake_child: FakeChild, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without --json: names, driver, and the release."""
    assert run(["devices"]) == 0
    said = capsys.readouterr().out
    assert "Example CPU" in said
    assert "bf16" in said
    assert "2026.4.1" in said


def test_a_driver_that_crashes_the_probe_is_reported(
    fake_child: FakeChild, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command fails with what the driver said, not with a traceback."""
    crash = JobFailed(reason="ended by SIGSEGV", cause="crash", stderr_tail="bad driver")
    fake_child.answers = [lambda _: crash]
    assert run(["devices"]) == 1
    said = capsys.readouterr().err
    assert "SIGSEGV" in said
    assert "bad driver" in said


def test_a_plugin_must_be_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    """A path that is not there is bad input, with an example of a good one."""
    assert run(["devices", "--plugin", "X=/no/such/file.so"]) == 2
    assert "--plugin" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("device", "batching"),
    [
        ("BATCH:CPU", False),
        ("BATCH:CPU(4)", True),
        ("BATCH:GPU", True),
        ("BATCH:GPU.1", True),
        ("CPU", False),
        ("AUTO:CPU(4)", False),
    ],
)
def test_batch_needs_a_number_or_a_device_that_has_one(device: str, batching: bool) -> None:
    assert is_batching(device) == batching
