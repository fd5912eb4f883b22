"""Checks that an optimized model holds what its optimization makes."""

from __future__ import annotations

from typing import Any

from ovreport_collector.models.optimize.request import OptimizeRequest

_STORED_AS = {"int8_asym": {"i8", "u8"}, "int4_sym": {"i4", "u4"}}
"""Mode of weight compression → the types of constants that it gives; others: the mode itself."""


def is_quantized(model: Any) -> bool:  # noqa: ANN401 (openvino ships no types)
    """Return whether any activation of an `openvino.Model` is computed in eight bits."""
    return any(op.get_type_name() == "FakeQuantize" for op in model.get_ops())


def check_optimized(model: Any, job: OptimizeRequest) -> None:  # noqa: ANN401
    """Raise ValueError if an `openvino.Model` holds nothing of what the job's method makes.

    Otherwise the unchanged model would be measured under the name of a variant.
    """
    if job.method.endswith("quantization"):
        if not is_quantized(model):
            within = " within the limit of accuracy" if "max_drop" in job.settings else ""
            raise ValueError(f"not supported: no layer of this model could be quantized{within}")
        return
    constants = (op for op in model.get_ops() if op.get_type_name() == "Constant")
    types = {op.get_output_element_type(0).to_string() for op in constants}
    mode = job.settings.get("mode", "f16")
    if types.isdisjoint(_STORED_AS.get(mode, {mode})):
        raise ValueError(f"not supported: no weights of this model could be stored as {mode}")
