"""What the guide says of engines that are not here: it parses, and our command line takes it."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ovreport_sitegen import inventory

GUIDE = Path(__file__).parent.parent.parent / "templates/prose/guide/fleets.md"


def example(name: str) -> str:
    """Return the block of the guide that follows a marker."""
    text = GUIDE.read_text(encoding="utf-8")
    found = re.search(rf"<!-- example: {name} -->\n```\w+\n(.*?)^```$", text, re.DOTALL | re.M)
    assert found, f"there is no example {name!r}"
    return found.group(1)


def lava() -> list[str]:
    (test,) = (action["test"] for action in yaml.safe_load(example("lava"))["actions"][2:])
    (definition,) = test["definitions"]
    return definition["repository"]["run"]["steps"]


def labgrid() -> list[str]:
    assert yaml.safe_load(example("labgrid"))["targets"]["main"]["drivers"] == {"SSHDriver": {}}
    return example("labgrid-commands").splitlines()


@pytest.mark.parametrize("lines", [lava(), labgrid()], ids=["lava", "labgrid"])
def test_the_command_is_one_that_collect_takes(lines: list[str], tmp_path: Path) -> None:
    (line,) = (one for one in lines if "ovreport collect" in one)
    _, _, options = line.partition("ovreport ")
    command = [sys.executable, "-m", "ovreport", *shlex.split(options), "--dry-run"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_inventory_is_one_that_init_takes(tmp_path: Path) -> None:
    path = tmp_path / inventory.FILE
    path.write_text(example("inventory"), encoding="utf-8")
    assert [one.available for one in inventory.load(path).machine] == [True, False]
