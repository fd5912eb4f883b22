"""What an ONNX file says of itself beside its operators, read without the onnx package."""

from __future__ import annotations

import contextlib
import mmap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ovreport.errors import SuiteError

_GRAPH, _OPSET_IMPORT, _METADATA_PROPS = 7, 8, 14
"""Fields of onnx.ModelProto; metadata have `key` as field 1 and `value` as field 2, opsets `domain`
and `version`."""
_EXTERNAL_DATA = 13
"""Field of onnx.TensorProto: keys and values too."""
_PARTS: Mapping[str, Mapping[int, str]] = {
    "model": {_GRAPH: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
"""Message → its fields that lead to tensors, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto:
weights are initializers, or constants of nodes, also of those in branches, loops and functions."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
"""Wire types, https://protobuf.dev/programming-guides/encoding/."""


def properties(path: Path) -> dict[str, str]:
    """Return the metadata of an ONNX file: key → value; SuiteError when it is none."""
    with _reading(path) as raw:
        return _pairs(raw[start:end] for start, end in _parts(raw, _METADATA_PROPS))


def opsets(path: Path) -> dict[str, int]:
    """Return domain → version of the operators of an ONNX file; SuiteError when it is none.

    The empty domain is ONNX's own.
    """
    with _reading(path) as raw:
        entries = [raw[start:end] for start, end in _parts(raw, _OPSET_IMPORT)]
        return {dict(_fields(e)).get(1, b"").decode(): _version(e) for e in entries}


def external_data(path: Path) -> list[str]:
    """Return the names of the files beside an ONNX file that hold its weights, each once.

    They are as the file has them, and may lead anywhere. SuiteError when it is no ONNX file.
    """
    names: dict[str, None] = {}
    with _reading(path) as raw:
        for tensor in _tensors(raw, "model"):
            entries = _pairs(raw[a:b] for a, b in _parts(raw, _EXTERNAL_DATA, *tensor))
            names |= dict.fromkeys(filter(None, [entries.get("location")]))
    return list(names)


def _tensors(
    raw: mmap.mmap, kind: str, start: int = 0, end: int | None = None
) -> Iterator[tuple[int, int]]:
    """Yield the place of each tensor in a message at a place."""
    for field, span in _spans(raw, start, end):
        inner = _PARTS[kind].get(field)
        if inner == "tensor":
            yield span
        elif inner is not None:
            yield from _tensors(raw, inner, *span)


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[mmap.mmap]:
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw:
            yield raw
    except (ValueError, IndexError, RecursionError, OSError) as error:
        raise SuiteError(
            f"the metadata cannot be read ({error})", where=path.name, remedy="give an ONNX file"
        ) from error


def _pairs(messages: Iterable[bytes]) -> dict[str, str]:
    """Return key → value of messages that hold one each."""
    entries = [dict(_fields(message)) for message in messages]
    return {e[1].decode(): e.get(2, b"").decode() for e in entries if 1 in e}


def _version(opset: bytes) -> int:
    """Return the version of an opset: the number that follows what is length-delimited."""
    rest = opset[max((end for _, (_, end) in _spans(opset)), default=0) :]
    return _varint(rest, 1)[0] if rest else 0


def _parts(
    raw: bytes | mmap.mmap, wanted: int, start: int = 0, end: int | None = None
) -> Iterator[tuple[int, int]]:
    """Yield the place of each length-delimited field of one number, in a message at a place."""
    return (span for field, span in _spans(raw, start, end) if field == wanted)


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    for field, (start, end) in _spans(message):
        yield field, message[start:end]


def _spans(
    message: bytes | mmap.mmap, start: int = 0, end: int | None = None
) -> Iterator[tuple[int, tuple[int, int]]]:
    """Yield number and place of each length-delimited field of a message at a place."""
    at, end = start, len(message) if end is None else end
    while at < end:
        key, at = _varint(message, at)
        wire = key & 7
        if wire == _BYTES:
            length, at = _varint(message, at)
            if at + length > end:
                raise ValueError("a field is longer than the file")
            yield key >> 3, (at, at + length)
            at += length
        elif wire == _VARINT:
            _, at = _varint(message, at)
        elif wire in {_FIXED64, _FIXED32}:
            at += 8 if wire == _FIXED64 else 4
        else:
            raise ValueError(f"wire type {wire} is not one of ONNX")


def _varint(message: bytes | mmap.mmap, at: int) -> tuple[int, int]:
    """Return the number at a place, and the place behind it."""
    number = shift = 0
    while True:
        byte = message[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at
        if shift > 63:
            raise ValueError("a number is longer than 64 bits")
