"""OpenVINO GenAI for real: the suite's model, from the index; nothing here is simulated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ovreport.record import Execution, MemoryRound
from ovreport_collector import child, language, sources, suite
from ovreport_collector.jobs import (
    AnswersResult,
    GenerationResult,
    JobFailed,
    Lengths,
    Target,
)
from ovreport_collector.language import measuring
from ovreport_collector.plan import TIERS, Plan
from ovreport_collector.prepare import Ready, make_ready

pytestmark = [pytest.mark.network, pytest.mark.slow]


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Ready:
    """Return the model, fetched (98 MB) unless it is in the user's cache."""
    pytest.importorskip("openvino_genai")
    loaded = suite.load("llm")
    (model,) = loaded.models
    prepared = sources.prepare(loaded, [model])[model.id]
    made = make_ready(model, prepared, tmp_path_factory.mktemp("work"), seed=20)
    assert isinstance(made, Ready), made
    return made


def target(ready: Ready, precision: str) -> Target:
    """Return what a process loads."""
    return Target(engine="openvino-genai", model=str(ready.file), shapes={}, device="CPU",
                  precision=precision)  # type: ignore[arg-type]  # fmt: skip


def test_a_round_and_answers(ready: Ready, tmp_path: Path, monkeypatch) -> None:
    """Times agree with the pipeline's own clock, logits foretell, the answers are f32's."""
    monkeypatch.setattr(measuring, "GRID", [Lengths(32, 16), Lengths(64, 16)])
    monkeypatch.setattr(measuring, "REQUESTS", [1, 2])
    monkeypatch.setattr(measuring, "CONCURRENT", Lengths(16, 8))
    plan = Plan(suite=suite.load("llm"), suite_name="llm", tier=TIERS["quick"], seed=20, cases=(),
                devices={}, plugins={}, machine=None, software=None)  # type: ignore[arg-type]  # fmt: skip
    measured = child.run(
        language.round_job(plan, ready, target(ready, "default"), 0), tmp_path, limit_s=300
    )
    assert isinstance(measured, GenerationResult), measured
    for point in measured.points:
        (one,) = point.rounds
        assert one.runtime_token_ms == pytest.approx(one.token_mean_ms, rel=0.1)
        assert one.runtime_ttft_ms == pytest.approx(one.ttft_ms, rel=0.1)
    assert not isinstance(measured.concurrency, JobFailed)
    assert [p.requests for p in measured.concurrency.points] == [1, 2]
    assert isinstance(measured.memory, MemoryRound)
    assert [p.phase for p in measured.memory.phases] == [
        "import", "load", "generation", "concurrency",
    ]  # fmt: skip

    monkeypatch.setattr(measuring, "PROMPTS", 2)
    monkeypatch.setattr(measuring, "ANSWERS", Lengths(32, 8))
    monkeypatch.setattr(measuring, "WINDOWS", 2)
    job = language.answers_job(ready, target(ready, "f32"), tmp_path)
    found = child.run(job, tmp_path, limit_s=300)
    assert isinstance(found, AnswersResult), found
    assert [len(answer) for answer in found.answers] == [8, 8]
    assert [window.tokens for window in found.windows] == [511, 256]
    loss = sum(w.loss for w in found.windows) / 767
    assert 10 < np.exp(loss) < 60  # English, foretold by a small model; chance would be 49,152
    assert isinstance(found.described.execution, Execution)
    assert found.settings.in_force["KV_CACHE_PRECISION"] == "f32"
    quality = language.quality(found, found, title="itself", seed=1)
    assert quality.agreement.identical == 2


def test_a_damaged_file_fails_with_its_reason(ready: Ready, tmp_path: Path) -> None:
    """A damaged GGUF brings its process down, and is told as such; the collect lives on."""
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(ready.file.read_bytes()[:1_000_000])
    made = Target(engine="openvino-genai", model=str(broken), shapes={}, device="CPU",
                  precision="default")  # fmt: skip
    job = language.answers_job(ready, made, tmp_path)
    result = child.run(job, tmp_path, limit_s=300)
    assert isinstance(result, JobFailed)
    assert result.reason
