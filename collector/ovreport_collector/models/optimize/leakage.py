"""The leakage check: no model is optimized with data that its accuracy is computed on."""

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


def check_disjoint(inputs: Inputs, evaluated: Inputs, what: str) -> None:
    """Raise SuiteError if one of the inputs is, byte by byte, one that accuracy is computed on.

    Samples are compared, and where all inputs are batches the units in them. `what` names the
    inputs in the message: "calibration" or "validation".
    """
    shared = set(_units(inputs)) & set(_units(evaluated))
    if shared:
        raise SuiteError(
            f"{len(shared)} {what} inputs are among those that accuracy is judged by: a model must "
            "not be optimized on its own test",
            remedy="a task's calibration and validation give inputs apart from its labelled ones",
        )


def without(inputs: Inputs, evaluated: Inputs) -> Inputs:
    """Return the inputs without those that accuracy is computed on: datasets hold duplicates.

    SuiteError where none is left.
    """
    known = set(_units(evaluated))
    count = len(next(iter(inputs.values())))
    fresh = [
        i
        for i in range(count)
        if known.isdisjoint(_units({name: array[i : i + 1] for name, array in inputs.items()}))
    ]
    if not fresh:
        raise SuiteError(
            "all calibration inputs are among those that accuracy is judged by: a model must not "
            "be optimized on its own test",
            remedy="a task's calibration gives inputs apart from its labelled ones",
        )
    if len(fresh) == count:
        return inputs
    return {name: array[fresh] for name, array in inputs.items()}


def _units(inputs: Inputs) -> Iterator[bytes]:
    """Yield a checksum for every unit [of the second axis] of every sample [of the first]."""
    arrays = [np.ascontiguousarray(inputs[name]) for name in sorted(inputs)]
    batches = {array.shape[1] if array.ndim > 1 else 0 for array in arrays}
    if len(batches) == 1 and 0 not in batches:
        arrays = [array.reshape(-1, *array.shape[2:]) for array in arrays]
    for parts in zip(*arrays, strict=True):
        yield hashlib.sha256(b"".join(part.tobytes() for part in parts)).digest()
