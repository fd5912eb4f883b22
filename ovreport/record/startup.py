"""Start-up: from a process that has imported the engine to the first answer."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ovreport.record.base import Count, Measured, Part, Positive
from ovreport.record.histogram import check_rounds

__all__ = ["Startup", "StartupCached", "StartupRound"]


class StartupRound(Part, frozen=True):
    """From a process that has imported the engine to the first answer."""

    round: Count
    read_ms: Positive
    compile_ms: Positive
    first_inference_ms: Positive


class Startup(Measured, frozen=True):
    """Cold start: read, compile, first inference, no model cache."""

    rounds: Annotated[list[StartupRound], Meta(min_length=1, max_length=100)]

    def __post_init__(self) -> None:
        check_rounds(self.rounds)


class StartupCached(Measured, frozen=True):
    """Start from a model cache; every round reported LOADED_FROM_CACHE."""

    rounds: Annotated[list[StartupRound], Meta(min_length=1, max_length=100)]
    cache_bytes: Count

    def __post_init__(self) -> None:
        check_rounds(self.rounds)
