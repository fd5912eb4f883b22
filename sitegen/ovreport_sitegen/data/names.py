"""What pages call the models, the devices and the cases that records are of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ovreport.change import Run
from ovreport.engines import ENGINES
from ovreport.history import CaseKey, case_key, model_checksum
from ovreport.metrics import MetricValues
from ovreport.record import Optimized, Record, variant_of
from ovreport.variants import VARIANTS
from ovreport_sitegen.data.result import DeviceKey, DeviceRef, ModelRef, Result
from ovreport_sitegen.text import alike, is_plain, line, short_name, unique_slugs

CHECKSUM_DIGITS = 8
"""Of a checksum, these are enough to tell a site's models apart."""

K = TypeVar("K")
V = TypeVar("V")
ModelKey = tuple[bool, str, str]
"""Whether it is a language model (the pages of the two kinds differ), its id, and its checksum:
other files are another model, whatever their id."""


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
        ran_before: Run | None = None,
        sources: bytes = b"",
    ) -> Result:
        """Return a record with its names and its metric values; the rest as in `Result`."""
        return Result(
            record=record,
            metric_values=metric_values,
            model=self.models[model_key(record)],
            device=self.devices[device_key(record)],
            anchor=f"case-{self.anchors[case_key(record)]}",
            earlier_runs=earlier_runs or {},
            ran_before=ran_before,
            sources=sources,
        )


def names(records: Sequence[Record]) -> Names:
    """Return the names of everything that the newest records are of."""
    return Names(_models(records), _devices(records), _anchors(records))


def device_key(record: Record) -> DeviceKey:
    """Return what makes a device one."""
    device, machine = record.case.device, record.machine
    unit = f"{device}.0" if device in _NUMBERED else device
    return DeviceKey(machine.id, record.device.full_name, unit, machine.cores_available)


_NUMBERED = ("GPU", "NPU")
"""Without a number, these are the first of their kind."""


def model_key(record: Record) -> ModelKey:
    """Return what makes records those of one model."""
    return record.case.is_language, record.model.id, model_checksum(record.model)


def _models(records: Sequence[Record]) -> dict[ModelKey, ModelRef]:
    by_age = sorted(records, key=lambda r: r.measured_at)
    by_model = grouped((model_key(record), record) for record in by_age)
    names, others = _model_names(by_model), _with_title_of_another(by_model)
    slugs = unique_slugs(sorted(by_model), lambda key: "-".join(filter(None, names[key])))
    found = {}
    for key, of_model in by_model.items():
        model = of_model[-1].model
        id_, file = names[key]
        title = line(model.title, 60) or model.id
        found[key] = ModelRef(
            id=f"{id_}-{file}" if file else id_,
            title=_with(title, id_ if key in others else "", _in_words(key) if file else ""),
            record_id=id_ if file else "",
            slug=slugs[key],
            task=line(model.task.replace("-", " "), 40),
            architecture_only=model.architecture_only,
            variants=ordered_variants(variant_of(r.model, r.case.variant) for r in of_model),
            published=published_variant(of_model),
        )
    return found


def _model_names(keys: Iterable[ModelKey]) -> dict[ModelKey, tuple[str, str]]:
    """Return each model's id, and the beginning of its checksum where others have its id."""
    of_id = grouped((key[:2], key) for key in keys)
    return {
        key: (key[1], (key[2][:CHECKSUM_DIGITS] or "no-file") if len(same) > 1 else "")
        for same in of_id.values()
        for key in same
    }


def _with_title_of_another(models: Mapping[ModelKey, Sequence[Record]]) -> set[ModelKey]:
    """Return the models whose title, as it looks, another one with another id has too."""
    by_title = grouped((alike(of_model[-1].model.title), key) for key, of_model in models.items())
    return {key for same in by_title.values() for key in same if len({k[1] for k in same}) > 1}


def _in_words(key: ModelKey) -> str:
    """Return which file a model is, where its id does not tell."""
    return f"file {key[2][:CHECKSUM_DIGITS]}" if key[2] else "no file"


def ordered_variants(variants: Iterable[str]) -> tuple[str, ...]:
    """Return variants from full to reduced precision, each once."""
    return tuple(sorted(set(variants), key=list(VARIANTS).index))


def published_variant(records: Sequence[Record]) -> str:
    """Return which variant of one model's records is the published file.

    It is one that was not optimized here; where all were, the one of the fullest precision.
    """
    as_published = [r for r in records if not isinstance(r.model.origin, Optimized)]
    return ordered_variants(variant_of(r.model, r.case.variant) for r in as_published or records)[0]


def _devices(records: Sequence[Record]) -> dict[DeviceKey, DeviceRef]:
    by_device = {device_key(record): record for record in records}
    keys = sorted(by_device)
    limits = {key: r.machine.share if r.machine.is_limited else "" for key, r in by_device.items()}
    names, labels = _device_names(keys, limits)
    slugs = unique_slugs(keys, lambda key: f"{names[key]}-{key.machine}"[:60])
    return {
        key: DeviceRef(
            key=key,
            label=labels[key],
            slug=slugs[key],
            family=by_device[key].device.family,
            limit=limits[key],
        )
        for key in keys
    }


def _device_names(
    keys: Sequence[DeviceKey], limits: Mapping[DeviceKey, str]
) -> tuple[dict[DeviceKey, str], dict[DeviceKey, str]]:
    """Return a name of each device that no other of its machine has, and one of the whole site.

    In brackets: which of several of a name it is, the machine where names look alike, and the
    processors that it had.
    """
    short = {key: short_name(key.full_name) for key in keys}
    looks = {key: alike(name) for key, name in short.items()}
    units = grouped(((key.machine, looks[key]), key.unit) for key in keys)
    machines = grouped((looks[key], key.machine) for key in keys)
    ids = short_ids({key.machine for key in keys})
    names, labels = {}, {}
    for key, name in short.items():
        unit = line(key.unit, 40) if len(set(units[key.machine, looks[key]])) > 1 else ""
        is_clear = is_plain(name) and len(set(machines[looks[key]])) == 1
        machine = "" if is_clear else ids[key.machine]
        names[key] = _with(name, unit, limits[key])
        labels[key] = _with(name, unit, machine, limits[key])
    return names, labels


def _with(name: str, *told: str) -> str:
    words = ", ".join(filter(None, told))
    return f"{name} ({words})" if words else name


def short_ids(machines: Iterable[str]) -> dict[str, str]:
    """Return machine id → its last part, the checksum of the hardware; all of it where shared."""
    last = {machine: machine.rpartition("-")[2] for machine in machines}
    parts = list(last.values())
    return {m: part if parts.count(part) == 1 else m for m, part in last.items()}


def _anchors(records: Sequence[Record]) -> dict[CaseKey, str]:
    found: dict[CaseKey, str] = {}
    for keys in grouped((model_key(record), case_key(record)) for record in records).values():
        found |= unique_slugs(keys, _anchor)
    return found


def _anchor(key: CaseKey) -> str:
    machine, processors, engine, _, device, _, variant, precision, _ = key
    native = [engine] if ENGINES[engine].kind == "native" else []
    limit = [f"{processors}-processors"] if processors else []
    return "-".join((*native, device, machine, *limit, variant, precision))


def grouped(pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    """Return the values of each key, in their order."""
    groups: dict[K, list[V]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups
