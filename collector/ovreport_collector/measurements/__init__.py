"""Aspects that a round measures in further processes, after its own: one module each.

A `Round` is measured first; then every extra that fits the case does its job in a fresh process
of its own. To add one: a job and its result in `jobs`, its doing in `worker`, a module here, and
a line in `EXTRAS`.
"""

from __future__ import annotations

from ovreport.record import NotMeasured, Skipped, Unsupported
from ovreport_collector.measurements import generation
from ovreport_collector.measurements.base import Around, Extra
from ovreport_collector.measurements.curve.measurement import CurveExtra
from ovreport_collector.measurements.end_to_end.measurement import EndToEndExtra
from ovreport_collector.measurements.no_mmap import NoMmap
from ovreport_collector.measurements.open_loop.measurement import OpenLoopExtra
from ovreport_collector.plan.devices import is_virtual
from ovreport_collector.plan.plan import PlannedCase
from ovreport_collector.prepare.model import PreparedModel

__all__ = [
    "BY_NAME",
    "EXTRAS",
    "SKIPPABLE",
    "Around",
    "Extra",
    "are_left_out",
    "rounds_of",
    "why_not",
]

EXTRAS: tuple[Extra, ...] = (EndToEndExtra(), CurveExtra(), OpenLoopExtra(), NoMmap())
"""In the order in which a round measures them."""

BY_NAME = {extra.name: extra for extra in EXTRAS}
"""By the field of the record that each makes, or adds to."""

SKIPPABLE = (*BY_NAME, generation.SKIP)
"""What `--skip` can leave out."""


def are_left_out(planned: PlannedCase, tier: str) -> bool:
    """Return whether a case has none of the extras.

    Native frameworks are compared in what a round itself measures. A variant made here answers how
    fast and how right it is; a quick look leaves it at that.
    """
    return planned.is_native or (planned.is_optimized and tier == "quick")


def why_not(
    extra: Extra, planned: PlannedCase, prepared: PreparedModel, tier: str
) -> NotMeasured | None:
    """Return why a case does not have an extra aspect; None where it has.

    A device that hands the work to others has no streams of its own, and one that collects batches
    would only wait for them.
    """
    if planned.is_native:
        return Unsupported(reason="measured of OpenVINO only")
    if are_left_out(planned, tier):
        return Skipped(
            reason=f"at tier {tier} measured of the published {planned.model.variant} only"
        )
    if extra.name in _OF_STREAMS and is_virtual(planned.case.device):
        return Unsupported(
            reason="this device hands the work to others",
            remedy="Measure each of its devices by itself.",
        )
    return extra.why_not(planned, prepared)


def rounds_of(extra: Extra, tier: str) -> int:
    """Return in how many rounds an extra is measured; five are the fewest that may be compared.

    At quick the costly ones run once, which has no interval: five rounds of them took most of a
    collect.
    """
    return _ROUNDS_OF_A_START[tier] if extra.name == NoMmap.name else _ROUNDS[tier]


_OF_STREAMS = frozenset({"curve", "open_loop"})
_ROUNDS = {"quick": 1, "standard": 5, "publish": 7}
_ROUNDS_OF_A_START = {"quick": 5, "standard": 5, "publish": 7}
"""A start is cheap."""
