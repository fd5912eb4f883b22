"""Is throughput lost to our own loop? Ours against OpenVINO's `benchmark_app`, alternated.

    python tests/benchmarks/throughput_vs_benchmark_app.py
    python tests/benchmarks/throughput_vs_benchmark_app.py --model silero-vad-16k --repeats 7

Ours is one round as `ovreport collect` measures it: the same job, in the same kind of process.
Both sides get the same model file, shapes, hint, precision and time; see README.md beside this
file for what differs. Exit code 0: the goals are met; 1: they are not, and a sentence says why.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import msgspec
from rich.console import Console

from ovreport.errors import OvreportError, one_line
from ovreport.metrics.evidence import FOREIGN_CPU_SHARE
from ovreport.record import Port, Precision, Tier
from ovreport.stats.intervals import geometric_mean
from ovreport_collector import engines, sources
from ovreport_collector.engines.types import Target
from ovreport_collector.loadgen.drivers import Driver
from ovreport_collector.machine import noise
from ovreport_collector.measurements.inference.run import InferenceJob
from ovreport_collector.measurements.results import ThroughputVisit
from ovreport_collector.plan import load_suite
from ovreport_collector.prepare.model import PreparedModel, prepare_model
from ovreport_collector.process import child
from ovreport_collector.process.job import JobFailed
from ovreport_collector.process.workspace import one_at_a_time

SMALL_MODELS = ("silero-vad-16k", "blazeface-front", "blazeface-back")
"""Where a load generator costs most, so where a good one gains most."""
SMALL_GOAL, EVERY_GOAL = 1.2, 1.0
SEED = 20
PROCESS_LIMIT_S = 300.0
"""What a process may take beside its timed loops."""
BENCHMARK_APP = "import sys; from openvino.tools.benchmark.main import main; sys.exit(main())"

Side = Literal["ours", "benchmark_app"]


class MeasurementError(Exception):
    """One side gave no throughput."""


@dataclass(frozen=True)
class Options:
    """What was asked for on the command line."""

    suite: str
    models: Sequence[str]
    device: str
    precision: Precision
    seconds: int
    repeats: int


@dataclass(frozen=True)
class Measured:
    """What one process gave."""

    rate: float
    """Inferences per second."""
    requests: int
    streams: int | None
    driver: Driver | None = None
    idle_share: float = 0.0


class Repeat(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides, one after the other."""

    first: Side
    ours: float
    benchmark_app: float
    idle_share: float
    foreign_cpu_share: float
    """Share of the machine's processor time that other programs took meanwhile."""

    @property
    def ratio(self) -> float:
        """Ours in units of benchmark_app's."""
        return self.ours / self.benchmark_app


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """One model, all repeats."""

    model: str
    driver: Driver
    requests: dict[Side, int]
    streams: dict[Side, int | None]
    repeats: list[Repeat]

    @property
    def ratios(self) -> list[float]:
        """One for each repeat, from neighbours in time."""
        return [repeat.ratio for repeat in self.repeats]

    @property
    def ratio(self) -> float:
        """The median over the repeats."""
        return statistics.median(self.ratios)

    @property
    def same_setting(self) -> bool:
        """Whether the hint gave both sides the same number of requests and streams."""
        streams = {count for count in self.streams.values() if count is not None}
        return len(set(self.requests.values())) == 1 and len(streams) <= 1


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The whole comparison."""

    precision: Precision
    device: str
    seconds: int
    comparisons: list[Comparison]
    failed: dict[str, str]
    """Model → why there is no ratio."""
    geometric_mean: float | None
    geometric_mean_small: float | None
    """Of the models named in SMALL_MODELS only."""
    unmet: list[str]
    """Goals that are not met, in words."""


def main() -> int:
    """Compare, print, and return the exit code."""
    options, as_json = _arguments()
    console = Console(stderr=as_json, soft_wrap=True, highlight=False, markup=False)
    try:
        outcome = compare(options, console)
    except OvreportError as error:
        print(f"Error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(outcome), indent=2).decode())
    return 1 if outcome.unmet else 0


def compare(options: Options, console: Console) -> Outcome:
    """Measure every model on both sides, and judge the result."""
    loaded = load_suite.load(options.suite)
    models = [loaded.model(name) for name in options.models] or loaded.models
    comparisons: list[Comparison] = []
    failed: dict[str, str] = {}
    console.print(
        f"{options.device}, precision {options.precision}, {options.seconds} s a side, "
        f"{options.repeats} repeats, order swapped each time.\n"
        "Ours runs on real inputs, rotated; benchmark_app on random ones that it makes itself.\n"
    )
    console.print(_HEADING)
    with one_at_a_time(console), tempfile.TemporaryDirectory(prefix="ovreport-") as work:
        fetched = sources.fetch(
            loaded, models, started=lambda one: console.print(f"fetching {one.name}")
        )
        for model in models:
            try:
                prepared = prepare_model(model, fetched[model.id], Path(work), seed=SEED)
                if isinstance(prepared, JobFailed):
                    raise MeasurementError(prepared.reason)
                comparison = _compare_model(prepared, options, Path(work))
            except (MeasurementError, OvreportError) as error:
                failed[model.id] = one_line(str(error))
                console.print(f"{model.id:<18}failed: {failed[model.id]}")
            else:
                comparisons.append(comparison)
                console.print(_line(comparison))
    outcome = _judged(options, comparisons, failed)
    console.print(_conclusion(outcome))
    return outcome


# ---------------------------------------------------------------- measuring


def _compare_model(prepared: PreparedModel, options: Options, work: Path) -> Comparison:
    target = Target(
        engine="openvino",
        model=str(prepared.file),
        shapes=prepared.model.shapes,
        device=options.device,
        precision=options.precision,
        plugins={},
    )
    command = _benchmark_app_command(target, options.seconds)
    repeats: list[Repeat] = []
    driver: Driver | None = None  # as in `collect`: the first process finds out
    found: dict[Side, Measured] = {}
    for index in range(options.repeats):
        order: tuple[Side, Side] = get_args(Side) if index % 2 == 0 else get_args(Side)[::-1]
        before = noise.snapshot()
        for side in order:
            if side == "ours":
                found[side] = _ours(target, prepared, options, driver, index, work)
                driver = found[side].driver
            else:
                found[side] = _benchmark_app(command, options.seconds)
        readings = noise.readings(before, noise.snapshot())
        repeats.append(
            Repeat(
                first=order[0],
                ours=found["ours"].rate,
                benchmark_app=found["benchmark_app"].rate,
                idle_share=found["ours"].idle_share,
                foreign_cpu_share=readings.get("foreign_cpu_share", 0.0),
            )
        )
    return Comparison(
        model=prepared.model.id,
        driver=driver or "threads",
        requests={side: measured.requests for side, measured in found.items()},
        streams={side: measured.streams for side, measured in found.items()},
        repeats=repeats,
    )


def _ours(
    target: Target,
    prepared: PreparedModel,
    options: Options,
    driver: Driver | None,
    index: int,
    work: Path,
) -> Measured:
    """Return the throughput of one production round; no driver: it is found out as in a collect."""
    tier = Tier(
        name="quick",
        min_seconds=options.seconds,
        min_inferences=1,
        max_seconds=options.seconds,
        processes=1,
        max_processes=1,
        rounds_per_process=1,
    )
    job = InferenceJob(
        target=target,
        process=index,
        tier=tier,
        inputs=str(prepared.samples),
        seed=SEED,
        latency_rounds=[],
        throughput_rounds=[index],
        driver=driver,
    )
    visit = _throughput(job, work, PROCESS_LIMIT_S + 2 * options.seconds)
    measured = visit.measured
    if measured is None:
        raise MeasurementError(f"ours: {visit.failed.reason if visit.failed else visit}")
    return Measured(
        rate=measured.n / measured.duration_s,
        requests=measured.requests,
        streams=measured.streams or None,
        driver=measured.driver,
        idle_share=measured.idle_share,
    )


def _throughput(job: InferenceJob, work: Path, limit_s: float) -> ThroughputVisit:
    """Return what the process of a job tells of its round of throughput."""
    with child.start(job, work) as process:
        while True:
            result = process.step(limit_s=limit_s)
            if isinstance(result, JobFailed):
                raise MeasurementError(f"ours: {result.reason}")
            if isinstance(result, ThroughputVisit):
                return result


def _benchmark_app_command(target: Target, seconds: int) -> list[str]:
    ports = engines.create(target).read(Path(target.model), target.shapes).inputs
    command = [sys.executable, "-c", BENCHMARK_APP]
    command += ["-m", target.model, "-d", target.device, "-hint", "throughput", "-t", f"{seconds}"]
    command += ["-shape", _shape_option(ports), *_input_types(ports)]
    if target.precision != "default":
        command += ["-infer_precision", target.precision]
    return command


def _shape_option(ports: Sequence[Port]) -> str:
    """Return shapes as `name[1,2],other[3]`; names may hold `/` and `:`, but not `[`."""
    shapes = [f"[{','.join(map(str, port.shape))}]" for port in ports]
    if len(ports) == 1:  # then the name may be left out, and some models have none
        return shapes[0]
    return ",".join(port.name + shape for port, shape in zip(ports, shapes, strict=True))


def _input_types(ports: Sequence[Port]) -> list[str]:
    """Return options that keep the model's own input types.

    Without them benchmark_app turns every input that looks like an image into u8 and adds the
    conversion to the model: it would measure another one.
    """
    types = {port.dtype for port in ports}
    if len(types) == 1:
        return ["-ip", types.pop()]
    return ["-iop", ",".join(f"{port.name}:{port.dtype}" for port in ports)]


def _benchmark_app(command: Sequence[str], seconds: int) -> Measured:
    """Return benchmark_app's throughput, from a process of its own."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PROCESS_LIMIT_S + seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise MeasurementError("benchmark_app: no result in time") from None
    output = done.stdout + done.stderr
    rate = _number(r"Throughput: +([\d.]+) FPS", output)
    if done.returncode != 0 or not rate:
        errors = [line for line in output.splitlines() if "ERROR" in line or "Error" in line]
        raise MeasurementError(f"benchmark_app: {' '.join(errors) or 'no throughput'}")
    streams = _number(r"NUM_STREAMS: (\d+)", output)
    return Measured(
        # It counts frames; we count inferences.
        rate=rate / (_number(r"Model batch size: (\d+)", output) or 1),
        requests=int(_number(r"(\d+) inference requests", output) or 0),
        streams=None if streams is None else int(streams),
    )


def _number(pattern: str, text: str) -> float | None:
    found = re.search(pattern, text)
    return float(found[1]) if found else None


# ---------------------------------------------------------------- judging and printing


def _judged(options: Options, comparisons: Sequence[Comparison], failed: dict[str, str]) -> Outcome:
    small = [one.ratio for one in comparisons if one.model in SMALL_MODELS]
    small_mean = geometric_mean(small) if small else None
    return Outcome(
        precision=options.precision,
        device=options.device,
        seconds=options.seconds,
        comparisons=list(comparisons),
        failed=failed,
        geometric_mean=geometric_mean([one.ratio for one in comparisons]) if comparisons else None,
        geometric_mean_small=small_mean,
        unmet=list(_unmet(comparisons, failed, small_mean)),
    )


def _unmet(
    comparisons: Sequence[Comparison], failed: dict[str, str], small_mean: float | None
) -> Iterator[str]:
    for one in comparisons:
        if not one.same_setting:
            yield f"{one.model} ran with different numbers of requests or streams"
        if one.ratio < EVERY_GOAL:
            noisy = max(one.ratios) >= EVERY_GOAL
            yield f"{one.model} is at {one.ratio:.3f}, below {EVERY_GOAL}" + (
                f" (but its repeats reach {max(one.ratios):.3f}: noise, or more repeats needed)"
                if noisy
                else " in every repeat"
            )
    if small_mean is not None and small_mean < SMALL_GOAL:
        yield f"the geometric mean over the small models is {small_mean:.3f}, below {SMALL_GOAL}"
    for model in failed:
        yield f"{model} has no ratio"


_HEADING = (
    f"{'model':<18}{'ours':>11}{'benchmark_app':>15}{'ratio':>8}  {'range':<14}"
    f"{'driver':<13}{'idle':>6}  {'requests':<10}{'streams':<9}{'foreign CPU':>11}"
)


def _line(one: Comparison) -> str:
    ours = statistics.median(repeat.ours for repeat in one.repeats)
    theirs = statistics.median(repeat.benchmark_app for repeat in one.repeats)
    spread = f"{min(one.ratios):.3f}–{max(one.ratios):.3f}"
    idle = statistics.median(repeat.idle_share for repeat in one.repeats)
    foreign = max(repeat.foreign_cpu_share for repeat in one.repeats)
    return (
        f"{one.model:<18}{ours:>9.1f}/s{theirs:>13.1f}/s{one.ratio:>8.3f}  {spread:<14}"
        f"{one.driver:<13}{idle:>6.1%}  {_both(one.requests):<10}{_both(one.streams):<9}"
        f"{foreign:>11.0%}"
    )


def _both(counts: dict[Side, int] | dict[Side, int | None]) -> str:
    ours, theirs = counts["ours"], counts["benchmark_app"]
    return f"{ours}" if ours == theirs else f"{ours or '?'} / {theirs or '?'}"


def _conclusion(outcome: Outcome) -> str:
    lines = [""]
    if outcome.geometric_mean is not None:
        lines.append(
            f"geometric mean, {len(outcome.comparisons)} models: {outcome.geometric_mean:.3f}"
        )
    small = [one.model for one in outcome.comparisons if one.model in SMALL_MODELS]
    if outcome.geometric_mean_small is not None:
        lines.append(
            f"geometric mean, {', '.join(small)}: {outcome.geometric_mean_small:.3f} "
            f"(goal {SMALL_GOAL})"
        )
    if any(
        max(r.foreign_cpu_share for r in one.repeats) > FOREIGN_CPU_SHARE
        for one in outcome.comparisons
    ):
        lines.append("Other programs ran meanwhile: repeat on a quiet machine before believing it.")
    said = "; ".join(outcome.unmet)
    lines.append(f"Goals not met: {said}." if said else "Goals met.")
    return "\n".join(lines)


def _arguments() -> tuple[Options, bool]:
    parser = argparse.ArgumentParser(
        description="Compare our throughput with OpenVINO's benchmark_app, alternated."
    )
    parser.add_argument("--suite", default="standard", help="built-in suite, or a TOML file")
    parser.add_argument("--model", nargs="+", default=[], metavar="ID", help="only these models")
    parser.add_argument("--device", default="CPU", help="OpenVINO device string")
    parser.add_argument("--precision", choices=get_args(Precision), default="f32")
    parser.add_argument(
        "--seconds", type=_positive, default=5, help="of each timed loop; whole, for benchmark_app"
    )
    parser.add_argument("--repeats", type=_positive, default=3, help="of both sides")
    parser.add_argument("--json", action="store_true", help="print JSON; the lines go to stderr")
    given = parser.parse_args()
    options = Options(
        suite=given.suite,
        models=given.model,
        device=given.device,
        precision=given.precision,
        seconds=given.seconds,
        repeats=given.repeats,
    )
    return options, given.json


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
