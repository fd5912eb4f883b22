"""What runs a model: an adapter an engine, which alone imports it; listed in `ovreport.engines`."""

from __future__ import annotations

import importlib

from ovreport.engines import ENGINES
from ovreport_collector.engines.base import Engine
from ovreport_collector.engines.types import Target

__all__ = ["Engine", "create"]


def create(target: Target) -> Engine:
    """Return the engine that a target names, by the `create` of its adapter.

    Called in the measuring process only: the adapter imports the engine. Raises ValueError for an
    engine that is not in the table.
    """
    if target.engine not in ENGINES:
        raise ValueError(f"unknown engine {target.engine!r}; known are {', '.join(ENGINES)}")
    engine: Engine = importlib.import_module(ENGINES[target.engine].adapter).create(target)
    return engine
