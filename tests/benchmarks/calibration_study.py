"""Does calibration know how fast the machine was? Correlation, slope, and what adjusting leaves.

    python tests/benchmarks/calibration_study.py --collect --load
    python tests/benchmarks/calibration_study.py site/records

Rounds are measured here (`--collect`, kept with `--keep`), or taken from folders of records or
kept files. A table for every figure, a simulation with known truth, and with `--write FILE` both
for the site's page on method. See README.md beside this file.
"""

from __future__ import annotations

import argparse
import datetime
import math
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from calibration_rounds import Round, Wanted, collect, read
from calibration_simulation import simulate
from rich.console import Console
from rich.table import Table

from ovreport.control_variate import (
    SAME_SPEED,
    Control,
    Series,
    adjust,
    learn,
    median_reference,
    ratio_estimate,
)
from ovreport.record import CalibrationTime
from ovreport.statistics import median_interval
from ovreport_collector import machine
from ovreport_sitegen.calibration_study import CalibrationRow, CalibrationStudy, LoadShift

MODELS = ("blazeface-front", "iris-landmark", "magika-v3.3", "minilm-l6-v2-int8", "resnet-50")
MIN_ROUNDS = 5
COMMAND = "python tests/benchmarks/calibration_study.py --collect --load"


@dataclass(frozen=True)
class Case:
    """One figure of one case: its rounds, as logarithms."""

    figure: str
    model: str
    precision: str
    device: str
    session: str
    loaded: Sequence[bool]
    x: Sequence[float]
    """Of the small model on the device."""
    host: Sequence[float]
    y: Sequence[float]

    def series(self, *, loaded: bool = False, half: slice = slice(None)) -> Series:
        """Return the rounds with or without the burner."""
        kept = [i for i, one in enumerate(self.loaded) if one == loaded][half]
        return Series([self.x[i] for i in kept], [self.y[i] for i in kept])


def main() -> None:
    """Measure or read, print, write."""
    options = _arguments()
    console = Console(highlight=False, width=140)
    rounds = [one for path in options.sources for one in read(path)]
    if options.collect:
        rounds += collect(_wanted(options), console)
        if options.keep:
            options.keep.write_bytes(msgspec.json.encode(rounds))
    if not rounds:
        sys.exit("Error: no calibrated round; name folders of records, or --collect.")
    rows = [row for group in _groups(rounds) for row in _study(group)]
    simulated = simulate(options.sessions)
    _print(console, rows)
    _print_dicts(console, "Which control? Share of the spread left, others' slope", _rivals(rounds))
    _print_plain(console, "Simulated sessions with known truth", simulated)
    if options.write:
        study = CalibrationStudy(
            measured_at=datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            machine=machine.describe().cpu, openvino=_openvino(), conditions=options.conditions,
            command=COMMAND,
            rows=rows, simulated=simulated,
        )  # fmt: skip
        text = msgspec.json.format(msgspec.json.encode(study), indent=1)
        options.write.parent.mkdir(parents=True, exist_ok=True)
        options.write.write_bytes(text + b"\n")


# ---------------------------------------------------------------- what is studied


def _groups(rounds: Sequence[Round]) -> Iterator[list[Case]]:
    """Yield the cases of a session and a device, figure by figure; ratios last."""
    for session, device in dict.fromkeys((r.session, r.device) for r in rounds):
        mine = [r for r in rounds if (r.session, r.device) == (session, device)]
        names = list(dict.fromkeys((r.model, r.precision) for r in mine))
        for figure in ("latency", "throughput"):
            cases = [_case(figure, [r for r in mine if (r.model, r.precision) == n]) for n in names]
            yield [case for case in cases if len(case.y) >= MIN_ROUNDS]
        for figure in ("latency", "throughput"):
            yield list(_ratios(figure, mine))


def _case(figure: str, rounds: Sequence[Round], statistic: str = "") -> Case:
    """Return a figure of a case; latency is held against medians, throughput against means."""
    first = rounds[0]
    name = statistic or ("median_ms" if figure == "latency" else "mean_ms")
    return Case(
        figure=figure, model=first.model, precision=first.precision, device=first.device,
        session=first.session, loaded=[r.loaded for r in rounds],
        x=[_log(name, r.calibration.device_before, r.calibration.device_after) for r in rounds],
        host=[_log(name, r.calibration.host_before, r.calibration.host_after) for r in rounds],
        y=[math.log(r.latency_ms if figure == "latency" else r.throughput_ips) for r in rounds],
    )  # fmt: skip


def _log(name: str, *around: CalibrationTime) -> float:
    return statistics.fmean(math.log(getattr(one, name)) for one in around)


def _ratios(figure: str, rounds: Sequence[Round]) -> Iterator[Case]:
    """Yield the default precision against f32, round by round."""
    by_place = {(r.model, r.precision, r.round): r for r in rounds}
    for model in dict.fromkeys(r.model for r in rounds):
        shared = [
            (f32, by_place[model, "default", f32.round])
            for f32 in rounds
            if (f32.model, f32.precision) == (model, "f32")
            and (model, "default", f32.round) in by_place
        ]
        if len(shared) < MIN_ROUNDS:
            continue
        f32, default = (_case(figure, [pair[i] for pair in shared]) for i in (0, 1))
        yield Case(
            figure=f"ratio of {figure}", model=model, precision="default ÷ f32",
            device=f32.device, session=f32.session, loaded=f32.loaded,
            x=_differences(default.x, f32.x), host=_differences(default.host, f32.host),
            y=_differences(default.y, f32.y),
        )  # fmt: skip


def _differences(first: Sequence[float], second: Sequence[float]) -> list[float]:
    return [a - b for a, b in zip(first, second, strict=True)]


# ---------------------------------------------------------------- the study


def _study(cases: Sequence[Case]) -> Iterator[CalibrationRow]:
    if not cases:
        return
    ratio = cases[0].figure.startswith("ratio")
    reference = SAME_SPEED if ratio else median_reference([case.series() for case in cases])
    estimate = ratio_estimate if ratio else median_interval
    for case in cases:
        others = [other for other in cases if other is not case]
        control = learn([other.series() for other in others])
        own = case.series()
        quiet = [i for i, loaded in enumerate(case.loaded) if not loaded]
        yield CalibrationRow(
            figure=case.figure, model=case.model, precision=case.precision, device=case.device,
            rounds=len(own.y), spread=statistics.stdev(own.y),
            device_correlation=_correlation(own.x, own.y),
            host_correlation=_correlation([case.host[i] for i in quiet], own.y),
            slope=_slope(own), left_own=_left_own(own), left_others=_left(own, control.slope),
            left_later=_left_later(case, others),
            width=adjust(own, control, reference, estimate).width, adjusted=control.holds,
            load=_load(case, control),
        )  # fmt: skip


def _correlation(x: Sequence[float], y: Sequence[float]) -> float:
    return float(np.corrcoef(x, y)[0, 1]) if len(set(x)) > 1 and len(set(y)) > 1 else 0.0


def _centred(series: Series) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.array(series.x), np.array(series.y)
    return x - x.mean(), y - y.mean()


def _slope(series: Series) -> float:
    x, y = _centred(series)
    return float(x @ y / (x @ x))


def _left_own(series: Series) -> float:
    """Return the leave-one-out spread with the own slope ÷ without (PRESS; Allen 1974)."""
    x, y = _centred(series)
    outside = 1 - 1 / len(x)
    left = (y - _slope(series) * x) / (outside - x**2 / (x @ x))
    return float(np.sqrt((left @ left) / (y @ y)) * outside)


def _left(series: Series, slope: float) -> float:
    x, y = _centred(series)
    left = y - slope * x
    return float(np.sqrt((left @ left) / (y @ y)))


def _left_later(case: Case, others: Sequence[Case]) -> float:
    """Return what is left in the later half with the slope of the others' earlier half."""
    half = len(case.series().y) // 2
    control = learn([other.series(half=slice(half)) for other in others])
    return _left(case.series(half=slice(half, None)), control.slope)


def _load(case: Case, control: Control) -> LoadShift | None:
    loaded, quiet = case.series(loaded=True), case.series()
    if not loaded.y:
        return None

    def level(series: Series, slope: float) -> float:
        return statistics.median(
            y - slope * x for x, y in zip(series.x, series.y, strict=True)
        )  # fmt: skip

    shifts = [math.exp(level(loaded, b) - level(quiet, b)) for b in (0.0, control.slope)]
    return LoadShift(rounds=len(loaded.y), raw=shifts[0], adjusted=shifts[1])


def _rivals(rounds: Sequence[Round]) -> list[dict[str, object]]:
    """Return what each computation, by median and by mean, would leave of each figure's spread.

    The geometric mean over cases; the page's tables use median for latency, mean for throughput.
    """
    found: list[dict[str, object]] = []
    for figure in ("latency", "throughput"):
        row: dict[str, object] = {"figure": figure}
        for statistic in ("median_ms", "mean_ms"):
            cases = [_case(figure, one, statistic) for one in _by_case(rounds)]
            for where, swap in (("device", False), ("host", True)):
                series = [Series(c.host if swap else c.x, c.y) for c in cases]
                row[f"{where} {statistic}"] = learn(series).spread
        found.append(row)
    return found


def _by_case(rounds: Sequence[Round]) -> Iterator[list[Round]]:
    quiet = [r for r in rounds if not r.loaded]
    for key in dict.fromkeys((r.session, r.device, r.model, r.precision) for r in quiet):
        mine = [r for r in quiet if (r.session, r.device, r.model, r.precision) == key]
        if len(mine) >= MIN_ROUNDS:
            yield mine


# ---------------------------------------------------------------- input and output


def _print(console: Console, rows: Sequence[CalibrationRow]) -> None:
    for figure in dict.fromkeys(row.figure for row in rows):
        shown = [
            {
                **{
                    k: v
                    for k, v in msgspec.structs.asdict(row).items()
                    if k not in {"figure", "load"}
                },
                "load_raw": row.load.raw if row.load else "",
                "load_adjusted": row.load.adjusted if row.load else "",
            }
            for row in rows
            if row.figure == figure
        ]
        _print_dicts(console, figure, shown)


def _print_plain(console: Console, title: str, rows: Sequence[msgspec.Struct]) -> None:
    _print_dicts(console, title, [msgspec.structs.asdict(row) for row in rows])


def _print_dicts(console: Console, title: str, rows: Sequence[dict[str, object]]) -> None:
    table = Table(*(key.replace("_", " ") for key in rows[0]), title=title, box=None)
    for row in rows:
        table.add_row(*(f"{v:.3g}" if isinstance(v, float) else str(v) for v in row.values()))
    console.print(table)


def _openvino() -> str:
    import openvino

    return str(openvino.get_version())


def _wanted(options: argparse.Namespace) -> Wanted:
    return Wanted(
        models=options.model or MODELS, precisions=("f32", "default"), device=options.device,
        rounds=options.rounds, seconds=options.seconds, minutes=options.minutes,
        load=options.load,
    )  # fmt: skip


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sources", nargs="*", type=Path, help="folders of records, kept files")
    parser.add_argument("--collect", action="store_true", help="measure rounds now")
    parser.add_argument("--load", action="store_true", help="burn a core in every third round")
    parser.add_argument("--model", action="append", help="of the standard suite; repeatable")
    parser.add_argument("--device", default="CPU")
    parser.add_argument("--rounds", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=0.4, help="of one timed loop")
    parser.add_argument("--minutes", type=float, default=11, help="no new turn after so long")
    parser.add_argument("--sessions", type=int, default=2000, help="simulated, a setting")
    parser.add_argument("--keep", type=Path, help="keep the measured rounds in this file")
    parser.add_argument("--conditions", default="nothing else running", help="told on the page")
    parser.add_argument("--write", type=Path, help="write the study for the site")
    return parser.parse_args()


if __name__ == "__main__":
    main()
