"""The variants of a model that are made here: by which method, with which settings.

    wanted(model, asked) -> names of the variants to measure, the published one first

Nothing is optimized here, and NNCF is not imported: a plan is made without it.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast, get_args

from ovreport.errors import InputError
from ovreport.record.base import VariantName
from ovreport_collector.suite.language import is_language
from ovreport_collector.suite.model import PUBLISHED, MadeVariant, Model
from ovreport_collector.tasks import Calibration

PIPELINES_NETWORK = "openvino_model.xml"
"""What a pipeline of OpenVINO GenAI looks for in a folder."""
SEED = 20
"""Chooses calibration data; not the run's seed, which must not change what is measured."""
SAMPLES = 160
"""Calibration inputs, at most: each way of quantizing looks at most of them."""
SAMPLES_BYTES = 256 * 1024 * 1024
"""What they may take in memory: of a large input there are fewer. Half of it was tried, and taken
back after the accuracy of PP-OCR's detection was seen (77.6 % by 27 inputs, 87.9 % by 54): the one
number here that was not chosen blind."""
FEWEST = 16
JUDGING = 40
"""Calibration inputs that choose among ways of quantizing, at most; a fifth of few."""

METHODS = (
    "fp16-compression",
    "post-training-quantization",
    "accuracy-controlled-quantization",
    "weight-compression",
)
"""Ways of optimizing a model, as a record names them."""


@dataclass(frozen=True)
class Optimization:
    """How a variant is made."""

    method: str
    settings: Mapping[str, str] = field(default_factory=dict)
    """Parameters of NNCF that are not its defaults, under its names."""
    calibrated: bool = False
    validated: bool = False
    needs_nncf: bool = True


_INT8 = {
    "preset": "mixed",
    "overflow_fix": "enable",
    "ignored_types": "LSTMSequence GRUSequence",
}
"""Symmetric weights and asymmetric activations, which fit any activation. Weights of all layers
take half of the range: processors without VNNI (AVX2) add two products in 16 bits, which saturate
otherwise. NNCF's default mends the first layer only: BlazeFace then falls from 94 % to 60 % there,
with this to 92 %. So one file is right on every machine. It does not know recurrent layers:
on AVX2 Silero's state is off by 174 % where its LSTM is quantized, by 27 % where it is left."""

WAYS: tuple[Mapping[str, str], ...] = (
    {},
    {"activations_range": "minmax"},
    {"model_type": "transformer"},
    {"model_type": "transformer", "activations_range": "minmax"},
)
"""Documented ways of quantizing, beside those settings: by NNCF's defaults the range of an
activation is the mean of the extremes of each input, of whatever layer. `minmax` takes the extremes
of all inputs. The scheme for transformers leaves sums, norms and other element-wise layers in
floating point; what has norms gains by it, be it a transformer or not."""

OPTIMISATIONS: dict[MadeVariant, Optimization] = {
    "fp16": Optimization(METHODS[0], needs_nncf=False),
    "int8": Optimization(METHODS[1], _INT8, calibrated=True),
    "int8-accuracy": Optimization(
        METHODS[2],
        {**_INT8, "max_drop": "0.01", "drop_type": "relative"},
        calibrated=True,
        validated=True,
    ),
    "int8-weights": Optimization(METHODS[3], {"mode": "int8_asym"}),
    "int4-weights": Optimization(
        METHODS[3],
        {"mode": "int4_sym", "group_size": "128", "group_size_fallback_mode": "adjust"},
    ),
}
"""Variant → how it is made. The drop of 1 % is MLPerf's target of 99 %. Groups of 128 weights share
a scale, as is NNCF's default, and fewer where a layer's channels do not divide into such."""


def possible(model: Model) -> tuple[MadeVariant, ...]:
    """Return the variants that can be made of a model.

    Of a floating-point model all; of a language model, whatever its weights, those of the weights
    alone: its pipeline keeps a state, which no calibration here fills.
    """
    if is_language(model):
        return tuple(n for n, how in OPTIMISATIONS.items() if how.method == METHODS[3])
    return tuple(OPTIMISATIONS) if model.variant == "fp32" else ()


def is_made(model: Model, name: str) -> bool:
    """Return whether a variant of a model is made here, and not the published file itself."""
    return name != model.variant and name in get_args(MadeVariant)


def wanted(model: Model, requested: Sequence[str]) -> list[VariantName]:
    """Return the variants of a model to measure: what was asked for, else what the suite says.

    Of a model that cannot be optimized, the published file alone is wanted.
    """
    names = [model.variant if name == PUBLISHED else name for name in requested]
    names = names or [model.variant, *model.variants]
    may_be = {model.variant, *possible(model)}
    found = [name for name in dict.fromkeys(names) if name in may_be]
    found.sort(key=lambda name: is_made(model, name))
    return found


def made_name(model: Model, variant: str) -> str:
    """Return the name of the file of a variant that is made here; a pipeline knows but one."""
    if is_language(model):
        return PIPELINES_NETWORK
    return f"{model.id}-{variant}.xml"


def needs_nncf(model: Model, name: str) -> bool:
    """Return whether NNCF makes this variant of the model."""
    return is_made(model, name) and OPTIMISATIONS[cast("MadeVariant", name)].needs_nncf


def is_calibrated(name: str) -> bool:
    """Return whether data are needed to make a variant of that name."""
    how = OPTIMISATIONS.get(cast("MadeVariant", name))
    return how is not None and how.calibrated


def has_nncf() -> bool:
    """Return whether NNCF is installed."""
    return importlib.util.find_spec("nncf") is not None


def require_nncf(names: Iterable[str]) -> None:
    """Raise InputError if one of the variants was asked for and NNCF is not installed."""
    if has_nncf():
        return
    for name in names:
        raise InputError(
            f"the variant {name} is made by NNCF, which is not installed",
            where=f"--variant {name}",
            remedy="pip install 'ovreport[nncf]'",
        )


def choose(
    models: Sequence[Model], requested: Sequence[str]
) -> tuple[dict[str, list[VariantName]], str]:
    """Return the variants of each model by its id, and what is left out for want of NNCF.

    InputError if one that was asked for cannot be made.
    """
    chosen = {model.id: wanted(model, requested) for model in models}
    by_nncf = [(m, name) for m in models for name in chosen[m.id] if needs_nncf(m, name)]
    if requested:
        require_nncf(name for _, name in by_nncf)
    if has_nncf() or not by_nncf:
        return chosen, ""
    for model, name in by_nncf:
        chosen[model.id].remove(name)
    those = "1 variant is" if len(by_nncf) == 1 else f"{len(by_nncf)} variants are"
    return chosen, (
        f"{those} left out: NNCF makes them, and is not installed. To measure them too: "
        "pip install 'ovreport[nncf]'"
    )


def versions(names: Iterable[str]) -> dict[str, str]:
    """Return package → version of what makes these variants beside OpenVINO."""
    named = set(names)
    makers = (how for name, how in OPTIMISATIONS.items() if name in named)
    return {"nncf": nncf_version()} if any(how.needs_nncf for how in makers) else {}


def nncf_version() -> str:
    """Return the version of NNCF, as installed."""
    return importlib.metadata.version("nncf")


def settings(how: Optimization, calibration: Calibration | None, samples: int) -> dict[str, str]:
    """Return every setting of an optimization that is not the tool's default."""
    found = dict(how.settings)
    if calibration is not None:
        judging = held_out(samples)
        found |= {"subset_size": str(samples - judging), "held_out": str(judging)}
        found["seed"] = str(SEED)
        if calibration.transformer:
            found["model_type"] = "transformer"
    return found


def held_out(samples: int) -> int:
    """Return how many of the calibration inputs choose among ways, the first ones; 0 of few."""
    return min(JUDGING, samples // 5)


def ways(chosen: Mapping[str, str]) -> list[Mapping[str, str]]:
    """Return the ways to try beside settings; those that contradict a task's own are left out."""
    own = chosen.get("model_type")
    return [way for way in WAYS if own is None or way.get("model_type") == own]


def sample_count(model: Model) -> int:
    """Return how many calibration inputs to ask a task for."""
    one = sum(4 * math.prod(shape) for shape in model.shapes.values()) or 1
    return max(FEWEST, min(SAMPLES, SAMPLES_BYTES // one))
