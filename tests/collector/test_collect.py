"""`ovreport collect` for real: a tiny network, two devices, fresh processes, records."""

from __future__ import annotations

import contextlib
import getpass
import json
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ovreport import paths, store
from ovreport.cli import run
from ovreport.errors import SourceError
from ovreport.privacy import KEPT, NEVER_KEPT
from ovreport.record import (
    Accuracy,
    Agreement,
    Completed,
    Converted,
    Execution,
    Failed,
    Latency,
    MeasuringTime,
    Memory,
    NotMeasured,
    Record,
    Skipped,
    Startup,
    StartupCached,
    Throughput,
    Unsupported,
    checksum_of,
)
from ovreport_collector import sources
from ovreport_collector.measurements.curve import measurement as curve
from ovreport_collector.measurements.open_loop import measurement as open_loop
from ovreport_collector.measurements.outputs import OutputsJob
from ovreport_collector.measurements.results import Switched
from ovreport_collector.plan import tiers
from ovreport_collector.process.job import JobFailed
from ovreport_collector.session.journal import Journal
from ovreport_collector.sources import cache
from tests.collector import commands, models, suite_fixtures
from tests.collector.conftest import TINY, FakeChild, a_device, model_table
from tests.collector.suite_fixtures import document, write_suite
from tests.collector.task_fixtures import a_photograph
from tests.collector.weights_fixtures import lite_weights, write_torch

SIMCPU = f"SIMCPU={models.CPU_PLUGIN}"
UNSUPPORTED = Path(__file__).parent / "data" / "unsupported.toml"


class Place:
    """A user's folder with a suite of their own, and everything that a collect keeps."""

    def __init__(self, root: Path) -> None:
        self.root, self.out = root, root / "records"
        models.save(models.classifier(), root / "good.xml")
        models.save(models.classifier(-1), root / "open.xml")
        (root / "garbage.onnx").write_bytes(b"garbage" * 100)

    def suite(self, *tables: dict[str, Any]) -> Path:
        """Write a suite of these models."""
        return write_suite(self.root / "my.toml", document(models=list(tables)))

    @property
    def records(self) -> list[Record]:
        """All records, which must be sound."""
        loaded = store.read_all([self.out])
        assert not loaded.faults
        return loaded.records

    @property
    def texts(self) -> str:
        """All records as they are on disk."""
        return "\n".join(path.read_text() for path in store.record_files(self.out))

    def collect(self, *options: str, without: Iterable[str] = ()) -> int:
        """Measure its suite from within the folder; keep the journal and what is printed."""
        journal, printed = self.root / "journal", self.root / "printed"
        close = Journal.close

        def keep_and_close(finished: Journal) -> None:
            journal.write_bytes(finished.path.read_bytes())
            close(finished)

        words = commands.collect("my.toml", Path("records"), *options, without=without)
        with (
            contextlib.chdir(self.root),
            printed.open("w") as file,
            contextlib.redirect_stdout(file),
            contextlib.redirect_stderr(file),
            pytest.MonkeyPatch.context() as patch,
        ):
            patch.setattr(Journal, "close", keep_and_close)
            return run(words)

    @property
    def told(self) -> dict[str, str]:
        """Everything that was written of the last collect, by what it is."""
        return {
            "records": self.texts,
            "journal": (self.root / "journal").read_text(),
            "printed": (self.root / "printed").read_text(),
        }


@pytest.fixture(scope="module")
def module_patch() -> Iterator[pytest.MonkeyPatch]:
    """Patch for all tests of this module: real runs are shared."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def _place(root: Path, patch: pytest.MonkeyPatch) -> Place:
    patch.setenv(paths.STATE, str(root / "state"))
    patch.setenv(paths.CACHE, str(root / "cache"))
    patch.setitem(tiers.TIERS, "quick", TINY)
    for seconds in (curve.SECONDS, open_loop.SECONDS):
        patch.setitem(seconds, "quick", 0.02)
    return Place(root)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Return a user's folder, used by one test."""
    return _place(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory, module_patch: pytest.MonkeyPatch) -> Place:
    """Return a folder where a good model was measured on two devices."""
    place = _place(tmp_path_factory.mktemp("measured"), module_patch)
    place.suite(model_table("good", "good.xml"))
    options = ("--plugin", SIMCPU, "--device", "CPU", "--device", "SIMCPU", "--seed", "3")
    assert place.collect(*options) == 0
    return place


def test_every_device_and_precision_has_a_record(measured: Place) -> None:
    """Two devices that are really driven, each in f32 and, where it differs, its default."""
    cases = [(r.case.device, r.case.precision) for r in measured.records]
    default = measured.records[0].device.properties["INFERENCE_PRECISION_HINT"]
    precisions = ["f32"] if default == "f32" else ["default", "f32"]
    assert sorted(cases) == [(d, p) for d in ("CPU", "SIMCPU") for p in precisions]


def test_the_time_taken_is_recorded_in_full(measured: Place) -> None:
    """Loops, warm-up and starts of both processes are among the measuring."""
    for record in measured.records:
        measuring_time = record.measuring_time
        assert isinstance(measuring_time, MeasuringTime)
        assert 0 < measuring_time.measuring_s < measuring_time.wall_s
        latency, throughput = record.latency.rounds[0], record.throughput.rounds[0]
        timed_s = latency.duration_s + throughput.duration_s
        warm_s = latency.warmup_s + throughput.warmup_s
        starts = [record.startup.rounds[0], record.startup_cached.rounds[0]]
        started_s = sum(s.read_ms + s.compile_ms + s.first_inference_ms for s in starts) / 1000
        # Threads start and end within the loops: on a busy machine that takes its time.
        assert measuring_time.measuring_s > 0.5 * timed_s + 0.9 * warm_s + started_s


def test_every_measurement_has_a_result(measured: Place) -> None:
    """Nothing is left out; accuracy, which random inputs cannot have, says why."""
    for record in measured.records:
        assert isinstance(record.outcome, Completed)
        assert isinstance(record.latency, Latency)
        assert isinstance(record.throughput, Throughput)
        assert isinstance(record.startup, Startup)
        assert isinstance(record.startup_cached, StartupCached), record.startup_cached
        for start in (*record.startup.rounds, *record.startup_cached.rounds):
            assert {"foreign_cpu_share", "waiting_share"} <= set(start.readings)
        assert isinstance(record.memory, Memory)
        assert isinstance(record.execution, Execution)
        assert record.accuracy == Unsupported(reason="no task with labels was named")
        assert set(record.verdicts) == {"latency", "throughput"}


def test_the_executed_precision_is_read_back(measured: Place) -> None:
    """f32 runs as f32; the default as whatever the device says its default is."""
    for record in measured.records:
        default = record.device.properties["INFERENCE_PRECISION_HINT"]
        expected = "f32" if record.case.precision == "f32" else default
        assert record.execution.precision == expected
        assert record.execution.devices == [record.case.device]
        assert sum(layer.count for layer in record.execution.layers if layer.compute) == 3


def test_settings_asked_for_are_in_force(measured: Place) -> None:
    """Each loop has its hint, and the compiled model says so too."""
    for record in measured.records:
        for measurement, hint in ((record.latency, "LATENCY"), (record.throughput, "THROUGHPUT")):
            assert measurement.settings.requested["PERFORMANCE_HINT"] == hint
            assert measurement.settings.effective["PERFORMANCE_HINT"] == hint
        asked_for_f32 = record.case.precision == "f32"
        assert ("INFERENCE_PRECISION_HINT" in record.latency.settings.requested) is asked_for_f32


def test_both_time_and_count_are_met(measured: Place) -> None:
    """A loop lasts as long as its tier asks, with as many inferences."""
    for record in measured.records:
        for loop in (record.latency.rounds[0], record.throughput.rounds[0]):
            assert loop.n >= TINY.min_inferences
            assert loop.duration_s >= TINY.min_seconds
        assert record.throughput.rounds[0].requests >= 1


def test_outputs_agree_with_the_reference(measured: Place) -> None:
    """f32 elsewhere is the same to rounding, the default within the precision of bf16."""
    for record in measured.records:
        if (record.case.device, record.case.precision) == ("CPU", "f32"):
            assert isinstance(record.agreement, Skipped)
            continue
        assert isinstance(record.agreement, Agreement)
        (output,) = record.agreement.outputs
        assert output.name == "scores"
        assert output.relative_rmse < (1e-4 if record.execution.precision == "f32" else 0.05)
        assert output.cosine > 0.99


def test_memory_is_recorded_phase_by_phase(measured: Place) -> None:
    """Every phase has its own peak, at least what is resident at its end."""
    for record in measured.records:
        phases = record.memory.rounds[0].phases
        assert [p.phase for p in phases] == [
            "import",
            "read",
            "compile",
            "first-inference",
            "latency",
            "throughput",
        ]
        assert all(p.peak_rss_bytes >= p.anonymous_bytes > 0 for p in phases)


def test_the_model_is_recorded_in_full(measured: Place) -> None:
    """Source without its folder, checksum and size of what ran, ports, number of weights."""
    xml, weights = measured.root / "good.xml", measured.root / "good.bin"
    for record in measured.records:
        model = record.model
        assert model.source == "file:good.xml"
        assert [one.name for one in model.files] == [xml.name, weights.name]
        assert [one.sha256 for one in model.files] == [*map(cache.sha256_of, (xml, weights))]
        assert model.sha256 == checksum_of(model.files)
        assert model.size_bytes == xml.stat().st_size + weights.stat().st_size
        f, h, c = models.FEATURES, models.HIDDEN, models.CLASSES
        assert model.parameters == f * h + h * h + h * c
        assert [(p.name, p.shape) for p in model.inputs] == [("x", [1, f])]
        assert [(p.name, p.shape) for p in model.outputs] == [("scores", [1, c])]


def test_the_command_that_repeats_it_names_every_option(measured: Place) -> None:
    """It parses, and asks for this very case."""
    for record in measured.records:
        words = shlex.split(record.repeat.ovreport)
        assert words[:2] == ["ovreport", "collect"]
        options = dict(zip(words[2::2], words[3::2], strict=True))
        assert options == {
            "--suite": "my.toml",
            "--tier": "quick",
            "--model": "good",
            "--device": record.case.device,
            "--precision": record.case.precision,
            "--seed": "3",
            "--plugin": "SIMCPU=PATH",
        }
        theirs = shlex.split(record.repeat.benchmark_app)
        assert theirs[theirs.index("-shape") + 1] == f"[1,{models.FEATURES}]"
        assert theirs[theirs.index("-d") + 1] == record.case.device


def _private(root: Path) -> Iterator[str]:
    yield from (str(root), str(Path.home()) + "/", sys.prefix, str(models.CPU_PLUGIN.parent))
    yield f"/{getpass.getuser()}/"
    if len(socket.gethostname()) > 3 and socket.gethostname() != "localhost":
        yield socket.gethostname()


@pytest.mark.parametrize("what", ["records", "journal", "printed"])
def test_nothing_names_the_machine_or_its_user(measured: Place, what: str) -> None:
    """Host, user, home, the working folder, Python's and the model's are nowhere in the files."""
    text = measured.told[what]
    assert "good" in text
    for word in _private(measured.root):
        assert word not in text


def test_nothing_is_left_behind(measured: Place) -> None:
    """The journal of a finished run is gone, and the folder of records holds records only."""
    assert list((measured.root / "state" / "runs").iterdir()) == []
    files = [path for path in measured.out.rglob("*") if path.is_file()]
    assert sorted(files) == sorted(store.record_files(measured.out))


# ---------------------------------------------------------------- failing well


@pytest.fixture(scope="module")
def half(tmp_path_factory: pytest.TempPathFactory, module_patch: pytest.MonkeyPatch) -> Place:
    """Return a folder where one model of two was good."""
    place = _place(tmp_path_factory.mktemp("half"), module_patch)
    place.suite(model_table("garbage", "garbage.onnx"), model_table("good", "good.xml"))
    assert place.collect("--device", "CPU", "--precision", "f32", without=commands.ALL) == 1
    return place


def test_a_bad_model_is_recorded_with_a_helpful_reason(half: Place) -> None:
    """The record says what is wrong with it; no measurement has a result."""
    (record,) = (r for r in half.records if r.case.model == "garbage")
    assert isinstance(record.outcome, Failed)
    assert "garbage.onnx" in record.outcome.reason
    assert "Exception from" not in record.outcome.reason
    assert isinstance(record.latency, NotMeasured)
    assert isinstance(record.throughput, NotMeasured)


def test_the_good_one_beside_bad_ones_is_measured(half: Place) -> None:
    """One failing model does not stop the rest."""
    (record,) = (r for r in half.records if r.case.model == "good")
    assert isinstance(record.outcome, Completed)
    assert isinstance(record.latency, Latency)


@pytest.mark.parametrize("what", ["records", "journal", "printed"])
def test_failures_do_not_name_the_machine_or_its_user(half: Place, what: str) -> None:
    """The engine's messages are full of paths; what is written is not."""
    text = half.told[what]
    assert "garbage" in text
    for word in _private(half.root):
        assert word not in text


# ---------------------------------------------------------------- bad input


BAD = [
    (["--device", "TPU"], "'TPU' cannot be used"),
    (["--device", "CPU", "--device", "GPU.7"], "'GPU.7' cannot be used"),
    (["--device", "HETERO:CPU,TPU"], "'HETERO:CPU,TPU' cannot be used"),
    (["--model", "no-such"], 'no model "no-such"'),
    (["--suite", "no-such.toml"], 'no suite "no-such.toml"'),
    (["--plugin", "X=/no/such.so"], "no plugin library"),
    (["--plugin", f"X={__file__}"], "'X' cannot be used"),
    (["--seed", "-1"], "--seed"),
    (["--tier", "endless"], "--tier"),
]


@pytest.mark.parametrize(("options", "message"), BAD, ids=[" ".join(o) for o, _ in BAD])
def test_bad_input_is_refused_before_anything_is_written(
    place: Place, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    """Exit code 2, what is wrong, and no folder of records."""
    suite = place.suite(model_table("good", "good.xml"))
    assert run(commands.collect(suite, place.out, *options)) == 2
    assert message in capsys.readouterr().err
    assert not place.out.exists()


def test_a_suite_with_faults_is_refused(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """The path into the document and the remedy are reported."""
    suite = place.suite(model_table("good", "gone.xml"))
    assert run(commands.collect(suite, place.out)) == 2
    said = capsys.readouterr().err
    assert "$.models[0].file.uri" in said
    assert "→" in said
    assert not place.out.exists()


def test_options_that_do_not_fit_are_refused_before_measuring(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those of all models at once, and nothing is written."""
    suite = place.suite(
        model_table("a", "good.xml", options={"dtype.x": "f99"}),
        model_table("b", "good.xml", options={"value.x": "many"}),
        model_table("good", "good.xml"),
    )
    assert run(commands.collect(suite, place.out)) == 2
    said = capsys.readouterr().err
    assert '"dtype.x"' in said
    assert '"value.x"' in said
    assert not list(store.record_files(place.out))


def test_a_model_that_cannot_be_had_has_no_record(
    place: Place,
    fake_child: FakeChild,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The others are measured; it is listed at the end with the remedy, for scripts too."""
    fake_child.devices = [a_device()]
    suite = place.suite(model_table("gone", "open.xml"), model_table("good", "good.xml"))
    fetch = sources.fetch
    why = SourceError("no answer", where="the hub", remedy="check the network")

    def offline(*arguments: Any, **options: Any) -> dict[str, Any]:
        return fetch(*arguments, **options) | {"gone": why}

    monkeypatch.setattr(sources, "fetch", offline)
    assert run([*commands.collect(suite, place.out), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["not_started"]["gone"]["remedy"] == "check the network"
    assert {record.case.model for record in place.records} == {"good"}
    assert run([*commands.collect(suite, place.out), "--fresh"]) == 1
    said = capsys.readouterr().out
    assert "check the network" in said
    assert "--model gone" in said


def test_an_unknown_device_is_answered_with_the_known_ones(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """The remedy lists what is available, registered plugins too."""
    suite = place.suite(model_table("good", "good.xml"))
    options = ("--device", "TPU", "--plugin", SIMCPU)
    assert run(commands.collect(suite, place.out, *options)) == 2
    said = capsys.readouterr().err
    assert "Available: CPU, SIMCPU" in said


def test_a_file_in_the_place_of_out_is_refused(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is measured, and the file is as it was."""
    place.out.write_text("in the way")
    suite = place.suite(model_table("good", "good.xml"))
    assert run(commands.collect(suite, place.out)) == 2
    assert "--out" in capsys.readouterr().err
    assert place.out.read_text() == "in the way"


# ---------------------------------------------------------------- what is printed


@pytest.fixture
def quickly(place: Place, fake_child: FakeChild) -> list[str]:
    """Return a collect that measures nothing for real."""
    fake_child.devices = [a_device()]
    return commands.collect(place.suite(model_table("good", "good.xml")), place.out)


def test_a_dry_run_measures_nothing(
    quickly: list[str], place: Place, fake_child: FakeChild, capsys: pytest.CaptureFixture[str]
) -> None:
    """The plan is JSON for scripts: cases, tier, expected time; nothing is written."""
    assert run([*quickly, "--dry-run", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [c["precision"] for c in told["cases"]] == ["f32", "default"]
    assert told["suite"] == "my.toml"
    assert told["tier"]["name"] == "quick"
    assert told["expected_s"] > 0
    # What is here is looked at, and no more.
    assert [type(job).__name__ for job in fake_child.jobs] == ["ProbeJob", "InspectJob"]
    assert not place.out.exists()


def test_a_dry_run_is_readable_too(
    quickly: list[str], place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without --json the plan is a table."""
    assert run([*quickly, "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "good" in said
    assert "generic" in said
    assert all(words in said for words in (*KEPT, *NEVER_KEPT))
    assert not place.out.exists()


def test_the_outcome_is_json_for_scripts(
    quickly: list[str], place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """Standard output holds the JSON and nothing else."""
    assert run([*quickly, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    measuring_time = told.pop("measuring_time")
    assert told == {
        "records": 2,
        "failed": 0,
        "unsupported": 0,
        "not_started": {},
        "refused": [],
        "out": str(place.out),
    }
    assert measuring_time["measuring_s"] == 0 < measuring_time["wall_s"]


def test_the_summary_names_every_case(
    quickly: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Model, precisions, both figures and what comes next."""
    assert run(quickly) == 0
    said = capsys.readouterr().out
    assert "f32 → f32" in said
    assert "default → f32" in said
    assert "ovreport build" in said


def test_failures_are_in_the_summary_and_the_exit_code(
    quickly: list[str], fake_child: FakeChild, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1, a row each, and the columns of the others stay readable."""
    failure = JobFailed(reason="long words " * 30, cause="crash")
    fake_child.answers = [
        lambda job: (
            failure if isinstance(job, OutputsJob) and job.target.precision == "default" else None
        )
    ]
    assert run(quickly) == 1
    captured = capsys.readouterr()
    assert "1 of 2 cases failed" in captured.err
    table = captured.out.partition("Results")[2]
    assert "f32 → f32" in table
    assert "default → ?" in table
    assert "failed" in table


def test_unsupported_cases_are_not_said_to_have_failed(
    quickly: list[str], fake_child: FakeChild, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot run here is no fault of the run; the exit code says that something is missing."""
    refusal = JobFailed(reason="no such operation", cause="error", unsupported=True)
    fake_child.answers = [
        lambda job: (
            refusal if isinstance(job, OutputsJob) and job.target.precision == "default" else None
        )
    ]
    assert run([*quickly, "--json"]) == 1
    captured = capsys.readouterr()
    assert "1 of 2 cases is unsupported" in captured.err
    assert "failed" not in captured.err
    told = json.loads(captured.out)
    assert (told["failed"], told["unsupported"]) == (0, 1)


def test_ctrl_c_ends_with_130_and_the_same_command_goes_on(
    quickly: list[str], place: Place, fake_child: FakeChild, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback; the second call says what it has already, and ends well."""

    def stop(_: object, result: object) -> None:
        if isinstance(result, Switched):
            raise KeyboardInterrupt

    fake_child.step_answers = [stop]
    assert run(quickly) == 130
    assert "interrupted" in capsys.readouterr().err
    fake_child.step_answers = []
    assert run(quickly) == 0
    assert "2 rounds" in capsys.readouterr().out
    assert len(list(store.record_files(place.out))) == 2


def test_a_disk_that_refuses_is_exit_code_1(
    quickly: list[str], place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """The folder and a remedy are reported, and nothing was measured."""
    (place.root / "state").write_text("a file in the way")
    assert run(quickly) == 1
    said = capsys.readouterr().err
    assert "OVREPORT_STATE" in said
    assert place.records == []


def test_two_collects_wait_for_each_other(
    quickly: list[str], place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second says that it waits, and measures once the first has ended."""
    state = place.root / "state"
    state.mkdir()
    hold = (
        "import filelock, sys, time\n"
        "with filelock.FileLock(sys.argv[1]): print('held', flush=True); time.sleep(1)"
    )
    command = [sys.executable, "-c", hold, str(state / "collect.lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        assert run(quickly) == 0
        assert other.wait() == 0
    assert "waiting" in capsys.readouterr().out
    assert len(list(store.record_files(place.out))) == 2


# ---------------------------------------------------------------- slow, for real

VIRTUAL = ["AUTO:CPU", "HETERO:CPU", "MULTI:CPU", "BATCH:CPU(4)", "HETERO:SIMCPU,CPU"]


@pytest.fixture(scope="module")
def virtual(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Return a folder where a good model was measured on every kind of virtual device."""
    with pytest.MonkeyPatch.context() as patch:
        place = _place(tmp_path_factory.mktemp("virtual"), patch)
        # BATCH lets each lone request wait a second for others.
        patch.setattr("ovreport_collector.prepare.model._MAX_SAMPLES", 4)
        suite = place.suite(model_table("good", "good.xml"))
        devices = [word for device in VIRTUAL for word in ("--device", device)]
        options = (*devices, "--plugin", SIMCPU)
        # What is measured beside rounds is the same on any device.
        assert run(commands.collect(suite, place.out, *options, without=commands.ALL)) == 0
    return place


@pytest.mark.slow
@pytest.mark.parametrize("device", VIRTUAL)
def test_virtual_devices_are_measured(virtual: Place, device: str) -> None:
    """Any OpenVINO device string is a device; what really ran is reported."""
    (record,) = (r for r in virtual.records if r.case.device == device)
    assert record.case.precision == "default"
    assert isinstance(record.latency, Latency)
    assert isinstance(record.throughput, Throughput)
    assert isinstance(record.execution, Execution | Unsupported)


@pytest.mark.slow
def test_a_converted_model_has_every_accuracy_in_its_record(place: Place) -> None:
    """Weights to record: how the model was made, top-1 and top-5 of one run; broken ones say why.

    A run that is repeated converts nothing again.
    """
    write_torch(place.root / "lite.pth", lite_weights())
    (place.root / "broken.pth").write_bytes(b"no weights")
    a_photograph(place.root / "imagenet_00_3.jpg", size=(80, 60))
    a_photograph(place.root / "imagenet_01_6.jpg", size=(60, 80), seed=1)
    files = {f"p{i}": {"uri": f"file:imagenet_0{i}_{c}.jpg"} for i, c in ((0, 3), (1, 6))}
    models = [
        suite_fixtures.model_table(
            id=name,
            file={"uri": f"file:{name}.pth"},
            task="image-classification",
            data="few",
            shapes={"image": [1, 3, 32, 32]},
            converter="efficientnet-lite0",
        )
        for name in ("lite", "broken")
    ]
    suite = write_suite(
        place.root / "my.toml",
        document(models=models, datasets={"few": {"title": "Few", "files": files}}),
    )
    command = commands.collect(suite, place.out, "--precision", "f32", without=commands.ALL)
    assert run(command) == 1
    good, bad = sorted(place.records, key=lambda record: record.model.id, reverse=True)
    assert isinstance(good.model.origin, Converted)
    assert good.model.origin.converter == "efficientnet-lite0"
    assert good.model.source == "file:lite.pth"
    assert good.model.size_bytes > 10_000
    assert "benchmark_app -m model.xml" in good.repeat.benchmark_app
    assert isinstance(good.accuracy, Accuracy)
    (top5,) = good.additional_accuracy
    assert [(a.metric, a.n) for a in (good.accuracy, top5)] == [("top1", 2), ("top5", 2)]
    assert top5.value >= good.accuracy.value
    assert good.additional_accuracy_missing == {}
    assert isinstance(bad.outcome, Failed)
    assert "could not be converted (efficientnet-lite0): ValueError" in bad.outcome.reason
    assert str(place.root) not in place.texts
    assert len(list((place.root / "cache" / "made").iterdir())) == 1


@pytest.mark.network
@pytest.mark.slow
def test_a_model_that_does_not_convert_is_unsupported(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenVINO's own words say that it cannot, which is no failure of the case."""
    monkeypatch.delenv(paths.CACHE)
    assert run(commands.collect(UNSUPPORTED, place.out, "--precision", "f32")) == 1
    (record,) = place.records
    assert isinstance(record.outcome, Unsupported), record.outcome


# ---------------------------------------------------------------- the hub's suite


def test_a_dry_run_of_the_hub_suite_works_offline_and_says_what_is_not_pinned(
    place: Place,
    fake_child: FakeChild,
    pretend_installed: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is fetched; each address of a branch is listed, and in the JSON too."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    pretend_installed()
    hub = commands.collect("openvino-hub", place.out, "--dry-run")
    assert run(hub) == 0
    said = capsys.readouterr().out
    assert "Not pinned: 28 files" in said
    assert "--dataset imagenet=PATH --dataset coco=PATH" in said
    assert "hf:OpenVINO/resnet50-int8-ov@main/resnet50.xml" in said
    assert "hf:OpenVINO/TinyLlama-1.1B-Chat-v1.0-int4-ov@main/openvino_model.xml" in said
    assert run([*hub, "--json", "--model", "yolo11n-fp16"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["unpinned"]) == 2
    assert told["absent_datasets"] == ["coco"]
    assert len(fake_child.jobs) == 2  # the probes


def test_without_genai_the_language_models_of_a_mixed_suite_are_left_out_and_reported(
    place: Place,
    fake_child: FakeChild,
    pretend_installed: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The rest is planned; one that was asked for by its name is refused."""
    pretend_installed(genai=False)
    hub = commands.collect("openvino-hub", place.out, "--dry-run")
    assert run(hub) == 0
    said = capsys.readouterr().out
    assert "8 language models are left out" in said
    assert "pip install 'ovreport[genai]'" in said
    assert "TinyLlama" not in said
    assert run([*hub, "--model", "tinyllama-1.1b-chat-int4"]) == 2
    assert "OpenVINO GenAI is not installed" in capsys.readouterr().err
