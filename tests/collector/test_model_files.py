"""The files that a model consists of, in every format: what depends on each of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from rich.console import Console

from ovreport.checks import faults
from ovreport.errors import InputError, SuiteError
from ovreport.record import Record, checksum_of
from ovreport.store import read, record_files
from ovreport_collector.measurements.inference.run import InferenceJob
from ovreport_collector.models.optimize.job import OptimizeJob
from ovreport_collector.plan import load_suite, own_models
from ovreport_collector.plan.own_models import OwnModels
from ovreport_collector.plan.request import make_plan
from ovreport_collector.process.job import Job
from ovreport_collector.session import collect
from ovreport_collector.session.collect import Collected
from ovreport_collector.sources import resolve
from ovreport_collector.sources.model_files import contents, files_of, missing_from
from tests.collector import models
from tests.collector.conftest import FakeChild, a_request, model_table
from tests.collector.suite_fixtures import document, language_suite, sha256, write_suite

FEATURES = 300


def elsewhere(name: str, values: int = 4) -> TensorProto:
    """Return a tensor whose values are in a file of that name."""
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[values])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=f"{name}.data")
    return tensor


def nested_onnx(path: Path) -> Path:
    """Write an ONNX file with external data everywhere: initializers, constants, branches."""

    def branch(name: str) -> onnx.GraphProto:
        out = helper.make_tensor_value_info(f"{name}-out", TensorProto.FLOAT, [4])
        node = helper.make_node("Constant", [], [f"{name}-out"], value=elsewhere(name))
        return helper.make_graph([node], name, [], [out])

    nodes = [
        helper.make_node(
            "If", ["c"], ["b"], then_branch=branch("then"), else_branch=branch("else")
        ),
        helper.make_node("Constant", [], ["k"], value=elsewhere("constant")),
        helper.make_node("Sum", ["b", "k", "w"], ["y"]),
    ]
    inputs = [helper.make_tensor_value_info("c", TensorProto.BOOL, [])]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [4])
    graph = helper.make_graph(nodes, "nested", inputs, [output], [elsewhere("w")])
    path.write_bytes(helper.make_model(graph).SerializeToString())
    for name in ("then", "else", "constant", "w"):
        (path.parent / f"{name}.data").write_bytes(np.ones(4, np.float32).tobytes())
    return path


def external_onnx(path: Path, seed: int) -> Path:
    """Write an ONNX file; its weights lie beside it, and are all that the seed decides."""
    weights = np.random.default_rng(seed).standard_normal((FEATURES, 4)).astype(np.float32)
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, FEATURES])]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4])
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    tensor = numpy_helper.from_array(weights, "w")
    graph = helper.make_graph([node], "external", inputs, [output], [tensor])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    (path.parent / f"{path.name}.data").unlink(missing_ok=True)
    onnx.save(
        made, path, save_as_external_data=True, location=f"{path.name}.data", size_threshold=0
    )
    return path


def pipeline(folder: Path) -> Path:
    """Write the folder of a language model, and return its network."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("openvino_model", "openvino_tokenizer", "openvino_detokenizer"):
        for suffix in (".xml", ".bin"):
            (folder / f"{name}{suffix}").write_text(f"{name}{suffix}")
    (folder / "config.json").write_text("{}")
    (folder / "README.md").write_text("of no consequence")
    return folder / "openvino_model.xml"


def split_gguf(folder: Path) -> Path:
    """Write a GGUF model in three parts, and return the first."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in (1, 2, 3):
        (folder / f"m-0000{part}-of-00003.gguf").write_text(f"part {part}")
    return folder / "m-00001-of-00003.gguf"


def an_ir(folder: Path) -> Path:
    """Write an OpenVINO IR, and return its network."""
    folder.mkdir(parents=True, exist_ok=True)
    return models.save(models.classifier(), folder / "m.xml")


def an_onnx(folder: Path) -> Path:
    """Write an ONNX file with external data, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    return external_onnx(folder / "m.onnx", seed=1)


def nested(folder: Path) -> Path:
    """Write an ONNX file with external data everywhere, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    return nested_onnx(folder / "m.onnx")


def alone(folder: Path) -> Path:
    """Write a model of one file, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "m.tflite").write_text("all in one")
    return folder / "m.tflite"


FORMATS: dict[str, tuple[Callable[[Path], Path], list[str]]] = {
    "ir": (an_ir, ["m.bin"]),
    "onnx": (an_onnx, ["m.onnx.data"]),
    "nested onnx": (nested, ["constant.data", "else.data", "then.data", "w.data"]),
    "split gguf": (split_gguf, ["m-00002-of-00003.gguf", "m-00003-of-00003.gguf"]),
    "pipeline": (
        pipeline,
        [
            "config.json",
            "openvino_detokenizer.bin",
            "openvino_detokenizer.xml",
            "openvino_model.bin",
            "openvino_tokenizer.bin",
            "openvino_tokenizer.xml",
        ],
    ),
    "one file": (alone, []),
}
each_format = pytest.mark.parametrize(("write", "others"), FORMATS.values(), ids=FORMATS)


@each_format
def test_every_file_of_a_model_is_found_and_counts(
    write: Callable[[Path], Path], others: list[str], tmp_path: Path
) -> None:
    """Its checksum changes with each of them."""
    main = write(tmp_path / "model")
    found = files_of(main)
    assert [path.name for path in found] == [main.name, *others]
    assert not missing_from(main)
    sums = {checksum_of(contents(main).files)}
    for path in reversed(found):  # the main file last: it names the others
        path.write_bytes(path.read_bytes() + b" ")
        sums.add(checksum_of(contents(main).files))
    assert len(sums) == len(found) + 1


@each_format
def test_a_model_is_the_same_in_another_folder(
    write: Callable[[Path], Path], others: list[str], tmp_path: Path
) -> None:
    """No path is part of it."""
    here, there = write(tmp_path / "here"), tmp_path / "there"
    shutil.copytree(here.parent, there)
    first, second = contents(here), contents(there / here.name)
    assert first.files == second.files
    assert not any("/" in one.name for one in first.files)


@each_format
def test_a_missing_part_is_named(
    write: Callable[[Path], Path], others: list[str], tmp_path: Path
) -> None:
    """Whatever the engine would say of it, and even where it would say nothing."""
    main = write(tmp_path / "model")
    needed = [name for name in others if name not in {"config.json", "openvino_detokenizer.xml"}]
    for name in needed:
        (main.parent / name).rename(main.parent / "kept")
        assert missing_from(main, language=main.name == "openvino_model.xml") == [name]
        (main.parent / "kept").rename(main.parent / name)


@pytest.mark.parametrize("place", ["../w.data", "/etc/hostname", "a/../../w.data"])
def test_external_data_outside_the_folder_are_never_read(place: str, tmp_path: Path) -> None:
    """They count as missing: a checksum of theirs would tell what is on this machine."""
    net = nested_onnx(tmp_path / "m.onnx")
    model = onnx.load(net, load_external_data=False)
    model.graph.initializer[0].external_data[0].value = place
    net.write_bytes(model.SerializeToString())
    (tmp_path.parent / "w.data").write_bytes(b"not mine")
    assert missing_from(net) == [place]
    assert {path.parent for path in files_of(net)} == {tmp_path}


def test_external_data_in_a_folder_below_are_found(tmp_path: Path) -> None:
    net = nested_onnx(tmp_path / "m.onnx")
    model = onnx.load(net, load_external_data=False)
    model.graph.initializer[0].external_data[0].value = "./weights/w.data"
    net.write_bytes(model.SerializeToString())
    (tmp_path / "weights").mkdir()
    (tmp_path / "w.data").rename(tmp_path / "weights" / "w.data")
    assert not missing_from(net)
    assert "weights/w.data" in [one.name for one in contents(net).files]


# ---------------------------------------------------------------- before anything is measured


def test_a_model_on_the_command_line_that_lacks_a_part_is_refused(tmp_path: Path) -> None:
    net = an_onnx(tmp_path / "model")
    (net.parent / "m.onnx.data").unlink()
    with pytest.raises(InputError, match=r"m\.onnx\.data"):
        own_models.suite_of(OwnModels([str(net)]))


@pytest.mark.parametrize("write", [an_ir, an_onnx, nested])
def test_a_suite_with_a_model_that_lacks_a_part_is_refused(
    write: Callable[[Path], Path], tmp_path: Path
) -> None:
    net = write(tmp_path)
    lost = files_of(net)[-1]
    lost.unlink()
    path = write_suite(tmp_path / "my.toml", document(models=[model_table("m", net.name)]))
    with pytest.raises(SuiteError, match=lost.name):
        load_suite.load(path)


def test_a_language_model_without_its_tokenizer_is_refused(tmp_path: Path) -> None:
    network = pipeline(tmp_path)
    (tmp_path / "openvino_tokenizer.xml").unlink()
    path = language_suite(tmp_path, file={"uri": f"file:{network.name}"})
    with pytest.raises(SuiteError, match=r"openvino_tokenizer\.xml"):
        load_suite.load(path)


def test_external_data_that_a_suite_names_stand_by_their_model(
    own_folders: Path, tmp_path: Path
) -> None:
    """They are fetched like any file, and found by the name that the model knows."""
    net = an_onnx(tmp_path / "model")
    (tmp_path / "apart").mkdir()
    data = (net.parent / "m.onnx.data").rename(tmp_path / "apart" / "m.onnx.data")
    files = {"weights": {"uri": f"file:{data}", "sha256": sha256(data.read_bytes())}}
    table = model_table("m", str(net), files=files)
    suite = load_suite.load(write_suite(tmp_path / "my.toml", document(models=[table])))
    found = resolve(suite, suite.models[0])
    assert [path.name for path in files_of(found.model)] == ["m.onnx", "m.onnx.data"]
    assert (found.model.parent / data.name).read_bytes() == data.read_bytes()


# ---------------------------------------------------------------- runs, variants, records


@pytest.fixture
def collected(
    fake_child: FakeChild,
    own_folders: Path,
    console: Console,
    tier: Callable[..., object],
    pretend_installed: Callable[..., None],
) -> Callable[..., Collected]:
    """Return a function that measures the model `m.onnx`, whose weights lie beside it."""
    pretend_installed()
    tier(processes=2, max_processes=2)
    table = model_table("m", "m.onnx", shapes={"x": [1, FEATURES]})
    path = write_suite(own_folders / "my.toml", document(models=[table]))

    def measure(*, fresh: bool = False, **requested: object) -> Collected:
        plan = make_plan(a_request(path, precisions=("f32",), **requested))
        return collect.measure(plan, own_folders / "records", console, timeout_s=None, fresh=fresh)

    return measure


@pytest.fixture
def run(collected: Callable[..., Collected]) -> Callable[..., list[Record]]:
    """Return a function that measures it, and returns the records."""
    return lambda **requested: collected(**requested).records


def test_records_list_the_files_and_their_size(
    run: Callable[..., list[Record]], own_folders: Path
) -> None:
    net = external_onnx(own_folders / "m.onnx", seed=1)
    (record,) = run()
    assert [one.name for one in record.model.files] == ["m.onnx", "m.onnx.data"]
    assert record.model.sha256 == checksum_of(record.model.files) != sha256(net.read_bytes())
    assert record.model.size_bytes == sum(path.stat().st_size for path in files_of(net)) > 4_000
    assert not [one for one in faults(record) if one.path.startswith("$.model")]
    (path,) = record_files(own_folders / "records")
    assert read(path) == record


def test_a_variant_is_made_again_for_other_weights(
    run: Callable[..., list[Record]], own_folders: Path, fake_child: FakeChild
) -> None:
    """And of the same weights it is made once."""
    sums = []
    for seed in (1, 2, 1):
        external_onnx(own_folders / "m.onnx", seed=seed)
        records = run(variants=("published", "fp16"), fresh=True)
        sums.append({record.model.sha256 for record in records})
    made = [job for job in fake_child.jobs if isinstance(job, OptimizeJob)]
    assert len(made) == 2
    assert [len(one) for one in sums] == [1, 1, 1]
    assert sums[0] == sums[2] != sums[1]


def test_a_stopped_run_does_not_go_on_with_other_weights(
    run: Callable[..., list[Record]], own_folders: Path, fake_child: FakeChild
) -> None:
    """All rounds are measured again; with the weights as they were, it would have gone on."""

    def stop(job: Job) -> None:
        if isinstance(job, InferenceJob) and job.process == 1:
            raise KeyboardInterrupt

    external_onnx(own_folders / "m.onnx", seed=1)
    fake_child.answers = [stop]
    with pytest.raises(KeyboardInterrupt):
        run()
    fake_child.forget()
    external_onnx(own_folders / "m.onnx", seed=2)
    (record,) = run()
    assert [number for *_, number in fake_child.processes] == [0, 1]
    fake_child.forget()
    external_onnx(own_folders / "m.onnx", seed=1)
    (resumed,) = run()
    assert [number for *_, number in fake_child.processes] == [1]
    assert record.model.sha256 != resumed.model.sha256


def test_weights_that_change_during_a_run_are_no_result(
    collected: Callable[..., Collected], own_folders: Path, fake_child: FakeChild
) -> None:
    """Some rounds would be of one model, some of the other."""

    def change(job: Job) -> None:
        if isinstance(job, InferenceJob) and job.process == 1:
            external_onnx(own_folders / "m.onnx", seed=2)

    external_onnx(own_folders / "m.onnx", seed=1)
    fake_child.answers = [change]
    stopped = collected()
    assert not stopped.records
    assert "changed" in stopped.not_started["m"].what
    assert not list(record_files(own_folders / "records"))
    fake_child.forget()
    (record,) = collected().records
    assert record.model.files == list(contents(own_folders / "m.onnx").files)


@pytest.mark.parametrize(
    "name", ["openvino_model.bin", "openvino_tokenizer.xml", "config.json", "openvino_model.xml"]
)
def test_another_file_of_a_pipeline_is_another_plan(
    name: str, own_folders: Path, fake_child: FakeChild, pretend_installed: Callable[..., None]
) -> None:
    pretend_installed()
    network = pipeline(own_folders)
    path = language_suite(own_folders, file={"uri": f"file:{network.name}"}, variant="int4")
    before = make_plan(a_request(path)).key
    (own_folders / "README.md").write_text("changed")
    assert make_plan(a_request(path)).key == before
    (own_folders / name).write_text("changed")
    assert make_plan(a_request(path)).key != before


def test_records_of_two_irs_with_one_network_have_two_checksums(
    own_folders: Path, fake_child: FakeChild, console: Console, tier: Callable[..., object]
) -> None:
    """A base model and its fine-tuned one: the .xml files are the same, byte for byte."""
    tier(processes=1, max_processes=1)
    an_ir(own_folders / "base")
    shutil.copytree(own_folders / "base", own_folders / "tuned")
    weights = bytearray((own_folders / "tuned" / "m.bin").read_bytes())
    weights[-1] ^= 1
    (own_folders / "tuned" / "m.bin").write_bytes(weights)
    tables = [model_table(name, f"{name}/m.xml") for name in ("base", "tuned")]
    path = write_suite(own_folders / "my.toml", document(models=tables))
    plan = make_plan(a_request(path, precisions=("f32",)))
    records = collect.measure(
        plan, own_folders / "records", console, timeout_s=None, fresh=True
    ).records
    first, second = (record.model for record in records)
    assert first.files[0] == second.files[0]
    assert first.sha256 != second.sha256
    assert msgspec.structs.replace(first, files=[], sha256="", id="", title="") == (
        msgspec.structs.replace(second, files=[], sha256="", id="", title="")
    )


def test_what_a_task_reads_beside_a_model_is_a_part_of_it(
    own_folders: Path, fake_child: FakeChild, console: Console, tier: Callable[..., object]
) -> None:
    """Labels, a tokenizer: they decide the accuracy. The inputs that it is fed with do not."""
    tier(processes=1, max_processes=1)
    (own_folders / "m.onnx").write_bytes(b"m")
    np.save(own_folders / "x.npy", np.zeros((4, 1, models.FEATURES), np.float32))
    files = {"labels": {"uri": "file:labels.txt"}, "photo": {"uri": "file:x.npy"}}
    table = model_table("m", "m.onnx", files=files, options={"data.x": "photo"})
    found = []
    for labels, value in (("a b", 0), ("a b", 1), ("b a", 1)):
        (own_folders / "labels.txt").write_text(labels)
        np.save(own_folders / "x.npy", np.full((4, 1, models.FEATURES), value, np.float32))
        path = write_suite(own_folders / "my.toml", document(models=[table]))
        plan = make_plan(a_request(path, precisions=("f32",)))
        out = own_folders / "records"
        (record,) = collect.measure(plan, out, console, timeout_s=None, fresh=True).records
        assert [one.name for one in record.model.files] == ["m.onnx", "labels.txt"]
        assert record.model.size_bytes == 1
        found.append((plan.key, record.model.sha256))
    assert len({key for key, _ in found}) == 3
    assert found[0][1] == found[1][1] != found[2][1]
