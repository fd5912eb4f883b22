"""What the README says works as pasted."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import msgspec
import pytest

from ovreport.cli import run
from ovreport.record import Completed
from ovreport.store import read_all
from tests.collector.commands import ALL, skip

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def block(marker: str) -> str:
    """Return the code block that follows a marker."""
    found = re.search(rf"<!-- {marker} -->\n```\w+\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    assert found, f"the README has no block marked {marker!r}"
    return found.group(1)


@pytest.mark.slow
def test_the_example_of_a_suite_of_ones_own_works_as_pasted(tmp_path, monkeypatch):
    """The model that the README makes is measured by the suite that the README shows."""
    from ovreport_collector.plan import tiers

    short = msgspec.structs.replace(
        tiers.TIERS["quick"], min_seconds=0.1, min_inferences=8, processes=1, max_processes=1
    )
    monkeypatch.setitem(tiers.TIERS, "quick", short)
    monkeypatch.setenv("OVREPORT_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    Path("my.toml").write_text(block("example: suite"), encoding="utf-8")
    Path("make.py").write_text(block("example: model"), encoding="utf-8")
    runpy.run_path("make.py")

    # How a suite is written is in question, not what is measured beside the rounds.
    assert run(["collect", "--suite", "my.toml", *skip(ALL)]) == 0

    loaded = read_all([Path("site/records")])
    assert not loaded.faults
    assert loaded.records
    assert all(isinstance(record.outcome, Completed) for record in loaded.records)


@pytest.mark.parametrize("marker", ["command: quickstart", "command: test"])
def test_the_commands_that_ci_takes_from_the_readme_are_one_line(marker):
    """CI runs the README's own words; each is one line to paste."""
    assert len(block(marker).splitlines()) == 1


def test_every_command_of_the_how_to_exists():
    """No row of the how-to names a command or an option that is gone."""
    from click.testing import CliRunner

    from ovreport.cli import cli

    rows = set(re.findall(r"`ovreport ([a-z]+)((?: [^`]*)?)`", README))
    assert len(rows) >= 10
    for command, arguments in rows:
        shown = CliRunner().invoke(cli, [command, "--help"])
        assert shown.exit_code == 0, f"ovreport {command} is in the README, but does not exist"
        for option in re.findall(r"--[a-z-]+", arguments):
            assert option in shown.output, f"ovreport {command} has no {option}"
