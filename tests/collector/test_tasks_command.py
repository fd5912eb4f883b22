"""`ovreport tasks`, the reference page made by it, and options that a task does not have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ovreport.cli import run as cli
from ovreport.errors import SuiteError
from ovreport_collector import tasks
from ovreport_collector.cli.tasks_output import page
from ovreport_collector.datasets import LAYOUTS
from ovreport_collector.plan import load_suite
from tests.collector.suite_fixtures import document, model_table, write_suite

GUIDE = Path(__file__).parents[2] / "templates" / "prose" / "guide" / "tasks.md"


def test_the_page_in_the_guide_is_what_the_code_says() -> None:
    """`ovreport tasks --markdown > templates/prose/guide/tasks.md` makes it again."""
    assert GUIDE.read_text(encoding="utf-8") == page()


def test_every_task_and_layout_is_on_the_page() -> None:
    text = page()
    for name in tasks.BUILT_IN:
        assert f'id="task-{name}"' in text
    for name in LAYOUTS:
        assert f'id="layout-{name}"' in text
        assert f"(#layout-{name})" in text, "no task names this layout"


def test_a_task_is_shown_with_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["tasks", "image-classification"]) == 0
    out = capsys.readouterr().out
    task = tasks.get("image-classification")
    assert isinstance(task, tasks.HasOptions)
    for option in task.options:
        assert option.name in out
    assert "classes.txt" in out


def test_tasks_are_printed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """All of them, or one, in the same form."""
    assert cli(["tasks", "--json"]) == 0
    every = json.loads(capsys.readouterr().out)
    assert [one["task"] for one in every] == list(tasks.names())
    assert cli(["tasks", "image-classification", "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)
    assert one in every
    assert "channels" in {option["name"] for option in one["options"]}
    assert one["accuracy"]
    assert one["layouts"]
    assert cli(["tasks", "--json", "--markdown"]) == 2


def test_the_reference_of_one_task(capsys: pytest.CaptureFixture[str]) -> None:
    """With the layouts that it links to, and nothing of other tasks."""
    assert cli(["tasks", "image-classification", "--markdown"]) == 0
    one = capsys.readouterr().out
    assert [name for name in tasks.BUILT_IN if f'id="task-{name}"' in one] == [
        "image-classification"
    ]
    assert all(f'id="layout-{name}"' in one for name in LAYOUTS if f"(#layout-{name})" in one)
    assert cli(["tasks", "image-clasification", "--markdown"]) == 2


def test_a_mistyped_task_is_refused_with_the_close_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["tasks", "image-clasification"]) == 2
    assert 'did you mean "image-classification"' in capsys.readouterr().err


def _used(source: str) -> Iterator[str]:
    """Yield the options that a suite's text gives."""
    suite = load_suite.load(source)
    yield from (key for model in suite.models for key in model.options)


def test_built_in_suites_use_options_that_there_are() -> None:
    """A suite with others is refused when it is loaded."""
    assert {key for name in load_suite.builtin() for key in _used(name)}


@pytest.mark.parametrize(
    ("task", "options", "close"),
    [
        ("generic", {"dtyp.x": "i64"}, "dtype.x"),
        ("image-classification", {"channel": "BGR"}, "channels"),
        ("file-type", {"mean": 1}, ""),
    ],
)
def test_options_that_a_task_does_not_have_are_refused(
    task: str, options: dict[str, object], close: str, tmp_path: Path
) -> None:
    """At their place, with the close one where there is one."""
    (tmp_path / "net.onnx").write_bytes(b"x")
    table = model_table(task=task, options=options, file={"uri": "file:net.onnx"})
    path = write_suite(tmp_path / "s.toml", document(models=[table]))
    with pytest.raises(SuiteError) as caught:
        load_suite.load(path)
    assert "$.models[0].options" in caught.value.where
    assert close in caught.value.remedy
