"""What SECURITY.md claims is tested, and workflows have no more rights than they need."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ovreport_sitegen.start import start

ROOT = Path(__file__).parent.parent
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "SECURITY.md").read_text("utf-8"))
SEARCHED = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
PINNED = re.compile(r"[\w.-]+(?:/[\w.-]+)+@[0-9a-f]{40}")


@pytest.fixture
def workflows(tmp_path: Path) -> list[Path]:
    """Return the workflows of this repository and those of a new project."""
    inventory = tmp_path / "inventory.toml"
    inventory.write_text('machine = [{ name = "lab-1", labels = ["self-hosted", "lab-1"] }]')
    start(tmp_path, "x", fleet=inventory)
    folders = (ROOT / ".github/workflows", tmp_path / ".github/workflows")
    return [path for folder in folders for path in sorted(folder.glob("*.yml"))]


def test_every_line_of_the_threat_model_has_a_test_or_says_that_nothing_holds_it() -> None:
    text = (ROOT / "SECURITY.md").read_text("utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| ")][1:]
    assert all("`tests/" in line or "**nothing**" in line for line in lines)


@pytest.mark.parametrize(("path", "name"), NAMED, ids=[name for _, name in NAMED])
def test_every_test_that_is_named_exists(path: str, name: str) -> None:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_actions_are_pinned_and_tokens_are_not_kept(workflows: list[Path]) -> None:
    """An action by its commit; a checkout leaves no token for what runs after it."""
    for path in workflows:
        flow = yaml.safe_load(path.read_text("utf-8"))
        assert flow["permissions"] in ({}, {"contents": "read"})
        steps = [step for job in flow["jobs"].values() for step in job["steps"] if "uses" in step]
        for step in steps:
            assert PINNED.fullmatch(step["uses"])
            if step["uses"].startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize(
    "command", [["actionlint"], ["zizmor", "--offline", "--no-progress"]], ids=lambda one: one[0]
)
def test_checkers_of_workflows_find_nothing(workflows: list[Path], command: list[str]) -> None:
    found = shutil.which(command[0], path=SEARCHED)
    if found is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(
        [found, *command[1:], *map(str, workflows)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
