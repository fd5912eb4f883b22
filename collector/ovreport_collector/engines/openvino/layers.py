"""What OpenVINO really runs, layer by layer, from the runtime model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ovreport.record import LayerCount
from ovreport_collector.engines.layers import computes, counted

_PRECISIONS = {"f64", "f32", "f16", "bf16", "i64", "i32", "i8", "u8", "i4", "u4"}
_NOT_LAYERS = ("const", "input", "output", "parameter", "result")


def layers(runtime_model: Any, devices: Sequence[str]) -> list[LayerCount]:
    """Return the layers of a runtime model by device, precision and whether they compute."""
    counts: Counter[tuple[str, str, bool]] = Counter()
    for op in runtime_model.get_ordered_ops():
        info = op.get_rt_info()
        kind = _info(info, "layerType").lower()
        if not kind or kind.startswith(_NOT_LAYERS):
            continue
        device = _info(info, "affinity") or (devices[0] if len(devices) == 1 else "unknown")
        precision = _layer_precision(info)
        counts[device, precision, computes(kind)] += 1
    return counted(counts)


def _info(info: Any, key: str) -> str:
    return str(info[key].astype(str)) if key in info else ""


def _layer_precision(info: Any) -> str:
    """Return the precision that a layer computes in.

    The kernel's name ends in it (`brgconv_avx512_f32`). The property runtimePrecision looks at the
    weights too: it says f16 of an f32 convolution whose weights are stored as f16.
    """
    suffix = _precision(_info(info, "primitiveType").rpartition("_")[2])
    return suffix if suffix in _PRECISIONS else _precision(_info(info, "runtimePrecision"))


def _precision(name: str) -> str:
    known = {"fp32": "f32", "fp16": "f16", "int8": "i8", "uint8": "u8", "undefined": "unknown"}
    return known.get(name.lower(), name.lower()) or "unknown"
