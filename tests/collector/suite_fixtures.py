"""Suites, wheels and models made on the spot, for tests that fetch nothing."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

from ovreport_collector.suite.model import File, Model, Suite, Wheel

PIN = "tiny==1.0"
WHEEL_FILE = "tiny-1.0-py3-none-any.whl"
MODEL_BYTES = b"not a real model, but bytes of one" * 1000
INNER_BYTES = b'{"a": "tokenizer"}'


def sha256(content: bytes) -> str:
    """Return the SHA-256 of bytes."""
    return hashlib.sha256(content).hexdigest()


def zip_bytes(members: dict[str, bytes]) -> bytes:
    """Return a zip archive of these members, names taken as they are; the same bytes each time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def wheel_bytes() -> bytes:
    """Return a wheel with a model, an archive in it, and names that would escape."""
    return zip_bytes(
        {
            "tiny/model.onnx": MODEL_BYTES,
            "tiny/more.zip": zip_bytes({"tokenizer.json": INNER_BYTES}),
            "../escaped.onnx": b"escaped",
        }
    )


def suite_of(uri: str, digest: str, *, folder: str = "", wheel: bytes = b"") -> Suite:
    """Return a suite with one model at that address."""
    model = Model(
        id="tiny",
        title="Tiny",
        task="generic",
        file=File(uri=uri, sha256=digest),
        shapes={"x": [1, 4]},
    )
    content = wheel or wheel_bytes()
    pinned = Wheel(file=WHEEL_FILE, sha256=sha256(content), size_bytes=len(content))
    return Suite(format=1, id="t", title="T", models=[model], wheels={PIN: pinned}, folder=folder)


def document(**changes: Any) -> dict[str, Any]:
    """Return a valid suite document with one wheel, one dataset and one model."""
    base: dict[str, Any] = {
        "format": 1,
        "id": "mine",
        "title": "Mine",
        "wheels": {PIN: {"file": WHEEL_FILE, "sha256": "a" * 64, "size_bytes": 10}},
        "datasets": {"stuff": {"title": "Stuff", "files": {"all": {"uri": f"pypi:{PIN}/"}}}},
        "models": [model_table()],
    }
    return {**base, **changes}


def model_table(**changes: Any) -> dict[str, Any]:
    """Return a valid model table."""
    base: dict[str, Any] = {
        "id": "tiny",
        "title": "Tiny",
        "task": "generic",
        "file": {"uri": f"pypi:{PIN}/tiny/model.onnx", "sha256": "b" * 64},
        "shapes": {"x": [1, 4]},
    }
    return {**base, **changes}


WORDS = " ".join(f"word{i}" for i in range(20_000))
"""The text that language models are evaluated on."""


def language_suite(folder: Path, **changes: Any) -> Path:
    """Write a suite of one language model, published in four bits, and its text."""
    (folder / "m.gguf").write_bytes(b"GGUF of a kind")
    (folder / "text.txt").write_text(WORDS)
    model = {
        "id": "m",
        "title": "M",
        "task": "text-generation",
        "file": {"uri": "file:m.gguf"},
        "variant": "int4",
        "data": "text",
        **changes,
    }
    files = {"text": {"uri": "file:text.txt"}}
    datasets = {"text": {"title": "A text", "files": files}}
    return write_suite(folder / "text.toml", document(models=[model], datasets=datasets, wheels={}))


def toml_of(value: Any) -> str:
    """Return a document as TOML, nested tables inline; enough for suites."""
    return "\n".join(f"{_key(key)} = {_inline(item)}" for key, item in value.items())


def write_suite(path: Path, value: dict[str, Any]) -> Path:
    """Write a document as TOML and return its path."""
    path.write_text(toml_of(value), encoding="utf-8")
    return path


def _key(key: str) -> str:
    return _inline(str(key))


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(k)} = {_inline(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_inline(item) for item in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        escaped = "".join(
            c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in value
        )
        return f'"{escaped}"'
    return str(value)
