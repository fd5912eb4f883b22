"""Which models are language models, and which packages run them."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable

from ovreport.engines import GENAI
from ovreport_collector.suite.model import Model

TASK = "text-generation"


def is_language(model: Model) -> bool:
    """Return whether a model is a language model."""
    return model.task == TASK


def versions(engines: Iterable[str]) -> dict[str, str]:
    """Return package → version of what runs language models, if such an engine is among them."""
    names = ("openvino-genai", "openvino-tokenizers") if GENAI in set(engines) else ()
    return {name: importlib.metadata.version(name) for name in names}
