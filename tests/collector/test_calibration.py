"""The calibrating process: it times, it breaks no round, and it outlives nobody."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import pytest
from rich.console import Console

from ovreport.record import Calibration, Failed, Skipped, Unsupported
from ovreport_collector import calibrator, collect
from ovreport_collector.calibration import Calibrator, around, aspect
from ovreport_collector.calibrator import Timed
from ovreport_collector.journal import RoundDone, Step
from tests.collector.conftest import FakeCalibrator, FakeChild, a_request, a_round_result
from tests.collector.models import CPU_PLUGIN

FAILED = Failed(reason="the calibrating process was ended by SIGKILL", cause="killed")


@pytest.fixture(scope="module")
def calibrate() -> Iterator[Calibrator]:
    """Return a real calibrator; starting it takes a second."""
    with Calibrator({"MYCPU": str(CPU_PLUGIN)}) as made:
        yield made


def test_both_computations_are_timed(calibrate: Calibrator) -> None:
    """A call gives the time of the small model on the device, and of the host's product."""
    timed = calibrate("CPU")
    assert isinstance(timed, Timed)
    for one in (timed.device, timed.host):
        assert 0 < one.median_ms < 1000
        assert 0 < one.mean_ms < 1000


def test_a_further_call_asks_the_same_process(calibrate: Calibrator) -> None:
    """Whatever the device, plugins of the user's too: one process serves the whole run."""
    calibrate("CPU")
    pid = calibrate.pid
    assert isinstance(calibrate("MYCPU"), Timed)
    assert calibrate.pid == pid


@pytest.mark.alone
def test_between_calls_the_process_sleeps(calibrate: Calibrator) -> None:
    """It takes no processor time from the rounds."""
    calibrate("CPU")
    time.sleep(0.3)  # the runtime's threads look for work a little longer
    before = psutil.Process(calibrate.pid).cpu_times()
    time.sleep(0.5)
    after = psutil.Process(calibrate.pid).cpu_times()
    assert (after.user + after.system) - (before.user + before.system) < 0.05


def test_a_device_that_refuses_is_unsupported(calibrate: Calibrator) -> None:
    """The reason is told, the process lives on, and the device is not asked again."""
    refused = calibrate("NOSUCH")
    assert isinstance(refused, Unsupported)
    assert "cannot run the small model" in refused.reason
    assert calibrate("NOSUCH") is refused
    assert isinstance(calibrate("CPU"), Timed)


def test_killed_it_says_so_and_starts_again(calibrate: Calibrator) -> None:
    """A call that finds the process dead is lost; the next has a new one."""
    calibrate("CPU")
    assert calibrate.pid is not None
    os.kill(calibrate.pid, signal.SIGKILL)
    assert calibrate("CPU") == FAILED
    assert isinstance(calibrate("CPU"), Timed)


@pytest.mark.parametrize(
    ("code", "cause", "reason"),
    [
        ("import time; time.sleep(60)", "timeout", "no calibration after"),
        ("import os; os.abort()", "crash", "SIGABRT"),
        ("raise SystemExit(3)", "crash", "gave no answer"),
        ("print('no JSON', flush=True); input(); input()", "crash", "gave no answer"),
    ],
    ids=["hangs", "aborts", "exits", "babbles"],
)
def test_whatever_goes_wrong_is_a_reason(code: str, cause: str, reason: str) -> None:
    """A bad process is ended and told of; after the second time the device is given up."""
    with Calibrator({}, first_limit_s=1, command=[sys.executable, "-c", code]) as calibrate:
        first, second = calibrate("CPU"), calibrate("CPU")
        assert isinstance(first, Failed)
        assert first.cause == cause
        assert reason in first.reason
        assert calibrate.pid is None
        start = time.monotonic()
        assert calibrate("CPU") == second
        assert time.monotonic() - start < 0.1


def test_it_ends_with_the_run() -> None:
    """Also when the run ends by an error, as Ctrl-C is one."""
    pids = []

    def interrupted() -> None:
        with Calibrator({}) as calibrate:
            calibrate("CPU")
            pids.append(calibrate.pid)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not psutil.pid_exists(pids[0])


@pytest.mark.slow
@pytest.mark.parametrize("busy", [False, True], ids=["sleeping", "busy"])
def test_it_ends_when_its_parent_is_killed(busy: bool) -> None:
    """A killed collect leaves no process behind, whatever that was doing."""
    code = (
        "from ovreport_collector.calibration import Calibrator\n"
        "c = Calibrator({}); c('CPU'); print(c.pid, flush=True)\n"
        f"while {busy}: c('CPU')\n"
        "input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert psutil.pid_exists(pid)
        parent.kill()
    end = time.monotonic() + 5
    while time.monotonic() < end and _is_running(pid):
        time.sleep(0.05)
    assert not _is_running(pid)


def _is_running(pid: int) -> bool:
    # An orphan waits for its adopter as a zombie, where that does not care.
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_the_computations_are_the_same_for_ever() -> None:
    """A changed model or product is another version, or old records would mislead."""
    model = calibrator.small_model()
    said = [f"{op.get_type_name()} {op.get_output_shape(0)}" for op in model.get_ordered_ops()]
    weights = [
        op.get_data().tobytes()
        for op in model.get_ordered_ops()
        if op.get_type_name() == "Constant"
    ]
    digest = hashlib.sha256("\n".join(said).encode() + b"".join(weights)).hexdigest()
    assert (calibrator.VERSION, digest[:16]) == (1, "cffbf30412986e8e")
    assert calibrator.matrix_product()().shape == (256, 256)


# ---------------------------------------------------------------- in a run


def test_every_round_is_calibrated(
    fake_child: FakeChild, suite_file: Path, own_folders: Path, console: Console, tier
) -> None:
    """A record holds the times around each of its rounds."""
    tier(rounds=3, max_rounds=3)
    records = _measure(suite_file, own_folders, console)
    assert records
    for record in records:
        assert isinstance(record.calibration, Calibration)
        assert [r.round for r in record.calibration.rounds] == [0, 1, 2]


def test_a_calibrator_that_fails_breaks_no_round(
    fake_child: FakeChild, suite_file: Path, own_folders: Path, console: Console,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Rounds go on, and the record says why there is no calibration."""

    class Broken(FakeCalibrator):
        def __call__(self, device: str) -> Failed:
            return FAILED

    monkeypatch.setattr(collect, "Calibrator", Broken)
    for record in _measure(suite_file, own_folders, console):
        assert record.calibration == FAILED
        assert not isinstance(record.latency, Failed)


def test_it_can_be_left_out(
    fake_child: FakeChild, suite_file: Path, own_folders: Path, console: Console
) -> None:
    """`--skip calibration` measures without, and the record says so."""
    for record in _measure(suite_file, own_folders, console, skip=("calibration",)):
        assert record.calibration == Skipped(reason="left out: --skip calibration")


def test_a_round_lost_by_calibration_leaves_the_others() -> None:
    """The aspect holds the rounds that have times; without any it says why."""
    timed = FakeCalibrator({})("CPU")
    whole, lost = around(0, timed, timed), around(1, timed, FAILED)
    assert lost == FAILED
    found = aspect([whole, lost])
    assert isinstance(found, Calibration)
    assert [r.round for r in found.rounds] == [0]
    assert aspect([lost]) == FAILED
    assert isinstance(aspect([]), Skipped)


def test_a_journal_of_before_still_reads(fake_child: FakeChild) -> None:
    """A round that was measured before there was calibration has none, and says so."""
    from ovreport_collector.jobs import JobFailed, RoundJob, Target
    from tests.collector.conftest import TINY

    target = Target(engine="openvino", model="m", shapes={}, device="CPU", precision="f32")
    job = RoundJob(target=target, round=0, tier=TINY, inputs="", seed=1, driver="threads")
    step = RoundDone(
        case="a", round=0, started_at="2026-11-23T12:00:00Z", result=a_round_result(job),
        cached=JobFailed(reason="it broke", cause="error"), readings={},
    )  # fmt: skip
    document = msgspec.json.decode(msgspec.json.encode(step))
    del document["calibration"]
    again = msgspec.json.decode(msgspec.json.encode(document), type=Step)
    assert again == step
    assert isinstance(again.calibration, Skipped)


def _measure(suite: Path, folder: Path, console: Console, **asked):
    plan = collect.make_plan(a_request(suite, **asked))
    return collect.measure(plan, folder / "records", console, timeout_s=None, fresh=True).records
