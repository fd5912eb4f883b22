"""Models that are out of the ordinary: what `benchmark_app` runs is measured here too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import pytest

from ovreport.cli import run as cli
from ovreport.engines import ENGINES
from ovreport.record import Agreement, Completed, Failed, Port, Unsupported
from ovreport.store import read, record_files
from ovreport_collector.engines.arrays import as_column, load_outputs, save_outputs
from ovreport_collector.engines.base import WrongOutputError
from ovreport_collector.engines.types import OutputsResult, OutputTraits, Target
from ovreport_collector.loadgen.checks import check_same
from ovreport_collector.measurements.inference.measurement import Inference
from ovreport_collector.measurements.outputs import OutputsJob
from ovreport_collector.measurements.results import InferenceResult
from ovreport_collector.plan import model_inputs, own_models
from ovreport_collector.plan.own_models import OwnModels, OwnSuite
from ovreport_collector.prepare.model import PreparedModel, prepare_model
from ovreport_collector.process.job import JobFailed
from ovreport_collector.session import accuracy
from ovreport_collector.sources import resolve
from ovreport_collector.suite.model import Model
from tests.collector import odd_models
from tests.collector.commands import ALL, skip
from tests.collector.conftest import an_inference_job
from tests.collector.jobs import done
from tests.collector.zoo import ZOO, Odd, make_all

SHAPES = {name: shape for one in ZOO for name, shape in one.shapes.items()}


@dataclass(frozen=True)
class Zoo:
    """All models of the zoo, as a collect sees them."""

    own: OwnSuite
    fitted: dict[str, Model | JobFailed]

    def prepared(self, one: Odd, work: Path) -> PreparedModel:
        """Return a model with its inputs."""
        model = self.fitted[one.id]
        assert isinstance(model, Model), model
        made = prepare_model(model, resolve(self.own.suite, model), work, seed=1)
        assert isinstance(made, PreparedModel), made
        return made


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    """Return the zoo, each of its files read once."""
    folder = tmp_path_factory.mktemp("zoo")
    own = own_models.suite_of(OwnModels([str(file) for file in make_all(folder)], shapes=SHAPES))
    fetched = {model.id: resolve(own.suite, model) for model in own.suite.models}
    fitted = model_inputs.fitted(own.suite, own.suite.models, fetched, folder, where="test")
    return Zoo(own, fitted)


def _runs() -> Iterator[tuple[Odd, str]]:
    for one in ZOO:
        suffix = Path(one.file).suffix
        engines = [e for e in ENGINES.values() if e.kind != "generation" and suffix in e.suffixes]
        yield from ((one, engine.id) for engine in engines if one.ours == "measured")


@pytest.mark.parametrize(
    ("one", "engine"), list(_runs()), ids=lambda value: getattr(value, "id", value)
)
def test_every_kind_of_model_is_measured(zoo: Zoo, one: Odd, engine: str, tmp_path: Path) -> None:
    """Its outputs are kept, and a process measures latency and throughput with them."""
    if not ENGINES[engine].is_installed:
        pytest.skip(f"needs the extra {ENGINES[engine].extra}")
    prepared = zoo.prepared(one, tmp_path)
    target = Target(
        engine=engine,
        model=str(prepared.file),
        shapes=prepared.model.shapes,
        device="CPU",
        precision="f32",
    )
    kept = OutputsJob(
        target=target,
        inputs={"samples": str(prepared.samples)},
        outputs={"samples": str(tmp_path / "out.npz")},
        task="generic",
    )
    outputs = done(kept)
    assert isinstance(outputs, OutputsResult), outputs
    assert len(load_outputs(tmp_path / "out.npz")) == len(outputs.outputs)
    measured = measured_by(target, outputs, prepared)
    assert not measured.missing.keys() & {"latency", "throughput"}, measured.missing
    assert measured.latency
    assert measured.throughput


def measured_by(target: Target, outputs: OutputsResult, prepared: PreparedModel) -> InferenceResult:
    """Return what a process of a case measures."""
    known = msgspec.structs.replace(target, traits=outputs.traits)
    job = an_inference_job(known, inputs=str(prepared.samples))
    result = Inference().result(list(job.steps()))
    assert isinstance(result, InferenceResult)
    return result


def test_what_cannot_be_measured_says_why(zoo: Zoo) -> None:
    """In plain words, with what to do."""
    for one in ZOO:
        if one.ours == "unsupported":
            found = zoo.fitted[one.id]
            assert isinstance(found, JobFailed)
            assert found.unsupported
            assert "measure" in found.reason


@pytest.mark.slow
@pytest.mark.alone
def test_one_collect_of_all_of_them_names_each_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records of all, and none that failed."""
    monkeypatch.setenv("OVREPORT_STATE", str(tmp_path / "state"))
    files = [str(file) for file in make_all(tmp_path / "zoo")]
    shapes = [
        word
        for name, shape in SHAPES.items()
        for word in ("--shape", f"{name}={','.join(map(str, shape))}")
    ]
    short = ["--rounds", "3", "--time", "0.05", "--precision", "f32", "--device", "CPU", *skip(ALL)]
    out = tmp_path / "records"
    assert cli(["collect", *files, *shapes, *short, "--out", str(out)]) == 1
    found = {record.case.model: record.outcome for record in map(read, record_files(out))}
    kinds = {"measured": Completed, "unsupported": Unsupported}
    assert {m: type(outcome) for m, outcome in found.items()} == {
        one.id: kinds[one.ours] for one in ZOO
    }


# ---------------------------------------------------------------- what the generic task feeds


def fed(zoo: Zoo, name: str, tmp_path: Path) -> dict[str, np.ndarray]:
    """Return what a model of the zoo is fed with."""
    (one,) = (one for one in ZOO if one.id == name)
    with np.load(zoo.prepared(one, tmp_path).samples) as arrays:
        return dict(arrays)


def test_indices_stay_within_their_tables(zoo: Zoo, tmp_path: Path) -> None:
    ids = fed(zoo, "embedding", tmp_path)["ids"]
    assert ids.max() < odd_models.ROWS
    words = fed(zoo, "words", tmp_path)
    assert words["input_ids"].max() in range(2, 30)
    assert set(np.unique(words["token_type_ids"])) == {0, 1}
    assert set(np.unique(words["attention_mask"])) == {0, 1}


def test_bools_are_both_and_bytes_are_all(zoo: Zoo, tmp_path: Path) -> None:
    assert set(np.unique(fed(zoo, "boolean", tmp_path)["x"])) == {False, True}
    pixels = fed(zoo, "image-bytes", tmp_path)["x"]
    assert (pixels.dtype, pixels.min(), pixels.max()) == (np.uint8, 0, 255)


def test_an_input_may_be_given_by_its_position(tmp_path: Path) -> None:
    """Every engine finds it, under the name that it has."""
    own = own_models.suite_of(
        OwnModels(
            [str(odd_models.scalar_onnx(tmp_path / "net.onnx", batch="n"))],
            shapes={"#0": [2, 4]},
            inputs={"#1": "3"},
        )
    )
    (model,) = own.suite.models
    fetched = {model.id: resolve(own.suite, model)}
    fitted = model_inputs.fitted(own.suite, [model], fetched, tmp_path, where="t")[model.id]
    assert isinstance(fitted, Model)
    assert fitted.shapes == {"x": [2, 4], "k": []}
    assert fitted.options["value.k"] == 3


# ---------------------------------------------------------------- outputs that are odd by design

PORTS = [Port(name="y", dtype="f32", shape=[])]


def agreed(folder: Path, found: list[np.ndarray], expected: list[np.ndarray]) -> object:
    """Return how outputs of one port agree, input by input."""
    for name, parts in (("found", found), ("expected", expected)):
        save_outputs(folder / f"{name}.npz", [as_column([part[np.newaxis] for part in parts])])
    return accuracy.agreement(PORTS, folder / "found.npz", folder / "expected.npz")


def test_outputs_of_varying_shape_are_compared_input_by_input(tmp_path: Path) -> None:
    parts = [np.ones((rows, 4), np.float32) for rows in (3, 0, 5)]
    same = agreed(tmp_path, parts, parts)
    assert isinstance(same, Agreement)
    assert (same.n, same.outputs[0].relative_rmse, same.outputs[0].other_shape) == (3, 0, 0)
    fewer = agreed(tmp_path, [parts[0][:2], parts[1], parts[2] * 1.1], parts)
    assert isinstance(fewer, Agreement)
    assert fewer.outputs[0].relative_rmse == pytest.approx(0.1, rel=1e-5)
    assert fewer.outputs[0].other_shape == 1
    assert isinstance(agreed(tmp_path, [part[1:] for part in parts[::2]], parts[::2]), Failed)


def test_infinities_agree_where_they_are_the_references(tmp_path: Path) -> None:
    reference = np.array([1.0, -np.inf, np.nan, 2.0], np.float32)
    found = agreed(tmp_path, [reference * np.float32(1.1)], [reference])
    assert isinstance(found, Agreement)
    assert found.outputs[0].relative_rmse == pytest.approx(0.1, rel=1e-5)
    for wrong in ([1, -np.inf, np.nan, np.inf], [1, np.inf, np.nan, 2], [1, 0, np.nan, 2]):
        result = agreed(tmp_path, [np.array(wrong, np.float32)], [reference])
        assert isinstance(result, Failed)
        assert result.cause == "wrong-output"


def test_timed_outputs_may_do_what_the_model_is_known_for() -> None:
    """A detection at the threshold may come or go; random outputs are not compared."""
    some, one_less, half = np.ones((40, 4)), np.ones((39, 4)), np.ones((20, 4))
    sized = OutputTraits(sized_by_data=[0])
    check_same([one_less], [some], "it", sized)
    for traits, found in ((OutputTraits(), one_less), (sized, half), (sized, np.ones(40))):
        with pytest.raises(WrongOutputError):
            check_same([found], [some], "it", traits)
    check_same([some * 2], [some], "it", OutputTraits(random=[0]))
