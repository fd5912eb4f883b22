"""Which variants of a model are measured, and the settings that its optimization gets.

    wanted(model, requested) → names of the variants to measure, the published one first

The variants themselves are listed in `ovreport.variants`. Nothing is optimized here, and NNCF is
not imported: a plan is made without it.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import math
from collections.abc import Iterable, Mapping, Sequence

from ovreport.errors import InputError
from ovreport.variants import OPTIMIZATIONS, Optimization
from ovreport_collector.suite.language import is_language
from ovreport_collector.suite.model import PUBLISHED, Model
from ovreport_collector.tasks import Calibration

PIPELINE_FILE = "openvino_model.xml"
"""What a pipeline of OpenVINO GenAI looks for in a folder."""
SEED = 20
"""Chooses calibration data; not the run's seed, which must not change what is measured."""
MAX_SAMPLES = 160
"""Calibration inputs, at most: each quantization that is tried looks at most of them."""
MAX_SAMPLES_BYTES = 256 * 1024 * 1024
"""What they may take in memory: of a large input there are fewer. Half of it was tried, and taken
back after the accuracy of PP-OCR's detection was seen (77.6 % by 27 inputs, 87.9 % by 54): the one
number here that was not chosen blind."""
MIN_SAMPLES = 16
MAX_SELECTION = 40
"""Calibration inputs that select among quantizations, at most; a fifth of few."""

_IN_FLOATING_POINT: Mapping[str, tuple[str, ...]] = {
    "fp64": (),
    "fp32": (),
    "bf16": ("fp16",),
    "fp16": ("fp16",),
}
"""Weights of a file that can be optimized → what they are as small as already."""

QUANTIZATIONS: tuple[Mapping[str, str], ...] = (
    {},
    {"activations_range": "minmax"},
    {"model_type": "transformer"},
    {"model_type": "transformer", "activations_range": "minmax"},
)
"""Documented settings to try beside a variant's own. By NNCF's defaults the range of an activation
is the mean of the extremes of each input, of whatever layer; `minmax` takes the extremes of all
inputs. The scheme for transformers leaves sums, norms and other element-wise layers in floating
point; what has norms gains by it, be it a transformer or not."""


def possible(model: Model) -> tuple[str, ...]:
    """Return the variants that can be made of a model.

    Of a floating-point model all but what it is already; of a language model, whatever its
    weights, those that leave activations alone.
    """
    if is_language(model):
        return tuple(name for name, how in OPTIMIZATIONS.items() if how.weights_only)
    left_out = _IN_FLOATING_POINT.get(model.variant, tuple(OPTIMIZATIONS))
    return tuple(name for name in OPTIMIZATIONS if name not in left_out)


def is_optimized(model: Model, name: str) -> bool:
    """Return whether a variant of a model is made by an optimization, and not its own file."""
    return name != model.variant and name in OPTIMIZATIONS


def wanted(model: Model, requested: Sequence[str]) -> list[str]:
    """Return the variants of a model to measure: those requested, else what the suite says.

    Of a model that cannot be optimized, the published file alone is wanted.
    """
    names = [model.variant if name == PUBLISHED else name for name in requested]
    names = names or [model.variant, *model.variants]
    available = {model.variant, *possible(model)}
    found = [name for name in dict.fromkeys(names) if name in available]
    found.sort(key=lambda name: is_optimized(model, name))
    return found


def optimized_file_name(model: Model, variant: str) -> str:
    """Return the name of the file of an optimized variant; a pipeline knows but one."""
    if is_language(model):
        return PIPELINE_FILE
    return f"{model.id}-{variant}.xml"


def needs_nncf(model: Model, name: str) -> bool:
    """Return whether NNCF makes this variant of the model."""
    return is_optimized(model, name) and OPTIMIZATIONS[name].package == "nncf"


def is_calibrated(name: str) -> bool:
    """Return whether data are needed to make a variant of that name."""
    how = OPTIMIZATIONS.get(name)
    return how is not None and how.calibrated


def has_nncf() -> bool:
    """Return whether NNCF is installed."""
    return importlib.util.find_spec("nncf") is not None


def require_nncf(names: Iterable[str]) -> None:
    """Raise InputError if one of the variants was requested and NNCF is not installed."""
    if has_nncf():
        return
    for name in names:
        raise InputError(
            f"the variant {name} is made by NNCF, which is not installed",
            where=f"--variant {name}",
            remedy="pip install 'ovreport[nncf]'",
        )


def choose(models: Sequence[Model], requested: Sequence[str]) -> tuple[dict[str, list[str]], str]:
    """Return the variants of each model by its id, and what is left out for want of NNCF.

    InputError if one that was requested cannot be made.
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
    packages = {OPTIMIZATIONS[name].package for name in names if name in OPTIMIZATIONS}
    return {"nncf": nncf_version()} if "nncf" in packages else {}


def nncf_version() -> str:
    """Return the version of NNCF, as installed."""
    return importlib.metadata.version("nncf")


def settings(how: Optimization, calibration: Calibration | None, samples: int) -> dict[str, str]:
    """Return every setting of an optimization that is not the tool's default."""
    found = dict(how.settings)
    if calibration is not None:
        selecting = selection_count(samples)
        found |= {"subset_size": str(samples - selecting), "held_out": str(selecting)}
        found["seed"] = str(SEED)
        if calibration.transformer:
            found["model_type"] = "transformer"
    return found


def selection_count(samples: int) -> int:
    """Return how many of the calibration inputs, the first ones, select among quantizations.

    0 where there are fewer than five.
    """
    return min(MAX_SELECTION, samples // 5)


def quantizations(chosen: Mapping[str, str]) -> list[Mapping[str, str]]:
    """Return the settings to try beside `chosen`, but for those that contradict it."""
    own = chosen.get("model_type")
    return [one for one in QUANTIZATIONS if own is None or one.get("model_type") == own]


def calibration_count(model: Model) -> int:
    """Return how many calibration inputs to ask a task for."""
    sample_bytes = sum(4 * math.prod(shape) for shape in model.shapes.values()) or 1
    return max(MIN_SAMPLES, min(MAX_SAMPLES, MAX_SAMPLES_BYTES // sample_bytes))
