"""All results of a site, with the names and addresses that pages refer to them by.

    Catalogue
    ├── results              OpenVINO's: the newest record of each case, with its metric values
    ├── native               those of native frameworks, which enter no chart of OpenVINO's
    ├── language             those of language models, which enter no page of the others
    ├── older                the records that are history
    ├── evidence             records that are no results: of a release against itself, of settings
    ├── earlier_releases     of the older, the newest of each case in each other OpenVINO release
    ├── machines             the one that was measured last first
    ├── models, devices      of all but language models, which have language_models
    ├── speedups             each case against f32 of the published file, paired by round
    ├── framework_speedups   OpenVINO against native frameworks, paired by round
    ├── faults               records that could not be used, or whose order in time is in doubt
    └── doubts               records that are shown though `ovreport validate` refuses them

Everything here is computed once, and shared by all pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

from ovreport.engines import ENGINES
from ovreport.errors import RecordError
from ovreport.history import CaseKey, case_key, newest_by
from ovreport.store import Loaded
from ovreport_sitegen.attestations import Attestation
from ovreport_sitegen.config import Config
from ovreport_sitegen.data import load
from ovreport_sitegen.data.collection import Collection, Entry, in_memory
from ovreport_sitegen.data.machines import MachineRef, machines
from ovreport_sitegen.data.names import grouped, names
from ovreport_sitegen.data.result import DeviceKey, DeviceRef, ModelRef, Result
from ovreport_sitegen.data.speedups import Speedup, framework_speedups, speedup_over

Rank = tuple[bool, int, bool, str, DeviceKey]


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Everything that the pages of one site share."""

    config: Config
    results: tuple[Result, ...]
    older: tuple[Entry, ...]
    """From old to new."""
    collection: Collection
    models: tuple[ModelRef, ...]
    devices: tuple[DeviceRef, ...]
    """Those of the machine that was measured last first."""
    machines: tuple[MachineRef, ...]
    faults: tuple[RecordError, ...] = ()
    doubts: tuple[RecordError, ...] = ()
    native: tuple[Result, ...] = ()
    language: tuple[Result, ...] = ()
    language_models: tuple[ModelRef, ...] = ()
    framework_speedups: tuple[Speedup, ...] = ()
    earlier_releases: tuple[Result, ...] = ()
    evidence: tuple[Entry, ...] = ()
    attested: Mapping[bytes, Attestation] = field(default_factory=dict)
    """SHA-256 of a record's file → the workflow that attested it."""

    @property
    def everything(self) -> tuple[Result, ...]:
        """The results of all engines."""
        return (*self.results, *self.native, *self.language)

    def namesakes(self, model: ModelRef) -> list[ModelRef]:
        """Return the other models that have the same id in records."""
        return [m for m in self.shared_ids.get(model.record_id, []) if m.id != model.id]

    @cached_property
    def shared_ids(self) -> Mapping[str, list[ModelRef]]:
        """Id in records → the models that have it, of ids that several have."""
        every = (*self.models, *self.language_models)
        return grouped((model.record_id, model) for model in every if model.record_id)

    def of_model(self, model: ModelRef) -> list[Result]:
        """Return OpenVINO's results of a model."""
        return self._by_model.get(model.id, [])

    def native_of(self, model: ModelRef) -> list[Result]:
        """Return the native frameworks' results of a model."""
        return [r for r in self.native if r.model.id == model.id]

    def framework_speedups_of(self, model: ModelRef) -> list[Speedup]:
        """Return the comparisons of a model with native frameworks, which are the baseline."""
        return [pair for pair in self.framework_speedups if pair.baseline.model.id == model.id]

    def language_of(self, model: ModelRef) -> list[Result]:
        """Return the results of a language model."""
        return [r for r in self.language if r.model.id == model.id]

    def part(self, of: ModelRef | DeviceRef) -> Catalogue:
        """Return what is of a model or of a device alone, as a catalogue of its own."""

        def is_of(result: Result) -> bool:
            named = result.model if isinstance(of, ModelRef) else result.device
            return named.slug == of.slug

        def some(results: Iterable[Result]) -> tuple[Result, ...]:
            return tuple(filter(is_of, results))

        ours = self.of_model(of) if isinstance(of, ModelRef) else self.of_device(of)
        native = some(self.native)
        models = {r.model.id for r in (*ours, *native)}
        devices = {r.device.key for r in (*ours, *native)}
        return replace(
            self,
            results=tuple(ours),
            native=native,
            language=some(self.language),
            models=tuple(m for m in self.models if m.id in models),
            devices=tuple(d for d in self.devices if d.key in devices),
            framework_speedups=tuple(
                pair for pair in self.framework_speedups if is_of(pair.candidate)
            ),
            earlier_releases=some(self.earlier_releases),
        )

    def earlier_of(self, result: Result) -> list[Entry]:
        """Return the older records of a result's case, the oldest first."""
        return self._older_by_case.get(case_key(result.record), [])

    def attestation_of(self, result: Result) -> Attestation | None:
        """Return which workflow attested the file of a result's record; None: it is not known."""
        return self.attested.get(result.file_checksum)

    def of_device(self, device: DeviceRef) -> list[Result]:
        """Return OpenVINO's results of a device."""
        return self._by_device.get(device.key, [])

    def newest_of(self, device: DeviceRef) -> Result:
        """Return the newest result of a device, whichever engine it is of."""
        return max(self._every_by_device[device.key], key=lambda r: r.record.measured_at)

    def of_machine(self, machine: MachineRef) -> list[Result]:
        """Return OpenVINO's results of a machine."""
        return [r for r in self.results if r.device.key.machine == machine.id]

    def rank(self, device: DeviceRef) -> Rank:
        """Return what devices are ranked by.

        First the machine that was measured last, then the models that ran, then whether it had all
        processors of its machine, then when one ran last.
        """
        return self._rank(device, [r for r in self.of_device(device) if r.completed])

    def baseline(self, result: Result) -> Result | None:
        """Return f32 of the published file on the same device; None: not measured."""
        return self._baselines.get(_baseline_key(result))

    def speedup(self, result: Result) -> Speedup | None:
        """Return a result against its baseline; None where it has none, or is the baseline."""
        return self._speedups.get(id(result))

    @cached_property
    def speedups(self) -> tuple[Speedup, ...]:
        """Every result that was measured in one run with its baseline."""
        return tuple(s for s in self._speedups.values() if s.latency or s.throughput)

    def default_results(self, device: DeviceRef | None = None) -> list[Result]:
        """Return every result of a published file in the default precision, failed ones too.

        Of a device, or of the one that shows most of what the default precision does.
        """
        found = self.of_device(device or self.speedup_device)
        return [r for r in found if r.requested == "default" and r.is_published]

    @cached_property
    def speedup_device(self) -> DeviceRef:
        """The device that shows what the default precision does: the main one if it can."""
        return self._device_of_most([s.candidate for s in self._default_speedups])

    @cached_property
    def _default_speedups(self) -> list[Speedup]:
        defaults = (s for s in self.speedups if s.candidate.requested == "default")
        return [s for s in defaults if s.candidate.is_published]

    @cached_property
    def _speedups(self) -> dict[int, Speedup]:
        pairs = ((self.baseline(r), r) for r in self.results)
        return {id(r): speedup_over(b, r) for b, r in pairs if b is not None and b is not r}

    @cached_property
    def _baselines(self) -> dict[tuple[object, ...], Result]:
        return {_baseline_key(r): r for r in self.results if r.is_baseline}

    @cached_property
    def _by_model(self) -> dict[str, list[Result]]:
        return grouped((r.model.id, r) for r in self.results)

    @cached_property
    def _older_by_case(self) -> dict[CaseKey, list[Entry]]:
        return grouped((entry.summary.case, entry) for entry in self.older)

    @cached_property
    def _by_device(self) -> dict[DeviceKey, list[Result]]:
        return grouped((r.device.key, r) for r in self.results)

    @cached_property
    def _every_by_device(self) -> dict[DeviceKey, list[Result]]:
        return grouped((r.device.key, r) for r in self.everything)

    @cached_property
    def main_device(self) -> DeviceRef:
        """Of the machine that was measured last, the device on which most models ran."""
        return self._device_of_most(self.results)

    def device_with(self, metric: str) -> DeviceRef:
        """Return the device that a chart of all models in that metric shows.

        It is of another machine only where the one that was measured last has no such value.
        """
        return self._device_of_most([r for r in self.results if r.metric_value(metric)])

    def _device_of_most(self, results: Sequence[Result]) -> DeviceRef:
        ran = [r for r in results if r.completed] or self.results
        by_device = grouped((r.device, r) for r in ran)
        return max(by_device, key=lambda device: self._rank(device, by_device[device]))

    def _rank(self, device: DeviceRef, ran: Sequence[Result]) -> Rank:
        is_last = device.key.machine == self.machines[0].id
        newest = max((r.record.measured_at for r in ran), default="")
        return is_last, len({r.model.id for r in ran}), not device.limit, newest, device.key


def make(config: Config, loaded: Loaded) -> Catalogue:
    """Return the catalogue of records that are in memory."""
    return of_collection(config, in_memory(loaded))


def of_collection(
    config: Config,
    collection: Collection,
    attested: Mapping[bytes, Attestation] = MappingProxyType({}),
) -> Catalogue:
    """Return the catalogue of all records that could be read.

    `attested`: SHA-256 of a record's file → the workflow that attested it.
    """
    newest_ones, older, unordered = newest_by(collection.entries, lambda entry: entry.moment)
    current = [(entry, collection.shown(entry)) for entry in newest_ones]
    records = [record for _, record in current]
    named = names(records)
    found = machines(records, named.devices, config)
    devices = [device for machine in found for device in machine.devices]
    place = {device.key: i for i, device in enumerate(devices)}
    every = sorted(load.results(collection, current, older, named), key=lambda r: _place(r, place))
    results, native, language = (
        [r for r in every if ENGINES[r.record.case.engine].kind == kind]
        for kind in ("openvino", "native", "generation")
    )
    placed = {r.device.key for r in (*results, *native)}
    models = sorted(named.models.items(), key=lambda item: (item[1].title.lower(), item[0]))
    before = load.earlier_partners(collection, native, older, named)
    return Catalogue(
        config=config,
        results=tuple(results),
        older=tuple(older),
        evidence=tuple(entry for entry in collection.entries if not entry.summary.is_result),
        collection=collection,
        models=tuple(m for (language_one, *_), m in models if not language_one),
        devices=tuple(d for d in devices if d.key in placed),
        machines=found,
        faults=(*collection.faults, *unordered),
        doubts=tuple(collection.doubts),
        native=tuple(native),
        framework_speedups=tuple(framework_speedups([*results, *before], native)),
        earlier_releases=tuple(load.earlier_releases(collection, current, older, named)),
        language=tuple(language),
        language_models=tuple(m for (language_one, *_), m in models if language_one),
        attested=attested,
    )


def _baseline_key(result: Result) -> tuple[object, ...]:
    """Return what a result shares with its baseline."""
    return (
        *result.device.key,
        result.record.case.engine,
        result.record.case.device,
        result.model.id,
    )


def _place(result: Result, devices: Mapping[DeviceKey, int]) -> tuple[object, ...]:
    """Return what results are sorted by: as the models' pages list them."""
    return (
        result.model.title.lower(),
        result.model.id,
        devices[result.device.key],
        result.model.variants.index(result.variant),
        result.requested != "f32",
        result.requested,
        result.record.case.device,
    )
