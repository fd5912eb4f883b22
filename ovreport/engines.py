"""The table of engines: everything that can run a model, one line each.

    ENGINES["litert"].title                              "LiteRT"
    [engine.id for engine in of_kind("native")]          "onnxruntime", "litert"

A record names its engine by `id`; a record of an engine that is not listed here is refused when
it is read. The command line, the plan, the measuring process and the site look here and nowhere
else. To add an engine: write its adapter, a module of the collector with a function
`create(target)`, and add its line below.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import Literal

Kind = Literal["openvino", "native", "generation"]
"""`openvino`: the engine under test. `native`: the framework that a model comes from, measured on
the CPU beside OpenVINO. `generation`: runs language models, token by token."""


@dataclass(frozen=True)
class EngineInfo:
    """What is known of an engine without importing it."""

    id: str
    title: str
    kind: Kind
    adapter: str
    """Module of the collector that drives it, imported in the measuring process only."""
    module: str
    """What Python imports; where it is not found, the engine is not installed."""
    package: str
    """Name on the package index."""
    suffixes: tuple[str, ...]
    """Of the model files that it reads."""
    extra: str = ""
    """Extra of ovreport that installs it, where there is one."""

    @property
    def is_installed(self) -> bool:
        """Whether Python finds it here."""
        return importlib.util.find_spec(self.module) is not None

    @property
    def install(self) -> str:
        """The command that installs it."""
        return (
            f"pip install 'ovreport[{self.extra}]'" if self.extra else f"pip install {self.package}"
        )


ADAPTERS = "ovreport_collector.engines"
OPENVINO = "openvino"
GENAI = "openvino-genai"
"""Runs language models where no other engine is asked for."""

ENGINES: dict[str, EngineInfo] = {
    engine.id: engine
    for engine in (
        EngineInfo(
            id=OPENVINO,
            title="OpenVINO",
            kind="openvino",
            adapter=f"{ADAPTERS}.openvino.engine",
            module="openvino",
            package="openvino",
            suffixes=(".onnx", ".xml", ".tflite", ".pb"),
        ),
        EngineInfo(
            id="onnxruntime",
            title="ONNX Runtime",
            kind="native",
            adapter=f"{ADAPTERS}.onnxruntime",
            module="onnxruntime",
            package="onnxruntime",
            suffixes=(".onnx",),
            extra="onnxruntime",
        ),
        EngineInfo(
            id="litert",
            title="LiteRT",
            kind="native",
            adapter=f"{ADAPTERS}.litert",
            module="ai_edge_litert",
            package="ai-edge-litert",
            suffixes=(".tflite",),
            extra="litert",
        ),
        EngineInfo(
            id=GENAI,
            title="OpenVINO GenAI",
            kind="generation",
            adapter=f"{ADAPTERS}.openvino_genai",
            module="openvino_genai",
            package="openvino-genai",
            suffixes=(".gguf", ".xml"),
            extra="genai",
        ),
    )
}
"""Engine by its id."""


def of_kind(kind: Kind) -> list[EngineInfo]:
    """Return the engines of a kind, in the order of the table."""
    return [engine for engine in ENGINES.values() if engine.kind == kind]
