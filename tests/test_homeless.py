"""Users without a home, and caches that cannot be written: it works, or a line says what lacks.

As in a container that is run with a user number of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ovreport import paths, store
from tests.factories import a_record

_NO_SUCH_USER = (
    "import sys\n"
    "try:\n"
    "    import pwd\n"
    "    def unknown(uid): raise KeyError('no such user')\n"
    "    pwd.getpwuid = unknown\n"
    "except ImportError:\n"
    "    pass\n"
    "from ovreport.cli import run\n"
    "sys.exit(run(sys.argv[1:]))\n"
)
"""Runs a command as a user whom the system does not know, whoever runs the tests."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a site."""
    for precision in ("f32", "default"):
        store.write(a_record(precision=precision), tmp_path / "site" / "records")
    return tmp_path


def homeless(folder: Path, *arguments: str, **variables: str) -> tuple[int, str]:
    """Run a command without a home in a folder; return its exit code, and what it said."""
    dropped = ("HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", *paths.VARIABLES)
    environment = {k: v for k, v in os.environ.items() if k not in dropped}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-c", _NO_SUCH_USER, *arguments],
        cwd=folder,
        env=environment | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert not (folder / "~").exists(), "a folder of that very name"
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("command", [("build",), ("validate", "site")])
def test_records_need_no_home(folder: Path, command: tuple[str, ...]) -> None:
    """Neither to be checked nor to be shown: drawings are kept nowhere then."""
    code, said = homeless(folder, *command)
    assert code == 0, said


@pytest.mark.parametrize("command", [("models",), ("doctor", "--seconds", "1")])
def test_what_needs_a_folder_says_how_to_name_one(folder: Path, command: tuple[str, ...]) -> None:
    """One line and its remedy; with a folder it works."""
    code, said = homeless(folder, *command)
    assert code == 1
    assert "no home folder" in said
    assert paths.CACHE in said
    code, said = homeless(folder, *command, **{name: str(folder) for name in paths.VARIABLES})
    assert code in (0, 1), said
    assert "home" not in said


def test_a_plan_needs_no_home(folder: Path) -> None:
    """Down to the measuring process that lists the devices."""
    code, said = homeless(folder, "collect", "--dry-run", "--device", "CPU")
    assert code == 0, said


@pytest.mark.parametrize(
    "command", [("build",), ("models",), ("collect", "--dry-run", "--device", "CPU")]
)
def test_a_cache_that_cannot_be_written_stops_nothing_that_only_reads(
    folder: Path, command: tuple[str, ...]
) -> None:
    """A file is where its folder would be: nobody can write there, whatever his rights."""
    (folder / "file").write_text("")
    there = str(folder / "file" / "cache")
    code, said = homeless(folder, *command, **dict.fromkeys(paths.VARIABLES, there))
    assert code == 0, said


def test_what_has_to_be_written_says_where_it_cannot_be(folder: Path) -> None:
    """And which variable names another place."""
    (folder / "file").write_text("")
    there = str(folder / "file" / "cache")
    own = {"PIP_NO_INDEX": "1", **dict.fromkeys(paths.VARIABLES, there)}
    code, said = homeless(folder, "models", "fetch", "magika-v3.3", **own)
    assert code == 1
    assert paths.CACHE in said
    code, said = homeless(folder, "collect", "--device", "CPU", **own)
    assert code == 1
    assert paths.STATE in said
