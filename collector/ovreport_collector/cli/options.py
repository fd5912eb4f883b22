"""Options that say NAME=PATH, and how they are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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


class SkippedMeasurement(click.ParamType[str]):
    """The name of a measurement; looked up when it is needed, so that --help of others is quick."""

    name = "measurement"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Return all names."""
        return self._choice().get_metavar(param, ctx) or self.name

    def convert(
        self,
        value: Any,  # noqa: ANN401 (click's)
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str:
        """Return the name; an error of usage where no measurement has it."""
        return self._choice().convert(value, param, ctx)

    def _choice(self) -> click.Choice[str]:
        from ovreport_collector.measurements import registry

        return click.Choice(registry.SKIPPABLE)


plugin_option = click.option(
    "--plugin",
    "plugins",
    multiple=True,
    metavar="NAME=PATH",
    callback=plugins,
    help="Register a plugin library as a device before anything else; repeatable.",
)
