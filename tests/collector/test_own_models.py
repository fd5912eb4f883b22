"""Models that a user names on the command line, and what does not fit them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from ovreport.cli import run as cli
from ovreport.engines import ENGINES
from ovreport.errors import InputError, OvreportError
from ovreport.record import Completed, Unsupported
from ovreport.store import read, record_files
from ovreport_collector import tasks
from ovreport_collector.engines.arrays import save_arrays
from ovreport_collector.engines.openvino.engine import OpenVino
from ovreport_collector.engines.types import OutputsResult, Target
from ovreport_collector.measurements.outputs import OutputsJob
from ovreport_collector.plan import model_inputs, own_models
from ovreport_collector.plan.own_models import OwnModels, OwnSuite
from ovreport_collector.process import child
from ovreport_collector.sources import resolve
from ovreport_collector.suite.model import Model
from tests.collector import models, odd_models
from tests.collector.commands import ALL, skip


def suite_of(*files: Path, **changes: dict[str, str] | dict[str, list[int]]) -> OwnSuite:
    """Return the suite of model files."""
    return own_models.suite_of(OwnModels([str(file) for file in files], **changes))  # type: ignore[arg-type]


def refusal(*files: Path, **changes: dict[str, str] | dict[str, list[int]]) -> OvreportError:
    """Return why model files are refused, as bad input."""
    with pytest.raises(InputError) as caught:
        suite_of(*files, **changes)
    return caught.value


def samples(own: OwnSuite, count: int = 4) -> dict[str, np.ndarray]:  # type: ignore[type-arg]
    """Return what the only model is fed with."""
    (model,) = own.suite.models
    drawn = tasks.get("generic").samples(model, resolve(own.suite, model), seed=1, count=count)
    return dict(drawn)


class TestSuiteOfFiles:
    """Ids, shapes and types come from the files."""

    def test_static_models_need_nothing_more(self, tmp_path: Path) -> None:
        own = suite_of(odd_models.scalar_onnx(tmp_path / "My Net.onnx"))
        (model,) = own.suite.models
        assert (model.id, model.title, model.task) == ("my-net", "My Net", "generic")

    def test_ids_differ_where_names_do_not(self, tmp_path: Path) -> None:
        (tmp_path / "a").mkdir()
        files = [
            odd_models.scalar_onnx(tmp_path / "net.onnx"),
            odd_models.nameless(tmp_path / "net.xml"),
            odd_models.scalar_onnx(tmp_path / "a" / "net.onnx"),
        ]
        own = suite_of(*files)
        assert [m.id for m in own.suite.models] == ["net", "net-xml", "net-onnx"]
        assert own.arguments["net"] == ["net.onnx"]
        every = ["net.onnx", "net.xml", "net.onnx"]
        assert own.arguments["net-xml"] == [*every, "--model", "net-xml"]

    def test_shapes_go_to_the_models_that_have_such_an_input(self, tmp_path: Path) -> None:
        files = [
            odd_models.scalar_onnx(tmp_path / "a.onnx", batch="n"),
            odd_models.several_names(tmp_path / "b.xml"),
        ]
        shapes = {"x": [2, 4], "pixel_values": [1, 3, 8, 8]}
        own = suite_of(*files, shapes=shapes)
        first, second = own.suite.models
        assert list(first.shapes.values()) == [[2, 4]]
        assert list(second.shapes.values()) == [[1, 3, 8, 8]]
        assert own.arguments["a"] == ["a.onnx", "--shape", "x=2,4"]
        assert own.arguments["b"] == ["b.xml", "--shape", "pixel_values=1,3,8,8"]

    def test_data_give_the_shape_and_constants_fill(self, tmp_path: Path) -> None:
        net = odd_models.scalar_onnx(tmp_path / "net.onnx", batch="n")
        given = np.arange(24, dtype=np.float32).reshape(3, 2, 4)
        np.save(tmp_path / "three.npy", given)
        own = suite_of(net, inputs={"x": str(tmp_path / "three.npy"), "k": "7"})
        assert own.suite.models[0].shapes["x"] == [2, 4]
        assert own.arguments["net"] == ["net.onnx", "--input", "x=three.npy", "--input", "k=7"]


class TestRefused:
    """Before anything is measured, with what there is and what to do."""

    def test_sizes_that_the_file_leaves_open(self, tmp_path: Path) -> None:
        error = refusal(odd_models.several_names(tmp_path / "net.xml"))
        assert "[?, 3, ?, ?]" in error.what
        assert "--shape 87=1,3,224,224" in error.remedy

    def test_names_ranks_and_sizes_that_do_not_fit(self, tmp_path: Path) -> None:
        names = odd_models.several_names(tmp_path / "net.xml")
        assert "pixel_values" in refusal(names, shapes={"pixel_value": [1, 3, 8, 8]}).remedy
        assert "3 dimensions" in refusal(names, shapes={"87": [3, 8, 8]}).what
        classifier = models.save(models.classifier(-1), tmp_path / "classifier.xml")
        assert refusal(classifier, shapes={"x": [1, models.FEATURES + 1]}).what

    def test_two_shapes_for_one_input(self, tmp_path: Path) -> None:
        net = odd_models.several_names(tmp_path / "net.xml")
        shapes = {"87": [1, 3, 8, 8], "pixel_values": [1, 3, 9, 9]}
        assert "pixel_values" in str(refusal(net, shapes=shapes))

    def test_data_that_do_not_fit(self, tmp_path: Path) -> None:
        net = odd_models.scalar_onnx(tmp_path / "net.onnx")
        np.save(tmp_path / "wide.npy", np.ones((1, 5), np.float32))
        assert "[1, 5]" in refusal(net, inputs={"x": str(tmp_path / "wide.npy")}).what
        (tmp_path / "no.npy").write_text("no array")
        assert "NumPy" in refusal(net, inputs={"x": str(tmp_path / "no.npy")}).what
        assert "none.npy" in refusal(net, inputs={"x": str(tmp_path / "none.npy")}).what
        assert '"q"' in refusal(net, inputs={"q": "1"}).what

    def test_files_that_are_no_models(self, tmp_path: Path) -> None:
        odd_models.nameless(tmp_path / "net.xml")
        (tmp_path / "s.toml").touch()
        (tmp_path / "net.pt").touch()
        assert "--suite" in refusal(tmp_path / "s.toml").remedy
        assert "net.xml" in refusal(tmp_path / "nett.xml").remedy
        assert ".xml" in refusal(tmp_path / "net.bin").remedy
        assert refusal(tmp_path).what
        (tmp_path / "net.bin").unlink()
        assert "net.bin" in refusal(tmp_path / "net.xml").what

    def test_files_that_cannot_be_read(self, tmp_path: Path) -> None:
        """With what the reader says, in one line, and all of them at once."""
        sound = odd_models.scalar_onnx(tmp_path / "net.onnx")
        for name in ("bad.onnx", "worse.onnx"):
            (tmp_path / name).write_bytes(b"junk" * 100)
        one = refusal(tmp_path / "bad.onnx")
        assert "bad.onnx" in one.where
        assert len(one.what.splitlines()) == 1
        own = suite_of(tmp_path / "bad.onnx", sound, tmp_path / "none.onnx")
        assert [model.id for model in own.suite.models] == ["net"]
        assert {fault.path for fault in own.refused} == {"bad.onnx", "none.onnx"}
        assert own.arguments["net"] == ["net.onnx"]
        both = str(refusal(tmp_path / "bad.onnx", tmp_path / "worse.onnx"))
        assert "bad.onnx" in both
        assert "worse.onnx" in both

    def test_files_that_may_not_be_looked_at(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        locked = tmp_path / "locked" / "net.onnx"
        usual = Path.is_dir

        def is_dir(path: Path) -> bool:
            if path == locked:
                raise PermissionError(13, "Permission denied", str(path))
            return usual(path)

        monkeypatch.setattr(Path, "is_dir", is_dir)
        own = suite_of(locked, odd_models.scalar_onnx(tmp_path / "net.onnx"))
        assert len(own.refused) == len(own.suite.models) == 1

    @pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e999"])
    def test_numbers_that_are_not_finite(self, number: str, tmp_path: Path) -> None:
        error = refusal(odd_models.scalar_onnx(tmp_path / "net.onnx"), inputs={"x": number})
        assert number in error.what
        assert error.where == "--input x"

    @pytest.mark.parametrize("number", ["7.5", "1e30", "99999999999999999999"])
    def test_numbers_that_the_input_cannot_hold(self, number: str, tmp_path: Path) -> None:
        error = refusal(odd_models.scalar_onnx(tmp_path / "net.onnx"), inputs={"k": number})
        assert "k i64" in error.what
        assert "whole number" in error.remedy


Collect = Callable[[Sequence[str]], int]


@pytest.fixture
def collect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collect:
    """Return the command `collect`, with as little measured as can be."""
    monkeypatch.setenv("OVREPORT_STATE", str(tmp_path / "state"))
    short = ["--rounds", "3", "--time", "0.1", "--precision", "f32"]
    fixed = ["--out", str(tmp_path / "records"), *short, *skip(ALL)]
    return lambda words: cli(["collect", *words, *fixed])


@pytest.mark.parametrize(
    "make",
    [
        odd_models.scalar_onnx,
        odd_models.nameless,
        odd_models.embedding,
        *(partial(odd_models.of_type, dtype=t) for t in ("bf16", "f16", "boolean", "u8", "i8")),
    ],
)
@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
def test_odd_inputs_are_fed(make: Callable[[Path], Path], engine: str, tmp_path: Path) -> None:
    """Scalars, inputs without names, bf16, bool, integers that are indices."""
    file = make(tmp_path / ("net.onnx" if make is odd_models.scalar_onnx else "net.xml"))
    if not (ENGINES[engine].is_installed and file.suffix in ENGINES[engine].suffixes):
        pytest.skip("this engine does not read it")
    own = suite_of(file)
    (model,) = own.suite.models
    fitted = model_inputs.fitted(
        own.suite, [model], {model.id: resolve(own.suite, model)}, tmp_path, where="test"
    )[model.id]
    assert isinstance(fitted, Model)
    drawn = tasks.get("generic").samples(fitted, resolve(own.suite, fitted), seed=1, count=4)
    save_arrays(tmp_path / "in.npz", dict(drawn))
    job = OutputsJob(
        target=Target(
            engine=engine, model=str(file), shapes=fitted.shapes, device="CPU", precision="f32"
        ),
        inputs={"samples": str(tmp_path / "in.npz")},
        outputs={"samples": str(tmp_path / "out.npz")},
        task="generic",
    )
    assert isinstance(child.run(job, tmp_path, limit_s=60), OutputsResult)


def test_bf16_inputs_and_outputs_keep_their_values(tmp_path: Path) -> None:
    """Rounded to the nearest of eight bits, and read as what they are."""
    file = odd_models.of_type(tmp_path / "net.xml", "bf16")
    network = OpenVino({}).read(file, {})
    given = np.array([[1.0, 1 / 3, -2.7, 1e30]], np.float32)
    request = network.compile("CPU", "latency", "f32", None).request([{"x": given}])
    request.infer()
    (found,) = request.outputs()
    assert found.shape == (1, 8)
    assert np.allclose(found[:, :4], given, rtol=2**-8)


def test_model_files_are_measured_and_name_their_command(collect: Collect, tmp_path: Path) -> None:
    """Text is unsupported, in plain words, and stops nothing."""
    files = [
        odd_models.scalar_onnx(tmp_path / "scalar.onnx"),
        odd_models.of_type(tmp_path / "text.xml", "string"),
    ]
    assert collect([*map(str, files), "--input", "k=3"]) == 1
    records = {r.case.model: r for r in map(read, record_files(tmp_path / "records"))}
    text = records["text"].outcome
    assert isinstance(text, Unsupported)
    assert "text" in text.reason
    assert isinstance(records["scalar"].outcome, Completed)
    words = shlex.split(records["scalar"].repeat.ovreport)
    assert words[:5] == ["ovreport", "collect", "scalar.onnx", "--input", "k=3"]
    assert "--suite" not in words


def test_a_bad_file_stops_no_other_and_is_named_at_the_end(
    collect: Collect, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"junk" * 100)
    net = odd_models.scalar_onnx(tmp_path / "net.onnx")
    assert collect([str(tmp_path / "bad.onnx"), str(net)]) == 1
    said = capsys.readouterr()
    assert "bad.onnx" in said.err
    assert "→" in said.out
    (record,) = map(read, record_files(tmp_path / "records"))
    assert record.case.model == "net"
    assert collect([str(tmp_path / "bad.onnx"), str(net), "--dry-run", "--json"]) == 1
    (refused,) = json.loads(capsys.readouterr().out)["refused"]
    assert refused["file"] == "bad.onnx"


def test_operations_that_openvino_lacks_are_unsupported(collect: Collect, tmp_path: Path) -> None:
    net = odd_models.unknown_operation(tmp_path / "net.onnx")
    assert collect([str(net)]) == 1
    (record,) = map(read, record_files(tmp_path / "records"))
    assert isinstance(record.outcome, Unsupported)
    assert "my.domain.Mine" in record.outcome.reason


def test_a_suite_that_does_not_fit_is_refused_before_measuring(
    collect: Collect, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All faults at once, with the place in the suite and the names that there are."""
    odd_models.several_names(tmp_path / "names.xml")
    odd_models.scalar_onnx(tmp_path / "scalar.onnx", batch="n")
    tables = [
        '[[models]]\nid = "a"\ntitle = "A"\ntask = "generic"\nfile = { uri = "file:names.xml" }\n'
        "shapes = { pixel_vales = [1, 3, 8, 8] }\n",
        '[[models]]\nid = "b"\ntitle = "B"\ntask = "generic"\n'
        'file = { uri = "file:scalar.onnx" }\n',
    ]
    head = 'format = 1\nid = "s"\ntitle = "S"\n'
    (tmp_path / "s.toml").write_text(head + "".join(tables), encoding="utf-8")
    assert collect(["--suite", str(tmp_path / "s.toml")]) == 2
    said = capsys.readouterr().err
    assert "$.models[0].shapes.pixel_vales" in said
    assert 'did you mean "pixel_values"' in said
    assert "$.models[1].shapes" in said
    assert not list(record_files(tmp_path / "records"))


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("shapes = { X = [1, 4] }", "$.models[0].shapes.X"),
        ("shapes = { x = [1, 4, 1] }", "$.models[0].shapes.x"),
        ('options = { "high.z" = 3 }', '$.models[0].options."high.z"'),
        ('options = { "high.k" = "many" }', '$.models[0].options."high.k"'),
        ('options = { "value.k" = 7.5 }', '$.models[0].options."value.k"'),
        ('options = { "dtype.x" = "f31" }', '$.models[0].options."dtype.x"'),
    ],
)
def test_a_dry_run_checks_what_is_here(
    line: str, place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd_models.scalar_onnx(tmp_path / "net.onnx")
    suite = (
        'format = 1\nid = "s"\ntitle = "S"\n[[models]]\nid = "a"\ntitle = "A"\n'
        f'task = "generic"\nfile = {{ uri = "file:net.onnx" }}\n{line}\n'
    )
    (tmp_path / "s.toml").write_text(suite, encoding="utf-8")
    assert cli(["collect", "--suite", str(tmp_path / "s.toml"), "--dry-run"]) == 2
    assert place in capsys.readouterr().err


def test_names_of_inputs_may_hold_an_equals_sign(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net = odd_models.scalar_onnx(tmp_path / "net.onnx")
    words = ["--shape", "a=b=1,4", "--input", "a=c=7", "--dry-run"]
    assert cli(["collect", str(net), *words]) == 2
    assert '"a=b"' in capsys.readouterr().err
    assert cli(["collect", str(net), *words[2:]]) == 2
    assert '"a=c"' in capsys.readouterr().err


def test_options_for_model_files_need_some(collect: Collect, tmp_path: Path) -> None:
    assert collect(["--shape", "x=1,3"]) == 2
    assert collect(["--input", "x=1"]) == 2
    net = str(odd_models.scalar_onnx(tmp_path / "net.onnx"))
    assert collect([net, "--suite", "quick"]) == 2
    assert collect([net, "--shape", "x=1,-3"]) == 2


def test_inputs_are_real_constant_or_within_bounds(tmp_path: Path) -> None:
    """In the session, after the file was looked at, as in a suite."""
    net = odd_models.scalar_onnx(tmp_path / "net.onnx")
    given = np.arange(12, dtype=np.float32).reshape(3, 1, 4)
    np.save(tmp_path / "three.npy", given)
    own = suite_of(
        net, inputs={"x": str(tmp_path / "three.npy"), "k": "7"}, shapes={"x": [1, 4], "k": []}
    )
    drawn = samples(own)
    assert np.array_equal(drawn["x"], given[[0, 1, 2, 0]])
    assert drawn["k"].tolist() == [7, 7, 7, 7]
