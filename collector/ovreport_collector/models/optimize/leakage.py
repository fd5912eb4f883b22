"""The leakage check: no model is optimized with data that its accuracy is computed on.

Nor with data that are nearly the same: see `tasks.near_duplicates`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np

from ovreport.errors import SuiteError
from ovreport_collector.tasks import Inputs
from ovreport_collector.tasks.near_duplicates import near, units

_NAMED = 8
"""Samples that a message names."""


def checksum(inputs: Inputs) -> str:
    """Return the SHA-256 of inputs: names, types, shapes and bytes."""
    digest = hashlib.sha256()
    for name in sorted(inputs):
        array = np.ascontiguousarray(inputs[name])
        digest.update(f"{name}\0{array.dtype.str}\0{array.shape}\0".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def check_disjoint(inputs: Inputs, evaluated: Inputs, what: str) -> None:
    """Raise SuiteError if one of the inputs is, or nearly is, one that accuracy is computed on.

    Samples are compared, and where all inputs are batches the units in them. `what` names the
    inputs in the message: "calibration" or "validation".
    """
    shared = _shared(inputs, evaluated)
    if shared:
        numbers = ", ".join(map(str, shared[:_NAMED])) + ("…" if len(shared) > _NAMED else "")
        raise SuiteError(
            f"{len(shared)} {what} inputs (number {numbers}) are, or nearly are, among those that "
            "accuracy is judged by: a model must not be optimized on its own test",
            remedy="a task's calibration and validation give inputs apart from its labelled ones",
        )


def without(inputs: Inputs, evaluated: Inputs) -> Inputs:
    """Return the inputs without those that accuracy is computed on, or nearly: data repeat.

    SuiteError where none is left.
    """
    count = len(next(iter(inputs.values())))
    per_sample = len(next(iter(units(inputs).values()))) // count
    left_out = {unit // per_sample for unit in _shared(inputs, evaluated)}
    fresh = [i for i in range(count) if i not in left_out]
    if not fresh:
        raise SuiteError(
            "all calibration inputs are, or nearly are, among those that accuracy is judged by: a "
            "model must not be optimized on its own test",
            remedy="a task's calibration gives inputs apart from its labelled ones",
        )
    if len(fresh) == count:
        return inputs
    return {name: array[fresh] for name, array in inputs.items()}


def _shared(inputs: Inputs, evaluated: Inputs) -> list[int]:
    """Return the numbers of the units that are, or nearly are, one of those evaluated."""
    known = set(_checksums(evaluated))
    alike = near(inputs, evaluated)
    return [i for i, one in enumerate(_checksums(inputs)) if one in known or alike[i]]


def _checksums(inputs: Inputs) -> Iterator[bytes]:
    """Yield a checksum for every unit."""
    for parts in zip(*units(inputs).values(), strict=True):
        yield hashlib.sha256(b"".join(part.tobytes() for part in parts)).digest()
