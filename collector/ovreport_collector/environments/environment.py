"""What an environment is, and asking one what it holds."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ovreport.errors import SourceError, one_line
from ovreport_collector.process.child import signal_name

INSTALLED = "installed"
"""Asks for the environment that ovreport itself runs in, as it is."""

Progress = Callable[[str], None]
"""Is told, in a line, what is being done."""

_LIMIT_S = 120.0
_ASK = """
import importlib, importlib.metadata as m, json, sys
import ovreport_collector.worker
from ovreport_collector.engines.runtime import openvino
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = m.version(name)
    except m.PackageNotFoundError:
        pass
print(json.dumps({"openvino": openvino.get_version(), "packages": found}))
"""
PACKAGES = (
    *("openvino", "openvino-genai", "openvino-tokenizers", "openvino-telemetry"),
    *("numpy", "msgspec"),
)
"""What is recorded of an environment: what can change a result."""


def silent(_line: str) -> None:
    """Tell nothing."""


@dataclass(frozen=True)
class Environment:
    """A Python environment that measuring processes run in."""

    python: Path
    """Its interpreter: `python -m ovreport_collector.worker` runs there."""
    wanted: str
    """As asked for: `2025.4.1`, the file name of a wheel, or `installed`."""
    openvino: str
    """The whole build string, as `openvino.get_version()` says there."""
    packages: dict[str, str]
    """Name → version of what can change a result; what is not installed is left out."""
    lock_sha256: str
    """Checksum of the lock that it was made from; empty for the running environment."""


class UnusableError(SourceError):
    """An environment in which OpenVINO, or ovreport's measuring process, cannot be imported."""


def ask(python: Path, wanted: str, lock_sha256: str) -> Environment:
    """Return what an environment holds, by importing OpenVINO and the measuring process in it.

    UnusableError where that fails.
    """
    # -P: nothing of the current folder.
    command = [str(python), "-P", "-c", _ASK, *PACKAGES]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_LIMIT_S, check=True
        )
        said = json.loads(done.stdout.splitlines()[-1])
    except (OSError, ValueError, IndexError, subprocess.SubprocessError) as error:
        raise UnusableError(
            f"it was installed, but cannot be imported: {one_line(_why(error))}",
            where=f"OpenVINO {wanted}",
            remedy=f"see more by {python} -c 'import openvino'",
        ) from None
    return Environment(
        python=python,
        wanted=wanted,
        openvino=said["openvino"],
        packages=said["packages"],
        lock_sha256=lock_sha256,
    )


def _why(error: Exception) -> str:
    """Return why Python gave no answer: the last line of its errors, or how it ended."""
    if isinstance(error, subprocess.TimeoutExpired):
        return f"no answer after {_LIMIT_S:.0f} s"
    if not isinstance(error, subprocess.CalledProcessError):
        return str(error)
    lines = error.stderr.strip().splitlines()
    if error.returncode < 0:
        return f"Python was ended by {signal_name(-error.returncode)}"
    return lines[-1] if lines else f"Python ended with exit code {error.returncode}"


def installed() -> Environment:
    """Return the running environment, as it is."""
    return ask(Path(sys.executable), INSTALLED, "")
