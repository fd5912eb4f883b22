"""What pages call the models, the devices and the cases that records are of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ovreport.engines import ENGINES
from ovreport.history import CaseKey, case_key
from ovreport.metrics import MetricValues
from ovreport.record import Optimized, Record
from ovreport.variants import VARIANTS
from ovreport_sitegen.data.result import DeviceKey, DeviceRef, ModelRef, Result
from ovreport_sitegen.text import line, short_name, unique_slugs

K = TypeVar("K")
V = TypeVar("V")
ModelKey = tuple[bool, str]
"""Whether it is a language model, and its id: the pages of the two kinds differ."""


@dataclass(frozen=True)
class Names:
    """The names of everything that a site's newest records are of."""

    models: Mapping[ModelKey, ModelRef]
    devices: Mapping[DeviceKey, DeviceRef]
    anchors: Mapping[CaseKey, str]
    """Of each case's place on its model's page."""

    def result(
        self,
        record: Record,
        metric_values: MetricValues,
        earlier_runs: Mapping[str, Record] | None = None,
        sources: bytes = b"",
    ) -> Result:
        """Return a record with its names and its metric values; the rest as in `Result`."""
        return Result(
            record=record,
            metric_values=metric_values,
            model=self.models[_model_key(record)],
            device=self.devices[device_key(record)],
            anchor=f"case-{self.anchors[case_key(record)]}",
            earlier_runs=earlier_runs or {},
            sources=sources,
        )


def names(records: Sequence[Record]) -> Names:
    """Return the names of everything that the newest records are of."""
    return Names(_models(records), _devices(records), _anchors(records))


def device_key(record: Record) -> DeviceKey:
    """Return what makes a device one: the machine, and its full name there."""
    return record.machine.id, record.device.full_name


def _model_key(record: Record) -> ModelKey:
    return record.case.is_language, record.model.id


def _models(records: Sequence[Record]) -> dict[ModelKey, ModelRef]:
    by_age = sorted(records, key=lambda r: r.measured_at)
    by_model = grouped((_model_key(record), record) for record in by_age)
    slugs = unique_slugs(sorted(by_model), lambda key: key[1])
    found = {}
    for key, of_model in by_model.items():
        model = of_model[-1].model
        found[key] = ModelRef(
            id=model.id,
            title=line(model.title, 60) or model.id,
            slug=slugs[key],
            task=line(model.task.replace("-", " "), 40),
            architecture_only=model.architecture_only,
            variants=ordered_variants(r.case.variant for r in of_model),
            published=published_variant(of_model),
        )
    return found


def ordered_variants(variants: Iterable[str]) -> tuple[str, ...]:
    """Return variants from full to reduced precision, each once."""
    return tuple(sorted(set(variants), key=list(VARIANTS).index))


def published_variant(records: Sequence[Record]) -> str:
    """Return which variant of one model's records is the published file.

    It is one that was not optimized here; where all were, the one of the fullest precision.
    """
    as_published = [r for r in records if not isinstance(r.model.origin, Optimized)]
    return ordered_variants(r.case.variant for r in as_published or records)[0]


def _devices(records: Sequence[Record]) -> dict[DeviceKey, DeviceRef]:
    families = {device_key(r): r.device.family for r in records}
    keys = sorted(families)
    short = {key: short_name(key[1]) for key in keys}
    shared = {name for name in short.values() if list(short.values()).count(name) > 1}
    slugs = unique_slugs(keys, lambda key: f"{short[key]}-{key[0]}"[:60])
    machines = short_ids({machine for machine, _ in keys})
    return {
        key: DeviceRef(
            key=key,
            label=f"{short[key]} ({machines[key[0]]})" if short[key] in shared else short[key],
            slug=slugs[key],
            family=families[key],
        )
        for key in keys
    }


def short_ids(machines: Iterable[str]) -> dict[str, str]:
    """Return machine id → its last part, the checksum of the hardware; all of it where shared."""
    last = {machine: machine.rpartition("-")[2] for machine in machines}
    parts = list(last.values())
    return {m: part if parts.count(part) == 1 else m for m, part in last.items()}


def _anchors(records: Sequence[Record]) -> dict[CaseKey, str]:
    found: dict[CaseKey, str] = {}
    for keys in grouped((record.model.id, case_key(record)) for record in records).values():
        found |= unique_slugs(keys, _anchor)
    return found


def _anchor(key: CaseKey) -> str:
    machine, engine, _, device, _, variant, precision = key
    native = [engine] if ENGINES[engine].kind == "native" else []
    return "-".join((*native, device, machine, variant, precision))


def grouped(pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    """Return the values of each key, in their order."""
    groups: dict[K, list[V]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups
