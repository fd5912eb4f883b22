"""Which engines of `ovreport.engines` a model is measured with, and whether they are installed.

No engine is imported here; that is left to the measuring process.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from ovreport.engines import ENGINES, GENAI, OPENVINO, of_kind
from ovreport.errors import InputError
from ovreport_collector.suite import language
from ovreport_collector.suite.model import Model

NATIVE = "native"
"""Requests the framework that a model's file belongs to."""
NATIVE_DEVICE = "CPU"
"""Where native frameworks run: on the same device as OpenVINO's CPU plugin."""
CHOICES = (*ENGINES, NATIVE)
"""What can be requested on the command line."""


def engines_for(model: Model, requested: Sequence[str]) -> list[str]:
    """Return the engines that a model is measured with, of those requested (none: OpenVINO's).

    A language model is run by engines that generate, and by none of the others.
    """
    if not language.is_language(model):
        return engines_of(model.file.uri, requested)
    named = [GENAI if name == OPENVINO else name for name in requested or (OPENVINO,)]
    generating = {engine.id for engine in of_kind("generation")}
    return list(dict.fromkeys(name for name in named if name in generating))


def engines_of(uri: str, requested: Sequence[str]) -> list[str]:
    """Return the engines that a model's file is measured with; `native`: the one that fits it.

    A framework that is requested by its name is kept even if it cannot read the file: the record of
    the failed case says so.
    """
    suffix = PurePosixPath(uri).suffix.lower()
    fitting = [f.id for f in of_kind("native") if suffix in f.suffixes]
    found: list[str] = []
    for name in requested or (OPENVINO,):
        found += fitting if name == NATIVE else [name]
    return [name for name in dict.fromkeys(found) if ENGINES[name].kind != "generation"]


def runnable(models: Sequence[Model], *, by_name: bool) -> tuple[Sequence[Model], str]:
    """Return the models that can be run here, and a sentence about those that are left out.

    Language models need OpenVINO GenAI. InputError if it is missing, and one of them was requested
    by its name or there is no other model.
    """
    engine = ENGINES[GENAI]
    runs = [m for m in models if engine.is_installed or not language.is_language(m)]
    missing = [model for model in models if model not in runs]
    if not missing:
        return models, ""
    if by_name or not runs:
        raise InputError(
            f"{engine.title} is not installed, which runs language models",
            where=f"model {missing[0].id}",
            remedy=f"{engine.install}, or name other models with --model",
        )
    those = "1 language model is" if len(missing) == 1 else f"{len(missing)} language models are"
    return runs, (
        f"{those} left out, because {engine.title} is not installed. To measure them too: "
        f"{engine.install}"
    )


def require(engines: Iterable[str]) -> None:
    """Raise InputError if the package of an engine is not installed."""
    for engine in map(ENGINES.__getitem__, engines):
        if not engine.is_installed:
            raise InputError(
                f"{engine.title} is not installed",
                where=f"--engine {engine.id}",
                remedy=engine.install,
            )


def versions(engines: Iterable[str]) -> dict[str, str]:
    """Return package → version, as installed, of the engines other than OpenVINO itself.

    A module may come from a package of another name, such as onnxruntime-gpu.
    """
    named = set(engines)
    others = [ENGINES[name] for name in named - {OPENVINO, GENAI}]
    owners = importlib.metadata.packages_distributions() if others else {}
    names = sorted({owners.get(engine.module, [engine.package])[0] for engine in others})
    found = {name: importlib.metadata.version(name) for name in names}
    return found | language.versions(named)
