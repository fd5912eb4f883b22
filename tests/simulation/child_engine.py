"""The simulated engine inside the measuring processes of a real collect."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ovreport_collector import engines
from ovreport_collector.engines.types import Target
from tests.simulation.engine import SimulatedModel
from tests.simulation.truth import Truth

TRUTHS = "OVREPORT_SIMULATION"
"""Environment variable: JSON of precision asked for → Truth."""
ROOT = Path(__file__).parents[2]
SITE = str(Path(__file__).parent / "site")
"""Its `sitecustomize` installs the engine when a process starts."""
OTHER_JOBS = 999
"""Process of jobs that measure none."""


def environment(truths: Mapping[str, Truth]) -> dict[str, str]:
    """Return the variables under which measuring processes use the simulated engine."""
    return {
        TRUTHS: msgspec.json.encode(truths).decode(),
        # What is on the path already stays: the packages need not be installed.
        "PYTHONPATH": os.pathsep.join(filter(None, (SITE, str(ROOT), os.getenv("PYTHONPATH")))),
    }


def install() -> None:
    """Make every engine of this process the simulated one."""
    engines.create = _create


def _create(target: Target) -> SimulatedModel:
    """Return the engine of the truth that the job of this process names by its precision."""
    truths = msgspec.json.decode(os.environ[TRUTHS], type=dict[str, Truth])
    job = msgspec.json.decode(Path(sys.argv[2]).read_bytes())
    return SimulatedModel(
        truths[job["target"]["precision"]], job.get("process", job.get("round", OTHER_JOBS))
    )
