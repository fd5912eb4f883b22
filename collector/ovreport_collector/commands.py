"""Commands that measure: `collect`, `devices`, `models`.

They declare options and interpret them; the work is called in when it is wanted.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from ovreport.errors import IncompleteError, InputError
from ovreport_collector.models_command import models

if TYPE_CHECKING:
    from rich.console import Console

    from ovreport.record import Precision
    from ovreport_collector.jobs import ProbeResult
    from ovreport_collector.plan import Plan

__all__ = ["collect", "devices", "models"]

_EXAMPLES_COLLECT = """
\b
Examples:
  ovreport collect                                  the quick suite on every device here
  ovreport collect --dry-run                        what that is, and how long it takes
  ovreport collect --suite standard --tier standard numbers to publish
  ovreport collect --model magika-v3.3 --precision f32
  ovreport collect --device CPU --device AUTO:GPU,CPU
  ovreport collect --engine openvino --engine native against ONNX Runtime and LiteRT
  ovreport collect --suite llm                      language models (extra genai)
  ovreport collect --model magika-v3.3 --variant published --variant int8
  ovreport collect --suite my.toml                  your own models
  ovreport collect --suite my.toml --dataset imagenet=/data/imagenet   on your own data

\b
Stopped with Ctrl-C, or by a crash? The same command goes on where it was.
Exit codes: 0 all cases measured, 1 some failed (their records say why), 2 bad input,
130 stopped by Ctrl-C, 143 by SIGTERM.
"""


def _datasets(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
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


def _plugins(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
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


_VARIANTS = ("published", "fp32", "fp16", "int8", "int8-accuracy", "int8-weights", "int4",
             "int4-weights")  # fmt: skip

_plugin_option = click.option(
    "--plugin", "plugins", multiple=True, metavar="NAME=PATH", callback=_plugins,
    help="Register a plugin library as a device before anything else; repeatable.",
)  # fmt: skip


@click.command(epilog=_EXAMPLES_COLLECT)
@click.option(
    "--suite",
    default="quick",
    show_default=True,
    metavar="NAME|FILE",
    help="Built-in suite (quick, standard, llm, openvino-hub) or a TOML file of your own.",
)
@click.option(
    "--tier",
    type=click.Choice(["quick", "standard", "publish"]),
    default="quick",
    show_default=True,
    help="How long to measure.",
)
@click.option(
    "--model",
    "models_",
    multiple=True,
    metavar="ID",
    help="Only this model of the suite; repeatable.",
)
@click.option(
    "--device",
    "devices_",
    multiple=True,
    metavar="DEVICE",
    help="Any OpenVINO device string; repeatable. Default: every physical device found.",
)
@click.option(
    "--engine",
    "engines",
    multiple=True,
    type=click.Choice(["openvino", "onnxruntime", "litert", "pytorch", "native"]),
    help="What runs the models; repeatable. `native`: the framework that a model's file belongs "
    "to. Native frameworks run on the CPU with OpenVINO's threads. Default: openvino.",
)
@click.option(
    "--variant",
    "variants",
    multiple=True,
    type=click.Choice(_VARIANTS),
    help="Weights to measure; repeatable. `published`: the file as it is; others are made of fp32 "
    "models (…-weights: of language models too), most of them by NNCF. Default: `published`, and "
    "what the suite names.",
)
@click.option(
    "--precision",
    "precisions",
    multiple=True,
    type=click.Choice(["f32", "f16", "bf16", "default"]),
    help="Executed precision to ask for; repeatable. Default: f32, and the device's "
    "default where it is another.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("site/records"),
    show_default=True,
    help="Folder of records.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=20,
    show_default=True,
    help="Chooses and orders the inputs.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(1),
    metavar="SECONDS",
    help="Limit of one measuring process. Default: by tier, 300 s and four loops.",
)
@click.option(
    "--skip",
    multiple=True,
    type=click.Choice(
        ["calibration", "curve", "open_loop", "end_to_end", "no_mmap", "concurrency"]
    ),
    help="Leave this aspect out, to save time; repeatable.",
)
@click.option(
    "--dataset", "datasets_", multiple=True, metavar="NAME=PATH", callback=_datasets,
    help="Your own copy of a dataset that the suite leaves to you (ImageNet, COCO, GLUE); "
    "repeatable.",
)  # fmt: skip
@click.option(
    "--samples",
    type=click.IntRange(1),
    metavar="N",
    help="Judge at most so many samples of your datasets, drawn by the seed. Default: 5,000, and "
    "what fits into 1 GiB.",
)
@click.option("--fresh", is_flag=True, help="Forget a stopped run of the same plan.")
@click.option("--dry-run", is_flag=True, help="Print the plan and the expected time, and stop.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome (or plan) as JSON.")
@_plugin_option
def collect(
    suite: str, tier: str, models_: tuple[str, ...], devices_: tuple[str, ...],
    engines: tuple[str, ...], variants: tuple[str, ...], precisions: tuple[str, ...], out: Path,
    seed: int, timeout: float | None, skip: tuple[str, ...], fresh: bool, dry_run: bool,
    as_json: bool, plugins: dict[str, str], datasets_: dict[str, str], samples: int | None,
) -> None:  # fmt: skip
    """Measure models on this machine's OpenVINO devices, and write records."""
    from rich.console import Console

    from ovreport_collector import collect as work
    from ovreport_collector.display import effort_words, summaries

    # A log has no width of its own; the table of results needs more than 80 columns.
    console = Console(stderr=as_json, width=None if sys.stdout.isatty() else 120)
    plan = work.make_plan(
        work.Request(
            suite=suite, tier=tier, models=models_, devices=devices_,
            precisions=cast("tuple[Precision, ...]", precisions), plugins=plugins, seed=seed,
            skip=skip, engines=engines, variants=variants, datasets=datasets_, samples=samples,
        )
    )  # fmt: skip
    if dry_run:
        _show_plan(plan, console, as_json=as_json)
        return
    console.print(_announcement(plan), highlight=False)
    _tell_left_out(plan, console)
    collected = work.measure(plan, out, console, timeout_s=timeout, fresh=fresh)
    records, failed = collected.records, work.failures(collected.records)
    if as_json:
        click.echo(json.dumps(work.collected_as_json(collected, out)))
    else:
        for table in summaries(records):
            console.print(table)
        if collected.effort is not None:
            console.print(f"\n{effort_words(collected.effort)}", highlight=False)
        console.print(
            f"\n{_count(len(records), 'record')} in {out}. Next: ovreport build", highlight=False
        )
    if failed:
        raise IncompleteError(
            f"{len(failed)} of {len(records)} cases failed; their records say why"
        )


@click.command(
    epilog="\b\nExamples:\n  ovreport devices\n  ovreport devices --json | jq '.devices[].name'\n"
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@_plugin_option
def devices(as_json: bool, plugins: dict[str, str]) -> None:
    """Show every OpenVINO device of this machine, and why others are missing."""
    from ovreport_collector.collect import probe

    found = probe([], plugins)
    if as_json:
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=1).decode())
    else:
        _show_devices(found)


def _show_devices(found: ProbeResult) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    table = Table(box=None, pad_edge=False)
    for heading in ("device", "name", "driver", "capabilities", "default precision"):
        table.add_column(heading, overflow="fold")
    for device in found.devices:
        default = device.properties.get("INFERENCE_PRECISION_HINT", "unknown")
        cells = (
            device.name,
            device.full_name,
            device.driver,
            ", ".join(device.capabilities),
            default,
        )
        table.add_row(*map(escape, cells))
    console.print(table)
    for missing in found.unavailable:
        console.print(
            f"\n[bold]{escape(missing.name)}[/bold]  not available: {escape(missing.reason)}"
        )
        if missing.remedy:
            console.print(f"  → {escape(missing.remedy)}")
    console.print(f"\nOpenVINO {escape(found.openvino)}", highlight=False)


def _announcement(plan: Plan) -> str:
    models_, cases = _count(len(plan.models), "model"), _count(len(plan.cases), "case")
    return (
        f"{models_}, {cases}, tier {plan.tier.name}: about {_minutes(plan.expected_s)} beside "
        "downloads. Leave the machine alone meanwhile."
    )


def _show_plan(plan: Plan, console: Console, *, as_json: bool) -> None:
    from rich.markup import escape
    from rich.table import Table

    from ovreport_collector.collect import plan_as_json

    if as_json:
        click.echo(json.dumps(plan_as_json(plan), indent=1))
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("model", "task", "variant", "device", "precision"):
        table.add_column(heading, overflow="fold")
    for planned in plan.cases:
        case = planned.case
        cells = (case.model, planned.model.task, case.variant, planned.place, case.precision)
        table.add_row(*map(escape, cells))
    console.print(table)
    tier = plan.tier
    console.print(
        f"\n{_count(len(plan.cases), 'case')} × {tier.rounds} rounds (at most {tier.max_rounds}) "
        f"of ≥ {tier.min_seconds:g} s and ≥ {tier.min_inferences} inferences, for latency and for "
        f"throughput: about {_minutes(plan.expected_s)}.",
        highlight=False,
    )
    if plan.absent:
        given = " ".join(f"--dataset {name}=PATH" for name in plan.absent)
        console.print(
            f"\nWithout accuracy where the data are yours to give: add {given}",
            markup=False, highlight=False,
        )  # fmt: skip
    if plan.unpinned:
        console.print(
            f"\nNot pinned: {_count(len(plan.unpinned), 'file')} of branches on the model hub. The "
            "commit and checksum of each are found when it is first fetched, and told in the "
            "records:",
            *plan.unpinned, sep="\n  ", markup=False, highlight=False,
        )  # fmt: skip
    _tell_left_out(plan, console)


def _tell_left_out(plan: Plan, console: Console) -> None:
    if plan.left_out:
        console.print(plan.left_out, markup=False, highlight=False, soft_wrap=True)


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
