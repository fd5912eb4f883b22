"""The properties that an ONNX file carries beside its graph, read without the onnx package."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

from ovreport.errors import SuiteError

_METADATA_PROPS = 14
"""Field of onnx.ModelProto; its entries have `key` as field 1 and `value` as field 2."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
"""Wire types, https://protobuf.dev/programming-guides/encoding/."""


def properties(path: Path) -> dict[str, str]:
    """Return the metadata of an ONNX file: key → value; SuiteError when it is none."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw:
            entries = [
                dict(_fields(raw[start:end]))
                for field, (start, end) in _spans(raw)
                if field == _METADATA_PROPS
            ]
        return {e[1].decode(): e.get(2, b"").decode() for e in entries if 1 in e}
    except (ValueError, IndexError, OSError) as error:
        raise SuiteError(
            f"the metadata cannot be read ({error})", where=path.name, remedy="give an ONNX file"
        ) from error


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    for field, (start, end) in _spans(message):
        yield field, message[start:end]


def _spans(message: bytes | mmap.mmap) -> Iterator[tuple[int, tuple[int, int]]]:
    """Yield number and place of each length-delimited field of a message."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        wire = key & 7
        if wire == _BYTES:
            length, at = _varint(message, at)
            if at + length > len(message):
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
