"""The registry: the two workloads, and the further measurements in the order they are made.

`--skip`, the journal, the fields of a record and the expected time come from these. To add a
measurement, write its folder and name it in `MEASUREMENTS`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ovreport.device_names import is_virtual
from ovreport.record import NotMeasured, Skipped, Tier, Unsupported
from ovreport_collector.measurements.base import SEE_GENERATION, VISITS, Measurement, Workload
from ovreport_collector.measurements.curve.measurement import CurveMeasurement
from ovreport_collector.measurements.end_to_end.measurement import EndToEndMeasurement
from ovreport_collector.measurements.generation import measurement as generation
from ovreport_collector.measurements.generation import published
from ovreport_collector.measurements.inference.measurement import Inference
from ovreport_collector.measurements.no_mmap.measurement import NoMmap
from ovreport_collector.measurements.open_loop.measurement import OpenLoopMeasurement
from ovreport_collector.measurements.startup.measurement import CachedStart
from ovreport_collector.plan.plan import PlannedCase
from ovreport_collector.prepare.model import PreparedModel

MEASUREMENTS: tuple[Measurement[Any], ...] = (
    CachedStart(),
    EndToEndMeasurement(),
    CurveMeasurement(),
    OpenLoopMeasurement(),
    NoMmap(),
)
"""In the order in which they are made after a process of a case, each in one of its own."""

BY_NAME = {measurement.name: measurement for measurement in MEASUREMENTS}

SKIPPABLE = (*BY_NAME, generation.SKIP, published.SKIP)
"""What `--skip` can leave out."""

_INFERENCE, _GENERATION = Inference(), generation.Generation()


def workload(planned: PlannedCase) -> Workload[Any]:
    """Return what the processes of a case measure themselves."""
    return _GENERATION if planned.is_language else _INFERENCE


def why_not(
    measurement: Measurement[Any], planned: PlannedCase, prepared: PreparedModel, tier: Tier
) -> NotMeasured | None:
    """Return why a case does not have a measurement; None where it has.

    Native frameworks are compared in what a process itself measures. A quick look asks only how
    fast and how accurate a variant made here is, and measures the rest at one precision: the
    device's default, which is what a user gets.
    """
    return (
        _why_no_such_case(measurement, planned)
        or measurement.why_not(planned, prepared)
        or _why_not_at(tier, measurement, planned)
    )


def why_never(
    measurement: Measurement[Any], planned: PlannedCase, tier: Tier
) -> NotMeasured | None:
    """Return why a case can never have a measurement, whatever its model is; None where it may."""
    return _why_no_such_case(measurement, planned) or _why_not_at(tier, measurement, planned)


def _why_no_such_case(measurement: Measurement[Any], planned: PlannedCase) -> NotMeasured | None:
    """Return why no case of this kind has a measurement."""
    if planned.is_language:
        return SEE_GENERATION
    if planned.is_native and not measurement.for_all_cases:
        return Unsupported(reason="measured of OpenVINO only")
    if measurement.needs_streams and is_virtual(planned.case.device):
        return Unsupported(
            reason="this device hands the work to others",
            remedy="Measure each of its devices by itself.",
        )
    return None


def _why_not_at(
    tier: Tier, measurement: Measurement[Any], planned: PlannedCase
) -> NotMeasured | None:
    """Return why a tier measures other cases only."""
    if tier.name != "quick" or measurement.for_all_cases:
        return None
    if planned.is_optimized:
        only = f"of the published {planned.model.variant} only"
    elif planned.also_at_default:
        only = "at the default precision only"
    else:
        return None
    return Skipped(reason=f"at tier {tier.name} measured {only}")


def expected(
    planned: PlannedCase, tier: Tier, index: int, inference_s: float, skip: Sequence[str] = ()
) -> Iterator[tuple[str, float]]:
    """Yield what is done in process `index` of a case and after it, and about how many seconds.

    `inference_s` is about what an inference takes. It is not known yet which measurements the
    prepared model has: those that it may have are counted.
    """
    own = workload(planned)
    for one in own.passes(dict.fromkeys(VISITS, tier.rounds_per_process)):
        yield own.kind(one, index), own.step_s(one, tier, index, inference_s, skip=skip)
    for measurement in MEASUREMENTS:
        if measurement.name in skip or index >= measurement.rounds(tier):
            continue
        if why_never(measurement, planned, tier) is None and measurement.fits(planned.model):
            yield measurement.name, measurement.seconds(tier, inference_s)
