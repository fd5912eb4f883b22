"""The table of variants: the weights that a model can be measured with, one entry each.

    VARIANTS["int8-weights"].label                       "int8 weights only"
    VARIANTS["int8-weights"].optimization.method         "weight-compression"

A variant is the published file, or what an optimization makes of it; `fp16` and `int8` can be
either. Records name a variant by its key here, and one that is not listed is refused when it is
read. Suites, the command line, the optimizing process and the site look here and nowhere else: to
add a variant, add its entry, and its method to `METHODS` and to the collector's
`models/optimize/run.py` where no method there makes it yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Variant = Literal["fp64", "fp32", "bf16", "fp16", "int8", "int4", "other", "none"]
"""Weights that a published file may have."""
_STORED_AS: Mapping[str, Variant] = {
    "f64": "fp64",
    "f32": "fp32",
    "bf16": "bf16",
    "f16": "fp16",
    "i8": "int8",
    "u8": "int8",
    "i4": "int4",
    "u4": "int4",
}
"""Type of weights, as OpenVINO calls it → variant."""


def stored_as(weights: Mapping[str, int]) -> Variant:
    """Return the variant that a file is, by type → number of weights: what most are stored in."""
    most = max(weights, key=lambda dtype: weights[dtype], default=None)
    return "none" if most is None else _STORED_AS.get(most, "other")


METHODS: Mapping[str, str] = {
    "fp16-compression": "weights stored in fp16",
    "post-training-quantization": "post-training quantization",
    "accuracy-controlled-quantization": "quantization with accuracy control",
    "weight-compression": "weight compression",
}
"""Method of optimization, as records name it → its title."""


@dataclass(frozen=True)
class Optimization:
    """How a variant is made of a published model."""

    method: str
    """Key in `METHODS`."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Parameters that are not the tool's defaults, under the tool's names."""
    calibrated: bool = False
    """Whether it needs real inputs of the model's task."""
    validated: bool = False
    """Whether it needs labelled inputs too, to watch accuracy on."""
    package: str = "nncf"
    """What makes it beside OpenVINO, by its name on the package index; empty: OpenVINO alone."""
    weights_only: bool = False
    """Whether it leaves activations alone, as language models need: their pipelines keep a state,
    which no calibration fills."""


@dataclass(frozen=True)
class VariantInfo:
    """What is known of a variant whatever the model."""

    name: str
    label: str
    """In tables and charts."""
    short: str
    """Beside a mark, where there is little room."""
    phrase: str
    """As the subject of a sentence."""
    optimization: Optimization | None = None
    """None where only published files are of this variant."""


_INT8 = {"preset": "mixed", "overflow_fix": "enable", "ignored_types": "LSTMSequence GRUSequence"}
"""Symmetric weights and asymmetric activations, which fit any activation. Weights of all layers
take half of the range: processors without VNNI (AVX2) add two products in 16 bits, which saturate
otherwise. NNCF's default mends the first layer only: BlazeFace then falls from 94 % to 60 % there,
with this to 92 %. So one file is right on every machine. It does not know recurrent layers:
on AVX2 Silero's state is off by 174 % where its LSTM is quantized, by 27 % where it is left."""

VARIANTS: Mapping[str, VariantInfo] = {
    variant.name: variant
    for variant in (
        VariantInfo("fp64", label="fp64 weights", short="fp64", phrase="FP64"),
        VariantInfo("fp32", label="fp32 weights", short="fp32", phrase="FP32"),
        VariantInfo("bf16", label="bf16 weights", short="bf16", phrase="BF16 weights"),
        VariantInfo(
            "fp16",
            label="fp16 weights",
            short="fp16",
            phrase="FP16 compression",
            optimization=Optimization("fp16-compression", package=""),
        ),
        # Weights and activations.
        VariantInfo(
            "int8",
            label="int8",
            short="int8",
            phrase="INT8",
            optimization=Optimization("post-training-quantization", _INT8, calibrated=True),
        ),
        # The same, with layers left in floating point until the task's metric holds: it may fall
        # by 1 %, as MLPerf's target of 99 % allows.
        VariantInfo(
            "int8-accuracy",
            label="int8, accuracy kept",
            short="int8 kept",
            phrase="accuracy-controlled INT8",
            optimization=Optimization(
                "accuracy-controlled-quantization",
                {**_INT8, "max_drop": "0.01", "drop_type": "relative"},
                calibrated=True,
                validated=True,
            ),
        ),
        VariantInfo(
            "int8-weights",
            label="int8 weights only",
            short="int8 w",
            phrase="INT8 weight compression",
            optimization=Optimization(
                "weight-compression", {"mode": "int8_asym"}, weights_only=True
            ),
        ),
        VariantInfo("int4", label="int4", short="int4", phrase="INT4"),
        # Groups of 128 weights share a scale, as is NNCF's default, and fewer where a layer's
        # channels do not divide into such.
        VariantInfo(
            "int4-weights",
            label="int4 weights only",
            short="int4 w",
            phrase="INT4 weight compression",
            optimization=Optimization(
                "weight-compression",
                {"mode": "int4_sym", "group_size": "128", "group_size_fallback_mode": "adjust"},
                weights_only=True,
            ),
        ),
        # What only computes: resizing, sorting, a postprocessing step.
        VariantInfo("none", label="no weights", short="no weights", phrase="No weights"),
        # Ternary, NF4, 8-bit floats: no suite has one yet.
        VariantInfo("other", label="other weights", short="other", phrase="Another type"),
    )
}
"""Variant by its name, from full to reduced precision."""

OPTIMIZATIONS: Mapping[str, Optimization] = {
    name: variant.optimization for name, variant in VARIANTS.items() if variant.optimization
}
"""Variant that can be made → how."""
