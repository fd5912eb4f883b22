"""What is measured: the cases of a suite's models on some devices.

Plan          everything that decides what is measured, with a key to find a stopped run by
PlannedCase   one combination of engine, device, model, variant and precision
cases         how they come about
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ovreport.device_names import is_virtual
from ovreport.engines import ENGINES
from ovreport.record import Case, Device, Machine, Precision, Software, Tier
from ovreport.record.base import VariantName
from ovreport_collector.plan.arms import NO_ARMS, PlannedArm, Wanted
from ovreport_collector.plan.devices import default_precisions
from ovreport_collector.plan.engines import NATIVE_DEVICE, engines_for
from ovreport_collector.plan.validation import Fault
from ovreport_collector.process.timing import NO_TIME, Timing
from ovreport_collector.sources import model_files
from ovreport_collector.sources.address import Local, parse
from ovreport_collector.sources.cache import sha256_of
from ovreport_collector.sources.unpinned import as_fetched, parts
from ovreport_collector.suite.model import Model, Suite


@dataclass(frozen=True)
class PlannedCase:
    """A case, and the model behind it."""

    case: Case
    model: Model
    also_at_default: bool = False
    """Whether the plan has the same at the device's default precision too."""
    arm: PlannedArm | None = None
    """Which of several releases or settings it is measured with; None: there is one."""

    @property
    def key(self) -> str:
        """Identifies the case within a plan, and its arm."""
        case = self.case
        of = f"@{self.arm.name}" if self.arm else ""
        return f"{case.engine}/{case.model}/{case.variant}/{case.device}/{case.precision}{of}"

    @property
    def python(self) -> Path | None:
        """Interpreter of its measuring processes; None: that of the collect."""
        return self.arm.python if self.arm else None

    @property
    def properties(self) -> Mapping[str, str]:
        """OpenVINO properties that its arm sets."""
        return self.arm.about.properties if self.arm else {}

    @property
    def place(self) -> str:
        """Where it runs: the device, after the name of an engine that is not OpenVINO."""
        case = self.case
        return f"{case.engine} {case.device}" if self.is_native else case.device

    @property
    def is_language(self) -> bool:
        """Whether it is of a language model, in a pipeline of OpenVINO GenAI."""
        return self.case.is_language

    @property
    def file_key(self) -> tuple[str, str]:
        """Model and variant: identifies the file that it runs within a plan."""
        return self.case.model, self.case.variant

    @property
    def is_optimized(self) -> bool:
        """Whether its model is optimized here, and not the published file."""
        return self.case.variant != self.model.variant

    @property
    def is_reference(self) -> bool:
        """Whether the accuracy of all cases of its model is compared with this one's.

        Arms are all compared with the same outputs, which the collect's own OpenVINO makes.
        """
        published = not self.is_optimized and not self.is_native and self.arm is None
        return published and (self.case.device, self.case.precision) == ("CPU", "f32")

    @property
    def is_native(self) -> bool:
        """Whether a native framework runs it, and not OpenVINO."""
        return self.case.is_native


@dataclass(frozen=True)
class Plan:
    """Everything that decides what is measured; the same plan resumes the same run."""

    suite: Suite
    suite_name: str
    """A built-in name, or the name of a file without its folder."""
    tier: Tier
    seed: int
    cases: Sequence[PlannedCase]
    devices: Mapping[str, Device]
    """By the names that cases have."""
    plugins: Mapping[str, str]
    """Device name → plugin library that is registered first."""
    machine: Machine
    software: Software
    skip: Sequence[str] = ()
    """Measurements that the user left out."""
    tools: Mapping[str, str] = field(default_factory=dict)
    """Package → version of what optimizes models, other than OpenVINO."""
    left_out: str = ""
    """What the suite names and cannot be measured here, with the remedy; empty where all can."""
    samples: int | None = None
    """Accuracies are computed on at most so many samples of a user dataset; None: by the model."""
    own: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Model id → arguments of the command line that name its file; empty where a suite does."""
    refused: Sequence[Fault] = ()
    """Why model files that were named are not measured; not a part of its key."""
    code: str = ""
    """Checksum of this package: rounds of edited code do not mix with those before."""
    wanted_arms: Wanted = NO_ARMS
    """The releases and settings that were asked for; the key has what became of them."""
    timing: Timing = NO_TIME
    """What planning took; not a part of its key."""

    @property
    def models(self) -> list[Model]:
        """The models of all cases, each once, in the suite's order."""
        return list({planned.model.id: planned.model for planned in self.cases}.values())

    @property
    def arms(self) -> list[PlannedArm]:
        """The arms by which every case is measured, in their order; empty: there are none."""
        found = {p.arm.name: p.arm for p in self.cases if p.arm is not None}
        return sorted(found.values(), key=lambda arm: arm.about.position)

    def device_of(self, planned: PlannedCase) -> Device:
        """Return the device of a case, as the OpenVINO that runs it describes it."""
        name = planned.case.device
        found = planned.arm.devices.get(name) if planned.arm else None
        return found or self.devices[name]

    def software_of(self, planned: PlannedCase) -> Software:
        """Return what runs a case."""
        return planned.arm.software if planned.arm else self.software

    def optimized_variants(self, model: Model) -> list[VariantName]:
        """Return the variants of a model that are optimized for this plan."""
        own = [p.case.variant for p in self.cases if p.is_optimized and p.model.id == model.id]
        return list(dict.fromkeys(own))

    @property
    def key(self) -> str:
        """Checksum of all of it: rounds of another plan, machine or release never mix with its."""
        whole = (
            self.suite.identity,
            self.tier,
            self.seed,
            [planned.case for planned in self.cases],
            [(arm.about, arm.software) for arm in self.arms],
            self._unpinned_contents,
            [(d.name, d.full_name, d.driver) for d in self.devices.values()],
            # Its memory differs by some kilobytes between boots, and is in its id, rounded.
            msgspec.structs.replace(self.machine, memory_bytes=0),
            self.software,
            [(name, sha256_of(Path(library))) for name, library in sorted(self.plugins.items())],
            sorted(self.skip),
            sorted(self.tools.items()),
            self.code,
        )
        return hashlib.sha256(msgspec.json.encode(whole, order="sorted")).hexdigest()[:16]

    @property
    def unpinned(self) -> list[str]:
        """Addresses of files on a branch or tag, of which no commit is known yet."""
        files = [file for model in self.models for file in (model.file, *model.files.values())]
        return [file.uri for file in map(as_fetched, files) if file.unpinned]

    @property
    def missing_datasets(self) -> list[str]:
        """Datasets of the plan's models that users provide, and this one did not."""
        layouts = {name for name, dataset in self.suite.datasets.items() if dataset.layout}
        return [
            name for name in self._dataset_names if name in layouts - set(self.suite.user_datasets)
        ]

    @property
    def warnings(self) -> list[str]:
        """What was guessed of the user's datasets, with the remedy."""
        found = {name: self.suite.user_datasets.get(name) for name in self._dataset_names}
        return [f"{name}: {one.warning}" for name, one in found.items() if one and one.warning]

    @property
    def _dataset_names(self) -> list[str]:
        return list(dict.fromkeys(model.data for model in self.models if model.data))

    @property
    def _unpinned_contents(self) -> list[str]:
        """Checksums of files that the suite does not pin: when edited, they are other models.

        Of files of a branch the commit too, which pins what they name.
        """
        unpinned = [f for m in self.models for f in (m.file, *m.files.values()) if f.unpinned]
        fetched = [text for f in unpinned for part in parts(f) for text in (part.uri, part.sha256)]
        local = [f for m in self.models for f in self._local_files(m) if f.is_file()]
        return [*fetched, *(one.sha256 for path in local for one in model_files.listed([path]))]

    def _local_files(self, model: Model) -> list[Path]:
        """Return all local files of a model: what it consists of, and what its task needs."""
        path = local_file(self.suite, model)
        addresses = [parse(file.uri) for file in model.files.values()]
        others = [Path(self.suite.folder, a.path) for a in addresses if isinstance(a, Local)]
        return [*(model_files.files_of(path) if path and path.is_file() else []), *others]


def local_file(suite: Suite, model: Model) -> Path | None:
    """Return the path of a model with a `file:` address; None for one that is fetched."""
    address = parse(model.file.uri)
    return Path(suite.folder, address.path) if isinstance(address, Local) else None


def cases(
    models: Sequence[Model],
    devices: Sequence[Device],
    precisions: Sequence[Precision],
    engines: Sequence[str] = (),
    variants: Mapping[str, Sequence[VariantName]] | None = None,
) -> Iterator[PlannedCase]:
    """Yield model × device × variant × engine × executed precision, in this order.

    Where no precisions or engines are requested, those that are worth comparing are chosen.
    `variants` has those of each model, by its id; None: the published file alone. Native
    frameworks run only published files, only on the CPU, and only at f32.
    """
    for model in models:
        names = variants[model.id] if variants is not None else [model.variant]
        fitting = engines_for(model, engines)
        for device, variant, engine in itertools.product(devices, names, fitting):
            optimized = variant != model.variant
            chosen = _precisions(engine, device, precisions, optimized=optimized)
            for precision in chosen:
                case = Case(
                    engine=engine,
                    device=device.name,
                    model=model.id,
                    variant=variant,
                    precision=precision,
                )
                also = precision != "default" and "default" in chosen
                yield PlannedCase(case, model, also_at_default=also)


def _precisions(
    engine: str, device: Device, requested: Sequence[Precision], *, optimized: bool
) -> Sequence[Precision]:
    """Return the precisions to measure; none where the engine cannot run this.

    A model is optimized to be fast, so an optimized variant runs at the device's default precision
    alone, unless others are requested.
    """
    kind = ENGINES[engine].kind
    if kind == "native":
        fits = device.name == NATIVE_DEVICE and not optimized
        return ["f32"] if fits and (not requested or {"f32", "default"} & set(requested)) else []
    if requested:
        return list(dict.fromkeys(requested))
    defaults = default_precisions(device)
    if kind == "generation" and not is_virtual(device.name):
        # Attention has eight bits by default, even on devices whose default precision is f32.
        defaults = ("f32", "default")
    return defaults[-1:] if optimized else defaults
