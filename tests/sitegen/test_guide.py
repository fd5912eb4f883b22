"""The guide: what it says of the command line and of records is what the code has."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import msgspec
import pytest

from ovreport import errors, paths
from ovreport.record import Record
from ovreport_sitegen.pages import guide
from tests.factories import a_record
from tests.sitegen.conftest import catalogue


@pytest.fixture
def view() -> guide.GuideView:
    """Return the view of the page."""
    return guide.view(catalogue(a_record()))


def test_every_exit_code_is_explained(view: guide.GuideView) -> None:
    kinds = [k for k in vars(errors).values() if isinstance(k, type)]
    raised = {k.exit_code for k in kinds if issubclass(k, errors.OvreportError)}
    assert {0, 130, 143} | raised <= dict(view.exit_codes).keys()


def test_every_variable_is_explained(view: guide.GuideView) -> None:
    assert {paths.CACHE, paths.STATE} == dict(view.variables).keys()


def test_parts_of_a_record_say_what_they_hold(view: guide.GuideView) -> None:
    """None of them is described by what stands in its place where it is missing."""
    fields = {field.name for field in msgspec.structs.fields(Record)}
    parts = dict(view.parts)
    assert parts.keys() <= fields
    assert {"latency", "machine", "noise", "repeat"} <= parts.keys()
    assert all(parts.values())
    assert errors.one_line(parts["latency"]) == parts["latency"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_line_of_completion_makes_its_shell_a_script(view: guide.GuideView, shell: str) -> None:
    (line,) = (c.line for c in view.completions if c.shell == shell)
    (setting,) = re.findall(r"_OVREPORT_COMPLETE=(\w+)", line)
    ran = subprocess.run(
        [sys.executable, "-c", "from ovreport.cli import main; main()"],
        env={**os.environ, "_OVREPORT_COMPLETE": setting},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"{shell}_complete" in ran.stdout
