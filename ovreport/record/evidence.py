"""What went on while the case was measured: the machine, failed rounds, and the time it took."""

from __future__ import annotations

from ovreport.record.base import Cause, Count, Finite, Measured, Part, Positive, Text

__all__ = ["FailedRound", "MeasuringTime", "RoundNoise"]


_ROUNDING = 1e-3


class RoundNoise(Part, frozen=True):
    """Evidence about the machine while one round ran."""

    round: Count
    started_at: Text
    readings: dict[str, Finite]
    """Keys: `ovreport.metrics.evidence.READINGS`; only what could be read is here."""


class FailedRound(Part, frozen=True):
    """A round that went wrong; the others are kept, and the verdict says so."""

    round: Count
    reason: Text
    cause: Cause


class MeasuringTime(Measured, frozen=True):
    """What the collecting of this case took, and how much of it was measuring.

    Of finished steps only: a round that a crash cut short left no trace. Fetching is left out.
    """

    wall_s: Positive
    """All processes of the case, and what lies between them: outputs, pilot, rounds, extras."""
    measuring_s: Positive
    """Of it: timed loops, their warm-up and idle baselines, timed starts."""

    def __post_init__(self) -> None:
        if self.measuring_s > self.wall_s * (1 + _ROUNDING):
            raise ValueError("measuring_s is more than wall_s")
