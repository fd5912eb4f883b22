"""Arms: releases, builds and settings of OpenVINO that one run measures by turns.

wanted = Wanted(openvino=("2025.4.1", "2026.4.1"), again=True)
arms = plan_arms(wanted, …)      2025.4.1, 2026.4.1, 2026.4.1-again

Every case is measured by each of them. Only what is timed and compared runs in an arm's own
environment: fetching, converting, inputs and reference outputs are those of the collect itself, the
same for all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

import msgspec

from ovreport.errors import InputError, one_line
from ovreport.record import Arm, ArmKind, Device, Software
from ovreport_collector.engines.types import ProbeResult
from ovreport_collector.environments import INSTALLED, Environment

MOST_ARMS = 8
"""In one run: all of a case are alive at once."""
PLAIN = "default"
"""Name of the arm without settings, beside which `--arm` measures others."""
AGAIN = "again"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,59}")
_KEY = re.compile(r"[A-Z][A-Z0-9_]*")
_VALUE = re.compile(r"[A-Za-z0-9._:+-]+")
_OURS: Mapping[str, str] = {
    "INFERENCE_PRECISION_HINT": "use --precision",
    "PERFORMANCE_HINT": "latency and throughput are both measured",
    "CACHE_DIR": "the start from a model cache is measured anyway",
}
"""Properties that every run sets itself, and what to do instead."""


@dataclass(frozen=True)
class Wanted:
    """The arms that the user asks for; none: one measurement, in the environment of the collect."""

    openvino: Sequence[str] = ()
    """Releases, and paths of wheels."""
    settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Name → OpenVINO properties, to be measured beside the settings as they are."""
    again: bool = False
    """Whether the last release is measured a second time."""

    def __bool__(self) -> bool:
        return bool(self.openvino or self.settings or self.again)


NO_ARMS = Wanted()


@dataclass(frozen=True)
class PlannedArm:
    """One arm of a plan."""

    about: Arm
    """What its records say of it."""
    software: Software
    devices: Mapping[str, Device]
    """Those that its OpenVINO finds, by their names."""
    python: Path | None = None
    """Interpreter of its environment; None: that of the collect."""

    @property
    def name(self) -> str:
        """As `--arm` and `ovreport compare` have it."""
        return self.about.name


@dataclass(frozen=True)
class _Named:
    name: str
    kind: ArmKind
    environment: int | None = None
    """Index among the releases that were asked for; None: the environment of the collect."""
    properties: Mapping[str, str] = field(default_factory=dict)


def check(wanted: Wanted) -> None:
    """Raise InputError for arms that cannot be: before anything is downloaded for them."""
    _named(wanted)


def plan_arms(
    wanted: Wanted,
    seed: int,
    software: Software,
    environments: Sequence[Environment],
    probe: Callable[[Path | None], ProbeResult],
) -> tuple[PlannedArm, ...]:
    """Return the arms of a plan, in their order; none where none are wanted.

    `environments`: of the releases in `wanted`; none for a plan that is only shown. `probe` asks an
    environment's OpenVINO for its devices. `software` is that of the collect.
    """
    named = _named(wanted)
    found = [(one, probe(_python(one))) for one in environments]
    arms = []
    for position, one in enumerate(named):
        about = Arm(
            name=one.name,
            kind=one.kind,
            position=position,
            count=len(named),
            order_seed=seed,
            properties=dict(one.properties),
            prepared_with=software.openvino,
        )
        arm = PlannedArm(about, software, {})
        if one.environment is not None and found:
            arm = _in(arm, *found[one.environment])
        arms.append(arm)
    return tuple(arms)


def _in(arm: PlannedArm, environment: Environment, probed: ProbeResult) -> PlannedArm:
    """Return an arm in the environment of its release."""
    installed = {name: v for name, v in environment.packages.items() if name != "openvino"}
    software = msgspec.structs.replace(
        arm.software, openvino=probed.openvino, packages={**arm.software.packages, **installed}
    )
    about = msgspec.structs.replace(arm.about, lock_sha256=environment.lock_sha256)
    devices = {device.name: device for device in probed.devices}
    python = _python(environment)
    return replace(arm, about=about, software=software, devices=devices, python=python)


def _python(environment: Environment) -> Path | None:
    """Return the interpreter of an environment; None for the one that the collect runs in."""
    return None if environment.wanted == INSTALLED else environment.python


def _named(wanted: Wanted) -> list[_Named]:
    """Return every arm: each release at the settings as they are, then at the others.

    InputError for names that are none, or too many of them.
    """
    if not wanted:
        return []
    for name, properties in wanted.settings.items():
        _check_settings(name, properties)
    releases = _of_releases(wanted.openvino) or [_Named(PLAIN, "properties")]
    arms = []
    for one in releases:
        arms.append(one)
        prefix = f"{one.name}-" if wanted.openvino else ""
        arms += [
            _Named(f"{prefix}{name}", "properties", one.environment, properties)
            for name, properties in wanted.settings.items()
        ]
    if wanted.again:
        last = releases[-1]
        arms.append(replace(last, name=f"{last.name}-{AGAIN}", kind="again"))
    names = [one.name for one in arms]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise InputError(
            f"two arms are called {twice!r}", where="--arm", remedy="Give each its own name."
        )
    if len(arms) > MOST_ARMS:
        raise InputError(
            f"{len(arms)} arms, where at most {MOST_ARMS} are measured by turns",
            where="--openvino, --arm",
            remedy="Compare fewer at once.",
        )
    return arms


def _of_releases(wanted: Sequence[str]) -> list[_Named]:
    """Return an arm for each release and wheel."""
    found: list[_Named] = []
    for index, one in enumerate(wanted):
        is_wheel = one.endswith(".whl")
        name = _name_of_wheel(one) if is_wheel else one
        if is_wheel and any(name == other.name for other in found):
            name = f"{name}-{index + 1}"
        if not _NAME.fullmatch(name):
            raise InputError(
                f"{one_line(one, 80)!r} is no release, and not named as a wheel is",
                where="--openvino",
                remedy="For example: --openvino 2025.4.1 --openvino 2026.4.1, or the path of a "
                "wheel: openvino-2026.5.0-1-cp312-cp312-manylinux_2_28_x86_64.whl.",
            )
        if any(name == other.name for other in found):
            raise InputError(
                f"{name!r} is named twice",
                where="--openvino",
                remedy="Name each once; the last one is measured a second time with --aa.",
            )
        found.append(_Named(name, "wheel" if is_wheel else "release", index))
    return found


def _name_of_wheel(path: str) -> str:
    """Return version and build of a wheel, from the name of its file (PEP 427)."""
    parts = PurePath(path).stem.split("-")
    return "-".join(parts[1:3] if len(parts) > 5 else parts[1:2])


def _check_settings(name: str, properties: Mapping[str, str]) -> None:
    remedy = "For example: --arm one-stream:NUM_STREAMS=1"
    if name == PLAIN:
        raise InputError(
            f"{PLAIN!r} is the arm of the settings as they are",
            where="--arm",
            remedy=f"Use another name. {remedy}",
        )
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name[:80]!r} cannot be the name of an arm",
            where="--arm",
            remedy=f"Use letters, digits, dots and dashes. {remedy}",
        )
    where = f"--arm {name}"
    if not properties:
        raise InputError(
            "no property is set; the settings as they are are measured in any case",
            where=where,
            remedy=remedy,
        )
    for key, value in properties.items():
        if key in _OURS:
            raise InputError(f"{key} is set by ovreport", where=where, remedy=_OURS[key])
        if not _KEY.fullmatch(key) or not _VALUE.fullmatch(value):
            raise InputError(
                f"{key[:80]}={value[:80]} is no property of OpenVINO with a plain value",
                where=where,
                remedy=remedy,
            )
