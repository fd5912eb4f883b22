"""Whether outputs are right while they are timed: a fast wrong answer is a failure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ovreport_collector.engines.arrays import Array, relative_rmse
from ovreport_collector.engines.base import Network, Request, WrongOutputError

OUTPUT_TOLERANCE = 0.05
"""Relative root mean square by which a timed output may differ from the untimed one."""


def infer_checked(request: Request, index: int, network: Network) -> list[Array]:
    """Infer one sample and return its outputs; WrongOutputError if they cannot be right."""
    request.feed(index)
    request.infer()
    found = request.outputs()
    for port, array in zip(network.outputs, found, strict=True):
        if port.shape and list(array.shape) != port.shape:
            raise WrongOutputError(f"output {port.name}: shape {array.shape}, not {port.shape}")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise WrongOutputError(f"output {port.name} holds values that are not finite")
    return found


def check_same(found: Sequence[Array], expected: Sequence[Array], when: str) -> None:
    """Raise WrongOutputError if outputs differ from those of the same input `when`."""
    for index, (now, before) in enumerate(zip(found, expected, strict=True)):
        if now.shape != before.shape:
            raise WrongOutputError(
                f"output {index} has the shape {now.shape}, and had {before.shape} before {when}"
            )
        difference = relative_rmse(now, before)
        if not difference <= OUTPUT_TOLERANCE:
            raise WrongOutputError(
                f"output {index} differs by {difference:.2g} (relative RMSE) from the same input's "
                f"output before {when}"
            )
