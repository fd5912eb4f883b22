"""All results of a site, with the names and addresses that pages refer to them by.

    Catalogue
    ├── results        OpenVINO's: the newest record of each case, with its figures
    ├── native         those of native frameworks, which enter no chart of OpenVINO's
    ├── language       those of language models, which enter no page of the others
    ├── against        OpenVINO against them, paired by round
    ├── older          how many records are history
    ├── models, devices             of all but language models, which have language_models
    ├── speedups       the device's default precision against f32, paired by round
    └── faults         records that could not be used, in words

Everything here is computed once, and shared by all pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from ovreport.control_variate import Adjustment
from ovreport.errors import RecordError
from ovreport.figures import Figure, Figures, figures, is_language
from ovreport.record import (
    Accuracy,
    Completed,
    Execution,
    NotMeasured,
    Record,
    Verdict,
)
from ovreport.store import Loaded
from ovreport_sitegen import earlier, variants
from ovreport_sitegen.adjusting import adjusted_speedups, adjustments
from ovreport_sitegen.against import FRAMEWORKS, Against, pairs
from ovreport_sitegen.config import Config
from ovreport_sitegen.speedup import Speedup, same_session, speedups
from ovreport_sitegen.text import day, line, release, short_name, unique_slugs
from ovreport_sitegen.trades import CaseKey, baseline_key, baselines, over_published

K = TypeVar("K")
V = TypeVar("V")
DeviceKey = tuple[str, str]
"""Machine id and the device's full name."""

HEADLINES = {
    "latency": "latency_ms", "throughput": "throughput_ips", "end_to_end": "end_to_end_ms",
    "time_to_first_token": "time_to_first_token_ms",
    "time_per_output_token": "time_per_output_token_ms",
}  # fmt: skip
"""The metric that stands for an aspect."""


@dataclass(frozen=True)
class ModelRef:
    """A model as pages name it."""

    id: str
    title: str
    slug: str
    task: str
    architecture_only: bool
    variants: tuple[str, ...] = ("fp32",)
    """Those that have results, from full to reduced precision."""
    published: str = "fp32"
    """The variant that is the published file; the others were made of it."""

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

    @property
    def href(self) -> str:
        """Address of the device's page."""
        return f"device-{self.slug}.html"


@dataclass(frozen=True, eq=False)
class Result:
    """A record with everything that is derived from it."""

    record: Record
    figures: Figures
    model: ModelRef
    device: DeviceRef
    anchor: str
    adjustments: Mapping[str, Adjustment] = field(default_factory=dict)
    """Of `latency` and `throughput`, by calibration; shown beside the raw figures only."""
    of_earlier: Mapping[str, Record] = field(default_factory=dict)
    """Aspect that the newest run left out → the earlier record that it is taken from."""

    @property
    def framework(self) -> str:
        """Name of the native framework that ran it; empty: OpenVINO."""
        return FRAMEWORKS.get(self.record.case.engine, "")

    @property
    def href(self) -> str:
        """Address of the result, with its figures, settings, evidence and commands."""
        return f"{self.model.href}#{self.anchor}"

    @property
    def asked(self) -> str:
        """The precision that was asked for."""
        return self.record.case.precision

    @property
    def variant(self) -> str:
        """Precision of the weights."""
        return self.record.case.variant

    @property
    def is_published(self) -> bool:
        """Of the file as it was published: what charts of all models show."""
        return self.variant == self.model.published

    @property
    def is_baseline(self) -> bool:
        """The published file in f32: what other precisions and variants are compared with."""
        return self.is_published and self.asked == "f32"

    @property
    def variant_name(self) -> str:
        """The variant in full words."""
        return variants.label(self.variant)

    @property
    def names_variant(self) -> bool:
        """Whether the variant has to be told: the model has several, or it is not plain fp32."""
        return len(self.model.variants) > 1 or self.variant != "fp32"

    @property
    def ran(self) -> str:
        """Variant, where it has to be told, and the precision that ran: in charts."""
        ran = self.executed or self.precision
        return f"{variants.short(self.variant)} · {ran}" if self.names_variant else ran

    @property
    def told(self) -> str:
        """The same with the precision asked for, and the variant in full words."""
        return f"{self.variant_name} · {self.precision}" if self.names_variant else self.precision

    @cached_property
    def executed(self) -> str | None:
        """The precision that really ran; None where it could not be read back."""
        execution = self.record.execution
        if not isinstance(execution, Execution) or execution.precision == "unknown":
            return None
        return line(execution.precision, 20)

    @cached_property
    def precision(self) -> str:
        """What was asked for and what ran; never more than what ran."""
        if not self.completed:
            return self.asked
        if self.executed is None:
            return f"{self.asked}, unverified"
        return self.executed if self.executed == self.asked else f"{self.asked} → {self.executed}"

    @property
    def quick(self) -> bool:
        """Measured with the shortest tier, which is marked wherever it is shown."""
        return self.record.tier.name == "quick"

    @property
    def completed(self) -> bool:
        """The case ran."""
        return isinstance(self.record.outcome, Completed)

    @property
    def day(self) -> str:
        """Day of the measurement."""
        return day(self.measured_at())

    def measured_at(self, aspect: str = "") -> str:
        """Return when an aspect was measured; of one left out that is an earlier run's time."""
        return self.of_earlier.get(aspect, self.record).measured_at

    @property
    def release(self) -> str:
        """OpenVINO release."""
        return release(self.record.software.openvino)

    def figure(self, metric: str) -> Figure | None:
        """Return a figure, None where there is none."""
        found = self.figures.get(metric)
        return found if isinstance(found, Figure) else None

    def trusted(self, metric: str) -> Figure | None:
        """Return a figure that may enter a headline, a ranking or a mean."""
        found = self.figure(metric)
        return found if found and found.verdict.level != "invalid" else None

    @cached_property
    def accuracy(self) -> Accuracy | NotMeasured:
        """Accuracy, or why there is none; a failed case has none."""
        outcome = self.record.outcome
        return self.record.accuracy if isinstance(outcome, Completed) else outcome

    def verdict(self, aspect: str) -> Verdict | None:
        """Return the verdict of an aspect that has one: that of its headline."""
        figure = self.figure(HEADLINES[aspect])
        return figure.verdict if figure else None


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Everything that the pages of one site share."""

    config: Config
    results: tuple[Result, ...]
    older: tuple[Record, ...]
    models: tuple[ModelRef, ...]
    devices: tuple[DeviceRef, ...]
    speedups: tuple[Speedup[Result], ...]
    faults: tuple[RecordError, ...] = ()
    native: tuple[Result, ...] = ()
    language: tuple[Result, ...] = ()
    language_models: tuple[ModelRef, ...] = ()
    against: tuple[Against[Result], ...] = ()

    @property
    def everything(self) -> tuple[Result, ...]:
        """The results of all engines."""
        return (*self.results, *self.native, *self.language)

    def of_model(self, model: ModelRef) -> list[Result]:
        """Return OpenVINO's results of a model."""
        return self._by_model.get(model.id, [])

    def native_of(self, model: ModelRef) -> list[Result]:
        """Return the native frameworks' results of a model."""
        return [r for r in self.native if r.model.id == model.id]

    def against_of(self, model: ModelRef) -> list[Against[Result]]:
        """Return the comparisons of a model with native frameworks."""
        return [pair for pair in self.against if pair.native.model.id == model.id]

    def language_of(self, model: ModelRef) -> list[Result]:
        """Return the results of a language model."""
        return [r for r in self.language if r.model.id == model.id]

    @property
    def language_href(self) -> str:
        """Address of the page of language models: the first one where there is nothing else."""
        return "language-models.html" if self.results else "index.html"

    def of_device(self, device: DeviceRef) -> list[Result]:
        """Return OpenVINO's results of a device."""
        return self._by_device.get(device.key, [])

    def newest_of(self, device: DeviceRef) -> Result:
        """Return the newest result of a device, whichever engine it is of."""
        found = (r for r in self.everything if r.device.key == device.key)
        return max(found, key=lambda r: r.record.measured_at)

    def rank(self, device: DeviceRef) -> tuple[int, str, DeviceKey]:
        """Return what devices are ranked by: the models that ran, then when one did last."""
        ran = [r for r in self.of_device(device) if r.completed]
        newest = max((r.record.measured_at for r in ran), default="")
        return len({r.model.id for r in ran}), newest, device.key

    def speedup(self, result: Result) -> Speedup[Result] | None:
        """Return what a result gains over f32, if it is a default that was paired with it."""
        return self._by_default.get(id(result))

    def trade(self, result: Result) -> Speedup[Result] | None:
        """Return what a result gains over the published file in f32, paired by round."""
        return self._by_other.get(id(result))

    @cached_property
    def trades(self) -> tuple[Speedup[Result], ...]:
        """Every other case against the published file in f32, on the same device."""
        return tuple(over_published(self.results, self._baselines, self._by_default))

    def baseline(self, result: Result) -> Result | None:
        """Return the published file in f32 that a result is compared with."""
        return self._baselines.get(baseline_key(result))

    @cached_property
    def _baselines(self) -> dict[CaseKey, Result]:
        return baselines(self.results)

    @cached_property
    def _by_model(self) -> dict[str, list[Result]]:
        return _grouped((r.model.id, r) for r in self.results)

    @cached_property
    def _by_device(self) -> dict[DeviceKey, list[Result]]:
        return _grouped((r.device.key, r) for r in self.results)

    @cached_property
    def _by_default(self) -> dict[int, Speedup[Result]]:
        return {id(s.default): s for s in self.speedups}

    @cached_property
    def _by_other(self) -> dict[int, Speedup[Result]]:
        return {id(t.default): t for t in self.trades}

    @cached_property
    def main_device(self) -> DeviceRef:
        """The device on which most models ran, of several the one measured last."""
        return self._device_of_most(self.results)

    def device_with(self, metric: str) -> DeviceRef:
        """Return the device that a chart of all models in that metric shows."""
        return self._device_of_most([r for r in self.results if r.trusted(metric)])

    @cached_property
    def gain_device(self) -> DeviceRef:
        """The device on which the default precision was paired with f32 for most models."""
        return self._device_of_most([s.default for s in self.speedups])

    def _device_of_most(self, results: Sequence[Result]) -> DeviceRef:
        ran = [r for r in results if r.completed] or self.results
        models: dict[DeviceKey, set[str]] = {}
        newest: dict[DeviceKey, str] = {}
        for r in ran:
            models.setdefault(r.device.key, set()).add(r.model.id)
            newest[r.device.key] = max(newest.get(r.device.key, ""), r.record.measured_at)
        refs = {r.device.key: r.device for r in ran}
        return refs[max(models, key=lambda key: (len(models[key]), newest[key], key))]


def make(config: Config, loaded: Loaded) -> Catalogue:
    """Return the catalogue of all records that could be read."""
    current, older = newest(loaded.records)
    models = _models(current)
    devices = _devices(current)
    anchors = _anchors(current)
    results = list(_results(current, older, models, devices, anchors))
    results.sort(key=lambda r: (r.model.title.lower(), r.model.id, r.device.label,
                                r.model.variants.index(r.variant),
                                r.asked != "f32", r.asked, r.record.case.device))  # fmt: skip
    language = [r for r in results if is_language(r.record)]
    results = [r for r in results if not is_language(r.record)]
    placed = {r.device.key for r in results}
    native = [r for r in results if r.framework]
    results = [r for r in results if not r.framework]
    in_order = sorted(models.items(), key=lambda item: (item[1].title.lower(), item[0]))
    return Catalogue(
        config=config,
        results=tuple(results),
        older=tuple(older),
        models=tuple(m for (language_one, _), m in in_order if not language_one),
        devices=tuple(
            sorted(
                (d for d in devices.values() if d.key in placed),
                key=lambda d: (d.label.lower(), d.key),
            )
        ),
        speedups=tuple(adjusted_speedups(list(speedups(results)))),
        faults=tuple(loaded.faults),
        native=tuple(native),
        against=tuple(
            pairs([*results, *_partners(native, older, models, devices, anchors)], native)
        ),
        language=tuple(language),
        language_models=tuple(m for (language_one, _), m in in_order if language_one),
    )


def _results(
    current: Sequence[Record],
    older: Iterable[Record],
    models: Mapping[ModelKey, ModelRef],
    devices: Mapping[DeviceKey, DeviceRef],
    anchors: Mapping[tuple[str, ...], str],
) -> Iterator[Result]:
    """Yield every record with its figures, and what its run left out from the one before."""
    before = _grouped((case_key(record), record) for record in older)
    # Cases teach each other: what a native framework needs is no lesson for OpenVINO's.
    by_calibration = adjustments(
        [r for r in current if r.case.engine not in FRAMEWORKS and not is_language(r)]
    )
    for record in current:
        whole, of_earlier = earlier.completed(record, before.get(case_key(record), []))
        yield Result(
            record=whole,
            figures=earlier.figures_of(whole, of_earlier),
            model=models[_model_key(record)],
            device=devices[device_key(record)],
            anchor=f"case-{anchors[case_key(record)]}",
            adjustments=by_calibration.get(id(record), {}),
            of_earlier=of_earlier,
        )


def _partners(
    native: Sequence[Result],
    older: Iterable[Record],
    models: Mapping[ModelKey, ModelRef],
    devices: Mapping[DeviceKey, DeviceRef],
    anchors: Mapping[tuple[str, ...], str],
) -> Iterator[Result]:
    """Yield OpenVINO's earlier results that ran beside the newest of a native framework.

    OpenVINO measured again alone leaves them the last pair that there is.
    """
    beside = _grouped(((r.model.id, r.device.key), r.record) for r in native)
    for record in older:
        others = beside.get((record.model.id, device_key(record)), [])
        is_ours = record.case.engine not in FRAMEWORKS and not is_language(record)
        if is_ours and any(same_session(other, record) for other in others):
            yield Result(
                record=record,
                figures=figures(record),
                model=models[_model_key(record)],
                device=devices[device_key(record)],
                anchor=f"case-{anchors[case_key(record)]}",
            )


def _anchors(records: Sequence[Record]) -> dict[tuple[str, ...], str]:
    """Return the name of each case's place on its model's page."""
    by_model: dict[str, list[tuple[str, ...]]] = {}
    for record in records:
        by_model.setdefault(record.model.id, []).append(case_key(record))
    found: dict[tuple[str, ...], str] = {}
    for keys in by_model.values():
        found |= unique_slugs(keys, _anchor)
    return found


def _anchor(key: tuple[str, ...]) -> str:
    machine, engine, _, device, _, variant, precision = key
    own = [engine] if engine in FRAMEWORKS else []
    return "-".join((*own, device, machine, variant, precision))


def device_key(record: Record) -> DeviceKey:
    """Return what makes a device one: the machine, and its full name there."""
    return record.machine.id, record.device.full_name


def case_key(record: Record) -> tuple[str, ...]:
    """Return what makes two records measurements of the same case."""
    case = record.case
    return (record.machine.id, case.engine, record.device.full_name, case.device, case.model,
            case.variant, case.precision)  # fmt: skip


def newest(records: Iterable[Record]) -> tuple[list[Record], list[Record]]:
    """Return the newest record of each case, and all others."""
    latest: dict[tuple[str, ...], Record] = {}
    older = []
    for record in sorted(records, key=lambda r: (r.measured_at, r.tier.min_seconds)):
        before = latest.get(case_key(record))
        if before is not None:
            older.append(before)
        latest[case_key(record)] = record
    return list(latest.values()), older


ModelKey = tuple[bool, str]
"""Whether it is a language model, and its id: the pages of the two kinds differ."""


def _model_key(record: Record) -> ModelKey:
    return is_language(record), record.model.id


def _models(records: Sequence[Record]) -> dict[ModelKey, ModelRef]:
    mine: dict[ModelKey, list[Record]] = {}
    for record in sorted(records, key=lambda r: r.measured_at):
        mine.setdefault(_model_key(record), []).append(record)
    described = {key: of_model[-1].model for key, of_model in mine.items()}
    slugs = unique_slugs(sorted(described), lambda key: key[1])
    return {
        key: ModelRef(
            id=key[1],
            title=line(model.title, 60) or key[1],
            slug=slugs[key],
            task=line(model.task.replace("-", " "), 40),
            architecture_only=model.architecture_only,
            variants=variants.ordered(r.case.variant for r in mine[key]),
            published=variants.published(mine[key]),
        )
        for key, model in described.items()
    }


def _devices(records: Sequence[Record]) -> dict[DeviceKey, DeviceRef]:
    families = {device_key(r): r.device.family for r in records}
    keys = sorted(families)
    names = {key: short_name(key[1]) for key in keys}
    shared = {n for n in names.values() if list(names.values()).count(n) > 1}
    slugs = unique_slugs(keys, lambda key: f"{short_name(key[1])}-{key[0]}"[:60])
    return {
        key: DeviceRef(
            key=key,
            label=f"{names[key]} ({key[0]})" if names[key] in shared else names[key],
            slug=slugs[key],
            family=families[key],
        )
        for key in keys
    }


def _grouped(pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    groups: dict[K, list[V]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups
