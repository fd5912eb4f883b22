"""The site's own settings: `site/ovreport.toml`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from ovreport.errors import ConfigError, did_you_mean
from ovreport_sitegen.text import safe_url

FILE = "ovreport.toml"
_EXAMPLE = 'title = "Benchmarks of our machines"'
_Positive = Annotated[float, Meta(gt=0, le=1e9)]


class Rated(Struct, frozen=True, forbid_unknown_fields=True):
    """What a maker says of a device; never mixed with what was measured."""

    tdp_w: _Positive | None = None
    """Thermal design power, in watts."""
    price: _Positive | None = None
    currency: Annotated[str, Meta(max_length=8)] = "USD"
    source: Annotated[str, Meta(max_length=500)] = ""
    """Where the values are from."""


class MachineSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What the site's owner says of a machine."""

    owner: Annotated[str, Meta(max_length=120)] = ""
    """Who measured it, where that is not the site's owner."""


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """All settings of a site; each has a default."""

    title: Annotated[str, Meta(min_length=1, max_length=120)] = "OpenVINO benchmarks"
    site_url: str = ""
    """Where the site is published: gives canonical addresses."""
    repository: str = ""
    """Home of the site's sources: linked in the footer."""
    accent: str = ""
    """Colour of links and of the current page, as #rrggbb."""
    owner: Annotated[str, Meta(max_length=120)] = ""
    """Who measured the machines that have no owner of their own; empty: not said."""
    machines: dict[str, MachineSettings] = {}
    """By a machine's id, as its folder of records is named."""
    devices: dict[str, Rated] = {}
    """Rated values by a device's full name."""

    def owner_of(self, machine: str) -> str:
        """Return who measured a machine; empty: the settings do not say."""
        settings = self.machines.get(machine)
        return settings.owner if settings and settings.owner else self.owner


def load(site: Path) -> Config:
    """Return the settings in a site's folder; the defaults where it has none.

    Raises ConfigError with the path of the first fault.
    """
    path = site / FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Config()
    except OSError as error:
        raise ConfigError(
            f"cannot be read: {error.strerror}", where=str(path), remedy="Check its permissions."
        ) from error
    return parse(data, where=str(path))


def parse(data: bytes, *, where: str) -> Config:
    """Return the settings in a text; ConfigError with the path of the first fault."""
    try:
        config = msgspec.toml.decode(data, type=Config)
    except msgspec.ValidationError as error:
        what, _, at = str(error).partition(" - at `")
        raise ConfigError(
            what,
            where=f"{where}: {at.rstrip('`') or '$'}",
            remedy=f"{_close_key(what)}Known keys: title, site_url, repository, accent, owner, "
            '[machines."<id>"] with owner, and '
            '[devices."<full name>"] with tdp_w, price, currency, source.',
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(
            f"not TOML: {error}", where=where, remedy=f"For example: {_EXAMPLE}"
        ) from error
    _check(config, where)
    return config


def _close_key(what: str) -> str:
    """Return which key may be meant, where the fault is an unknown one."""
    unknown = re.search(r"unknown field `(.*)`", what)
    kinds = (Config, MachineSettings, Rated)
    known = [name for kind in kinds for name in kind.__struct_fields__]
    return did_you_mean(unknown[1], known) if unknown else ""


def _check(config: Config, where: str) -> None:
    for name in ("site_url", "repository"):
        value = getattr(config, name)
        if value and safe_url(value) is None:
            raise ConfigError(
                f"not a web address: {value!r}",
                where=f"{where}: $.{name}",
                remedy="It starts with https:// or http://.",
            )
        if "@" in urlsplit(value).netloc:
            raise ConfigError(
                "holds a user's name or password, which every page would show",
                where=f"{where}: $.{name}",
                remedy="Leave out what stands before the @, and have Git keep it.",
            )
    if config.accent and not re.fullmatch(r"#[0-9a-fA-F]{6}", config.accent):
        raise ConfigError(
            f"not a colour: {config.accent!r}",
            where=f"{where}: $.accent",
            remedy='Six hexadecimal digits, for example "#0068b5".',
        )
