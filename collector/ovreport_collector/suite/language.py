"""Which models are language models, and what running them needs."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ovreport.engines import ENGINES, GENAI
from ovreport.errors import InputError

if TYPE_CHECKING:
    from ovreport_collector.suite.model import Model

TASK = "text-generation"


def is_language(model: Model) -> bool:
    """Return whether a model is one."""
    return model.task == TASK


def beside(network: Path) -> list[Path]:
    """Return what a pipeline reads in the folder of its network: tokenizer, settings, template."""
    others = (f for f in network.parent.iterdir() if f.is_file() and f.stem != network.stem)
    return sorted(
        f for f in others if f.name.startswith("openvino_") or f.suffix in {".json", ".jinja"}
    )


def has_genai() -> bool:
    """Return whether OpenVINO GenAI is installed."""
    return importlib.util.find_spec(ENGINES[GENAI].module) is not None


def runnable(models: Sequence[Model], *, by_name: bool) -> tuple[Sequence[Model], str]:
    """Return the models that can be run here, and what is left out for want of OpenVINO GenAI.

    InputError if one of those was asked for by its name, or nothing else is left.
    """
    without = [] if has_genai() else [model for model in models if is_language(model)]
    if not without:
        return models, ""
    if by_name or len(without) == len(models):
        raise InputError(
            "openvino-genai is not installed, which runs language models",
            where=f"model {without[0].id}",
            remedy=f"{ENGINES[GENAI].install}, or name other models with --model",
        )
    those = "1 language model is" if len(without) == 1 else f"{len(without)} language models are"
    return [model for model in models if not is_language(model)], (
        f"{those} left out: OpenVINO GenAI runs them, and is not installed. To measure them too: "
        f"{ENGINES[GENAI].install}"
    )


def versions(engines: Iterable[str]) -> dict[str, str]:
    """Return package → version of what runs language models, where one is planned."""
    names = ("openvino-genai", "openvino-tokenizers") if GENAI in set(engines) else ()
    return {name: importlib.metadata.version(name) for name in names}
