"""What holds for all tests: no limits of time by default, and who may run beside whom."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import factories

# A busy machine is no fault of the code: limits of time belong to tests that are about time.
settings.register_profile("ovreport", deadline=None)
settings.load_profile("ovreport")


@pytest.fixture(autouse=True)
def _same_times() -> None:
    """Give the records of a test the same times in whatever order tests run."""
    factories.CLOCK.restart()


def pytest_configure() -> None:
    """Take Ctrl-C as a program does: background jobs of a shell ignore it, their children too."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the modules last whose tests want to be alone: long ones would keep them waiting."""
    hindered = {item.path for item in items if _wants_to_be_alone(item)}
    items.sort(key=lambda item: item.path in hindered)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Let a test that measures time, load or processes run while no other one does."""
    with turn(_turns(item.config.rootpath), alone=_wants_to_be_alone(item)):
        return (yield)


def _turns(root: Path) -> Path:
    """Return a folder that all processes testing a checkout share.

    Not in pytest's cache, which may be off, nor in the checkout, which may be read-only.
    """
    name = f"ovreport-tests-{os.getuid()}-{hashlib.sha256(os.fsencode(root)).hexdigest()[:12]}"
    folder = Path(tempfile.gettempdir(), name)
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


@contextlib.contextmanager
def turn(folder: Path, *, alone: bool) -> Iterator[None]:
    """Wait for a turn among the processes that share a folder: beside others, or alone."""
    with (folder / "gate").open("w") as gate, (folder / "turn").open("w") as place:
        fcntl.flock(gate, fcntl.LOCK_EX)  # while one waits to be alone, nobody else begins
        fcntl.flock(place, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(gate, fcntl.LOCK_UN)
        yield


def _wants_to_be_alone(item: pytest.Item) -> bool:
    return item.get_closest_marker("alone") is not None
