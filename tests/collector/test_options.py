"""The command line knows what the registries hold, and loads them only when it must."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from ovreport.engines import ENGINES
from ovreport.errors import InputError
from ovreport_collector.cli.collect import collect
from ovreport_collector.cli.options import OneOf
from ovreport_collector.measurements.registry import SKIPPABLE
from ovreport_collector.plan import load_suite
from ovreport_collector.plan.tiers import TIERS


@pytest.fixture(scope="module")
def help_text() -> str:
    """Return what `ovreport collect --help` prints."""
    return CliRunner().invoke(collect, ["--help"], terminal_width=10_000).output


@pytest.mark.parametrize(
    "names",
    [ENGINES, TIERS, SKIPPABLE, load_suite.builtin()],
    ids=["engines", "tiers", "measurements", "suites"],
)
def test_help_names_everything_that_can_be_chosen(help_text: str, names) -> None:
    """What is added to a registry can be found out from the command line."""
    assert [name for name in names if name not in help_text] == []


def test_a_name_that_is_not_in_the_registry_is_refused_with_those_that_are() -> None:
    """Names are looked up when the option is used, not when the command is declared."""
    registry = ["one"]

    @click.command()
    @click.option("--pick", type=OneOf(lambda: registry))
    def command(pick: str) -> None:
        click.echo(f"picked {pick}")

    registry.append("two")
    assert CliRunner().invoke(command, ["--pick", "two"]).output == "picked two\n"
    refused = CliRunner().invoke(command, ["--pick", "three"])
    assert refused.exit_code == 2
    assert "one, two" in refused.output


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--plugin", "X"], "NAME=PATH"),
        (["--plugin", "X=/no/such.so"], "no plugin library"),
        (["--dataset", "=/data"], "NAME=PATH"),
        (["--dataset", "a=/data", "--dataset", "a=/other"], "twice"),
    ],
)
def test_a_bad_pair_is_refused_with_an_example(arguments: list[str], what: str) -> None:
    """Before anything else is looked at."""
    refused = CliRunner().invoke(collect, arguments).exception
    assert isinstance(refused, InputError)
    assert what in refused.what
    assert f"{arguments[0]} " in refused.remedy


@pytest.mark.parametrize("option", ["--time", "--timeout"])
@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e999", "-1", "soon"])
def test_a_time_that_is_none_is_refused(option: str, number: str) -> None:
    """NaN lies within any bounds, as comparisons with it are false."""
    refused = CliRunner().invoke(collect, ["--dry-run", option, number])
    assert refused.exit_code == 2
    assert option in refused.output


def test_declaring_commands_imports_nothing_heavy() -> None:
    """`ovreport --help` loads every command to describe it."""
    commands = ("collect", "devices", "doctor", "inspect", "models", "tasks")
    code = (
        "import sys\n"
        + "".join(f"import ovreport_collector.cli.{name}\n" for name in commands)
        + "print(*{'numpy', 'openvino', 'pooch', 'rich'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    ("option", "mistyped", "meant"),
    [
        ("--engine", "onxruntime", "onnxruntime"),
        ("--variant", "int8-wieghts", "int8-weights"),
        ("--precision", "bf61", "bf16"),
    ],
)
def test_of_a_mistyped_choice_the_one_that_may_be_meant_is_named(
    option: str, mistyped: str, meant: str
) -> None:
    found = CliRunner().invoke(collect, [option, mistyped])
    assert found.exit_code == 2
    assert f'did you mean "{meant}"?' in found.output
