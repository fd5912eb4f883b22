"""Whether outputs are right while they are timed: a fast wrong answer is a failure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ovreport_collector.engines.arrays import Array, relative_rmse
from ovreport_collector.engines.base import Network, Request, WrongOutputError
from ovreport_collector.engines.types import OutputTraits

OUTPUT_TOLERANCE = 0.05
"""Relative root mean square by which a timed output may differ from the untimed one."""
NO_TRAITS = OutputTraits()


def infer(request: Request, index: int, network: Network) -> list[Array]:
    """Infer one sample and return its outputs; WrongOutputError if their shapes are not right."""
    request.feed(index)
    request.infer()
    found = request.outputs()
    for port, array in zip(network.outputs, found, strict=True):
        if port.shape and list(array.shape) != port.shape:
            raise WrongOutputError(f"output {port.name}: shape {array.shape}, not {port.shape}")
    return found


def infer_checked(
    request: Request, index: int, network: Network, traits: OutputTraits = NO_TRAITS
) -> list[Array]:
    """Infer one sample and return its outputs; WrongOutputError if they cannot be right."""
    found = infer(request, index, network)
    for position, (port, array) in enumerate(zip(network.outputs, found, strict=True)):
        if position not in traits.not_finite and not is_finite(array):
            raise WrongOutputError(f"output {port.name} holds values that are not finite")
    return found


def is_finite(array: Array) -> bool:
    """Return whether all values of an output are finite numbers; text and integers always are."""
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())


def check_same(
    found: Sequence[Array], expected: Sequence[Array], when: str, traits: OutputTraits = NO_TRAITS
) -> None:
    """Raise WrongOutputError if outputs differ from those of the same input `when`."""
    for index, (now, before) in enumerate(zip(found, expected, strict=True)):
        if index in traits.random:
            continue
        if now.shape != before.shape:
            if index in traits.sized_by_data and _about_as_large(now, before):
                continue
            raise WrongOutputError(
                f"output {index} has the shape {now.shape}, and had {before.shape} before {when}"
            )
        difference = relative_rmse(now, before)
        if not difference <= OUTPUT_TOLERANCE:
            raise WrongOutputError(
                f"output {index} differs by {difference:.2g} (relative RMSE) from the same input's "
                f"output before {when}"
            )


def _about_as_large(now: Array, before: Array) -> bool:
    """Return whether shapes differ by no more than a detection at the threshold, or a few."""
    return now.ndim == before.ndim and all(
        abs(a - b) <= max(1, OUTPUT_TOLERANCE * b)
        for a, b in zip(now.shape, before.shape, strict=True)
    )
