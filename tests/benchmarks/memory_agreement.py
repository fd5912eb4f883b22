"""Is the peak memory that we report what the model takes? Ours against a bare script.

    python tests/benchmarks/memory_agreement.py
    python tests/benchmarks/memory_agreement.py --side 1280 --repeats 5

Ours is one process as `ovreport collect` runs it, which rotates many large inputs. The bare script
does the same with OpenVINO and numpy alone: read, compile, infer; what it took is what
`/usr/bin/time -v` prints where that is installed, else VmHWM of proc(5) at its end. Neither imports
OpenVINO's model converter, which `import openvino` brings along (15 MiB). Exit code 0 if each pair
of medians agrees within 2 % or 3 MiB, else 1.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Literal

import numpy as np
import openvino as ov
from openvino import opset13 as ops
from rich.console import Console
from rich.table import Table

from ovreport.metrics.memory import peaks
from ovreport.record import Memory, MemoryRound, Tier
from ovreport_collector.engines.arrays import save_arrays
from ovreport_collector.engines.types import Target
from ovreport_collector.measurements.inference.run import InferenceJob
from ovreport_collector.measurements.results import Ended
from ovreport_collector.process import child
from ovreport_collector.process.job import JobFailed

MIB = 1 << 20
SHARE, MIB_APART = 0.02, 3.0
SAMPLES, SEED, LIMIT_S, SECONDS = 6, 20, 300.0, 1.0
Mode = Literal["latency", "throughput"]
MODES: tuple[Mode, ...] = ("latency", "throughput")
BARE = """
import ctypes, gc, sys, time
sys.modules["openvino.tools.ovc"] = None
import numpy as np
import openvino as ov

def infer(model, mode, seconds):
    config = {"PERFORMANCE_HINT": mode.upper(), "INFERENCE_PRECISION_HINT": "f32"}
    compiled = core.compile_model(model, "CPU", config)
    count = compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS") if mode != "latency" else 1
    requests = [compiled.create_infer_request() for _ in range(count)]
    inputs = [np.full(tuple(compiled.input(0).shape), 0.5, np.float32) for _ in requests]
    for request, array in zip(requests, inputs):
        request.set_input_tensor(ov.Tensor(array, shared_memory=True))
    stop = time.perf_counter() + seconds
    while time.perf_counter() < stop:
        for request in requests:
            request.start_async()
        for request in requests:
            request.wait()

core = ov.Core()
model = core.read_model(sys.argv[1])
for mode in sys.argv[3:]:
    infer(model, mode, float(sys.argv[2]))
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
for line in open("/proc/self/status"):
    if line.startswith("VmHWM"):
        print(line.split()[1])
"""


def main() -> int:
    """Measure both sides in turn, print a table, and return the exit code."""
    options = _options()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        work = Path(folder)
        model = _model(work / "model.xml", options.side)
        samples = _samples(work / "samples.npz", options.side)
        ours: dict[Mode, list[float]] = {mode: [] for mode in MODES}
        bare: dict[Mode, list[float]] = {mode: [] for mode in MODES}
        for index in range(options.repeats):
            found = _ours(model, samples, options.side, index, work)
            for mode in MODES:
                ours[mode].append(found[mode])
                bare[mode].append(_bare(model, mode))
    table = Table("mode", "ours, MiB", "bare script, MiB", "apart, MiB", "apart, %", "agrees")
    agree = True
    for mode in MODES:
        one, other = statistics.median(ours[mode]), statistics.median(bare[mode])
        apart = one - other
        fits = abs(apart) <= max(MIB_APART, SHARE * other)
        agree &= fits
        cells = (f"{one:.1f}", f"{other:.1f}", f"{apart:+.1f}", f"{100 * apart / other:+.1f}")
        table.add_row(mode, *cells, "yes" if fits else "no")
    console = Console()
    console.print(
        f"One input of {12 * options.side**2 / MIB:.1f} MiB; {SAMPLES} are rotated by ours. "
        f"Medians of {options.repeats}."
    )
    console.print(table)
    return 0 if agree else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare our peak memory with a bare script's.")
    parser.add_argument("--side", type=int, default=640, help="of the square image, in pixels")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", help="for files of this run; default: the usual one")
    return parser.parse_args()


def _model(path: Path, side: int) -> Path:
    """Write a small network of convolutions x[1, 3, side, side] → y, an eighth of it a side."""
    rng = np.random.default_rng(7)
    x = ops.parameter([1, 3, side, side], np.float32, name="x")
    node, channels = x, 3
    for wider in (16, 32, 64):
        kernel = rng.standard_normal((wider, channels, 3, 3)).astype(np.float32) / 9
        node = ops.relu(ops.convolution(node, ops.constant(kernel), [2, 2], [1, 1], [1, 1], [1, 1]))
        channels = wider
    x.output(0).set_names({"x"})
    node.output(0).set_names({"y"})
    ov.save_model(ov.Model([node], [x], "detector"), path, compress_to_fp16=False)
    return path


def _samples(path: Path, side: int) -> Path:
    images = np.random.default_rng(0).random((SAMPLES, 1, 3, side, side), dtype=np.float32)
    save_arrays(path, {"x": images})
    return path


def _ours(model: Path, samples: Path, side: int, index: int, work: Path) -> dict[Mode, float]:
    """Return the peak of each mode in MiB, as a record would have it."""
    job = InferenceJob(
        target=Target(
            engine="openvino",
            model=str(model),
            shapes={"x": [1, 3, side, side]},
            device="CPU",
            precision="f32",
        ),
        process=index,
        tier=Tier(
            name="quick",
            min_seconds=SECONDS,
            min_inferences=1,
            max_seconds=SECONDS,
            processes=1,
            max_processes=1,
            rounds_per_process=1,
        ),
        inputs=str(samples),
        seed=SEED,
        latency_rounds=[index],
        throughput_rounds=[index],
        driver="threads",
    )
    memory = Memory(rounds=[_memory(job, work)], modes={})
    return {mode: peaks(memory, throughput=mode == "throughput")[0] / MIB for mode in MODES}


def _memory(job: InferenceJob, work: Path) -> MemoryRound:
    with child.start(job, work) as process:
        while True:
            step = process.step(limit_s=LIMIT_S)
            if isinstance(step, JobFailed):
                sys.exit(f"ours: {step.reason}")
            if isinstance(step, Ended):
                if step.memory is None:
                    sys.exit(f"ours: {step.missing['memory'].reason}")
                return step.memory


def _bare(model: Path, mode: Mode) -> float:
    """Return the peak of the bare script in MiB; throughput comes after latency, as in ours."""
    modes = MODES[: MODES.index(mode) + 1]
    command = [sys.executable, "-c", BARE, str(model), str(SECONDS), *modes]
    timed = shutil.which("time")
    if timed:
        command = [timed, "-v", *command]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    found = re.search(r"Maximum resident set size \(kbytes\): (\d+)", done.stderr)
    return int(found[1] if found else done.stdout.split()[-1]) * 1024 / MIB


if __name__ == "__main__":
    sys.exit(main())
