"""One result, and the model and device that it is of, as pages name them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import msgspec

from ovreport.change import Run
from ovreport.device_names import is_batching
from ovreport.engines import ENGINES
from ovreport.history import case_key
from ovreport.metrics import HEADLINES, MetricValue, MetricValues
from ovreport.record import Accuracy, Completed, Execution, NotMeasured, Record, Verdict, variant_of
from ovreport.store import slug
from ovreport.variants import VARIANTS
from ovreport_sitegen.text import day, line, release

_CHECKSUM_DIGITS = 8
"""Of a case, in the address of its page: names alone may be alike once they are file names."""
_MOST_WORDS = 180
"""Characters of the names in an address; a file's name may have 255."""


class DeviceKey(NamedTuple):
    """What makes a device one.

    Two equal cards of a machine are two devices, and so is one whose host had fewer processors.
    """

    machine: str
    """Id of the machine."""
    full_name: str
    unit: str
    """Its device string: GPU.1 is another card than GPU.0, which is also called GPU."""
    processors: float
    """Processors available to the measuring processes."""


@dataclass(frozen=True)
class ModelRef:
    """A model as pages name it. Two files under one id are two models."""

    id: str
    """The id in records; with the beginning of the checksum where other models have it too."""
    title: str
    """With the beginning of the checksum too, then."""
    slug: str
    task: str
    architecture_only: bool
    record_id: str = ""
    """The id in records, where several models have it; else empty."""
    variants: tuple[str, ...] = ("fp32",)
    """Those that have results, from full to reduced precision."""
    published: str = "fp32"
    """The variant that is the published file; the others were derived from it."""

    @property
    def href(self) -> str:
        """Address of the model's page."""
        return f"model-{self.slug}.html"


@dataclass(frozen=True)
class DeviceRef:
    """A device of a machine as pages name it."""

    key: DeviceKey
    label: str
    slug: str
    family: str
    limit: str = ""
    """`2 of 16 processors`, where the measuring processes could not use all; part of the label."""

    @property
    def href(self) -> str:
        """Address of the device's page."""
        return f"device-{self.slug}.html"


@dataclass(frozen=True, eq=False)
class Result:
    """A record with its names and everything that is derived from it."""

    record: Record
    metric_values: MetricValues
    model: ModelRef
    device: DeviceRef
    anchor: str
    """Of its line on its model's page."""
    earlier_runs: Mapping[str, Record] = field(default_factory=dict)
    """Measurement that the newest run skipped → the earlier record that it is taken from."""
    ran_before: Run | None = None
    """Of a case that failed: its newest earlier run in which it did."""
    sources: bytes = b""
    """SHA-256 of each file that it is made of, that of its own record first."""

    @cached_property
    def checksum(self) -> bytes:
        """Checksum of everything that is known of it: what it is made of, and its names."""
        named = msgspec.json.encode((self.model, self.device, self.anchor))
        return hashlib.sha256(self.sources + named).digest()

    @property
    def file_checksum(self) -> bytes:
        """SHA-256 of its record's file."""
        return self.sources[: hashlib.sha256().digest_size]

    @property
    def framework(self) -> str:
        """Title of the native framework that ran it; empty: OpenVINO."""
        case = self.record.case
        return ENGINES[case.engine].title if case.is_native else ""

    @cached_property
    def href(self) -> str:
        """Address of its page, settled by its case alone: whatever is measured later, it stays."""
        key = case_key(self.record)
        machine, processors, engine, _, device, model, variant, precision, _ = key
        limit = f"{processors}-processors" if processors else ""
        named = (model, variant, precision, device, machine, limit, engine)
        words = "-".join(slug(part)[:40] for part in named if part)
        checksum = hashlib.sha256(repr(key).encode()).hexdigest()
        return f"result-{words[:_MOST_WORDS]}-{checksum[:_CHECKSUM_DIGITS]}.html"

    @property
    def requested(self) -> str:
        """The requested precision, e.g. `f32` or `default`."""
        return self.record.case.precision

    @cached_property
    def variant(self) -> str:
        """Precision of the weights, e.g. `fp32` or `int8`."""
        return variant_of(self.record.model, self.record.case.variant)

    @property
    def is_published(self) -> bool:
        """Of the file as it was published: what charts of all models show."""
        return self.variant == self.model.published

    @property
    def is_baseline(self) -> bool:
        """The published file in f32: what other precisions and variants are compared with."""
        return self.is_published and self.requested == "f32"

    @property
    def variant_name(self) -> str:
        """The variant as tables name it."""
        return VARIANTS[self.variant].label

    @property
    def label(self) -> str:
        """Variant, requested and executed precision in full; the variant where it matters."""
        return f"{self.variant_name} · {self.precision}" if self._names_variant else self.precision

    @property
    def short_label(self) -> str:
        """Variant and executed precision, where there is little room."""
        ran = self.executed or self.precision
        return f"{VARIANTS[self.variant].short} · {ran}" if self._names_variant else ran

    @property
    def _names_variant(self) -> bool:
        """Whether the model has several variants, or one that is not plain fp32."""
        return len(self.model.variants) > 1 or self.variant != "fp32"

    @cached_property
    def executed(self) -> str | None:
        """The precision that ran, read back from the runtime; None where it could not be read."""
        execution = self.record.execution
        if not isinstance(execution, Execution) or execution.precision == "unknown":
            return None
        return line(execution.precision, 20)

    @cached_property
    def precision(self) -> str:
        """The requested and the executed precision: `default → bf16`."""
        if not self.completed:
            return self.requested
        if self.executed is None:
            return f"{self.requested}, unverified"
        return (
            self.executed
            if self.executed == self.requested
            else f"{self.requested} → {self.executed}"
        )

    @property
    def quick(self) -> bool:
        """Measured with the shortest tier, which is marked wherever it is shown."""
        return self.record.tier.name == "quick"

    @property
    def tier(self) -> str:
        """Name of the tier, and whether the user changed it."""
        tier = self.record.tier
        return f"{tier.name}, custom" if tier.is_custom else tier.name

    @property
    def device_note(self) -> str:
        """Where the device does not do what its string says; mostly empty."""
        device = self.record.case.device
        if device.upper().startswith("BATCH") and not is_batching(device):
            return "no batching: it has no optimal batch size"
        return ""

    @property
    def marks(self) -> tuple[str, ...]:
        """What is marked beside its name wherever it is shown."""
        found = {
            "architecture only": self.model.architecture_only,
            "quick": self.quick,
            "limited processors": bool(self.device.limit),
        }
        return tuple(mark for mark, holds in found.items() if holds)

    @cached_property
    def completed(self) -> bool:
        """The case ran."""
        return isinstance(self.record.outcome, Completed)

    @property
    def day(self) -> str:
        """Day of the measurement."""
        return day(self.measured_at())

    def measured_at(self, measurement: str = "") -> str:
        """Return when something was measured: where it was skipped, in the earlier run."""
        return self.earlier_runs.get(measurement, self.record).measured_at

    @property
    def release(self) -> str:
        """OpenVINO release."""
        return release(self.record.software.openvino)

    def metric_value(self, metric: str) -> MetricValue | None:
        """Return the value of a metric, None where it was not measured."""
        found = self.metric_values.get(metric)
        return found if isinstance(found, MetricValue) else None

    @cached_property
    def with_value(self) -> frozenset[str]:
        """The keys of the metrics of which it has a value."""
        values = self.metric_values.items()
        return frozenset(key for key, value in values if isinstance(value, MetricValue))

    def trusted(self, metric: str) -> MetricValue | None:
        """Return the value of a metric where it may enter a headline, a ranking or a mean."""
        found = self.metric_value(metric)
        return found if found and found.verdict.level != "unreliable" else None

    @cached_property
    def accuracy(self) -> Accuracy | NotMeasured:
        """Accuracy, or why there is none; a failed case has none."""
        outcome = self.record.outcome
        return self.record.accuracy if isinstance(outcome, Completed) else outcome

    def verdict(self, measurement: str) -> Verdict | None:
        """Return the verdict of a measurement: that of its headline metric."""
        headline = self.metric_value(HEADLINES[measurement])
        return headline.verdict if headline else None


def with_value(results: Iterable[Result]) -> set[str]:
    """Return the keys of the metrics of which some result has a value."""
    return set().union(*(r.with_value for r in results))
