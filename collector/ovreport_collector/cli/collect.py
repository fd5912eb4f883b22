"""The command `collect`: measure models on this machine, and write records."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast, get_args

import click

from ovreport.errors import IncompleteError, InputError, one_line
from ovreport.record.base import Precision
from ovreport.stats.spread import MIN_PROCESSES
from ovreport.variants import VARIANTS
from ovreport_collector.cli.options import (
    Choice,
    OneOf,
    Seconds,
    again_option,
    arm_option,
    dataset_option,
    input_option,
    json_option,
    openvino_option,
    outside_option,
    plugin_option,
    shape_option,
    suite_option,
)
from ovreport_collector.plan.engines import CHOICES
from ovreport_collector.plan.tiers import MOST_ROUNDS, TIERS
from ovreport_collector.plan.validation import Fault
from ovreport_collector.suite.model import DEFAULT_SUITE, PUBLISHED

_EXAMPLES = """
\b
Examples:
  ovreport collect                                    the quick suite on every device here
  ovreport collect --dry-run                          what that is, and how long it takes
  ovreport collect --suite standard --tier standard   numbers worth comparing
  ovreport collect --model magika-v3.3 --precision f32
  ovreport collect --device CPU --device AUTO:GPU,CPU
  ovreport collect --engine openvino --engine native  against ONNX Runtime and LiteRT
  ovreport collect --suite llm                        language models (extra genai)
  ovreport collect --model magika-v3.3 --variant published --variant int8
  ovreport collect model.onnx                         a model of your own
  ovreport collect model.onnx --shape x=1,3,640,640 --input sr=16000
  ovreport collect --suite my.toml                    your own suite
  ovreport collect --suite my.toml --dataset imagenet=/data/imagenet  on your own data
  ovreport collect --openvino 2025.4.1 --openvino 2026.4.1 --aa       two releases by turns
  ovreport collect --arm one-stream:NUM_STREAMS=1     settings by turns with those as they are

\b
Stopped with Ctrl-C, or by a crash? The same command goes on where it was.
Exit codes: 0 all cases measured, 1 some failed (their records say why) or files could not be used,
2 bad input, 130 stopped by Ctrl-C, 143 by SIGTERM.
"""


def _measurements() -> Sequence[str]:
    from ovreport_collector.measurements.registry import SKIPPABLE

    return SKIPPABLE


@click.command(epilog=_EXAMPLES, short_help="Measure models here, and write records.")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@shape_option
@input_option
@suite_option
@outside_option
@click.option(
    "--tier",
    type=Choice(tuple(TIERS)),
    default="quick",
    show_default=True,
    help="How long to measure; --dry-run says how long that is.",
)
@click.option(
    "--rounds",
    type=click.IntRange(MIN_PROCESSES, MOST_ROUNDS),
    metavar="N",
    help="Rounds of each case, rounded up to the same number in each of its processes (three or "
    "more). Default: by tier, and more where they do not agree yet.",
)
@click.option(
    "--time",
    "seconds",
    type=Seconds(0.05, 600),
    metavar="SECONDS",
    help="Length of one timed loop; the least number of inferences is scaled with it. Default: by "
    "tier.",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="ID",
    help="Only this model of the suite; repeatable.",
)
@click.option(
    "--device",
    "devices",
    multiple=True,
    metavar="DEVICE",
    help="Any OpenVINO device string; repeatable. Default: every physical device found.",
)
@click.option(
    "--engine",
    "engines",
    multiple=True,
    type=Choice(CHOICES),
    help="What runs the models; repeatable. `native`: the framework that a model's file belongs "
    "to. Native frameworks run on the CPU with OpenVINO's threads. Default: openvino.",
)
@click.option(
    "--variant",
    "variants",
    multiple=True,
    type=Choice([PUBLISHED, *VARIANTS]),
    help="Weights to measure; repeatable. `published`: the file as it is; others are made of fp32 "
    "models (names ending in -weights also for language models), most of them by NNCF. Default: "
    "`published`, and what the suite names.",
)
@click.option(
    "--precision",
    "precisions",
    multiple=True,
    type=Choice(get_args(Precision)),
    help="Executed precision to request; repeatable. Default: f32, and the device's "
    "default where it differs.",
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
    "timeout_s",
    type=Seconds(1),
    metavar="SECONDS",
    help="Limit of one step of a measuring process. Default: 300 s, plus four times the tier's "
    "longest loop.",
)
@click.option(
    "--skip",
    multiple=True,
    type=OneOf(_measurements),
    help="Leave this measurement out, to save time; repeatable.",
)
@openvino_option
@arm_option
@again_option
@dataset_option
@click.option(
    "--samples",
    type=click.IntRange(1),
    metavar="N",
    help="Compute accuracies on at most so many samples of your datasets, drawn by the seed. "
    "Default: 5,000, or fewer if they exceed 1 GiB.",
)
@click.option("--fresh", is_flag=True, help="Discard a stopped run of the same plan.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Print the plan, the expected time and what records keep of this machine, and stop.",
)
@json_option
@plugin_option
def collect(
    out: Path,
    timeout_s: float | None,
    fresh: bool,
    dry_run: bool,
    as_json: bool,
    precisions: tuple[str, ...],
    suite: str | None,
    files: tuple[str, ...],
    shapes: dict[str, list[int]],
    inputs: dict[str, str],
    openvino: tuple[str, ...],
    settings: dict[str, dict[str, str]],
    again: bool,
    **requested: Any,  # noqa: ANN401 (the other fields of Request)
) -> None:
    """Measure models on this machine's OpenVINO devices, and write records.

    FILE: a model of your own (.onnx, .xml, .tflite or .pb), in the place of a suite.
    """
    from ovreport_collector.cli.console import wide_console
    from ovreport_collector.plan.arms import Wanted
    from ovreport_collector.plan.own_models import OwnModels
    from ovreport_collector.plan.request import Request, make_plan
    from ovreport_collector.session import collect as session
    from ovreport_collector.session import plan_tables, result_tables

    console = wide_console(stderr=as_json)
    _check_own(files, shapes, inputs, suite)
    request = Request(
        suite=suite or DEFAULT_SUITE,
        own=OwnModels(files, shapes, inputs) if files else None,
        precisions=cast("tuple[Precision, ...]", precisions),
        arms=Wanted(openvino, settings, again),
        dry_run=dry_run,
        **requested,
    )
    plan = make_plan(request, progress=lambda line: console.print(line, markup=False))
    if dry_run:
        session.check(plan)
        if as_json:
            click.echo(json.dumps(plan_tables.plan_as_json(plan), indent=1))
        else:
            plan_tables.show_plan(plan, console)
        _check_all_named(plan.refused)
        return
    plan_tables.announce(plan, console)
    collected = session.measure(plan, out, console, timeout_s=timeout_s, fresh=fresh)
    if as_json:
        click.echo(json.dumps(result_tables.results_as_json(plan, collected, out)))
    else:
        result_tables.show_results(collected, out, console)
        plan_tables.show_refused(plan, console)
    if collected.failed:
        raise IncompleteError(f"{result_tables.without_result(collected)}; their records say why")
    if collected.not_started:
        raise IncompleteError("some models have no records: the list above says what to do")
    _check_all_named(plan.refused)


def _check_all_named(refused: Sequence[Fault]) -> None:
    """Raise IncompleteError if a model file that was named cannot be measured."""
    if refused:
        names = ", ".join(dict.fromkeys(one_line(fault.path) for fault in refused))
        raise IncompleteError(f"not measured: {names}; the list above says what to do")


def _check_own(
    files: tuple[str, ...], shapes: dict[str, list[int]], inputs: dict[str, str], suite: str | None
) -> None:
    """Raise InputError unless model files, or a suite, are named, and their options with them."""
    if files and suite:
        raise InputError(
            "model files and a suite are both named",
            where="--suite",
            remedy="name one of them; a suite can hold your models too",
        )
    for option, given in (("--shape", shapes), ("--input", inputs)):
        if given and not files:
            raise InputError(
                "it is for model files that are named on the command line",
                where=option,
                remedy=f"ovreport collect model.onnx {option} …; a suite says it itself, in "
                "shapes and options",
            )
