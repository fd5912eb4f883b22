"""Reading the model a second time in one process."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ovreport.record.base import Count, Measured, Part, Positive
from ovreport.record.histogram import check_rounds

__all__ = ["SecondRead", "SecondReadRound"]


class SecondReadRound(Part, frozen=True):
    """One second read."""

    round: Count
    read_ms: Positive


class SecondRead(Measured, frozen=True):
    """Reads of a model that the process has read before."""

    rounds: Annotated[list[SecondReadRound], Meta(min_length=1, max_length=100)]

    def __post_init__(self) -> None:
        check_rounds(self.rounds)
