"""A measuring process: whatever happens in it, a result comes back, and nothing stays behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Literal

import msgspec
import psutil
import pytest
from msgspec import Struct

from ovreport.errors import StoreError
from ovreport_collector.engines.types import ProbeResult, Target
from ovreport_collector.measurements.outputs import OutputsJob
from ovreport_collector.plan.probe import ProbeJob
from ovreport_collector.process import child, redact
from ovreport_collector.process.job import DONE, Job, JobFailed, StepJob

JOB = ProbeJob(devices=[])


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function that puts a script in the place of the measuring process."""

    def put(script: str) -> Path:
        fake = tmp_path / "python"
        fake.write_text(f"#!{child.sys.executable}\nimport os, signal, sys, time\n{script}\n")
        fake.chmod(0o755)
        monkeypatch.setattr(child.sys, "executable", str(fake))
        work = tmp_path / "work"
        work.mkdir()
        return work

    return put


def failure(work: Path, limit_s: float = 20) -> JobFailed:
    """Run the job, which must fail."""
    result = child.run(JOB, work, limit_s=limit_s)
    assert isinstance(result, JobFailed)
    return result


def test_a_result_comes_back_typed(tmp_path: Path) -> None:
    """The real worker in a real process lists the devices of this machine."""
    result = child.run(JOB, tmp_path, limit_s=60)
    assert isinstance(result, ProbeResult)
    assert "CPU" in result.available


def test_a_crash_is_named_by_its_signal(worker) -> None:
    """A process that crashes gives the signal's name and what it said last."""
    failed = failure(worker("print('about to', flush=True); os.kill(os.getpid(), signal.SIGSEGV)"))
    assert failed.cause == "crash"
    assert "SIGSEGV" in failed.reason
    assert failed.stderr_tail == "about to"


def test_a_kill_is_told_apart_from_a_crash(worker) -> None:
    """SIGKILL comes from outside, usually for want of memory."""
    failed = failure(worker("os.kill(os.getpid(), signal.SIGKILL)"))
    assert failed.cause == "killed"
    assert "SIGKILL" in failed.reason
    assert "memory" in failed.reason


@pytest.mark.parametrize("code", [0, 3])
def test_an_end_without_a_result_is_a_crash(worker, code: int) -> None:
    """A process that ends as if all were well, but leaves no result, has failed."""
    failed = failure(worker(f"sys.exit({code})"))
    assert failed.cause == "crash"
    assert f"exit code {code}" in failed.reason


def test_a_hung_process_is_stopped_in_time(worker) -> None:
    """A process over its time limit is stopped, with what it said."""
    began = time.monotonic()
    failed = failure(worker("print('hung', file=sys.stderr, flush=True); time.sleep(60)"), 0.5)
    assert failed.cause == "timeout"
    assert failed.stderr_tail == "hung"
    assert time.monotonic() - began < 10


def test_sigterm_cannot_be_used_to_survive(worker) -> None:
    """A process that ignores polite signals is stopped all the same."""
    failed = failure(worker("signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"), 0.5)
    assert failed.cause == "timeout"


def test_a_result_of_an_earlier_job_is_not_taken_for_this_ones(worker) -> None:
    """A crash after a good job in the same folder is still a crash."""
    work = worker("sys.exit(0)")
    (work / "result.json").write_text('{"type": "probe"}')
    assert failure(work).cause == "crash"


def test_an_exception_keeps_its_words(tmp_path: Path) -> None:
    """What the worker raises comes back as an error with type and message."""
    target = Target(engine="none", model="m.onnx", shapes={}, device="CPU", precision="f32")
    job = OutputsJob(target=target, inputs={}, outputs={}, task="generic")
    failed = child.run(job, tmp_path, limit_s=60)
    assert isinstance(failed, JobFailed)
    assert failed.cause == "error"
    assert failed.reason.startswith("ValueError: unknown engine 'none'")
    assert not failed.unsupported


def test_only_the_end_of_a_long_stderr_is_kept(worker) -> None:
    """Megabytes of messages do not fill a record; the last words are what tells."""
    script = "sys.stderr.write('x' * 5_000_000 + 'last words'); sys.stderr.flush(); os.abort()"
    tail = failure(worker(script)).stderr_tail
    assert len(tail) <= child.STDERR_TAIL_BYTES
    assert tail.endswith("last words")


def test_bytes_that_are_no_text_do_not_hide_the_failure(worker) -> None:
    """A driver may write anything."""
    failed = failure(worker(r"os.write(2, b'\xff\xfe end'); os.abort()"))
    assert failed.stderr_tail.endswith("end")


@pytest.mark.parametrize("end", ["os.abort()", "sys.exit(1)", "time.sleep(60)"])
def test_nothing_that_a_process_started_outlives_it(worker, tmp_path: Path, end: str) -> None:
    """Stray processes would be measured together with the next round."""
    pid_file = tmp_path / "pid"
    script = (
        "import subprocess\n"
        "p = subprocess.Popen(['sleep', '60'])\n"
        f"open({str(pid_file)!r}, 'w').write(str(p.pid))\n{end}"
    )
    failure(worker(script), 2)
    stray = int(pid_file.read_text())
    deadline = time.monotonic() + 5
    while _runs(stray) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(stray)


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_ctrl_c_ends_the_process_too(worker, tmp_path: Path) -> None:
    """An interrupt while waiting leaves nothing running."""
    pid_file = tmp_path / "pid"
    parent = os.getpid()
    script = (
        f"open({str(pid_file)!r}, 'w').write(str(os.getpid()))\n"
        f"os.kill({parent}, signal.SIGINT)\ntime.sleep(60)"
    )
    work = worker(script)
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            child.run(JOB, work, limit_s=20)
    finally:
        signal.signal(signal.SIGINT, previous)
    assert not _runs(int(pid_file.read_text()))


@pytest.mark.parametrize("end", ["killed", "gone before"])
def test_a_process_ends_with_the_one_that_started_it(tmp_path: Path, end: str) -> None:
    """The kernel ends it when its parent is killed; one that began too late ends by itself."""
    script = (
        "import os, subprocess, sys, time\n"
        "worker = ('from ovreport_collector.worker import end_with; import os, time;'\n"
        "          'end_with({}); print(os.getpid(), flush=True); time.sleep(60)')\n"
        "subprocess.Popen([sys.executable, '-c', worker.format(sys.argv[1] or os.getpid())])\n"
        "time.sleep(60)"
    )
    other = "1" if end == "gone before" else ""
    command = [sys.executable, "-c", script, other]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        if end == "gone before":
            deadline = time.monotonic() + 30
            while len(psutil.Process(parent.pid).children()) == 0:
                assert time.monotonic() < deadline
            (worker,) = psutil.Process(parent.pid).children()
            while worker.status() != psutil.STATUS_ZOMBIE:
                assert time.monotonic() < deadline
                time.sleep(0.02)
            parent.kill()
            return
        pid = int(parent.stdout.readline())
        assert _runs(pid)
        parent.kill()
    deadline = time.monotonic() + 10
    while _runs(pid):
        assert time.monotonic() < deadline, "it lives on"
        time.sleep(0.02)


def test_a_working_folder_that_is_gone_is_no_fault_of_the_case(worker) -> None:
    """What a process could not write there must not be recorded as the model's failure."""
    work = worker("import shutil; shutil.rmtree(os.path.dirname(sys.argv[4])); sys.exit(1)")
    with pytest.raises(StoreError, match="cannot be written") as caught:
        child.run(JOB, work, limit_s=20)
    assert caught.value.where == str(work)
    assert "TMPDIR" in caught.value.remedy


def test_the_number_of_threads_is_the_engines_choice(
    worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable of the shell does not change what is measured."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("SOMETHING_ELSE", "stays")
    seen = tmp_path / "seen"
    script = f"import json; json.dump(dict(os.environ), open({str(seen)!r}, 'w'))"
    failure(worker(script))
    environment = json.loads(seen.read_text())
    assert "OMP_NUM_THREADS" not in environment
    assert environment["SOMETHING_ELSE"] == "stays"


def test_a_job_that_names_no_file_of_this_machine_leaves_none_in_messages(
    worker, tmp_path: Path
) -> None:
    """The folder of the model and the working folder are not in what comes back."""
    folder = tmp_path / "secret client" / "nets"
    work = worker(f"sys.stderr.write({f'cannot read {folder}/net.onnx'!r}); os.abort()")
    target = Target(
        engine="openvino", model=str(folder / "net.onnx"), shapes={}, device="CPU", precision="f32"
    )
    failed = child.run(
        OutputsJob(target=target, inputs={}, outputs={}, task="generic"), work, limit_s=20
    )
    assert isinstance(failed, JobFailed)
    assert failed.stderr_tail == "cannot read …/net.onnx"


class Part(Struct, frozen=True):
    """A part of a result."""

    words: str
    more: dict[str, Part] = {}


class EverythingResult(Struct, frozen=True, tag="everything"):
    """A result with strings wherever a result may have them."""

    text: str
    texts: list[str]
    by_name: dict[str, str]
    part: Part
    parts: list[Part]
    pair: tuple[str, float]
    perhaps: str | None
    kind: Literal["slow"] = "slow"
    count: dict[int, str] = {}


class EverythingJob(Job[EverythingResult], frozen=True, kw_only=True):
    """A job that names a private file among others."""

    files: dict[str, list[str]]


def test_every_string_of_a_result_is_redacted(worker, tmp_path: Path) -> None:
    """Whatever its type and depth; names and numbers stay as they are."""
    private = tmp_path / "secret client"
    said = f"cannot read {private}/net.onnx"
    told = Part(said, {"inner": Part(said)})
    result = EverythingResult(
        text=said,
        texts=[said],
        by_name={"why": said, said: "a key"},
        part=told,
        parts=[told],
        pair=(said, 1.5),
        perhaps=said,
        count={1: said},
    )
    (tmp_path / "result").write_bytes(msgspec.json.encode(result))
    work = worker(f"import shutil; shutil.copy({str(tmp_path / 'result')!r}, sys.argv[5])")
    job = EverythingJob(files={"model": [str(private / "net.onnx")]})
    found = child.run(job, work, limit_s=20)
    assert isinstance(found, EverythingResult)
    assert str(tmp_path) not in repr(found)
    hidden = "cannot read …/net.onnx"
    inner = Part(hidden, {"inner": Part(hidden)})
    assert found == EverythingResult(
        text=hidden,
        texts=[hidden],
        by_name={"why": hidden, hidden: "a key"},
        part=inner,
        parts=[inner],
        pair=(hidden, 1.5),
        perhaps=hidden,
        count={1: hidden},
    )


def test_the_failure_of_a_job_is_redacted_too(worker, tmp_path: Path) -> None:
    """Its reason as well as what the process wrote last."""
    private = tmp_path / "secret client"
    failed = JobFailed(reason=f"no {private}/net.onnx", cause="error")
    (tmp_path / "result").write_bytes(msgspec.json.encode(failed))
    work = worker(
        f"import shutil; shutil.copy({str(tmp_path / 'result')!r}, sys.argv[5])\n"
        f"print({str(private)!r})"
    )
    job = EverythingJob(files={"model": [str(private / "net.onnx")]})
    assert child.run(job, work, limit_s=20) == JobFailed(
        reason="no …/net.onnx", cause="error", stderr_tail="…"
    )


def test_a_name_is_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port or a mode may be called what this machine is called."""
    monkeypatch.setattr(redact.socket, "gethostname", lambda: "input")
    data = {"input": ["input", "the host input"]}
    assert redact.redacted_data(data) == {"input": ["input", "the host <host>"]}


def test_home_user_host_and_python_are_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that names this machine or its user may be published without them."""
    monkeypatch.setenv("HOME", "/home/alice")
    monkeypatch.setattr(redact.getpass, "getuser", lambda: "alice")
    monkeypatch.setattr(redact.socket, "gethostname", lambda: "alices-box")
    text = "on alices-box: /home/alice/x, /mnt/alice/y, /home/alice"
    assert redact.redacted(text) == "on <host>: ~/x, /mnt/<user>/y, ~"
    assert redact.redacted(f"{child.sys.prefix}/lib/z.py") == "<python>/lib/z.py"


def test_a_host_name_is_taken_out_as_a_word_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of other words stay, and `localhost` tells nothing."""
    monkeypatch.setattr(redact.socket, "gethostname", lambda: "node")
    assert redact.redacted("node: nodes, anode") == "<host>: nodes, anode"
    monkeypatch.setattr(redact.socket, "gethostname", lambda: "localhost")
    assert redact.redacted("localhost:80") == "localhost:80"


# ---------------------------------------------------------------- step by step

STEPS = """
for n, _ in enumerate(iter(sys.stdin.readline, ''), 1):
    {trouble}
    with open(sys.argv[5], 'w') as file:
        file.write('{{"type": "count", "n": %d}}' % n)
    print('chatter of a driver', flush=True)
    print({done!r}, flush=True)
"""


class CountResult(Struct, frozen=True, tag="count"):
    """How many steps there were."""

    n: int


class CountJob(StepJob[CountResult], frozen=True, kw_only=True):
    """Counts its steps."""


def counting(worker, trouble: str = "pass") -> Path:
    """Put a process in place that counts its steps, with some trouble at one of them."""
    return worker(STEPS.format(trouble=trouble, done=DONE.decode().strip()))


def test_a_process_makes_a_step_when_it_is_asked(worker) -> None:
    """In between it stands still; when it is closed nothing is left of it."""
    with child.start(CountJob(), counting(worker)) as process:
        pid = process.pid
        for n in (1, 2, 3):
            assert process.step(limit_s=20) == CountResult(n)
            assert _status(pid) == psutil.STATUS_STOPPED
    assert not _runs(pid)


def _status(pid: int) -> str:
    """Return the status of a process that was just told to stop."""
    deadline = time.monotonic() + 5
    while (status := psutil.Process(pid).status()) != psutil.STATUS_STOPPED:
        if time.monotonic() > deadline:
            break
        time.sleep(0.01)
    return status


@pytest.mark.parametrize(
    ("trouble", "cause"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "crash"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "killed"),
        ("sys.exit(3)", "crash"),
        ("time.sleep(60)", "timeout"),
    ],
)
def test_a_step_that_goes_wrong_is_the_last(worker, trouble: str, cause: str) -> None:
    """The results before it were had; nothing runs on, and no further step is made."""
    work = counting(worker, f"n == 3 and ({trouble})")
    with child.start(CountJob(), work) as process:
        assert [process.step(limit_s=20) for _ in range(2)] == [CountResult(1), CountResult(2)]
        failed = process.step(limit_s=2)
        assert isinstance(failed, JobFailed)
        assert failed.cause == cause
        assert failed.stderr_tail.splitlines() == ["chatter of a driver"] * 2
        assert not _runs(process.pid)
        assert isinstance(process.step(limit_s=2), JobFailed)


def test_an_error_ends_all_processes_that_are_alive(worker) -> None:
    """Ctrl-C while one of several is visited leaves none, stopped ones neither."""
    work = counting(worker)
    other = work.with_name("other")
    other.mkdir()
    with (
        contextlib.suppress(KeyboardInterrupt),
        child.start(CountJob(), work) as first,
        child.start(CountJob(), other) as second,
    ):
        assert first.step(limit_s=20) == second.step(limit_s=20) == CountResult(1)
        raise KeyboardInterrupt
    assert not _runs(first.pid)
    assert not _runs(second.pid)


def test_a_result_that_fits_into_no_record_is_a_failure(worker) -> None:
    """A name without end, a number that is none: of one case, and told without quoting it."""
    long = "x" * 50_000
    script = (
        "import json\n"
        "sys.stdin.readline()\n"
        f"known = {{'type': 'probe', 'openvino': '{long}', 'available': 1, 'devices': []}}\n"
        "open(sys.argv[5], 'w').write(json.dumps(known))\n"
        f"os.write(1, {DONE!r})\n"
        "time.sleep(9)\n"
    )
    failed = failure(worker(script))
    assert failed.cause == "error"
    assert "fits into no record" in failed.reason
    assert "xxx" not in failed.reason
