"""OpenVINO GenAI for real: the suite's model, from the index; nothing here is simulated."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from ovreport import paths
from ovreport.record import Converted, Execution, MemoryRound, Optimized, Skipped
from ovreport_collector import sources
from ovreport_collector.engines.types import Target
from ovreport_collector.measurements.base import PlannedProcess
from ovreport_collector.measurements.generation import measurement, quality
from ovreport_collector.measurements.generation.outputs import GenerationOutputsResult
from ovreport_collector.measurements.generation.run import GenerationJob, GenerationResult, Lengths
from ovreport_collector.plan import load_suite
from ovreport_collector.plan.tiers import TIERS
from ovreport_collector.prepare.model import PreparedModel, prepare_model, prepare_variant
from ovreport_collector.process import child
from ovreport_collector.process.job import JobFailed
from ovreport_collector.tasks import Files

pytestmark = [pytest.mark.network, pytest.mark.slow]


NONE = Skipped(reason="not looked at")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> PreparedModel:
    """Return the model, fetched (98 MB) unless it is in the user's cache."""
    pytest.importorskip("openvino_genai")
    loaded = load_suite.load("llm")
    (model,) = loaded.models
    prepared = sources.fetch(loaded, [model])[model.id]
    made = prepare_model(model, prepared, tmp_path_factory.mktemp("work"), seed=20)
    assert isinstance(made, PreparedModel), made
    return made


def target(prepared: PreparedModel, precision: str) -> Target:
    """Return what a process loads."""
    return Target(
        engine="openvino-genai",
        model=str(prepared.file),
        shapes={},
        device="CPU",
        precision=precision,
    )  # type: ignore[arg-type]


def a_round_job(prepared: PreparedModel, grid: list[Lengths], requests: list[int]) -> GenerationJob:
    """Return the job of the first round at the quick tier, at a few lengths."""
    current = PlannedProcess(
        planned=None,
        prepared=prepared,
        target=target(prepared, "default"),
        device=None,
        tier=TIERS["quick"],
        index=0,
        seed=20,
        driver="threads",
        folder=Path(),
    )  # type: ignore[arg-type]
    job = measurement.Generation().job(current)
    return msgspec.structs.replace(job, grid=grid, requests=requests, concurrent=Lengths(16, 8))


def answers(
    prepared: PreparedModel, precision: str, work: Path, **changes: object
) -> GenerationOutputsResult:
    """Return a model's few answers and losses, found in a process of its own."""
    work.mkdir(exist_ok=True)
    job = measurement.outputs_job(prepared, target(prepared, precision), work)
    few = msgspec.structs.replace(job, prompts=2, lengths=Lengths(32, 8), **changes)
    found = child.run(few, work, limit_s=600)
    assert isinstance(found, GenerationOutputsResult), found
    return found


def _is_within(runtime_ms: float, caller_ms: float) -> bool:
    """Return whether the runtime's own time is the greater part of the caller's, but for clocks."""
    return caller_ms / 4 < runtime_ms <= caller_ms * 1.05


def test_a_round_and_answers(prepared: PreparedModel, tmp_path: Path) -> None:
    """Times agree with the pipeline's own clock, the text is predicted, the answers are f32's."""
    job = a_round_job(prepared, [Lengths(32, 16), Lengths(64, 16)], [1, 2])
    measured = child.run(job, tmp_path, limit_s=300)
    assert isinstance(measured, GenerationResult), measured
    for point in measured.points:
        (one,) = point.rounds
        # The caller waits for all that the pipeline times, and on a busy machine for more.
        assert _is_within(one.runtime_time_per_output_token_ms, one.time_per_output_token_mean_ms)
        assert _is_within(one.runtime_time_to_first_token_ms, one.time_to_first_token_ms)
    assert measured.settings.effective["KV_CACHE_PRECISION"] == "u8"
    assert not isinstance(measured.concurrency, JobFailed)
    assert [p.requests for p in measured.concurrency.points] == [1, 2]
    assert isinstance(measured.memory, MemoryRound)
    assert [p.phase for p in measured.memory.phases] == [
        "import",
        "load",
        "generation",
        "concurrency",
    ]

    found = answers(prepared, "f32", tmp_path, windows=2)
    assert [len(answer) for answer in found.generations] == [8, 8]
    assert [window.tokens for window in found.windows] == [511, 256]
    loss = sum(w.loss for w in found.windows) / 767
    assert 10 < np.exp(loss) < 60  # English, predicted by a small model; chance would be 49,152
    assert isinstance(found.model.execution, Execution)
    judged = quality.quality(found, found, NONE, title="itself", seed=1)
    assert judged.agreement.common == [8, 8]


def test_compressed_variants_answer(prepared: PreparedModel, tmp_path: Path, monkeypatch) -> None:
    """Made in a process, loaded as a folder in others: sizes, executed layers, quality, times."""
    pytest.importorskip("nncf")
    monkeypatch.setenv(paths.CACHE, str(tmp_path / "cache"))
    reference = answers(prepared, "f32", tmp_path / "reference", windows=4)
    files = Files(prepared.file, {}, {})
    sizes, worse = {}, {}
    for name in ("int8-weights", "int4-weights"):
        made = prepare_variant(prepared, name, files, tmp_path)
        assert isinstance(made, PreparedModel), made
        how = made.origin
        assert isinstance(how, Optimized)
        assert isinstance(how.derived_from, Converted)
        assert {"openvino_tokenizer.xml", "openvino_detokenizer.xml"} <= {
            file.name for file in made.file.parent.iterdir()
        }
        found = answers(made, "f32", tmp_path / name, windows=4)
        assert isinstance(found.model.execution, Execution)
        judged = quality.quality(found, reference, NONE, title="news", seed=1)
        sizes[name] = how.bytes_after / how.bytes_before
        worse[name] = judged.perplexity.reference.delta / judged.perplexity.reference.value
    # The last one speaks for both: a round takes long, and what runs is loaded in the same way.
    timed = child.run(a_round_job(made, [Lengths(32, 16)], [2]), tmp_path, limit_s=600)
    assert isinstance(timed, GenerationResult), timed
    assert [p.requests for p in timed.concurrency.points] == [2]
    assert sizes["int8-weights"] == pytest.approx(1 / 4, rel=0.1)
    assert sizes["int4-weights"] < 0.7 * sizes["int8-weights"]
    assert abs(worse["int8-weights"]) < 0.02
    assert worse["int8-weights"] < worse["int4-weights"] < 1


def test_a_damaged_file_fails_with_its_reason(prepared: PreparedModel, tmp_path: Path) -> None:
    """A damaged GGUF ends its process, and the reason is said; the collect goes on."""
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(prepared.file.read_bytes()[:1_000_000])
    made = Target(
        engine="openvino-genai", model=str(broken), shapes={}, device="CPU", precision="default"
    )
    job = measurement.outputs_job(prepared, made, tmp_path)
    result = child.run(job, tmp_path, limit_s=300)
    assert isinstance(result, JobFailed)
    assert result.reason
