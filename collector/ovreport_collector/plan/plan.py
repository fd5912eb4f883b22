"""What will be measured: the cases of a suite on some devices."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import msgspec

from ovreport.engines import ENGINES
from ovreport.record import Case, Device, Machine, Precision, Software, Tier
from ovreport.record.base import VariantName
from ovreport_collector.plan.devices import default_precisions, is_virtual
from ovreport_collector.plan.engines import DEVICE, engines_for
from ovreport_collector.sources.address import Local, parse
from ovreport_collector.sources.cache import sha256_of
from ovreport_collector.sources.unpinned import as_fetched, parts
from ovreport_collector.suite.model import Model, Suite


@dataclass(frozen=True)
class PlannedCase:
    """A case, and the model behind it."""

    case: Case
    model: Model

    @property
    def key(self) -> str:
        """What tells this case from the others of a plan."""
        case = self.case
        return f"{case.engine}/{case.model}/{case.variant}/{case.device}/{case.precision}"

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
        """Model and variant: what tells the file that it runs from the others of a plan."""
        return self.case.model, self.case.variant

    @property
    def is_made(self) -> bool:
        """Whether its file was optimized here, and is not the published one."""
        return self.case.variant != self.model.variant

    @property
    def is_reference(self) -> bool:
        """Whether it is what all cases of its model are compared with."""
        plain = not self.is_made and not self.is_native
        return plain and (self.case.device, self.case.precision) == ("CPU", "f32")

    @property
    def is_native(self) -> bool:
        """Whether a native framework runs it, and not OpenVINO."""
        return self.case.is_native


@dataclass(frozen=True)
class Plan:
    """Everything that decides what is measured; the same plan resumes the same run."""

    suite: Suite
    suite_name: str
    """As the user gave it: a built-in name, or a file's name."""
    tier: Tier
    seed: int
    cases: Sequence[PlannedCase]
    devices: Mapping[str, Device]
    plugins: Mapping[str, str]
    machine: Machine
    software: Software
    skip: Sequence[str] = ()
    """Extra aspects that the user left out."""
    tools: Mapping[str, str] = field(default_factory=dict)
    """Package → version of what makes variants, beside OpenVINO."""
    left_out: str = ""
    """What the suite names and is not planned, with the remedy; empty where nothing is."""
    samples: int | None = None
    """The most that are judged of each dataset of the user's; None: as the models say."""
    spent_s: Mapping[str, float] = field(default_factory=dict)
    """What making the plan took; no part of what it is."""

    @property
    def models(self) -> list[Model]:
        """The models of all cases, each once, in the suite's order."""
        return list({planned.model.id: planned.model for planned in self.cases}.values())

    def made_variants(self, model: Model) -> list[VariantName]:
        """Return the variants of a model that are made for this plan."""
        own = [p.case.variant for p in self.cases if p.is_made and p.model.id == model.id]
        return list(dict.fromkeys(own))

    @property
    def key(self) -> str:
        """Checksum: rounds of another plan, machine or release never mix with this one's."""
        whole = (
            self.suite.identity,
            self.tier,
            self.seed,
            [planned.case for planned in self.cases],
            self._local_contents,
            [(d.name, d.full_name, d.driver) for d in self.devices.values()],
            # Its memory differs by some kilobytes between boots, and is in its id, rounded.
            msgspec.structs.replace(self.machine, memory_bytes=0),
            self.software,
            [(name, sha256_of(Path(library))) for name, library in sorted(self.plugins.items())],
            sorted(self.skip),
            sorted(self.tools.items()),
            _own_code(),
        )
        return hashlib.sha256(msgspec.json.encode(whole, order="sorted")).hexdigest()[:16]

    @property
    def unpinned(self) -> list[str]:
        """Addresses of files that are on a branch, and of which no commit is known yet."""
        files = [file for model in self.models for file in (model.file, *model.files.values())]
        return [file.uri for file in map(as_fetched, files) if file.unpinned]

    @property
    def absent(self) -> list[str]:
        """Datasets of the plan's models that users bring, and that this one did not."""
        names = dict.fromkeys(model.data for model in self.models if model.data)
        layouts = {name for name, dataset in self.suite.datasets.items() if dataset.layout}
        return [name for name in names if name in layouts - set(self.suite.user_datasets)]

    @property
    def _local_contents(self) -> list[str]:
        """Checksums of files that the suite need not pin: edited, they are other models."""
        loose = [f for m in self.models for f in (m.file, *m.files.values()) if f.unpinned]
        paths = [local_file(self.suite, model) for model in self.models]
        files = [file for path in paths if path for file in (path, path.with_suffix(".bin"))]
        fetched = [part.sha256 for file in loose for part in parts(file)]
        return [*fetched, *(sha256_of(file) for file in files if file.is_file())]


@cache
def _own_code() -> str:
    """Return a checksum of this package: rounds of edited code are other rounds."""
    package = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for file in sorted(package.rglob("*.py")):
        digest.update(f"{file.relative_to(package)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def local_file(suite: Suite, model: Model) -> Path | None:
    """Return the path of a model named by `file:`, None for one that is fetched."""
    address = parse(model.file.uri)
    return Path(suite.folder, address.path) if isinstance(address, Local) else None


def cases(
    models: Sequence[Model],
    devices: Sequence[Device],
    precisions: Sequence[Precision],
    engines: Sequence[str] = (),
    variants: Mapping[str, Sequence[VariantName]] | None = None,
) -> Iterator[PlannedCase]:
    """Yield model × device × variant × engine × executed precision; unasked, what tells most.

    `variants` has those of each model, by its id; None: the published file alone. Native
    frameworks run that one only, on the CPU, where they have one precision.
    """
    for model in models:
        names = variants[model.id] if variants is not None else [model.variant]
        fitting = engines_for(model, engines)
        for device in devices:
            for variant in names:
                made = variant != model.variant
                for engine in [e for e in fitting if not made or ENGINES[e].kind != "native"]:
                    for precision in _precisions(engine, device, precisions, made=made):
                        case = Case(
                            engine=engine,
                            device=device.name,
                            model=model.id,
                            variant=variant,
                            precision=precision,
                        )
                        yield PlannedCase(case, model)


def _precisions(
    engine: str, device: Device, requested: Sequence[Precision], *, made: bool
) -> Sequence[Precision]:
    """Return the precisions to measure.

    Who optimizes a model wants it fast, so runs it as the device chooses: a variant that we make
    has that precision alone, unless others are asked for.
    """
    if ENGINES[engine].kind == "generation" and not requested and not is_virtual(device.name):
        # Eight-bit attention is the default even where arithmetic in f32 is.
        return ["default"] if made else ["f32", "default"]
    if ENGINES[engine].kind != "native":
        defaults = default_precisions(device)
        return list(dict.fromkeys(requested or (defaults[-1:] if made else defaults)))
    fits = device.name == DEVICE and (not requested or {"f32", "default"} & set(requested))
    return ["f32"] if fits else []
