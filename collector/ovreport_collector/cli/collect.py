"""Commands that measure: `collect`, `devices`, `models`.

They declare options and interpret them; the work is called in when it is wanted.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

import click

from ovreport.errors import IncompleteError
from ovreport.record.base import VariantName
from ovreport_collector.cli.devices import devices
from ovreport_collector.cli.models import models
from ovreport_collector.cli.options import datasets, plugin_option
from ovreport_collector.plan.engines import CHOICES

if TYPE_CHECKING:
    from ovreport.record import Precision

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
    type=click.Choice(CHOICES),
    help="What runs the models; repeatable. `native`: the framework that a model's file belongs "
    "to. Native frameworks run on the CPU with OpenVINO's threads. Default: openvino.",
)
@click.option(
    "--variant",
    "variants",
    multiple=True,
    type=click.Choice(["published", *get_args(VariantName)]),
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
    type=click.Choice(["curve", "open_loop", "end_to_end", "no_mmap", "concurrency"]),
    help="Leave this aspect out, to save time; repeatable.",
)
@click.option(
    "--dataset",
    "datasets_",
    multiple=True,
    metavar="NAME=PATH",
    callback=datasets,
    help="Your own copy of a dataset that the suite leaves to you (ImageNet, COCO, GLUE); "
    "repeatable.",
)
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
@plugin_option
def collect(
    suite: str,
    tier: str,
    models_: tuple[str, ...],
    devices_: tuple[str, ...],
    engines: tuple[str, ...],
    variants: tuple[str, ...],
    precisions: tuple[str, ...],
    out: Path,
    seed: int,
    timeout: float | None,
    skip: tuple[str, ...],
    fresh: bool,
    dry_run: bool,
    as_json: bool,
    plugins: dict[str, str],
    datasets_: dict[str, str],
    samples: int | None,
) -> None:
    """Measure models on this machine's OpenVINO devices, and write records."""
    from rich.console import Console

    from ovreport_collector.plan.request import Request, make_plan
    from ovreport_collector.session import collect as work
    from ovreport_collector.session import plan_table
    from ovreport_collector.session.results_table import effort_words, summaries

    # A log has no width of its own; the table of results needs more than 80 columns.
    console = Console(stderr=as_json, width=None if sys.stdout.isatty() else 120)
    plan = make_plan(
        Request(
            suite=suite,
            tier=tier,
            models=models_,
            devices=devices_,
            precisions=cast("tuple[Precision, ...]", precisions),
            plugins=plugins,
            seed=seed,
            skip=skip,
            engines=engines,
            variants=variants,
            datasets=datasets_,
            samples=samples,
        )
    )
    if dry_run:
        if as_json:
            click.echo(json.dumps(plan_table.as_json(plan), indent=1))
        else:
            plan_table.show(plan, console)
        return
    console.print(plan_table.announcement(plan), highlight=False)
    plan_table.tell_left_out(plan, console)
    collected = work.measure(plan, out, console, timeout_s=timeout, fresh=fresh)
    records, failed = collected.records, work.failures(collected.records)
    if as_json:
        click.echo(json.dumps(work.collected_as_json(collected, out)))
    else:
        for table in summaries(records):
            console.print(table)
        if collected.measuring_time is not None:
            console.print(f"\n{effort_words(collected.measuring_time)}", highlight=False)
        console.print(
            f"\n{plan_table.count(len(records), 'record')} in {out}. Next: ovreport build",
            highlight=False,
        )
    if failed:
        raise IncompleteError(
            f"{len(failed)} of {len(records)} cases failed; their records say why"
        )
