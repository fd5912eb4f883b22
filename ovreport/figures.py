"""Metric values as rows of a table: each with its case, and with all that it takes to weigh it.

The site's `data/figures-MACHINE.csv.gz` and `ovreport.load(…).figures()` have these rows,
and the names of their columns.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from ovreport.metrics import METRICS, MetricValue, MetricValues
from ovreport.metrics.metric import Metric
from ovreport.record import Execution, Failed, NotMeasured, Record, Unsupported, variant_of


class Figure(Struct, frozen=True, kw_only=True):
    """One value of one case, or why there is none."""

    machine: str
    """The machine's id."""
    device: str
    """OpenVINO device string: CPU, GPU.0, AUTO:GPU,CPU."""
    device_full_name: str
    family: str
    """CPU, iGPU, dGPU, NPU or other."""
    processors_available: float
    """Processors that affinity and cgroup limits left to the measuring processes."""
    processors: int
    """Those of the machine."""
    engine: str
    model: str
    model_sha256: str
    """Of the model as published: models of one id with different checksums are different ones."""
    variant: str
    """The weights: fp32, int8 …"""
    precision_requested: str
    precision_executed: str
    """Read back from the compiled model; `unverified` where that was not possible."""
    architecture_only: bool
    """The weights are constant: speed is real, outputs mean nothing."""
    tier: str
    measured_at: str
    """Time in UTC, ISO 8601."""
    openvino: str
    """OpenVINO's full build string."""
    current: bool
    """Whether the record is the newest of its case; the others are history."""
    metric: str = ""
    """Key of the metric, such as `latency_ms`."""
    label: str = ""
    """What the metric is called."""
    unit: str = ""
    """Unit of `value`, `low` and `high`."""
    better: str = ""
    """`lower` or `higher`."""
    kind: str = ""
    """`undisturbed` (what quiet rounds agree on), `observed` (over all rounds, where there is no
    such value), `measured`, `range` (the ends are the lowest and the highest round), `bound` (a
    percentile's, at 99 % confidence) or `missing`: there is none."""
    value: float | None = None
    low: float | None = None
    """Low end of the 95 % interval, or what `kind` says; equal to the value where that is itself a
    bound."""
    high: float | None = None
    rounds: int | None = None
    n: int | None = None
    """Samples behind the value."""
    verdict: str = ""
    """stable, noisy or unreliable."""
    reasons: str = ""
    """Codes of what speaks against the value, separated by spaces."""
    missing: str = ""
    """Why there is no value: failed, unsupported or skipped, and the reason."""
    repeat: str = ""
    """The command that measures the case again."""
    arm: str = ""
    """Which release or settings it is of, in a run that measured several by turns."""


def figures_of(record: Record, values: MetricValues, *, current: bool) -> Iterator[Figure]:
    """Return a row for each of a record's metric values, and for each that is missing."""
    return rows_of(case_of(record, current=current), values)


def rows_of(case: Figure, values: MetricValues) -> Iterator[Figure]:
    """Yield a row for each value of a case; `case` has the columns that they share."""
    for key, value in values.items():
        yield _figure(case, METRICS[key], value)


def case_of(record: Record, *, current: bool) -> Figure:
    """Return the columns that all rows of a record share."""
    case, execution = record.case, record.execution
    executed = execution.precision if isinstance(execution, Execution) else "unknown"
    return Figure(
        machine=record.machine.id,
        device=case.device,
        device_full_name=record.device.full_name,
        family=record.device.family,
        processors_available=record.machine.cores_available,
        processors=record.machine.cores_logical,
        engine=case.engine,
        model=case.model,
        model_sha256=record.model.sha256,
        variant=variant_of(record.model, case.variant),
        precision_requested=case.precision,
        precision_executed="unverified" if executed == "unknown" else executed,
        architecture_only=record.model.architecture_only,
        tier=record.tier.name,
        measured_at=record.measured_at,
        openvino=record.software.openvino,
        current=current,
        repeat=record.repeat.ovreport,
        arm=record.arm.name if record.arm else "",
    )


def _figure(case: Figure, metric: Metric, value: MetricValue | NotMeasured) -> Figure:
    if not isinstance(value, MetricValue):
        return replace(
            case,
            metric=metric.key,
            label=metric.label,
            unit=metric.unit,
            better=metric.direction,
            kind="missing",
            missing=f"{_status(value)}: {value.reason}",
        )
    return replace(
        case,
        metric=metric.key,
        unit=metric.unit,
        better=metric.direction,
        label=f"{metric.label}: {value.scope}" if value.scope else metric.label,
        kind=value.kind,
        value=value.value * metric.scale,
        low=value.low * metric.scale,
        high=value.high * metric.scale,
        rounds=value.rounds,
        n=value.n,
        verdict=value.verdict.level,
        reasons=" ".join(reason.code for reason in value.verdict.reasons),
    )


def _status(why: NotMeasured) -> str:
    if isinstance(why, Failed):
        return "failed"
    return "unsupported" if isinstance(why, Unsupported) else "skipped"
