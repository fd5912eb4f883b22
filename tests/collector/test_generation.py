"""Language models: what is timed, what is refused, and what a whole collect makes of them."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovreport.errors import InputError, SuiteError
from ovreport.metrics import metric_values
from ovreport.record import (
    Completed,
    Concurrency,
    Failed,
    Generation,
    Perplexity,
    PublishedPerplexity,
    Record,
    Skipped,
    TokenAgreement,
    Unsupported,
)
from ovreport_collector.engines.arrays import save_arrays
from ovreport_collector.engines.base import WrongOutputError
from ovreport_collector.engines.generation_base import TEXT, Completion, Prompts
from ovreport_collector.engines.types import Target
from ovreport_collector.measurements.generation import published, run
from ovreport_collector.measurements.generation.measurement import TOGETHER_S
from ovreport_collector.measurements.generation.outputs import PROMPTS, spread
from ovreport_collector.measurements.generation.published import PublishedJob
from ovreport_collector.measurements.generation.quality import common_start
from ovreport_collector.measurements.generation.run import GenerationJob, Lengths, measure, point_of
from ovreport_collector.plan.request import make_plan
from ovreport_collector.session import collect
from ovreport_collector.session.estimate import total_s
from ovreport_collector.session.result_tables import summaries
from tests.collector.conftest import FakeChild, a_request, run_in_sight
from tests.collector.simulated_pipeline import Clock, SimulatedEngine, answering
from tests.collector.suite_fixtures import WORDS, language_suite


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the time of the measuring loop."""
    made = Clock()
    monkeypatch.setattr(run, "clock", made)
    return made


@pytest.fixture
def job(tmp_path: Path) -> GenerationJob:
    """Return a job of two lengths, two answers each."""
    raw = np.frombuffer(WORDS.encode(), np.uint8)
    save_arrays(tmp_path / "samples.npz", {TEXT: raw[:160_000].reshape(8, -1)})
    return GenerationJob(
        target=Target(
            engine="openvino-genai", model="m.gguf", shapes={}, device="CPU", precision="default"
        ),
        round=3,
        inputs=str(tmp_path / "samples.npz"),
        seed=1,
        grid=[Lengths(8, 4), Lengths(32, 16)],
        generations=2,
        max_seconds=60.0,
        requests=[1, 4],
        concurrent=Lengths(16, 8),
    )


# ---------------------------------------------------------------- the loop


def test_times_are_those_of_the_callbacks(job: GenerationJob, clock: Clock) -> None:
    """A pipeline of known times: first token by the prompt, the others evenly, load apart."""
    found = measure(
        job, SimulatedEngine(clock, time_to_first_token_ms=2.0, time_per_output_token_ms=10.0)
    )
    short, long = found.points
    assert (short.prompt_tokens, short.new_tokens) == (8, 4)
    assert short.rounds[0].time_to_first_token_ms == pytest.approx(16.0)
    assert long.rounds[0].time_to_first_token_ms == pytest.approx(64.0)
    for point in found.points:
        (measured,) = point.rounds
        assert measured.round == 3
        assert measured.generations == 2
        assert [
            measured.time_per_output_token_ms,
            measured.time_per_output_token_mean_ms,
        ] == pytest.approx([10.0, 10.0])
        assert measured.runtime_time_per_output_token_ms == 10.0
        assert point.histogram.total == 2 * (point.new_tokens - 1)
        assert measured.duration_s == pytest.approx(
            2 * (measured.time_to_first_token_ms + 10.0 * (point.new_tokens - 1)) / 1000
        )
    assert found.load.load_ms == pytest.approx(2000.0)
    assert found.load.warmup_generations == 2


def test_no_prompt_comes_twice(job: GenerationJob, clock: Clock) -> None:
    """Warm-up, timed and concurrent prompts share no beginning: no prefix cache can answer."""
    engine = SimulatedEngine(clock)
    measure(job, engine)
    starts = [tuple(prompt[:8]) for prompt in engine.prompts]
    assert len(starts) == 2 + 4 + 1 + 5
    assert len(set(starts)) == len(starts)


def test_slow_answers_stop_at_the_cap(job: GenerationJob, clock: Clock) -> None:
    """One answer a pair of lengths is measured however long it takes, and no more."""
    found = measure(job, SimulatedEngine(clock, time_per_output_token_ms=40_000.0))
    assert [point.rounds[0].generations for point in found.points] == [1, 1]


def test_an_answer_of_another_length_is_wrong(job: GenerationJob, clock: Clock) -> None:
    """Fewer tokens than requested: their times are those of another task."""
    with pytest.raises(WrongOutputError, match="4 tokens were requested, 3 came"):
        measure(job, SimulatedEngine(clock, missing=1))


def test_a_short_text_is_refused() -> None:
    """Prompts never begin again."""
    prompts = Prompts(range(10))
    assert prompts.next(8) == list(range(8))
    with pytest.raises(ValueError, match="too short"):
        prompts.next(3)


def test_requests_at_once(job: GenerationJob, clock: Clock) -> None:
    """Tokens of all requests by the time to the last one's last token."""
    found = measure(job, SimulatedEngine(clock, time_per_output_token_ms=10.0)).concurrency
    assert isinstance(found, Concurrency)
    rates = {p.requests: p.rounds[0].tokens / p.rounds[0].duration_s for p in found.points}
    assert rates == {1: pytest.approx(100.0), 4: pytest.approx(160.0)}


def test_requests_at_once_stop_when_the_time_is_up(job: GenerationJob, clock: Clock) -> None:
    """What took too long is still recorded; no greater number is begun after it."""
    short = msgspec.structs.replace(job, requests=[1, 4, 8], concurrent_s=0.1)
    found = measure(short, SimulatedEngine(clock, time_per_output_token_ms=10.0)).concurrency
    assert isinstance(found, Concurrency)
    assert [point.requests for point in found.points] == [1, 4]


@pytest.mark.parametrize(
    ("error", "kind"),
    [(RuntimeError("no room"), Failed), (NotImplementedError("not on this device"), Unsupported)],
)
def test_requests_at_once_that_fail_lose_nothing_else(
    job: GenerationJob, clock: Clock, error: Exception, kind: type
) -> None:
    """The lone answers stay; the reason is reported."""
    found = measure(job, SimulatedEngine(clock, batches=error))
    assert isinstance(found.concurrency, kind)
    assert str(error) in found.concurrency.reason
    assert len(found.points) == 2


@given(gaps=st.lists(st.floats(0, 1000), min_size=3, max_size=3), first=st.floats(0.001, 10))
def test_any_times_make_a_point(gaps: list[float], first: float) -> None:
    """Tokens that come at once, late or together: the point holds all of them."""
    at = np.cumsum([first, *gaps]).tolist()
    point = point_of([Completion([1, 2, 3, 4], 0.0, at, at[-1])], Lengths(8, 4), index=0)
    assert point.histogram.total == 3
    assert point.rounds[0].time_to_first_token_ms == pytest.approx(first * 1000)


@given(st.lists(st.integers(0, 3), max_size=20), st.lists(st.integers(0, 3), max_size=20))
def test_common_start(first: list[int], second: list[int]) -> None:
    """All tokens before it are equal, and the next ones are not."""
    n = common_start(first, second)
    assert first[:n] == second[:n]
    assert n == min(len(first), len(second)) or first[n] != second[n]


def test_prompts_are_spread_over_the_text() -> None:
    """Evenly, never overlapping; too many are refused."""
    assert spread(range(100), 4, 10) == [list(range(i, i + 10)) for i in (0, 25, 50, 75)]
    with pytest.raises(ValueError, match="too short"):
        spread(range(100), 4, 26)


# ---------------------------------------------------------------- a whole collect


@pytest.fixture
def text_suite(own_folders: Path) -> Path:
    """Write a suite of one language model and its text."""
    return language_suite(own_folders)


def collected(
    suite: Path, out: Path, console: object, fake_child: FakeChild, **engines: SimulatedEngine
) -> list[Record]:
    """Measure a suite with the engine of each precision."""
    fake_child.answers.append(answering(engines.__getitem__))
    plan = make_plan(a_request(suite))
    return collect.measure(plan, out, console, timeout_s=None, fresh=False).records  # type: ignore[arg-type]


@pytest.fixture
def with_genai(pretend_installed: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that the extra genai is installed: pipeline and file are simulated."""
    pretend_installed()
    monkeypatch.setattr(published, "reader_version", lambda: "1")


@pytest.mark.usefixtures("with_genai")
def test_a_language_model_becomes_a_record(
    text_suite: Path, own_folders: Path, console, fake_child: FakeChild, clock: Clock, tier
) -> None:
    """Rounds, quality against f32, no measurement of other models; it is read back as written."""
    tier(processes=3, max_processes=3)
    f32, default = (
        SimulatedEngine(clock, time_per_output_token_ms=30),
        SimulatedEngine(clock, wrong_from=50),
    )
    records = collected(
        text_suite, own_folders / "out", console, fake_child, f32=f32, default=default
    )
    reference, record = records
    assert [r.case.precision for r in records] == ["f32", "default"]
    assert all(isinstance(r.outcome, Completed) for r in records)
    assert isinstance(record.latency, Unsupported)
    measured = record.generation
    assert isinstance(measured, Generation)
    assert [r.round for r in measured.points[0].rounds] == [0, 1, 2]
    assert set(record.verdicts) == {"time_to_first_token", "time_per_output_token"}
    assert isinstance(measured.perplexity, Perplexity)
    assert measured.perplexity.value == pytest.approx(np.exp(3.0))
    assert isinstance(measured.perplexity.published, PublishedPerplexity)
    assert measured.settings_of == "pipeline"
    assert measured.settings.effective == {"KV_CACHE_PRECISION": "u8"}
    assert isinstance(measured.agreement, TokenAgreement)
    assert measured.agreement.common == [50] * PROMPTS
    assert isinstance(reference.generation.agreement, Skipped)
    found = metric_values(record)
    assert found["perplexity_over_published"].value == pytest.approx(np.exp(0.25) - 1)
    assert found["time_per_output_token_ms"].value == pytest.approx(10.0)
    assert found["token_agreement"].value == 0
    assert found["first_divergence_tokens"].value == 50
    assert "latency_ms" not in found
    assert record.repeat.benchmark_app == ""
    (table,) = summaries(records)
    assert table.row_count == 2


@pytest.mark.usefixtures("with_genai")
def test_the_published_file_is_computed_once(
    text_suite: Path, own_folders: Path, console, fake_child: FakeChild, clock: Clock, tier
) -> None:
    """For all cases of a model, and not again in the next collect, whose estimate knows it."""
    tier(processes=1, max_processes=1)
    engines = {p: SimulatedEngine(clock) for p in ("f32", "default")}
    expected = total_s(make_plan(a_request(text_suite)))
    for name in ("first", "second"):
        records = collected(text_suite, own_folders / name, console, fake_child, **engines)
        for record in records:
            assert isinstance(record.generation.perplexity.published, PublishedPerplexity)
    assert sum(isinstance(job, PublishedJob) for job in fake_child.jobs) == 1
    cheaper = expected - total_s(make_plan(a_request(text_suite)))
    assert cheaper == pytest.approx(published.EXPECTED_S)


@pytest.mark.usefixtures("with_genai")
@pytest.mark.parametrize(
    ("skip", "version", "kind", "words"),
    [
        ((published.SKIP,), "1", Skipped, "--skip published-perplexity"),
        ((), "", Unsupported, "is not installed"),
    ],
)
def test_a_published_file_that_is_not_looked_at_says_why(
    text_suite: Path,
    own_folders: Path,
    console,
    fake_child: FakeChild,
    clock: Clock,
    tier,
    monkeypatch: pytest.MonkeyPatch,
    skip: tuple[str, ...],
    version: str,
    kind: type,
    words: str,
) -> None:
    """Left out, or without what reads it: everything else is measured as ever."""
    tier(processes=1, max_processes=1)
    monkeypatch.setattr(published, "reader_version", lambda: version)
    engines = {p: SimulatedEngine(clock) for p in ("f32", "default")}
    fake_child.answers.append(answering(engines.__getitem__))
    plan = make_plan(a_request(text_suite, skip=skip))
    made = collect.measure(plan, own_folders / "out", console, timeout_s=None, fresh=False)
    found = made.records[0].generation.perplexity.published
    assert isinstance(found, kind)
    assert words in found.reason
    assert not any(isinstance(job, PublishedJob) for job in fake_child.jobs)


def test_a_file_that_nothing_converts_has_no_other_reference() -> None:
    """An OpenVINO network is what runs."""
    assert isinstance(published.why_not("openvino_model.xml", ()), Unsupported)


@pytest.mark.usefixtures("with_genai")
def test_requests_at_once_are_measured_in_few_rounds(
    text_suite: Path, own_folders: Path, console, fake_child: FakeChild, clock: Clock, tier
) -> None:
    """They load the model again: at the quick tier three rounds do; left out, that is reported."""
    tier(processes=5, max_processes=5)
    engines = {p: SimulatedEngine(clock) for p in ("f32", "default")}
    record, _ = collected(text_suite, own_folders / "out", console, fake_child, **engines)
    measured = record.generation.concurrency
    assert isinstance(measured, Concurrency)
    assert [r.round for r in measured.points[-1].rounds] == [0, 1, 2]
    assert len(record.generation.points[0].rounds) == 5
    told = [r.round for r in record.generation.memory for p in r.phases if p.phase == "concurrency"]
    assert told == [0, 1, 2]
    plan = make_plan(a_request(text_suite, skip=("concurrency",)))
    faster = total_s(make_plan(a_request(text_suite))) - total_s(plan)
    assert faster == pytest.approx(2 * 3 * TOGETHER_S)
    without = collect.measure(plan, own_folders / "out", console, timeout_s=None, fresh=False)
    for record in without.records:
        assert record.generation.concurrency == Skipped(reason="left out: --skip concurrency")


@pytest.mark.usefixtures("with_genai")
def test_the_bar_of_a_language_model_is_full_when_it_is_done(
    text_suite: Path, own_folders: Path, fake_child: FakeChild, clock: Clock, tier
) -> None:
    """The bar counts what its rounds take, which is not what those of a classic model take."""
    tier(processes=4, max_processes=4)
    engines = {p: SimulatedEngine(clock) for p in ("f32", "default")}
    fake_child.answers.append(answering(engines.__getitem__))
    plan = make_plan(a_request(text_suite))
    assert run_in_sight(plan, own_folders / "out") == pytest.approx(1)


@pytest.mark.usefixtures("with_genai")
def test_without_logits_agreement_is_left(
    text_suite: Path, own_folders: Path, console, fake_child: FakeChild, clock: Clock, tier
) -> None:
    """Perplexity says why it is missing."""
    tier(processes=1, max_processes=1)
    engines = {p: SimulatedEngine(clock, logits=False) for p in ("f32", "default")}
    record = collected(text_suite, own_folders / "out", console, fake_child, **engines)[1]
    assert isinstance(record.generation.perplexity, Unsupported)
    assert "last token only" in record.generation.perplexity.reason
    assert record.generation.agreement.identical == PROMPTS


@pytest.mark.usefixtures("with_genai")
def test_a_model_that_fails_is_a_record(
    text_suite: Path, own_folders: Path, console, fake_child: FakeChild, clock: Clock, tier
) -> None:
    """Every round wrong: the case failed, and says why."""
    tier(processes=2, max_processes=2)
    engines = {p: SimulatedEngine(clock, missing=1) for p in ("f32", "default")}
    records = collected(text_suite, own_folders / "out", console, fake_child, **engines)
    for record in records:
        assert isinstance(record.outcome, Failed)
        assert "were requested" in record.outcome.reason
        assert not isinstance(record.generation, Generation)


def test_a_missing_extra_is_reported(
    text_suite: Path, fake_child: FakeChild, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is measured, with the command that installs it; exit code 2."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="OpenVINO GenAI is not installed") as caught:
        make_plan(a_request(text_suite))
    assert "pip install 'ovreport[genai]'" in caught.value.remedy


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"shapes": {"x": [1]}}, "no static shapes"),
        ({"data": ""}, "text for its prompts"),
        ({"task": "generic", "shapes": {"x": [1]}}, "is not a model"),
        ({"file": {"uri": "file:text.txt"}}, "is not a model"),
    ],
)
def test_unfit_language_models_are_refused(
    text_suite: Path, changes: dict[str, object], words: str
) -> None:
    """GGUF is for language models, and they need a text and no shapes."""
    suite = language_suite(text_suite.parent, **changes)
    with pytest.raises(SuiteError, match=words):
        make_plan(a_request(suite))


@pytest.mark.usefixtures("with_genai")
def test_a_stopped_run_goes_on(
    text_suite: Path, own_folders: Path, console, fake_child: FakeChild, clock: Clock, tier
) -> None:
    """Rounds that were measured are kept, and not measured again."""
    tier(processes=2, max_processes=2)
    done: list[tuple[str, int]] = []

    def interrupting(job: object) -> None:
        if isinstance(job, GenerationJob):
            done.append((job.target.precision, job.round))
            if len(done) == 3:
                raise KeyboardInterrupt

    fake_child.answers.append(interrupting)
    engines = {p: SimulatedEngine(clock) for p in ("f32", "default")}
    out = own_folders / "out"
    with pytest.raises(KeyboardInterrupt):
        collected(text_suite, out, console, fake_child, **engines)
    records = collected(text_suite, out, console, fake_child, **engines)
    assert sorted(set(done)) == [("default", 0), ("default", 1), ("f32", 0), ("f32", 1)]
    assert len(done) == 5  # the one that was stopped is the only one that is tried again
    assert [len(r.generation.points[0].rounds) for r in records] == [2, 2]
