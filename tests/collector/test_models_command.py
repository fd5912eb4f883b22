"""`ovreport models`: what a suite holds, what is fetched, and fetching ahead."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from ovreport import paths
from ovreport.errors import IncompleteError, InputError, SuiteError
from ovreport_collector.cli.models import models
from ovreport_collector.plan import load_suite
from tests.collector.suite_fixtures import document, model_table, write_suite


@pytest.fixture(autouse=True)
def cache_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a cache of its own, and no index."""
    monkeypatch.setenv(paths.CACHE, str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return tmp_path / "cache"


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """Return a suite with a model that is here and one that cannot be fetched."""
    (tmp_path / "net.onnx").write_bytes(b"x")
    tables = [model_table(id="here", file={"uri": "file:net.onnx"}), model_table(id="gone")]
    return write_suite(tmp_path / "my.toml", document(models=tables))


def run(*arguments: object) -> Result:
    """Run the command; errors come back in the result."""
    return CliRunner().invoke(models, [str(argument) for argument in arguments])


def test_the_default_is_the_list_of_the_quick_suite() -> None:
    result = run()
    assert result.exit_code == 0
    assert result.output == run("list").output == run("list", "--suite", "quick").output
    for model in load_suite.load("quick").models:
        assert model.id in result.output
    assert "models: 5;" in result.output


def test_classic_architectures_are_marked() -> None:
    lines = run("--suite", "standard").output.splitlines()
    assert "architecture only" in next(line for line in lines if "resnet-50" in line)
    assert "architecture only" not in next(line for line in lines if "magika" in line)


def test_files_outside_the_suites_folder_are_allowed_on_the_command_line(tmp_path: Path) -> None:
    """Before and after the command below, as the suite itself."""
    (tmp_path / "net.onnx").write_bytes(b"x")
    (tmp_path / "own").mkdir()
    tables = [model_table(file={"uri": f"file:{tmp_path}/net.onnx"})]
    suite = write_suite(tmp_path / "own" / "my.toml", document(models=tables))
    allowed = ("--allow-outside", tmp_path)
    assert isinstance(run("--suite", suite).exception, SuiteError)
    for arguments in (
        ("--suite", suite, *allowed),
        (*allowed, "list", "--suite", suite),
        ("list", "--suite", suite, *allowed),
        ("fetch", "--suite", suite, *allowed),
    ):
        assert run(*arguments).exit_code == 0, arguments


def test_json_is_for_scripts(mine: Path) -> None:
    said = json.loads(run("--suite", mine, "--json").output)
    assert [row["id"] for row in said["models"]] == ["here", "gone"]
    assert [row["fetched"] for row in said["models"]] == [True, False]
    assert said["download_bytes"] == said["missing_bytes"] == 10
    assert said == json.loads(run("list", "--suite", mine, "--json").output)


def test_fetching_goes_on_past_a_failure(mine: Path) -> None:
    result = run("fetch", "--suite", mine)
    assert isinstance(result.exception, IncompleteError)
    assert result.exception.exit_code == 1
    assert "1 of 2" in str(result.exception)
    assert "tiny-1.0-py3-none-any.whl" in result.output
    assert "here  fetched" in result.output


def test_fetching_one_model(mine: Path, cache_dir: Path) -> None:
    result = run("--suite", mine, "fetch", "here")
    assert result.exit_code == 0
    assert str(cache_dir) in result.output
    assert "gone" not in result.output


def test_an_unknown_model_or_suite_is_refused(mine: Path) -> None:
    for arguments in (("fetch", "--suite", mine, "nope"), ("--suite", "nope")):
        result = run(*arguments)
        assert isinstance(result.exception, SuiteError)
        assert result.exception.remedy


@pytest.mark.parametrize("command", ["", "list", "fetch"])
def test_help_has_examples(command: str) -> None:
    result = run(*command.split(), "--help")
    assert result.exit_code == 0
    assert f"ovreport models {command}".rstrip() + "  " in result.output


def test_help_and_the_shell_know_the_built_in_suites() -> None:
    """They are found where they lie: a new one needs no line of help."""
    (option,) = (one for one in models.params if one.name == "suite")
    completed = {item.value for item in option.shell_complete(click.Context(models), "")}
    shown = run("--help").output
    for name in load_suite.builtin():
        assert name in shown
        assert name in completed


@pytest.mark.network
def test_fetching_for_real(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_NO_INDEX", "PIP_CONFIG_FILE"):
        monkeypatch.delenv(name)
    assert run("fetch", "basic-pitch-nmp").exit_code == 0
    rows = json.loads(run("--json").output)["models"]
    assert [row["id"] for row in rows if row["fetched"]] == ["basic-pitch-nmp"]


def test_the_path_of_a_file_is_all_that_is_printed(mine: Path) -> None:
    """Of a suite's model, and of a file of one's own: other tools are given it."""
    net = (mine.parent / "net.onnx").resolve()
    for arguments in (("here", "--suite", mine), (net,)):
        assert run("path", *arguments).output == f"{net}\n"


def test_a_variant_that_was_not_made_has_no_path(mine: Path) -> None:
    result = run("path", "here", "--suite", mine, "--variant", "int8")
    assert isinstance(result.exception, InputError)
    assert "--variant int8" in str(result.exception)
