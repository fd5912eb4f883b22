"""The machines that GitHub Actions measures: `fleet.toml`, and their lines in a workflow."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from ovreport.errors import ConfigError, did_you_mean

FILE = "fleet.toml"
_EXAMPLE = '[[machine]] with name = "lab-1" and labels = ["self-hosted", "lab-1"]'
_Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")]
# Becomes a word of a command line, and never an option.
_Word = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:,()-]{0,99}\Z")]
# Labels of runners that GitHub hosts: shared machines, whose speed says nothing.
_HOSTED = re.compile(r"(ubuntu|windows|macos)-.*", re.IGNORECASE)


class Machine(Struct, frozen=True, forbid_unknown_fields=True):
    """A machine that has a runner of its own."""

    name: _Name
    labels: Annotated[list[_Name], Meta(min_length=1)]
    """Those of its runner that together name this machine and no other."""
    devices: list[_Word] = []
    """OpenVINO device strings; empty: every device that is found."""
    available: bool = True
    """False: retired or in repair. It stays in the list and gets no job."""


class Inventory(Struct, frozen=True, forbid_unknown_fields=True):
    """All machines, and what is measured on each."""

    machine: Annotated[list[Machine], Meta(min_length=1)]
    suite: _Word = "quick"
    """The name of a built-in suite."""
    tier: _Word = "standard"
    minutes: Annotated[int, Meta(ge=1, le=7200)] = 720
    """Time limit of a machine's job. GitHub allows five days on a self-hosted runner."""


def load(path: Path) -> Inventory:
    """Return the inventory in a file; ConfigError with the path of the first fault."""
    try:
        inventory = msgspec.toml.decode(path.read_bytes(), type=Inventory)
    except OSError as error:
        raise ConfigError(
            f"cannot be read: {error.strerror}",
            where=str(path),
            remedy="Check path and permissions.",
        ) from error
    except msgspec.ValidationError as error:
        what, _, at = str(error).partition(" - at `")
        raise ConfigError(
            what,
            where=f"{path}: {at.rstrip('`') or '$'}",
            remedy=f"{_close_key(what)}Known keys: suite, tier, minutes, and [[machine]] with "
            "name, labels, devices, available. Names have letters, digits, dots and dashes.",
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(
            f"not TOML: {error}", where=str(path), remedy=f"For example: {_EXAMPLE}"
        ) from error
    _check(inventory, str(path))
    return inventory


def _close_key(what: str) -> str:
    """Return which key may be meant, where the fault is an unknown one."""
    unknown = re.search(r"unknown field `(.*)`", what)
    known = [*Inventory.__struct_fields__, *Machine.__struct_fields__]
    return did_you_mean(unknown[1], known) if unknown else ""


def _check(inventory: Inventory, where: str) -> None:
    """Raise ConfigError where two machines are one, or a job would not get the machine it names."""
    names = Counter(machine.name.lower() for machine in inventory.machine)
    wanted = Counter(frozenset(map(str.lower, m.labels)) for m in inventory.machine if m.available)
    for i, machine in enumerate(inventory.machine):
        at = f"{where}: $.machine[{i}]"
        if names[machine.name.lower()] > 1:
            raise ConfigError(
                f"two machines are called {machine.name!r}",
                where=f"{at}.name",
                remedy="Give each a name of its own.",
            )
        labels = frozenset(map(str.lower, machine.labels))
        if "self-hosted" not in labels or any(map(_HOSTED.fullmatch, labels)):
            raise ConfigError(
                'not the labels of a machine of your own: "self-hosted" is missing, or one names a '
                "machine of GitHub's",
                where=f"{at}.labels",
                remedy='For example ["self-hosted", "lab-1"].',
            )
        if machine.available and wanted[labels] > 1:
            raise ConfigError(
                "another machine has the same labels: a job may run on either",
                where=f"{at}.labels",
                remedy="Give the runner of each machine a label of its own.",
            )
    if not wanted:
        raise ConfigError(
            "no machine is available",
            where=f"{where}: $.machine",
            remedy="Keep one, or delete this file and the workflow.",
        )


def workflow(template: str, inventory: Inventory) -> str:
    """Return a workflow: its template with the lines of `$machines`, and suite, tier and minutes.

    The template has expressions of its own, `${{ … }}`, which stay.
    """
    words = {
        "machines": "\n".join(f"          - {_line(m)}" for m in inventory.machine if m.available),
        "suite": json.dumps(inventory.suite),
        "tier": json.dumps(inventory.tier),
        "minutes": str(inventory.minutes),
    }
    return re.sub(r"\$(machines|suite|tier|minutes)\b", lambda found: words[found[1]], template)


def _line(machine: Machine) -> str:
    """Return a machine as JSON in one line, which YAML reads too."""
    values = {"name": machine.name, "labels": machine.labels, "devices": " ".join(machine.devices)}
    return json.dumps(values)
