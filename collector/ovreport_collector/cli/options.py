"""Options that several commands have, and options of kinds that click does not know."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from ovreport.errors import InputError, did_you_mean
from ovreport.existing_path import ExistingPath
from ovreport_collector.suite.model import DEFAULT_SUITE


class OneOf(click.ParamType):  # type: ignore[type-arg]  # no generic before click 8.4
    """One of the names of a registry, which takes time to import: looked up when needed."""

    name = "name"

    def __init__(self, names: Callable[[], Sequence[str]]) -> None:
        self._names = names

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """Return the names as `--help` lists them."""
        return f"[{'|'.join(self._names())}]"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name; click's own error, with all names, if it is unknown."""
        names = self._names()
        if value not in names:
            guess = did_you_mean(value, names)
            self.fail(f"{value!r} is not one of {', '.join(names)}. {guess}".strip(), param, ctx)
        return value


class Choice(click.Choice):  # type: ignore[type-arg]  # as above
    """One of a few names; of a mistyped one, the error says which may be meant."""

    def convert(
        self,
        value: Any,  # noqa: ANN401 (as click has it)
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:  # noqa: ANN401
        """Return the name; click's own error, with all names, if it is unknown."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            guess = did_you_mean(str(value), self.choices)
            self.fail(f"{error.message} {guess}".strip(), param, ctx)


class Seconds(click.FloatRange):
    """A number of seconds within bounds; NaN, which no bound excludes, and infinity are none."""

    name = "seconds"

    def convert(
        self,
        value: Any,  # noqa: ANN401 (as click has it)
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        """Return the number; click's own error if it is none, or out of bounds."""
        seconds = float(super().convert(value, param, ctx))
        if not math.isfinite(seconds):
            self.fail(f"{value!r} is not a finite number of seconds.", param, ctx)
        return seconds


class SuiteName(click.ParamType):  # type: ignore[type-arg]  # as above
    """A built-in suite, or the path of a suite of one's own; `--help` lists the built-in ones."""

    name = "suite"

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """Return the names as `--help` lists them."""
        return f"[{'|'.join((*_builtin_suites(), 'FILE'))}]"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the built-in suites that begin so; the shell adds the files."""
        names = [name for name in _builtin_suites() if name.startswith(incomplete)]
        return [*map(CompletionItem, names), CompletionItem(incomplete, type="file")]


def _builtin_suites() -> tuple[str, ...]:
    from ovreport_collector.plan import load_suite

    return load_suite.builtin()


def _pairs(
    values: Sequence[str],
    *,
    option: str,
    example: str,
    form: str = "NAME=PATH",
    split: Callable[[str], tuple[str, str, str]] = lambda value: value.partition("="),
) -> dict[str, str]:
    """Return name → text of values NAME=TEXT; InputError if one is not of that form.

    `split` returns what is before and after the "=" between them.
    """
    found: dict[str, str] = {}
    for value in values:
        name, _, path = split(value)
        if not name or not path or name in found:
            what = f"{name!r} is given twice" if name in found else f"{value!r} is not {form}"
            name_of_option, *_ = option.split()
            raise InputError(what, where=option, remedy=f"For example: {name_of_option} {example}")
        found[name] = path
    return found


def _datasets(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    return _pairs(values, option="--dataset", example="imagenet=/data/imagenet")


def _plugins(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    example = "NVIDIA=/opt/libopenvino_nvidia_gpu_plugin.so"
    found = _pairs(values, option="--plugin", example=example)
    for name, path in found.items():
        if not Path(path).is_file():
            raise InputError(
                f"there is no plugin library {path!r}",
                where=f"--plugin {name}",
                remedy=f"Name a library that is there as NAME=PATH: --plugin {example}",
            )
    return found


def _shapes(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, list[int]]:
    example = "x=1,3,640,640"
    found = {}
    given = _pairs(values, option="--shape", example=example, form="NAME=SIZES", split=_at_last)
    for name, text in given.items():
        sizes = text.strip("[]").replace(" ", "").split(",")
        if not all(size.isdecimal() and int(size) for size in sizes if size or len(sizes) > 1):
            raise InputError(
                f'"{text}" is not a shape',
                where=f"--shape {name}",
                remedy=f"Give positive whole numbers: --shape {example}",
            )
        found[name] = [int(size) for size in sizes if size]
    return found


def _arms(
    _: click.Context, __: click.Parameter, values: tuple[str, ...]
) -> dict[str, dict[str, str]]:
    example = "one-stream:NUM_STREAMS=1"
    found: dict[str, dict[str, str]] = {}
    for value in values:
        name, colon, settings = value.partition(":")
        if not colon or name in found:
            what = f"{name!r} is given twice" if name in found else f"{value!r} names no properties"
            raise InputError(what, where="--arm", remedy=f"For example: --arm {example}")
        found[name] = _pairs(
            settings.split(","), option=f"--arm {name}", example=example, form="KEY=VALUE"
        )
    return found


def _inputs(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    form = "NAME=FILE.npy or NAME=NUMBER"
    return _pairs(values, option="--input", example="sr=16000", form=form, split=_before_value)


def _at_last(value: str) -> tuple[str, str, str]:
    """Split at the last "=": names of inputs may hold one, their shapes never do."""
    return value.rpartition("=")


def _before_value(value: str) -> tuple[str, str, str]:
    """Split at the last "=", but where a path follows, which may hold one too: at the first."""
    return value.partition("=") if value.endswith(".npy") else value.rpartition("=")


suite_option = click.option(
    "--suite",
    type=SuiteName(),
    show_default=DEFAULT_SUITE,
    help="Built-in suite, or a TOML file of your own.",
)
"""None where it is not given: the default suite, but for commands that have another one."""

shape_option = click.option(
    "--shape",
    "shapes",
    multiple=True,
    metavar="NAME=SIZES",
    callback=_shapes,
    help="Static shape of an input of your model files: x=1,3,640,640; repeatable. Needed where "
    "the file leaves sizes open.",
)

input_option = click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_inputs,
    help="What to feed an input of your model files with: a .npy file, or a number (sr=16000); "
    "repeatable. Default: random values.",
)

outside_option = click.option(
    "--allow-outside",
    multiple=True,
    metavar="PATH",
    type=ExistingPath(),
    help="File, or folder, that the suite may read though it lies outside the suite's own folder; "
    "repeatable.",
)

openvino_option = click.option(
    "--openvino",
    multiple=True,
    metavar="RELEASE",
    help="Measure with this OpenVINO release, wheel of yours, or `installed`; repeatable: all by "
    "turns in one run. Each gets an environment of its own, which is kept.",
)

arm_option = click.option(
    "--arm",
    "settings",
    multiple=True,
    metavar="NAME:KEY=VALUE[,KEY=VALUE]",
    callback=_arms,
    help="Measure with these OpenVINO properties too, by turns with the settings as they are; "
    "repeatable.",
)

again_option = click.option(
    "--aa",
    "again",
    is_flag=True,
    help="Measure the last release a second time, as evidence: what differs between equals is an "
    "error of the method.",
)

dataset_option = click.option(
    "--dataset",
    "datasets",
    multiple=True,
    metavar="NAME=PATH",
    callback=_datasets,
    help="Your own copy of a dataset that the suite leaves to you (ImageNet, COCO, GLUE); "
    "repeatable.",
)

plugin_option = click.option(
    "--plugin",
    "plugins",
    multiple=True,
    metavar="NAME=PATH",
    callback=_plugins,
    help="Register a plugin library as a device before anything else; repeatable.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
