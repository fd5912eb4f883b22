"""Data that is optimized with and data that is judged by must have nothing in common."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np

from ovreport.errors import SuiteError
from ovreport_collector.tasks import Inputs


def checksum(inputs: Inputs) -> str:
    """Return the SHA-256 of inputs: names, types, shapes and bytes."""
    digest = hashlib.sha256()
    for name in sorted(inputs):
        array = np.ascontiguousarray(inputs[name])
        digest.update(f"{name}\0{array.dtype.str}\0{array.shape}\0".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def check_disjoint(own: Inputs, evaluated: Inputs, what: str) -> None:
    """Raise SuiteError if one of our inputs is, byte by byte, one that accuracy is judged by.

    Compared are samples, and where all inputs are batches the units in them.
    """
    shared = set(_units(own)) & set(_units(evaluated))
    if shared:
        raise SuiteError(
            f"{len(shared)} {what} inputs are among those that accuracy is judged by: a model must "
            "not be optimized on its own test",
            remedy="a task's calibration and validation give inputs apart from its labelled ones",
        )


def without(own: Inputs, evaluated: Inputs) -> Inputs:
    """Return our inputs but for those that accuracy is judged by: data hold some things twice.

    SuiteError where none is left.
    """
    judged = set(_units(evaluated))
    count = len(next(iter(own.values())))
    fresh = [
        i
        for i in range(count)
        if judged.isdisjoint(_units({name: array[i : i + 1] for name, array in own.items()}))
    ]
    if not fresh:
        raise SuiteError(
            "all calibration inputs are among those that accuracy is judged by: a model must not "
            "be optimized on its own test",
            remedy="a task's calibration gives inputs apart from its labelled ones",
        )
    return own if len(fresh) == count else {name: array[fresh] for name, array in own.items()}


def _units(inputs: Inputs) -> Iterator[bytes]:
    """Yield a checksum for every unit [of the second axis] of every sample [of the first]."""
    arrays = [np.ascontiguousarray(inputs[name]) for name in sorted(inputs)]
    batches = {array.shape[1] if array.ndim > 1 else 0 for array in arrays}
    if len(batches) == 1 and 0 not in batches:
        arrays = [array.reshape(-1, *array.shape[2:]) for array in arrays]
    for parts in zip(*arrays, strict=True):
        yield hashlib.sha256(b"".join(part.tobytes() for part in parts)).digest()
