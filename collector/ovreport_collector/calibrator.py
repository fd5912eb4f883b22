"""The calibrating process: times two fixed computations whenever a line on stdin asks for it.

    python -m ovreport_collector.calibrator

One JSON line in, an `Ask`, one JSON line out, a `Timed` or an `Unable`; between them the process
sleeps on the pipe. It ends with its input, or with its parent.

The computations are the same for ever: whoever changes one gives it a new `VERSION`.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import IO, Any

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ovreport.calibration_aspect import CalibrationTime
from ovreport_collector import orphan

VERSION = 1
SECONDS = 0.1
"""How long each computation is timed."""
ONE_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
"""Environment that keeps the matrix product on one core, whichever library numpy was built with.
OMP_NUM_THREADS is not in it: an OpenVINO built with OpenMP would obey it too."""

_WARM_S = 0.02
"""Untimed repetitions: the cores come from sleep, their caches from another process."""
_FEWEST = 3
_SIDE = 256

clock = time.perf_counter


class Ask(Struct, frozen=True):
    """Time the computations, one of them on this device."""

    device: str
    plugins: dict[str, str] = {}


class Timed(Struct, frozen=True, tag="timed"):
    """What they took."""

    device: CalibrationTime
    host: CalibrationTime


class Unable(Struct, frozen=True, tag="unable"):
    """The device cannot run the small model."""

    reason: str


def main() -> None:
    """Answer until the input ends."""
    orphan.end_with(os.getppid())
    with _private_stdout() as replies:
        computations = Computations()
        for line in sys.stdin.buffer:
            answer = computations.answer(msgspec.json.decode(line, type=Ask))
            replies.write(msgspec.json.encode(answer) + b"\n")
            replies.flush()


class Computations:
    """The small model, compiled for every device that was asked for, and the matrix product."""

    def __init__(self) -> None:
        self._on_device: dict[str, Callable[[], Any]] = {}
        self._on_host = matrix_product()

    def answer(self, ask: Ask) -> Timed | Unable:
        """Time both computations."""
        try:
            run = self._on_device.get(ask.device) or compiled(ask)
            self._on_device[ask.device] = run
            return Timed(device=timed(run), host=timed(self._on_host))
        except RuntimeError as error:  # whatever a plugin has to say
            from ovreport_collector.engines.openvino_words import first_line

            return Unable(reason=first_line(error)[:500])


def timed(run: Callable[[], Any], seconds: float = SECONDS) -> CalibrationTime:
    """Repeat a computation for so long; return what one repetition took."""
    _repeat(run, _WARM_S)
    took = _repeat(run, seconds)
    return CalibrationTime(
        median_ms=statistics.median(took) * 1000, mean_ms=sum(took) / len(took) * 1000
    )


def _repeat(run: Callable[[], Any], seconds: float) -> list[float]:
    took: list[float] = []
    before = start = clock()
    while before - start < seconds or len(took) < _FEWEST:
        run()
        now = clock()
        took.append(now - before)
        before = now
    return took


# ---------------------------------------------------------------- the computations


def matrix_product() -> Callable[[], Any]:
    """Return the product of two 256 × 256 matrices in single precision (33.6 MFLOP)."""
    left, right = _numbers(_SIDE, _SIDE), _numbers(_SIDE, _SIDE).T.copy()
    product = np.empty_like(left)
    return lambda: np.matmul(left, right, out=product)


def compiled(ask: Ask) -> Callable[[], Any]:
    """Return one inference of the small model, ready on a device; RuntimeError if it refuses.

    Compiled as a case's latency mode is, so that it uses the same cores; in f32 where the device
    has it, else in what the device computes in.
    """
    from ovreport_collector.engines.runtime import openvino as ov

    core = ov.Core()
    for name, library in ask.plugins.items():
        core.register_plugin(library, name)
    hints = {"PERFORMANCE_HINT": "LATENCY"}
    try:
        model = core.compile_model(
            small_model(), ask.device, {**hints, "INFERENCE_PRECISION_HINT": "f32"}
        )
    except RuntimeError:
        model = core.compile_model(small_model(), ask.device, hints)
    request = model.create_infer_request()
    request.set_input_tensor(0, ov.Tensor(_numbers(1, 3, 64, 64)))
    return lambda: request.infer(None, share_inputs=True, share_outputs=True)


def small_model() -> Any:  # noqa: ANN401 (openvino's Python API ships no types)
    """Return four convolutions and a matrix product, 14.7 million multiplications in all."""
    from openvino import opset13 as ops

    from ovreport_collector.engines.runtime import openvino as ov

    image = ops.parameter([1, 3, 64, 64], np.float32, name="image")
    layer = image
    for channels_in, channels_out, stride in ((3, 24, 2), (24, 24, 1), (24, 24, 1), (24, 48, 2)):
        kernel = ops.constant(_numbers(channels_out, channels_in, 3, 3))
        layer = ops.relu(
            ops.convolution(layer, kernel, [stride, stride], [1, 1], [1, 1], [1, 1])
        )  # fmt: skip
    flat = ops.reshape(layer, np.array([1, 48 * 16 * 16], np.int64), False)
    answer = ops.matmul(flat, ops.constant(_numbers(64, 48 * 16 * 16)), False, True)
    return ov.Model([answer], [image], f"calibration-{VERSION}")


def _numbers(*shape: int) -> NDArray[np.float32]:
    """Return an array of a fixed sequence within ±0.5 (multiples of the golden ratio, modulo 1).

    No random generator: numpy does not promise their streams for ever.
    """
    sequence = np.arange(1, 1 + int(np.prod(shape)), dtype=np.float64) * 0.6180339887498949
    return (sequence % 1 - 0.5).astype(np.float32).reshape(shape)


# ---------------------------------------------------------------- the process


@contextlib.contextmanager
def _private_stdout() -> Iterator[IO[bytes]]:
    """Keep stdout for replies; what drivers print goes where stderr goes."""
    with os.fdopen(os.dup(1), "wb") as replies:
        os.dup2(2, 1)
        yield replies


if __name__ == "__main__":
    main()
