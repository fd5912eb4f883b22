"""Fixed computations timed around each round: how fast the machine was just then."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ovreport.parts import Aspect, Count, Part, Positive
from ovreport.samples import check_rounds


class CalibrationTime(Part, frozen=True):
    """One fixed computation, repeated for a tenth of a second."""

    median_ms: Positive
    """What one run of it takes: a run that was interrupted hardly moves it."""
    mean_ms: Positive
    """Time passed by runs done: interruptions count in full."""


class CalibrationRound(Part, frozen=True):
    """The fixed computations, timed just before and just after one round."""

    round: Count
    device_before: CalibrationTime
    """A small model on the case's device."""
    device_after: CalibrationTime
    host_before: CalibrationTime
    """A matrix product on one core of the host."""
    host_after: CalibrationTime


class Calibration(Aspect, frozen=True):
    """How fast the machine was around each round, by computations that are the same for ever."""

    version: Count
    """Of the computations; times of different versions are not comparable."""
    rounds: Annotated[list[CalibrationRound], Meta(min_length=1, max_length=100)]

    def __post_init__(self) -> None:
        check_rounds(self.rounds)
