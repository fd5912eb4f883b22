"""Base types of a record, its vocabularies, and the ways of not being measured."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from ovreport.engines import ENGINES
from ovreport.variants import VARIANTS

__all__ = [
    "Batch",
    "Cause",
    "Completed",
    "Count",
    "EngineId",
    "Failed",
    "Family",
    "Finite",
    "Level",
    "Measured",
    "NotMeasured",
    "Outcome",
    "Part",
    "Positive",
    "Precision",
    "Reason",
    "Share",
    "Skipped",
    "Slug",
    "Text",
    "TierName",
    "Unsupported",
    "VariantName",
    "Verdict",
    "VerdictName",
]

Text = Annotated[str, Meta(max_length=20_000)]
# In Python `$` alone also matches before a final newline.
Slug = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]*$(?!\n)", max_length=80)]
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Batch = Annotated[int, Meta(ge=1, le=2**20)]
Finite = Annotated[float, Meta(ge=-1e300, le=1e300)]
Positive = Annotated[float, Meta(ge=0, le=1e300)]
Share = Annotated[float, Meta(ge=-0.001, le=1.001)]

Precision = Literal["f32", "f16", "bf16", "default"]
EngineId = Annotated[Slug, Meta(extra_json_schema={"enum": list(ENGINES)})]
"""Key in `ovreport.engines.ENGINES`; a record of any other is refused when it is read."""
VariantName = Annotated[Slug, Meta(extra_json_schema={"enum": list(VARIANTS)})]
"""Key in `ovreport.variants.VARIANTS`; a record of any other is refused when it is read."""
TierName = Literal["quick", "standard", "publish"]
Family = Literal["CPU", "iGPU", "dGPU", "NPU", "other"]
Level = Literal["stable", "noisy", "unreliable"]
Cause = Literal["error", "crash", "timeout", "killed", "wrong-output"]


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a record: frozen, named fields only, nothing unknown."""


class Measured(Part, frozen=True, tag_field="status", tag="measured"):
    """A measurement that was taken; the types below say why one was not."""


# ---------------------------------------------------------------- not measured, and why


class Unsupported(Part, frozen=True, tag_field="status", tag="unsupported"):
    """The device, the model or the machine cannot do this."""

    reason: Text
    remedy: Text = ""


class Failed(Part, frozen=True, tag_field="status", tag="failed"):
    """It was tried and went wrong."""

    reason: Text
    cause: Cause
    stderr_tail: Text = ""
    """The end of what the measuring process wrote to stderr."""


class Skipped(Part, frozen=True, tag_field="status", tag="skipped"):
    """It was not tried."""

    reason: Text


class Completed(Part, frozen=True, tag_field="status", tag="completed"):
    """The case ran; each measurement says how it went."""


NotMeasured = Unsupported | Failed | Skipped
Outcome = Completed | Unsupported | Failed


# ---------------------------------------------------------------- verdict


class Reason(Part, frozen=True):
    """One reason not to trust a number."""

    code: Slug
    """Key in `ovreport.metrics.reasons.REASONS`."""
    detail: Text


VerdictName = Literal["latency", "throughput", "time_to_first_token", "time_per_output_token"]
"""What has a verdict."""


class Verdict(Part, frozen=True):
    """Whether a number can be trusted."""

    level: Level
    reasons: list[Reason]
