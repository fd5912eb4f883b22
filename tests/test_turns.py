"""Who measures time runs alone, though tests run in several processes."""

from __future__ import annotations

import fcntl
import threading
import time
from pathlib import Path

from tests.conftest import turn


def wait_until_locked(path: Path) -> None:
    """Return once somebody holds the lock of a file."""
    deadline = time.monotonic() + 10
    with path.open("w") as file:
        while time.monotonic() < deadline:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            fcntl.flock(file, fcntl.LOCK_UN)
            time.sleep(0.01)
    raise AssertionError("nobody waits")


def test_others_run_together_and_who_is_alone_waits_for_them(tmp_path: Path) -> None:
    """A second one begins beside the first; who wants to be alone begins when both have ended."""
    begun = threading.Event()

    def alone() -> None:
        with turn(tmp_path, alone=True):
            begun.set()

    waiting = threading.Thread(target=alone)
    with turn(tmp_path, alone=False), turn(tmp_path, alone=False):
        waiting.start()
        assert not begun.wait(0.2)
    assert begun.wait(10)
    waiting.join()


def test_nobody_begins_while_one_waits_to_be_alone(tmp_path: Path) -> None:
    """Else tests that follow each other closely would keep it waiting for ever."""
    order: list[str] = []

    def take(name: str) -> None:
        with turn(tmp_path, alone=name == "alone"):
            order.append(name)

    first = threading.Thread(target=take, args=["alone"])
    second = threading.Thread(target=take, args=["beside"])
    with turn(tmp_path, alone=False):
        first.start()
        wait_until_locked(tmp_path / "gate")
        second.start()
        second.join(0.2)
        assert order == []
    first.join()
    second.join()
    assert order == ["alone", "beside"]
