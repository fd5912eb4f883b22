"""The native frameworks that OpenVINO is compared with: which files each reads, and its package.

Nothing of them is imported here: a plan is made without them, a measuring process imports one.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from ovreport.errors import InputError
from ovreport.record import Engine
from ovreport.record.generation import ENGINE as LANGUAGE_ENGINE
from ovreport_collector.suite import language
from ovreport_collector.suite.model import Model

NATIVE = "native"
"""Asks for the framework that a model's file belongs to."""
DEVICE = "CPU"
"""Where native frameworks run: on the same device as OpenVINO's CPU plugin."""


@dataclass(frozen=True)
class Framework:
    """A native framework, which is an engine."""

    engine: Engine
    title: str
    module: str
    package: str
    """Name on the package index."""
    suffixes: tuple[str, ...]
    """Of the files it reads."""


FRAMEWORKS: dict[str, Framework] = {
    f.engine: f
    for f in (
        Framework("onnxruntime", "ONNX Runtime", "onnxruntime", "onnxruntime", (".onnx",)),
        Framework("litert", "LiteRT", "ai_edge_litert", "ai-edge-litert", (".tflite",)),
        Framework("pytorch", "PyTorch", "torch", "torch", (".pt", ".pt2")),
    )
}
"""Engine → framework."""


def engines_for(model: Model, requested: Sequence[str]) -> list[Engine]:
    """Return the engines that a model is measured with; a language model has one of its own."""
    if language.is_language(model):
        return [LANGUAGE_ENGINE] if not requested or "openvino" in requested else []
    return engines_of(model.file.uri, requested)


def engines_of(uri: str, requested: Sequence[str]) -> list[Engine]:
    """Return the engines that a model's file is measured with; `native`: the one that fits it.

    A framework asked for by name stays even if it cannot read the file: its record says so.
    """
    fitting = [f.engine for f in FRAMEWORKS.values() if _suffix(uri) in f.suffixes]
    found: list[Engine] = []
    for name in requested or ("openvino",):
        found += fitting if name == NATIVE else [name]  # type: ignore[list-item]  # click's choice
    return list(dict.fromkeys(found))


def runnable(models: Sequence[Model], *, by_name: bool) -> tuple[Sequence[Model], str]:
    """Return the models that can be run here, and what is left out for want of OpenVINO GenAI.

    InputError if one of those was asked for by its name, or nothing else is left.
    """
    without = (
        [] if language.has_genai() else [model for model in models if language.is_language(model)]
    )
    if not without:
        return models, ""
    if by_name or len(without) == len(models):
        raise InputError(
            "openvino-genai is not installed, which runs language models",
            where=f"model {without[0].id}",
            remedy=f"pip install 'ovreport[{language.EXTRA}]', or name other models with --model",
        )
    those = "1 language model is" if len(without) == 1 else f"{len(without)} language models are"
    return [model for model in models if not language.is_language(model)], (
        f"{those} left out: OpenVINO GenAI runs them, and is not installed. To measure them too: "
        f"pip install 'ovreport[{language.EXTRA}]'"
    )


def require(engines: Iterable[str]) -> None:
    """Raise InputError if the package of an engine is not installed."""
    for engine in engines:
        framework = FRAMEWORKS.get(engine)
        if framework is not None and importlib.util.find_spec(framework.module) is None:
            raise InputError(
                f"{framework.title} is not installed",
                where=f"--engine {engine}",
                remedy=f"pip install 'ovreport[{engine}]'",
            )


def versions(engines: Iterable[str]) -> dict[str, str]:
    """Return package → version of the native frameworks among the engines, as installed.

    A module may come from a package of another name, such as onnxruntime-gpu.
    """
    wanted = [FRAMEWORKS[engine] for engine in engines if engine in FRAMEWORKS]
    owners = importlib.metadata.packages_distributions() if wanted else {}
    names = sorted({owners.get(f.module, [f.package])[0] for f in wanted})
    return {name: importlib.metadata.version(name) for name in names}


def _suffix(uri: str) -> str:
    return PurePosixPath(uri).suffix.lower()
