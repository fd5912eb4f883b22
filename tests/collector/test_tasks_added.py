"""Tasks that other packages add."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from ovreport.errors import SuiteError
from ovreport_collector import tasks
from ovreport_collector.tasks.generic import Generic


class Own(Generic):
    """A task as another package writes it."""

    name = "own-task"


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a package that adds three tasks: a good one, a broken one, one that takes a name."""
    entries = {
        "own-task": f"{__name__}:Own",
        "broken": "no_such_module:Task",
        "generic": f"{__name__}:Own",
    }
    found = [EntryPoint(name, value, tasks.GROUP) for name, value in entries.items()]
    monkeypatch.setattr(
        tasks.importlib.metadata,
        "entry_points",
        lambda group: found if group == tasks.GROUP else [],
    )
    tasks._entry_points.cache_clear()
    yield
    tasks._entry_points.cache_clear()


@pytest.mark.usefixtures("added")
def test_a_task_of_another_package_can_be_named():
    """It is listed beside ours, and made when it is asked for."""
    assert "own-task" in tasks.names()
    assert isinstance(tasks.get("own-task"), Own)
    assert len(tasks.TASKS) == len(tasks.names())


@pytest.mark.usefixtures("added")
def test_a_name_of_ours_stays_ours():
    """A package cannot take the place of a built-in task."""
    assert not isinstance(tasks.get("generic"), Own)


@pytest.mark.usefixtures("added")
def test_a_task_that_does_not_load_is_its_packages_fault():
    """Reported with its place; the others are not affected."""
    with pytest.raises(SuiteError, match="no_such_module"):
        tasks.get("broken")
    assert tasks.get("own-task").name == "own-task"
