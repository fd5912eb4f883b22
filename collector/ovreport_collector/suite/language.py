"""Which models are language models, and which packages run them."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Iterable
from pathlib import Path

from ovreport.engines import ENGINES, GENAI
from ovreport_collector.suite.model import Model

TASK = "text-generation"


def is_language(model: Model) -> bool:
    """Return whether a model is a language model."""
    return model.task == TASK


def beside(network: Path) -> list[Path]:
    """Return the files beside a network that its pipeline reads: tokenizer, settings, template."""
    others = (f for f in network.parent.iterdir() if f.is_file() and f.stem != network.stem)
    return sorted(
        f for f in others if f.name.startswith("openvino_") or f.suffix in {".json", ".jinja"}
    )


def has_genai() -> bool:
    """Return whether OpenVINO GenAI is installed."""
    return importlib.util.find_spec(ENGINES[GENAI].module) is not None


def versions(engines: Iterable[str]) -> dict[str, str]:
    """Return package → version of what runs language models, if such an engine is among them."""
    names = ("openvino-genai", "openvino-tokenizers") if GENAI in set(engines) else ()
    return {name: importlib.metadata.version(name) for name in names}
