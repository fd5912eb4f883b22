"""Options that say NAME=PATH, and how they are read."""

from __future__ import annotations

from pathlib import Path

import click

from ovreport.errors import InputError


def datasets(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Return name → path of the user's datasets."""
    found: dict[str, str] = {}
    for value in values:
        name, _sep, path = value.partition("=")
        if not name or not path or name in found:
            raise InputError(
                f"{name!r} twice" if name in found else f"{value!r} is not NAME=PATH of a dataset",
                where="--dataset",
                remedy="For example: --dataset imagenet=/data/imagenet; the suite names datasets",
            )
        found[name] = path
    return found


def plugins(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Return name → library of the user's plugins."""
    found = {}
    for value in values:
        name, _sep, path = value.partition("=")
        if not name or not Path(path).is_file():
            raise InputError(
                f"{value!r} is not NAME=PATH of a plugin library",
                where="--plugin",
                remedy="For example: --plugin NVIDIA=/opt/libopenvino_nvidia_gpu_plugin.so",
            )
        found[name] = path
    return found


plugin_option = click.option(
    "--plugin",
    "plugins",
    multiple=True,
    metavar="NAME=PATH",
    callback=plugins,
    help="Register a plugin library as a device before anything else; repeatable.",
)
