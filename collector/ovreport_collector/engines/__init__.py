"""What runs a model. Only the modules in here import an inference engine."""

from __future__ import annotations

from ovreport_collector.engines.base import Engine

__all__ = ["Engine", "create"]


def create(name: str, plugins: dict[str, str]) -> Engine:
    """Return the engine of that name; called in the measuring process only."""
    if name == "openvino":
        from ovreport_collector.engines.openvino import OpenVino

        return OpenVino(plugins)
    raise ValueError(f"unknown engine {name!r}")
