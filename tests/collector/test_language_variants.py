"""Variants of language models: planned, made by the pipeline's own network, named in records."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import openvino as ov
import pytest
from msgspec import Struct
from openvino import opset13 as ops
from rich.console import Console

from ovreport.cli import run as cli
from ovreport.errors import InputError, SuiteError
from ovreport.record import Completed, Generation, Record
from ovreport.record.model import Converted, Optimized
from ovreport_collector.measurements.generation import run as generation
from ovreport_collector.measurements.generation.run import GenerationJob
from ovreport_collector.models.convert.run import ConvertResult
from ovreport_collector.models.optimize.job import OptimizeJob
from ovreport_collector.plan import load_suite
from ovreport_collector.plan.request import make_plan
from ovreport_collector.process.job import Job
from ovreport_collector.session import collect
from ovreport_collector.sources.model_files import pipeline_files
from tests.collector.conftest import FakeChild, a_request, an_optimize_result
from tests.collector.simulated_pipeline import Clock, SimulatedEngine, answering
from tests.collector.suite_fixtures import language_suite


@pytest.fixture(autouse=True)
def _installed(pretend_installed: Callable[..., None]) -> None:
    """Pretend that OpenVINO GenAI and NNCF are installed."""
    pretend_installed()


def planned(path: Path, **requested: object) -> list[tuple[str, str, str]]:
    """Return variant, engine and precision of each planned case."""
    cases = [p.case for p in make_plan(a_request(path, **requested)).cases]
    return [(c.variant, c.engine, c.precision) for c in cases]


def test_weights_of_a_language_model_are_compressed_whatever_they_were(
    own_folders: Path, fake_child: FakeChild
) -> None:
    """Measured as the device runs it, beside the published file at f32 and at the default."""
    path = language_suite(own_folders, variants=["int8-weights"])
    assert planned(path) == [
        ("int4", "openvino-genai", "f32"),
        ("int4", "openvino-genai", "default"),
        ("int8-weights", "openvino-genai", "default"),
    ]
    requested = planned(path, variants=("int4-weights", "int8", "fp16"), precisions=("f32",))
    assert requested == [("int4-weights", "openvino-genai", "f32")]


def test_what_a_language_model_cannot_be_made_is_refused(
    own_folders: Path, fake_child: FakeChild
) -> None:
    """In a suite with what it can be; on the command line where nothing else is left."""
    with pytest.raises(SuiteError, match="cannot be optimized to int8") as caught:
        load_suite.load(language_suite(own_folders, variants=["int8"]))
    assert "int8-weights, int4-weights" in caught.value.remedy
    with pytest.raises(InputError, match="no requested model and engine"):
        planned(language_suite(own_folders), variants=("int8",))


@pytest.fixture
def run(
    own_folders: Path,
    fake_child: FakeChild,
    console: Console,
    tier,
    monkeypatch: pytest.MonkeyPatch,
):
    """Return a function that measures all variants of a suite's model with simulated pipelines."""
    tier(processes=2, max_processes=2)
    clock = Clock()
    monkeypatch.setattr(generation, "clock", clock)
    engines = {"f32": SimulatedEngine(clock), "default": SimulatedEngine(clock, wrong_from=50)}

    def restored(job: Job) -> Struct | None:
        if not isinstance(job, OptimizeJob):
            return None
        took = ConvertResult(seconds=1.5, peak_bytes=2_000)
        return msgspec.structs.replace(an_optimize_result(job), restored=took)

    fake_child.answers += [restored, answering(engines.__getitem__)]

    def measure(path: Path, **requested: object) -> list[Record]:
        plan = make_plan(a_request(path, **requested))
        out = own_folders / "records"
        return collect.measure(plan, out, console, timeout_s=None, fresh=True).records

    return measure


def test_a_variant_becomes_a_record(run, own_folders: Path, fake_child: FakeChild) -> None:
    """How it was made, that its weights were few bits before, its size, its quality against f32."""
    (record,) = run(language_suite(own_folders), variants=("int8-weights",))
    assert isinstance(record.outcome, Completed)
    how = record.model.origin
    assert isinstance(how, Optimized)
    assert (how.method, how.settings) == ("weight-compression", {"mode": "int8_asym"})
    assert set(how.software) == {"nncf", "openvino", "openvino-genai"}
    assert (how.seconds, how.peak_bytes, how.bytes_before, how.bytes_after) == (2.5, 3000, 400, 100)
    assert how.derived_from == Converted(
        converter="weights-to-f32", software={"openvino-genai": "1"}, seconds=1.5, peak_bytes=2_000
    )
    assert isinstance(record.generation, Generation)
    assert record.generation.agreement.common[0] == 50
    assert "--variant int8-weights" in record.repeat.ovreport
    files = {Path(j.target.model).name for j in fake_child.jobs if isinstance(j, GenerationJob)}
    assert files == {"openvino_model.xml"}  # the only name that a pipeline looks for


def test_the_repeat_command_of_the_published_weights_is_one_that_is_taken(
    run, own_folders: Path, tier
) -> None:
    """Where the suite names variants too, the command chooses the record's own."""
    path = language_suite(own_folders, variants=["int4-weights"])
    records = run(path)
    assert [r.case.variant for r in records] == ["int4", "int4", "int4-weights"]
    for record in records:
        requested = shlex.split(record.repeat.ovreport)[1:]
        requested[requested.index("--suite") + 1] = str(path)
        assert cli([*requested, "--dry-run"]) == 0
        option = requested.index("--variant")
        assert requested[option + 1] == record.case.variant


def test_a_variant_is_made_once(run, own_folders: Path, fake_child: FakeChild) -> None:
    """Each from its own recipe; another run finds both."""
    path = language_suite(own_folders)
    for _ in range(2):
        run(path, variants=("int8-weights", "int4-weights"))
    jobs = [job for job in fake_child.jobs if isinstance(job, OptimizeJob)]
    assert [job.settings["mode"] for job in jobs] == ["int8_asym", "int4_sym"]
    assert {job.target.engine for job in jobs} == {"openvino-genai"}


def test_what_a_pipeline_reads_is_what_is_taken_along(tmp_path: Path) -> None:
    """Tokenizer and settings, not whatever else lies in a user's folder."""
    names = [
        "openvino_model.xml",
        "openvino_model.bin",
        "openvino_tokenizer.xml",
        "config.json",
        "chat_template.jinja",
        "m.gguf",
        "text.txt",
        "my.toml",
    ]
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / "more.json").mkdir()
    found = pipeline_files(tmp_path / "openvino_model.xml")
    assert [f.name for f in found] == [
        "chat_template.jinja",
        "config.json",
        "openvino_tokenizer.xml",
    ]


def test_weights_of_four_bits_become_floating_point() -> None:
    """Numbers, scales and zero points: what a layer multiplies by, and nothing else changes."""
    pytest.importorskip("openvino_genai")
    from ovreport_collector.models.optimize.language_model import constants_folded

    rng = np.random.default_rng(3)
    codes = rng.integers(0, 16, (4, 8), dtype=np.uint8)
    scale = rng.random((4, 1)).astype(np.float32)
    packed = ops.constant(ov.Tensor(np.packbits(_nibbles(codes)), [4, 8], ov.Type.u4))
    weights = ops.multiply(ops.convert(packed, "f32"), ops.constant(scale))
    x = ops.parameter([1, 8], np.float32, name="x")
    model = constants_folded(ov.Model([ops.matmul(x, weights, False, True)], [x], "layer"))
    constants = [op for op in model.get_ops() if op.get_type_name() == "Constant"]
    assert [op.get_output_element_type(0).to_string() for op in constants] == ["f32"]
    assert constants[0].data == pytest.approx(codes * scale)


def _nibbles(codes: np.ndarray) -> np.ndarray:
    """Return the bits of four-bit codes as OpenVINO packs them: the first in the lower half."""
    swapped = codes.reshape(-1, 2)[:, ::-1].reshape(-1, 1)
    return np.unpackbits(swapped, axis=1)[:, 4:].ravel()
