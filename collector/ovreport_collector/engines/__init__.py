"""What runs a model: an adapter an engine, which alone imports it; listed in `ovreport.engines`.

An adapter is a module with a function `create(target)`. It returns an `Engine` (`base`), or for the
kind `generation` a `TextEngine` (`generation_base`).
"""

from __future__ import annotations

import importlib
from typing import Any

from ovreport.engines import ENGINES
from ovreport_collector.engines.base import Engine
from ovreport_collector.engines.generation_base import TextEngine
from ovreport_collector.engines.types import Target

__all__ = ["Engine", "TextEngine", "create", "create_text"]


def create(target: Target) -> Engine:
    """Return the engine that a target names.

    Called in the measuring process only: the adapter imports the engine. ValueError for an engine
    that is not in the table.
    """
    engine: Engine = _adapter(target).create(target)
    return engine


def create_text(target: Target) -> TextEngine:
    """Return the engine of language models that a target names; otherwise like `create`."""
    engine: TextEngine = _adapter(target).create(target)
    return engine


def _adapter(target: Target) -> Any:  # a module with `create`
    if target.engine not in ENGINES:
        raise ValueError(f"unknown engine {target.engine!r}; known are {', '.join(ENGINES)}")
    return importlib.import_module(ENGINES[target.engine].adapter)
