"""What holds for all tests: no limits of time by default, and who may run beside whom."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no fault of the code: limits of time belong to tests that are about time.
settings.register_profile("ovreport", deadline=None)
settings.load_profile("ovreport")


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups when it is its turn
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep what shares fixtures in one of pytest-xdist's processes; who wants to be alone is last.

    A module is a group, unless its tests name another one.
    """
    items.sort(key=_wants_to_be_alone)
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            module = item.nodeid.partition("::")[0]
            item.add_marker(
                pytest.mark.xdist_group("alone" if _wants_to_be_alone(item) else module)
            )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Let a test that measures time, load or processes run while no other one does."""
    with _turn(item.config.cache.mkdir("turns"), alone=_wants_to_be_alone(item)):
        return (yield)


def _wants_to_be_alone(item: pytest.Item) -> bool:
    return item.get_closest_marker("alone") is not None


@contextlib.contextmanager
def _turn(folder: Path, *, alone: bool) -> Iterator[None]:
    with (folder / "gate").open("w") as gate, (folder / "turn").open("w") as turn:
        fcntl.flock(gate, fcntl.LOCK_EX)  # while one waits to be alone, nobody else begins
        fcntl.flock(turn, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(gate, fcntl.LOCK_UN)
        yield
