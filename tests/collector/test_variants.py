"""Variants of a model: planned, made once, measured beside the published file, named in records."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from msgspec import Struct
from rich.console import Console

from ovreport import paths, store
from ovreport.cli import run as cli
from ovreport.errors import InputError, SuiteError
from ovreport.record import Completed, Failed, Record, Skipped, Unsupported
from ovreport.record.model import Optimized, Original
from ovreport_collector import tasks
from ovreport_collector.measurements.inference.run import InferenceJob
from ovreport_collector.measurements.outputs import OutputsJob
from ovreport_collector.models.optimize import build
from ovreport_collector.models.optimize.job import OptimizeJob
from ovreport_collector.plan import load_suite
from ovreport_collector.plan.request import make_plan
from ovreport_collector.process.job import Job, JobFailed
from ovreport_collector.session import collect, plan_tables
from ovreport_collector.session.estimate import total_s
from ovreport_collector.tasks import Calibration
from ovreport_collector.tasks.voice import VoiceActivity
from tests.collector.conftest import FakeChild, a_device, a_request, model_table
from tests.collector.suite_fixtures import document, write_suite
from tests.collector.task_fixtures import a_photograph

CRASH = JobFailed(reason="ended by SIGSEGV", cause="crash")
PICTURED = {"task": "image-classification", "shapes": {"x": [1, 3, 8, 8]}, "data": "photographs"}


@pytest.fixture
def has_nncf(pretend_installed: Callable[..., None]) -> Callable[[str], None]:
    """Say that NNCF is installed, in a version; or with an empty one that it is not."""

    def say(version: str) -> None:
        pretend_installed(nncf=version)

    say("3.4.0")
    return say


@pytest.fixture
def write(own_folders: Path) -> Callable[..., Path]:
    """Return a function that writes a suite of the models it is given."""
    a_photograph(own_folders / "photograph.png")
    datasets = {"photographs": {"title": "P", "files": {"one": {"uri": "file:photograph.png"}}}}

    def write_models(*models: dict[str, object]) -> Path:
        for model in models:
            (own_folders / f"{model['id']}.onnx").write_bytes(str(model["id"]).encode())
        content = document(models=list(models), datasets=datasets)
        return write_suite(own_folders / "my.toml", content)

    return write_models


def a_model(name: str = "one", **changes: object) -> dict[str, object]:
    """Return a model that a task calibrates."""
    return model_table(name, f"{name}.onnx", **{**PICTURED, **changes})


@pytest.fixture
def run(
    fake_child: FakeChild, own_folders: Path, console: Console, tier, has_nncf
) -> Callable[..., list[Record]]:
    """Return a function that plans and measures a suite."""
    tier(processes=2, max_processes=2)

    def measure(path: Path, *, fresh: bool = False, **requested: object) -> list[Record]:
        plan = make_plan(a_request(path, **requested))
        out = own_folders / "records"
        return collect.measure(plan, out, console, timeout_s=None, fresh=fresh).records

    return measure


def planned(path: Path, **requested: object) -> list[tuple[str, str, str, str]]:
    """Return model, variant, engine and precision of each planned case."""
    cases = [p.case for p in make_plan(a_request(path, **requested)).cases]
    return [(c.model, c.variant, c.engine, c.precision) for c in cases]


def made(jobs: list[Job]) -> list[str]:
    """Return the names of the variants that were made."""
    return [Path(job.file).stem for job in jobs if isinstance(job, OptimizeJob)]


# ---------------------------------------------------------------- planning


def test_a_suite_names_variants_that_are_measured_beside_the_file(
    write, fake_child: FakeChild, has_nncf
) -> None:
    """The published file comes first, at both precisions; what is made of it, at the default."""
    path = write(a_model(variants=["int8"]), a_model("two"))
    assert planned(path) == [
        ("one", "fp32", "openvino", "f32"),
        ("one", "fp32", "openvino", "default"),
        ("one", "int8", "openvino", "default"),
        ("two", "fp32", "openvino", "f32"),
        ("two", "fp32", "openvino", "default"),
    ]


def test_a_device_whose_default_is_f32_measures_a_variant_there(
    write, fake_child: FakeChild, has_nncf
) -> None:
    """A variant has one precision, whichever it is, unless others are asked for."""
    fake_child.devices = [a_device(default="f32")]
    path = write(a_model(variants=["int8"]))
    assert [(v, p) for _, v, _, p in planned(path)] == [("fp32", "f32"), ("int8", "f32")]
    requested = planned(path, variants=("int8",), precisions=("f32", "bf16"))
    assert [(v, p) for _, v, _, p in requested] == [("int8", "f32"), ("int8", "bf16")]


def test_variants_that_are_asked_for_take_the_place_of_the_suites(
    write, fake_child: FakeChild, has_nncf
) -> None:
    """Each once, the published one under its own name or as `published`."""
    path = write(a_model(variants=["int8"]))
    requested = planned(path, variants=("fp16", "published", "fp16"), precisions=("f32",))
    assert [v for _, v, _, _ in requested] == ["fp32", "fp16"]
    assert planned(path, variants=("fp32",)) == planned(path, variants=("published",))


def test_a_published_variant_is_no_made_one(write, fake_child: FakeChild, has_nncf) -> None:
    """Asked for int8, a model that is published as int8 runs as it is, and is not optimized."""
    path = write(a_model(), a_model("two", variant="int8"))
    requested = planned(path, variants=("int8", "int8-weights"), precisions=("f32",))
    assert [(m, v) for m, v, _, _ in requested] == [
        ("one", "int8"),
        ("one", "int8-weights"),
        ("two", "int8"),
    ]
    plan = make_plan(a_request(path, variants=("int8",)))
    assert [plan.optimized_variants(m) for m in plan.models] == [["int8"], []]


def test_native_frameworks_run_the_published_file_only(
    write, fake_child: FakeChild, has_nncf
) -> None:
    """What is made is OpenVINO's own format."""
    path = write(a_model(variants=["int8"]))
    requested = planned(path, engines=("openvino", "native"), precisions=("f32",))
    assert [(v, e) for _, v, e, _ in requested] == [
        ("fp32", "openvino"),
        ("fp32", "onnxruntime"),
        ("int8", "openvino"),
    ]
    with pytest.raises(InputError, match="no requested model and engine"):
        planned(path, engines=("onnxruntime",), variants=("int8",))


def test_a_variant_that_no_model_can_have_is_refused(
    write, fake_child: FakeChild, has_nncf
) -> None:
    """Nothing to measure is bad input."""
    path = write(a_model(variant="int8"))
    with pytest.raises(InputError, match="no requested model and engine") as caught:
        planned(path, variants=("int4-weights",))
    assert caught.value.where == "--variant int4-weights"


def test_without_nncf_the_suites_variants_are_left_out_and_reported(
    write, fake_child: FakeChild, has_nncf
) -> None:
    """The rest is measured; the remedy is a command. Compression to fp16 needs OpenVINO alone."""
    has_nncf("")
    path = write(a_model(variants=["int8", "fp16", "int8-weights"]))
    plan = make_plan(a_request(path))
    assert plan.optimized_variants(plan.models[0]) == ["fp16"]
    assert plan.left_out.startswith("2 variants are left out")
    assert "pip install 'ovreport[nncf]'" in plan.left_out
    assert plan_tables.plan_as_json(plan)["left_out"] == plan.left_out


def test_without_nncf_a_variant_that_is_asked_for_is_refused(
    write, fake_child: FakeChild, has_nncf
) -> None:
    """Bad input, exit code 2, with the command that mends it."""
    has_nncf("")
    with pytest.raises(InputError, match="not installed") as caught:
        planned(write(a_model()), variants=("int8",))
    assert caught.value.remedy == "pip install 'ovreport[nncf]'"
    assert planned(write(a_model()), variants=("fp16",), precisions=("f32",))


def test_another_nncf_or_other_variants_are_another_plan(
    write, fake_child: FakeChild, has_nncf
) -> None:
    """Rounds of a model that was made otherwise never mix."""
    path = write(a_model())
    keys = {make_plan(a_request(path, variants=v)).key for v in ((), ("int8",), ("fp16",))}
    has_nncf("3.5.0")
    keys.add(make_plan(a_request(path, variants=("int8",))).key)
    assert len(keys) == 4
    assert make_plan(a_request(path)).key in keys


def test_the_expected_time_counts_the_making(write, fake_child: FakeChild, has_nncf) -> None:
    """A variant costs its case and its making, and no extras at the quick tier."""
    path = write(a_model())
    alone = total_s(make_plan(a_request(path, precisions=("default",))))
    both = total_s(
        make_plan(a_request(path, precisions=("default",), variants=("published", "int8")))
    )
    assert alone + 20 < both < 2 * alone + 150


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"variants": ["int9"]}, "int9"),
        ({"variants": ["int8", "int8"]}, "listed twice"),
        ({"variants": ["int8"], "variant": "int4"}, "int4 already"),
    ],
    ids=str,
)
def test_a_suite_with_variants_that_cannot_be_is_refused(write, changes, what: str) -> None:
    """Before anything is fetched, with the place."""
    with pytest.raises(SuiteError, match=what) as caught:
        load_suite.load(write(a_model(**changes)))
    assert "models[0]" in str(caught.value)


def test_the_standard_suite_optimizes_what_has_weights(has_nncf) -> None:
    """Every floating-point model with real weights; the quick suite none."""
    standard = load_suite.load("standard")
    with_int8 = {model.id for model in standard.models if model.variants == ["int8"]}
    floating = [m for m in standard.models if m.variant in ("fp32", "fp16")]
    real = {m.id for m in floating if not m.architecture_only}
    assert with_int8 == real
    assert not any(model.variants for model in load_suite.load("quick").models)


# ---------------------------------------------------------------- the command


def test_the_command_tells_once_what_is_left_out(
    write, fake_child: FakeChild, has_nncf, tier, capsys: pytest.CaptureFixture[str]
) -> None:
    """Plainly and with the remedy, in a plan and in a run; nothing where nothing is left out."""
    path = str(write(a_model(variants=["int8"])))
    tier()
    for more in (["--dry-run"], ["--precision", "f32"]):
        for version, times in (("", 1), ("3.4.0", 0)):
            has_nncf(version)
            assert cli(["collect", "--suite", path, *more]) == 0
            said = capsys.readouterr().out
            assert said.count("pip install 'ovreport[nncf]'") == times
            assert said.count("variant is left out") == times


def test_the_command_refuses_what_it_cannot_make(
    write, fake_child: FakeChild, has_nncf, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bad input, exit code 2: a variant that was asked for and cannot be had, or is none."""
    path = str(write(a_model()))
    has_nncf("")
    assert cli(["collect", "--suite", path, "--variant", "int8"]) == 2
    assert "pip install 'ovreport[nncf]'" in capsys.readouterr().err
    assert cli(["collect", "--suite", path, "--variant", "int9"]) == 2


def test_the_summary_tells_variants_apart(
    write, fake_child: FakeChild, has_nncf, tier, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each line names its variant where it is not the plain file."""
    tier()
    path = str(write(a_model(variants=["int8"])))
    assert cli(["collect", "--suite", path, "--precision", "f32"]) == 0
    said = capsys.readouterr().out
    assert "process 1  one int8  CPU" in said
    assert "process 1  one  CPU" in said


# ---------------------------------------------------------------- measuring


def test_a_variant_is_measured_as_a_case_of_its_own(
    run, write, fake_child: FakeChild, own_folders: Path
) -> None:
    """Its rounds run the made file; its record tells how that came about, and what it was."""
    records = run(write(a_model(variants=["int8"])), precisions=("f32",))
    published, variant = records
    assert [(r.case.variant, type(r.outcome)) for r in records] == [
        ("fp32", Completed),
        ("int8", Completed),
    ]
    assert isinstance(published.model.origin, Original)
    how = variant.model.origin
    assert isinstance(how, Optimized)
    assert (how.method, how.settings["preset"]) == ("post-training-quantization", "mixed")
    assert how.calibration_samples == sum(
        int(how.settings[name]) for name in ("subset_size", "held_out")
    )
    assert set(how.software) == {"nncf", "openvino"}
    assert how.software["nncf"] == "3.4.0"
    assert "photographs" in how.calibration
    assert (how.seconds, how.peak_bytes, how.bytes_before, how.bytes_after) == (2.5, 3000, 400, 100)
    assert (variant.model.source, variant.model.sha256) == (
        published.model.source,
        published.model.sha256,
    )
    assert variant.model.size_bytes == len(b"optimized one") + len(b"weights")
    files = {Path(j.target.model).name for j in fake_child.jobs if isinstance(j, InferenceJob)}
    assert files == {"one.onnx", "one-int8.xml"}
    assert str(own_folders) not in store.encode(variant).decode()


def test_every_variant_is_compared_with_the_published_file_at_f32(
    run, write, fake_child: FakeChild
) -> None:
    """Not with its own f32 run, and where only the variant is measured too."""
    records = run(write(a_model()), variants=("int8",), precisions=("f32",))
    jobs = [job for job in fake_child.jobs if isinstance(job, OutputsJob)]
    ran = [(Path(j.target.model).name, j.target.device, j.target.precision) for j in jobs]
    assert ran == [("one.onnx", "CPU", "f32"), ("one-int8.xml", "CPU", "f32")]
    assert [output.relative_rmse for output in records[0].agreement.outputs] == [0]


def test_a_variant_is_made_once_and_kept(run, write, fake_child: FakeChild) -> None:
    """Another run of another kind takes what is there; a damaged file is made again."""
    path = write(a_model())
    run(path, variants=("int8",))
    assert made(fake_child.jobs) == ["one-int8"]
    run(path, variants=("int8",), seed=21, precisions=("f32",))
    assert made(fake_child.jobs) == ["one-int8"]
    (file,) = (paths.cache() / "made").glob("*/one-int8.bin")
    file.write_bytes(b"damaged")
    run(path, variants=("int8",), fresh=True)
    assert made(fake_child.jobs) == ["one-int8"] * 2
    assert file.read_bytes() == b"weights"


def test_what_decides_the_outcome_makes_another_file(
    run, write, fake_child: FakeChild, own_folders: Path, has_nncf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file, its shapes, the calibration data, NNCF's version and our own code."""
    path = write(a_model())
    run(path, variants=("int8",))
    (own_folders / "one.onnx").write_bytes(b"edited")
    run(path, variants=("int8",))
    has_nncf("3.5.0")
    run(path, variants=("int8",))
    a_photograph(own_folders / "photograph.png", seed=9)
    run(path, variants=("int8",))
    monkeypatch.setattr(build, "VERSION", 99)
    run(path, variants=("int8",), fresh=True)
    assert made(fake_child.jobs) == ["one-int8"] * 5


def test_a_variant_that_cannot_be_made_does_not_stop_the_others(
    run, write, fake_child: FakeChild, own_folders: Path
) -> None:
    """It is a failed record with the reason, and nothing of it is kept; a later run tries again."""

    def crash(job: Job) -> Struct | None:
        return CRASH if isinstance(job, OptimizeJob) and "int8" in job.file else None

    fake_child.answers = [crash]
    path = write(a_model(variants=["int8", "fp16"]))
    records = run(path, precisions=("f32",))
    assert [(r.case.variant, type(r.outcome)) for r in records] == [
        ("fp32", Completed),
        ("int8", Failed),
        ("fp16", Completed),
    ]
    assert records[1].outcome.reason == CRASH.reason
    assert records[1].outcome.cause == "crash"
    assert not list((paths.cache() / "made").glob("*/one-int8.xml"))
    fake_child.answers = []
    assert all(isinstance(r.outcome, Completed) for r in run(path, fresh=True))


def test_a_task_without_real_inputs_has_no_calibrated_variant(
    run, write, fake_child: FakeChild
) -> None:
    """Random numbers calibrate nothing; weights alone can be compressed all the same."""
    generic = model_table("one", "one.onnx")
    records = run(write(generic), variants=("int8", "int8-weights"), precisions=("f32",))
    assert isinstance(records[0].outcome, Unsupported)
    assert "no real inputs to calibrate with" in records[0].outcome.reason
    assert isinstance(records[1].outcome, Completed)
    assert records[1].model.origin.calibration == ""
    assert records[1].model.origin.calibration_samples == 0


def test_accuracy_cannot_be_watched_without_labelled_inputs(
    run, write, fake_child: FakeChild
) -> None:
    """Constant weights have no accuracy to hold."""
    (record,) = run(write(a_model()), variants=("int8-accuracy",), precisions=("f32",))
    assert isinstance(record.outcome, Unsupported)
    assert "no labelled inputs" in record.outcome.reason


@pytest.mark.parametrize("variant", ["int8", "int8-accuracy"])
def test_data_that_is_evaluated_is_never_optimized_with(
    variant: str, run, write, fake_child: FakeChild, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task that gives its labelled inputs to optimize with is refused, and nothing is made."""
    model = model_table(
        "one", "one.onnx", task="voice-activity", shapes={"input": [1, 64], "state": [1, 4]}
    )
    path = write(model)
    (sound,) = run(path, variants=(variant,), precisions=("f32",))
    assert isinstance(sound.outcome, Completed)
    assert ("watched" in sound.model.origin.calibration) == (variant == "int8-accuracy")

    def cheating(self: VoiceActivity, model, files, *, seed: int) -> object:
        return self.labelled(model, files, seed=20)

    def cheating_too(self: VoiceActivity, model, files, *, seed: int, count: int) -> Calibration:
        return Calibration(self.labelled(model, files, seed=20).inputs, "all of it")

    monkeypatch.setattr(VoiceActivity, "validation", cheating)
    if variant == "int8":
        monkeypatch.setattr(VoiceActivity, "calibration", cheating_too)
    (record,) = run(path, variants=(variant,), precisions=("f32",), fresh=True)
    assert isinstance(record.outcome, Failed)
    assert "must not be optimized on its own test" in record.outcome.reason
    assert len(made(fake_child.jobs)) == 1


def test_a_published_file_without_inputs_fails_its_variants(
    run, write, fake_child: FakeChild, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is made of it; both records say why."""

    def trips(*_: object, **__: object) -> None:
        raise ValueError("no inputs")

    path = write(a_model(variants=["int8"]))
    monkeypatch.setattr(type(tasks.get(a_model()["task"])), "samples", trips)
    records = run(path, precisions=("f32",))
    assert [type(r.outcome) for r in records] == [Failed, Failed]
    assert not made(fake_child.jobs)


def test_extras_are_measured_of_the_published_file_at_the_quick_tier(
    run, write, fake_child: FakeChild, tier
) -> None:
    """The variant's measurements say so; at other tiers it has its own."""
    path = write(a_model(variants=["int8"]))
    published, variant = run(path, precisions=("f32",))
    assert not isinstance(published.curve, Skipped)
    for measurement in (variant.curve, variant.open_loop, variant.end_to_end):
        assert measurement == Skipped(reason="at tier quick measured of the published fp32 only")
    tier(name="standard")
    _, variant = run(path, precisions=("f32",))
    assert not isinstance(variant.curve, Skipped)


def test_the_repeat_command_measures_the_variant_alone(run, write, fake_child: FakeChild) -> None:
    """A command that is copied from a record plans the record's own case, and no other."""
    path = write(a_model(variants=["int8"]), a_model("two"))
    for record in run(path, precisions=("f32",)):
        words = shlex.split(record.repeat.ovreport)
        requested = {n: v for n, v in pairwise(words) if n.startswith("--")}
        cases = planned(
            path,
            models=(requested["--model"],),
            precisions=(requested["--precision"],),
            variants=(requested["--variant"],) if "--variant" in requested else (),
        )
        assert [(m, v) for m, v, _, _ in cases] == [(record.case.model, record.case.variant)]


def test_a_stopped_run_goes_on_with_its_variant(run, write, fake_child: FakeChild) -> None:
    """What was made is found again, and finished rounds are not measured twice."""
    seen = 0

    def stop(job: Job) -> None:
        nonlocal seen
        seen += isinstance(job, InferenceJob)
        if seen == 3:
            raise KeyboardInterrupt

    fake_child.answers = [stop]
    path = write(a_model(variants=["int8"]))
    with pytest.raises(KeyboardInterrupt):
        run(path, precisions=("f32",))
    fake_child.answers = []
    records = run(path, precisions=("f32",))
    assert made(fake_child.jobs) == ["one-int8"]
    assert [len(r.latency.rounds) for r in records] == [2, 2]
    assert len({(m, i) for m, _, _, i in fake_child.processes}) == 4
    assert len(fake_child.processes) == 5  # the one that was stopped ran twice


def test_a_record_with_a_variant_survives_its_file(run, write, fake_child: FakeChild) -> None:
    """Written and read again, it is the same."""
    _, variant = run(write(a_model(variants=["int8"])), precisions=("f32",))
    assert msgspec.json.decode(msgspec.json.encode(variant.model.origin), type=Optimized)
    assert store.decode(store.encode(variant), where="test") == variant
