"""From a user's request to a plan of what is measured on this machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from ovreport.engines import ENGINES, GENAI, OPENVINO, of_kind
from ovreport.errors import InputError
from ovreport.record import Precision, Software
from ovreport_collector import datasets, environments
from ovreport_collector.datasets import selection
from ovreport_collector.environments.environment import Progress, silent
from ovreport_collector.machine import describe
from ovreport_collector.models import variants
from ovreport_collector.plan import arms, devices, engines, load_suite, own_models
from ovreport_collector.plan.arms import NO_ARMS, Wanted
from ovreport_collector.plan.own_models import OwnModels
from ovreport_collector.plan.plan import Plan, PlannedCase, cases
from ovreport_collector.plan.tiers import tier_of
from ovreport_collector.process.timing import Stopwatch
from ovreport_collector.suite.model import Suite


@dataclass(frozen=True)
class Request:
    """What the user requested, not yet interpreted."""

    suite: str
    """Name of a built-in suite, or path of a TOML file."""
    tier: str
    models: Sequence[str]
    """Ids; none: all models of the suite."""
    devices: Sequence[str]
    """OpenVINO device strings; none: every device that is available."""
    precisions: Sequence[Precision]
    """None: f32, and the device's default where it differs."""
    plugins: Mapping[str, str]
    """Device name → plugin library to register."""
    seed: int
    skip: Sequence[str] = ()
    """Measurements to leave out."""
    engines: Sequence[str] = ()
    """Engines by name, or `native`; none: OpenVINO."""
    variants: Sequence[str] = ()
    """Variants by name, or `published`; none: that one, and those that the suite names."""
    datasets: Mapping[str, str] = field(default_factory=dict)
    """Dataset of the suite → the user's folder."""
    own: OwnModels | None = None
    """Model files to measure in the place of the suite."""
    samples: int | None = None
    """The most samples of each of these datasets that are evaluated; None: as the models say."""
    rounds: int | None = None
    """Rounds of each case; None: as the tier has."""
    seconds: float | None = None
    """Length of one timed loop; None: as the tier has."""
    allow_outside: Sequence[Path] = ()
    """Files and folders outside its own that the suite may name."""
    arms: Wanted = NO_ARMS
    """Releases and settings to measure by turns."""
    dry_run: bool = False
    """Whether the plan is only shown: no environment is made for it."""


def make_plan(request: Request, *, progress: Progress = silent) -> Plan:
    """Return the plan of a request on this machine.

    `progress` is told what is done to make the environments of releases, which may take minutes.
    InputError or SuiteError if it names something that is missing or cannot be used.
    """
    stopwatch = Stopwatch()
    own = own_models.suite_of(request.own) if request.own else None
    arms.check(request.arms)
    suite = own.suite if own else load_suite.load(request.suite, request.allow_outside)
    suite = datasets.with_user_datasets(suite, request.datasets, request.samples)
    named = [suite.model(name) for name in dict.fromkeys(request.models)]
    models, no_genai = engines.runnable(named or suite.models, by_name=bool(named))
    engines.require(e for model in models for e in engines.engines_for(model, request.engines))
    probed = devices.probe(request.devices, request.plugins)
    usable = devices.usable(probed, {*request.devices, *request.plugins})
    found = {device.name: device for device in usable}
    chosen, no_nncf = variants.choose(models, request.variants)
    suite = _hold_out(suite, chosen)
    models = [suite.model(model.id) for model in models]
    planned = tuple(
        cases(models, tuple(found.values()), request.precisions, request.engines, chosen)
    )
    _check_something_fits(request, planned)
    used = {p.case.engine for p in planned}
    software = describe.software(probed.openvino, engines.versions(used))
    by_arms = _by_arms(request, planned, software, progress)
    return Plan(
        suite=suite,
        suite_name=own_models.NAME if own else load_suite.name_of(request.suite),
        own=own.arguments if own else {},
        refused=own.refused if own else (),
        tier=tier_of(request.tier, rounds=request.rounds, seconds=request.seconds),
        seed=request.seed,
        cases=by_arms,
        devices=found,
        plugins=request.plugins,
        machine=describe.describe(),
        software=software,
        skip=tuple(sorted(set(request.skip))),
        tools=variants.versions(p.case.variant for p in planned if p.is_optimized),
        left_out=" ".join(filter(None, (no_genai, no_nncf))),
        samples=request.samples,
        code=_own_code(),
        wanted_arms=request.arms,
        timing=stopwatch.take(),
    )


def _by_arms(
    request: Request, planned: Sequence[PlannedCase], software: Software, progress: Progress
) -> Sequence[PlannedCase]:
    """Return every case of OpenVINO once for each arm; as they are where there are none.

    Native frameworks do not depend on OpenVINO, and are measured once, beside the arms. The
    environments of arms are made first. InputError where there is no case of OpenVINO, and for
    language models: their engine is a package that has to fit each release, and they are too large
    to be alive side by side, so that no rounds of theirs could be paired.
    """
    wanted = request.arms
    if not wanted:
        return planned
    used = {p.case.engine for p in planned}
    if GENAI in used or OPENVINO not in used:
        other = ENGINES[GENAI if GENAI in used else min(used)]
        raise InputError(
            f"{other.title} is not measured by several releases or settings",
            where="--openvino, --arm, --aa",
            remedy="Measure it without them, or name other models and engines. To compare two "
            "releases of it, collect with each, and compare the two folders.",
        )
    made = () if request.dry_run else environments.prepare(wanted.openvino, progress=progress)
    found = arms.plan_arms(
        wanted,
        request.seed,
        software,
        made,
        lambda python: devices.probe(request.devices, request.plugins, python=python),
    )
    return [
        replace(one, arm=arm) for one in planned for arm in ((None,) if one.is_native else found)
    ]


@cache
def _own_code() -> str:
    """Return a checksum of this package's modules."""
    package = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for file in sorted(package.rglob("*.py")):
        digest.update(f"{file.relative_to(package)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def _hold_out(suite: Suite, chosen: Mapping[str, Sequence[str]]) -> Suite:
    """Keep a part of the user's data for calibration, for models with calibrated variants."""
    calibrated = {m for m, names in chosen.items() if any(map(variants.is_calibrated, names))}
    return selection.hold_out(suite, calibrated)


def _check_something_fits(request: Request, planned: Sequence[PlannedCase]) -> None:
    """Raise InputError if no case has the requested variant or native framework."""
    if request.variants and not planned:
        raise InputError(
            "no requested model and engine has such a variant",
            where=" ".join(f"--variant {name}" for name in request.variants),
            remedy="Only floating-point models and language models are optimized, and only "
            "OpenVINO runs the result: ovreport models --suite NAME shows each model's weights.",
        )
    used = {p.case.engine for p in planned}
    others = set(request.engines) - {OPENVINO}
    if others and not used & (others | {engine.id for engine in of_kind("native")}):
        raise InputError(
            f"no requested model, device and precision fits {', '.join(sorted(others))}",
            where="--engine",
            remedy=f"{_what_engines_read(others)} Native frameworks run on the device "
            f"{engines.NATIVE_DEVICE} at f32, {ENGINES[GENAI].title} runs language models.",
        )


def _what_engines_read(requested: Iterable[str]) -> str:
    """Return which model files the engines of a request read, a sentence each."""
    named = set(requested)
    if engines.NATIVE in named:
        named |= {engine.id for engine in of_kind("native")}
    chosen = [engine for engine in ENGINES.values() if engine.id in named]
    return " ".join(f"{engine.title} reads {', '.join(engine.suffixes)}." for engine in chosen)
