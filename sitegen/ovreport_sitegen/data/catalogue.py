"""All results of a site, with the names and addresses that pages refer to them by.

    Catalogue
    ├── results        OpenVINO's: the newest record of each case, with its figures
    ├── native         those of native frameworks, which enter no chart of OpenVINO's
    ├── language       those of language models, which enter no page of the others
    ├── against        OpenVINO against them, paired by round
    ├── older          how many records are history
    ├── models, devices             of all but language models, which have language_models
    ├── speedups       the device's default precision against f32, paired by round
    └── faults         records that could not be used or are in doubt, in words

Everything here is computed once, and shared by all pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ovreport.engines import ENGINES
from ovreport.errors import RecordError
from ovreport.record import Record
from ovreport.store import Loaded
from ovreport_sitegen.compare.baseline import CaseKey, baseline_key, baselines, over_published
from ovreport_sitegen.compare.frameworks import Against, pairs
from ovreport_sitegen.compare.paired import Speedup, speedups
from ovreport_sitegen.config import Config
from ovreport_sitegen.data import load
from ovreport_sitegen.data.result import DeviceKey, DeviceRef, ModelRef, Result


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
        return load.grouped((r.model.id, r) for r in self.results)

    @cached_property
    def _by_device(self) -> dict[DeviceKey, list[Result]]:
        return load.grouped((r.device.key, r) for r in self.results)

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
    current, older, doubts = load.newest(loaded.stored)
    named = load.names(current)
    every = sorted(load.results(current, older, named), key=_place)
    results, native, language = (
        [r for r in every if ENGINES[r.record.case.engine].kind == kind]
        for kind in ("openvino", "native", "generation")
    )
    placed = {r.device.key for r in (*results, *native)}
    models = sorted(named.models.items(), key=lambda item: (item[1].title.lower(), item[0]))
    devices = sorted(named.devices.values(), key=lambda d: (d.label.lower(), d.key))
    before = load.partners(native, older, named)
    return Catalogue(
        config=config,
        results=tuple(results),
        older=tuple(older),
        models=tuple(m for (language_one, _), m in models if not language_one),
        devices=tuple(d for d in devices if d.key in placed),
        speedups=tuple(speedups(results)),
        faults=(*loaded.faults, *doubts),
        native=tuple(native),
        against=tuple(pairs([*results, *before], native)),
        language=tuple(language),
        language_models=tuple(m for (language_one, _), m in models if language_one),
    )


def _place(result: Result) -> tuple[object, ...]:
    """Return what results are sorted by: as the models' pages list them."""
    return (
        result.model.title.lower(),
        result.model.id,
        result.device.label,
        result.model.variants.index(result.variant),
        result.requested != "f32",
        result.requested,
        result.record.case.device,
    )
