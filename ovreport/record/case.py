"""What was measured: the case, for how long, with which inputs; and the commands to repeat it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ovreport.engines import ENGINES
from ovreport.record.base import (
    Count,
    EngineId,
    Part,
    Positive,
    Precision,
    Slug,
    Text,
    TierName,
    VariantName,
)
from ovreport.record.model import Checksum

__all__ = ["Case", "InputData", "Repeat", "Tier", "UserDataset"]


class Case(Part, frozen=True):
    """Engine × device × model × variant × requested precision, on one machine."""

    engine: EngineId
    device: Text
    """OpenVINO device string as requested: CPU, GPU.0, AUTO:GPU,CPU."""
    model: Slug
    variant: VariantName
    precision: Precision
    """INFERENCE_PRECISION_HINT requested; `default` leaves the choice to the device.
    Native frameworks: f32, in which they compute what is not quantized."""

    @property
    def is_native(self) -> bool:
        """Whether a native framework runs it, and not OpenVINO."""
        return ENGINES[self.engine].kind == "native"

    @property
    def is_language(self) -> bool:
        """Whether it is of a language model, which generates tokens."""
        return ENGINES[self.engine].kind == "generation"


class Tier(Part, frozen=True):
    """How long to measure. Both time and count must be met; the cap bounds slow models.

    A case is measured in several fresh processes, and in each of them in several rounds: short
    timed loops, between which the other cases have theirs.
    """

    name: TierName
    min_seconds: Positive
    """Of one timed loop in one round."""
    min_inferences: Count
    """Of one timed loop in one round."""
    max_seconds: Positive
    """Cap of one timed loop."""
    processes: Count
    max_processes: Count
    """Processes are added up to here while a headline is not known well enough."""
    rounds_per_process: Annotated[int, Meta(ge=1, le=100)]
    is_custom: bool = False
    """Whether the user chose other numbers than the tier of this name has."""

    @property
    def rounds(self) -> int:
        """The rounds of the fewest processes."""
        return self.processes * self.rounds_per_process


class UserDataset(Part, frozen=True):
    """A user's own data, which nobody else can fetch: what they are, never where they lie."""

    name: Slug
    """Of the dataset in the suite: `--dataset NAME=PATH`."""
    title: Text
    layout: Slug
    """How it is laid out: `imagenet`, `coco`, `glue-tsv`."""
    n: Count
    """Samples in the whole of it; each accuracy has its own n."""
    checksum: Checksum
    """SHA-256 of names, sizes and labels."""


class InputData(Part, frozen=True):
    """What the model was fed while it was timed."""

    description: Text
    distinct: Count
    """Number of different inputs that were rotated."""
    seed: Count
    version: Annotated[int, Meta(ge=1)] = 1
    """Of the task: of which inputs it makes, and of how it scores outputs."""
    user_datasets: list[UserDataset] = []
    """The user's own data behind inputs and accuracy; empty where all was fetched or generated."""


class Repeat(Part, frozen=True):
    """Commands that measure this case again."""

    ovreport: Text
    benchmark_app: Text
    """What comes nearest to the latency with OpenVINO's own tool, in the folder of the model's
    file; empty for other engines. Pages print what `ovreport.repeat` makes of the case."""
