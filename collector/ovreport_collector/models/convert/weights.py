"""Safe readers of files of weights: name → array. Nothing from a file is ever executed.

    read_safetensors    a table in JSON, then numbers (github.com/huggingface/safetensors)
    read_torch          what torch.save wrote before version 1.6: pickles, then numbers

The pickles are read by a machine that knows four names, none of which runs anything: see
`_Unpickler`. Both readers refuse what does not fit the file's size.
"""

from __future__ import annotations

import math
import pickle
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated

import msgspec
import numpy as np
from msgspec import Meta
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

Tensor = NDArray[np.generic]

_DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "i1",
    "U8": "u1",
    "BOOL": "?",
}
"""Type in safetensors → in numpy, which has no bfloat16."""

# ---------------------------------------------------------------- safetensors


class _Entry(msgspec.Struct, frozen=True):
    dtype: str
    shape: list[Annotated[int, Meta(ge=0)]]
    data_offsets: tuple[Annotated[int, Meta(ge=0)], Annotated[int, Meta(ge=0)]]


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a file, mapped rather than read; ValueError where it is none."""
    if path.stat().st_size < 8:
        raise ValueError("no safetensors file: shorter than its length field")
    data = np.memmap(path, np.uint8, "r")
    length = int(data[:8].view("<u8")[0])
    if length > len(data) - 8:
        raise ValueError("no safetensors file: its table is longer than the file")
    try:
        table = msgspec.json.decode(data[8 : 8 + length].tobytes(), type=dict[str, msgspec.Raw])
        table.pop("__metadata__", None)
        entries = {k: msgspec.json.decode(raw, type=_Entry) for k, raw in table.items()}
    except msgspec.MsgspecError as error:
        raise ValueError(f"no safetensors file: {error}") from error
    numbers = data[8 + length :]
    return {name: _mapped(name, entry, numbers) for name, entry in entries.items()}


def _mapped(name: str, entry: _Entry, numbers: NDArray[np.uint8]) -> Tensor:
    first, last = entry.data_offsets
    if entry.dtype not in _DTYPES:
        raise ValueError(f"{name}: numpy has no {entry.dtype}")
    dtype = np.dtype(_DTYPES[entry.dtype])
    if last - first != math.prod(entry.shape) * dtype.itemsize or last > len(numbers):
        raise ValueError(f"{name}: {last - first} bytes do not fit its shape {entry.shape}")
    # A copy: numbers in a file need not be aligned.
    tensor: Tensor = np.frombuffer(numbers[first:last].tobytes(), dtype).reshape(entry.shape)
    return tensor


# ---------------------------------------------------------------- torch

_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001


def read_torch(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a state dict; ValueError where the file holds anything else."""
    try:
        with path.open("rb") as stream:
            return _read_torch(stream, path.stat().st_size)
    except (
        pickle.UnpicklingError,
        EOFError,
        TypeError,
        AttributeError,
        IndexError,
        KeyError,
        OverflowError,
        MemoryError,
        RecursionError,
    ) as error:
        what = f"no state dict of torch: {type(error).__name__}: {error}"
        raise ValueError(what) from error


def _read_torch(stream: IO[bytes], size: int) -> dict[str, Tensor]:
    if _Unpickler(stream).load() != _MAGIC or _Unpickler(stream).load() != _PROTOCOL:
        raise ValueError("no state dict of torch, as its versions before 1.6 wrote it")
    about = _Unpickler(stream).load()
    if not isinstance(about, dict) or about.get("little_endian") is not True:
        raise ValueError("a state dict of another byte order")
    reader = _Unpickler(stream)
    state = reader.load()
    keys = _Unpickler(stream).load()
    if not isinstance(state, dict) or sorted(keys) != sorted(reader.storages):
        raise ValueError("no state dict of torch: its table does not fit its numbers")
    numbers = {key: _stored(stream, reader.storages[key], size) for key in keys}
    return {str(name): _placed(str(name), view, numbers) for name, view in state.items()}


@dataclass(frozen=True, slots=True)
class _Storage:
    """A run of numbers in the file, by its key."""

    key: str
    dtype: str
    numel: int


@dataclass(frozen=True, slots=True)
class _View:
    """A tensor: where in a storage it is."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Kind(str):
    """Type of numbers; as a pickle's object it can neither be called nor changed."""

    __slots__ = ()


class _Rebuild:
    """Stands for torch._utils._rebuild_tensor_v2: notes what it is given."""

    __slots__ = ()

    def __call__(
        self,
        storage: object,
        offset: int,
        shape: tuple[int, ...],
        strides: tuple[int, ...],
        *_: object,
    ) -> _View:
        whole = all(type(n) is int and n >= 0 for n in (offset, *shape, *strides))
        if not isinstance(storage, _Storage) or not whole or len(shape) != len(strides):
            raise TypeError("a tensor without a storage, or with an odd shape")
        return _View(storage, offset, tuple(shape), tuple(strides))


_KNOWN: Mapping[tuple[str, str], object] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _Rebuild(),
    ("torch", "FloatStorage"): _Kind("<f4"),
    ("torch", "LongStorage"): _Kind("<i8"),
}


class _Unpickler(pickle.Unpickler):
    """Reads a pickle of tensors: every name but the four above is refused, none imports a module.

    A pickle can call what it can name, and set attributes of what it made: an ordered dict (whose
    type cannot be changed), and objects of ours without attributes that could be set.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(stream)
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> object:
        """Return one of the four known names; UnpicklingError for any other."""
        try:
            return _KNOWN[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is no part of a tensor") from None

    def persistent_load(self, pid: object) -> object:
        """Return the storage that a reference names: (kind, type, key, place, numbers, view)."""
        match pid:
            case ("storage", _Kind() as kind, str(key), str(), int(numel), None) if numel >= 0:
                return self.storages.setdefault(key, _Storage(key, str(kind), numel))
        raise pickle.UnpicklingError("a reference to something that is no storage")


def _stored(stream: IO[bytes], storage: _Storage, size: int) -> Tensor:
    """Return a storage's numbers: how many, then they themselves."""
    dtype = np.dtype(storage.dtype)
    count = int.from_bytes(stream.read(8), "little", signed=True)
    length = storage.numel * dtype.itemsize
    if count != storage.numel or stream.tell() + length > size:
        raise ValueError(f"storage {storage.key}: not the {storage.numel} numbers it should have")
    numbers: Tensor = np.frombuffer(stream.read(length), dtype)
    return numbers


def _placed(name: str, view: object, numbers: Mapping[str, Tensor]) -> Tensor:
    if not isinstance(view, _View):
        raise ValueError(f"{name} is no tensor")
    stored, count = numbers[view.storage.key], math.prod(view.shape)
    last = view.offset + sum((n - 1) * by for n, by in zip(view.shape, view.strides, strict=True))
    if count > len(stored) or (count and last >= len(stored)):
        raise ValueError(f"{name} reaches beyond its storage")
    strides = [by * stored.itemsize for by in view.strides]
    return as_strided(stored[view.offset :], view.shape, strides).copy()
