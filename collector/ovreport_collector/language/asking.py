"""Which models are language models, and what running them needs."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ovreport.errors import InputError
from ovreport.generation_aspect import ENGINE

if TYPE_CHECKING:
    from ovreport_collector.suite import Model

TASK = "text-generation"
EXTRA = "genai"


def is_language(model: Model) -> bool:
    """Return whether a model is one."""
    return model.task == TASK


def require(models: Iterable[Model]) -> None:
    """Raise InputError if a model needs OpenVINO GenAI and that is not installed."""
    wanted = [model.id for model in models if is_language(model)]
    if wanted and importlib.util.find_spec("openvino_genai") is None:
        raise InputError(
            "openvino-genai is not installed, which runs language models",
            where=f"model {wanted[0]}",
            remedy=f"pip install 'ovreport[{EXTRA}]', or name other models with --model",
        )


def versions(engines: Iterable[str]) -> dict[str, str]:
    """Return package → version of what runs language models, where one is planned."""
    names = ("openvino-genai", "openvino-tokenizers") if ENGINE in set(engines) else ()
    return {name: importlib.metadata.version(name) for name in names}
