"""The frame of the command: exit codes, help, and commands found by entry point."""

import subprocess
import sys
from importlib.metadata import EntryPoint

import click
import pytest

from ovreport import __version__, cli
from ovreport.errors import (
    ConfigError,
    IncompleteError,
    InputError,
    OvreportError,
    RecordError,
    SourceError,
    StoreError,
    SuiteError,
    did_you_mean,
)


@pytest.fixture
def with_command(monkeypatch):
    """Return a function that makes `ovreport x` do what it is given."""

    def install(body):
        command = click.command("x")(body)
        monkeypatch.setattr(cli.LazyGroup, "get_command", lambda *_: command)

    return install


def raising(error):
    """Return a command's body that raises."""

    def body():
        raise error

    return body


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OvreportError("it"), 1),
        (StoreError("it"), 1),
        (SourceError("it"), 1),
        (IncompleteError("it"), 1),
        (InputError("it"), 2),
        (RecordError("it"), 2),
        (SuiteError("it"), 2),
        (ConfigError("it"), 2),
        (click.UsageError("it"), 2),
        (click.ClickException("it"), 1),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
    ],
    ids=lambda x: type(x).__name__,
)
def test_errors_become_exit_codes(with_command, capsys, error, code):
    """1: something failed; 2: bad input; 130: interrupted. The reason goes to stderr."""
    with_command(raising(error))
    assert cli.run(["x"]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert ("interrupted" if code == 130 else "it") in captured.err
    assert "Traceback" not in captured.err


def test_success_is_zero(with_command, capsys):
    """A command that returns without error."""
    with_command(lambda: click.echo("done"))
    assert cli.run(["x"]) == 0
    assert capsys.readouterr().out == "done\n"


def test_a_command_may_choose_its_exit_code(with_command):
    """`ctx.exit(3)` exits with 3."""
    with_command(lambda: click.get_current_context().exit(3))
    assert cli.run(["x"]) == 3


def test_an_error_shows_where_and_the_remedy(with_command, capsys):
    """What went wrong, where, and what to do now."""
    with_command(raising(SuiteError("no checksum", where="my.toml: $.models[3]", remedy="Add it.")))
    cli.run(["x"])
    assert capsys.readouterr().err == "ovreport: my.toml: $.models[3]: no checksum\n  → Add it.\n"


def test_bugs_are_not_hidden(with_command):
    """What is not raised on purpose keeps its traceback."""
    with_command(raising(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        cli.run(["x"])


def test_help_lists_all_commands_with_examples(capsys):
    """Every command of the issue is there, also where the half behind it is not."""
    assert cli.run(["--help"]) == 0
    shown = capsys.readouterr().out
    for name in ("build", "collect", "devices", "models", "schema", "serve", "validate"):
        assert f"\n  {name} " in shown
    assert "Examples:" in shown
    assert "ovreport collect && ovreport build" in shown


@pytest.mark.parametrize("name", ["validate", "schema"])
def test_commands_explain_themselves_with_examples(capsys, name):
    """`--help` and `-h`."""
    for flag in ("--help", "-h"):
        assert cli.run([name, flag]) == 0
        shown = capsys.readouterr().out
        assert "Example" in shown
        assert f"ovreport {name}" in shown


@pytest.mark.parametrize("arguments", [["nonsense"], ["--nonsense"], ["validate"], []])
def test_wrong_usage_is_bad_input(arguments, capsys):
    """Unknown commands and options, missing arguments."""
    assert cli.run(arguments) == 2
    assert "ovreport" in capsys.readouterr().err


@pytest.mark.parametrize(("typed", "meant"), [("valdate", "validate"), ("Build", "build")])
def test_a_mistyped_command_is_answered_with_the_close_one(typed, meant, capsys):
    assert cli.run([typed]) == 2
    assert f'"{meant}"' in capsys.readouterr().err


def test_what_is_like_no_name_is_not_guessed():
    assert did_you_mean("qwertz", ["build", "collect"]) == ""
    assert '"GPU.0"' in did_you_mean("gpu0", ["CPU", "GPU.0"])


def test_the_version(capsys):
    """As in the package."""
    assert cli.run(["--version"]) == 0
    assert __version__ in capsys.readouterr().out


def test_a_command_that_cannot_be_loaded_leaves_the_others(monkeypatch, capsys):
    """Help still works, and calling it says why."""
    entry = EntryPoint("broken", "not_a_package_of_ours:x", "ovreport.commands")
    entries = {"broken": entry}
    monkeypatch.setattr(cli.LazyGroup, "_entries", lambda _: entries)
    assert cli.run(["--help"]) == 0
    assert "(cannot be loaded)" in capsys.readouterr().out
    assert cli.run(["broken", "--any", "option"]) == 1
    assert "not_a_package_of_ours" in capsys.readouterr().err


def test_an_entry_point_that_is_no_command_is_refused(monkeypatch, capsys):
    """By name."""
    entry = EntryPoint("odd", "ovreport:__version__", "ovreport.commands")
    monkeypatch.setattr(cli.LazyGroup, "_entries", lambda _: {"odd": entry})
    assert cli.run(["odd"]) == 1
    assert "ovreport:__version__ is not a command" in capsys.readouterr().err


def test_the_list_of_commands_says_each_in_a_whole_line(capsys):
    """What is cut off is of no use."""
    assert cli.run(["--help"]) == 0
    listed = capsys.readouterr().out.partition("Commands:")[2].partition("Examples:")[0]
    assert len(listed.strip().splitlines()) >= 9
    assert "..." not in listed


MAIN = [sys.executable, "-c", "from ovreport.cli import main; main()"]


def test_as_a_process():
    """Exit code and streams are those of a real process; the frame alone loads no engine."""
    done = subprocess.run([*MAIN, "nonsense"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "No such command" in done.stderr
    assert done.stdout == ""


def test_a_reader_that_goes_away_is_no_error():
    """`ovreport schema | head -1`."""
    with subprocess.Popen(
        [*MAIN, "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.stdout.close()
        stderr = process.stderr.read()
    assert process.returncode == 0
    assert stderr == ""
