"""What runs a model. Only the modules in here import an inference engine."""

from __future__ import annotations

from ovreport_collector.engines.base import Engine
from ovreport_collector.engines.types import Target

__all__ = ["Engine", "create"]


def create(target: Target) -> Engine:
    """Return the engine that a target names; called in the measuring process only."""
    match target.engine:
        case "openvino":
            from ovreport_collector.engines.openvino.engine import OpenVino

            return OpenVino(target.plugins)
        case "onnxruntime":
            from ovreport_collector.engines.onnxruntime import OnnxRuntime

            return OnnxRuntime(target)
        case "litert":
            from ovreport_collector.engines.litert import LiteRt

            return LiteRt(target.thread_settings)
        case "pytorch":
            from ovreport_collector.engines.pytorch import PyTorch

            return PyTorch(target.thread_settings)
    raise ValueError(f"unknown engine {target.engine!r}")
