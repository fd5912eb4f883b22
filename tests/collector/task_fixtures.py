"""Small models, wheels and files that tasks are tried on."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ovreport_collector.sources import Files
from ovreport_collector.suite.model import File, Model


def a_model(task: str, shapes: dict[str, list[int]], **changes: Any) -> Model:
    """Return a suite's entry for a task, with the shapes of its inputs."""
    return Model(
        id=f"a-model-of-{task}",
        title="A model",
        task=task,
        file=File(uri="file:model.onnx"),
        shapes=shapes,
        licence="Apache-2.0",
        homepage="https://example.org",
        why="tests",
        **changes,
    )


def some_files(
    *, model: Path = Path("model.onnx"), files: dict[str, Path] | None = None, **data: Path
) -> Files:
    """Return the files of a model; keywords are the roles of its data."""
    return Files(model=model, files=files or {}, data=data)


def a_wheel(path: Path, members: dict[str, bytes]) -> Path:
    """Write a wheel with these files inside."""
    with zipfile.ZipFile(path, "w") as wheel:
        for name, content in members.items():
            wheel.writestr(name, content)
    return path


def a_labels_file(path: Path, labels: list[str]) -> Path:
    """Write a labels file as Magika has it."""
    path.write_text(json.dumps({"target_labels_space": labels}), encoding="utf-8")
    return path


def a_photograph(path: Path, *, size: tuple[int, int] = (90, 70), seed: int = 0) -> Path:
    """Write a picture of noise, in the format of its name."""
    pixels = np.random.default_rng(seed).integers(0, 256, size=(size[1], size[0], 3))
    Image.fromarray(pixels.astype(np.uint8)).save(path)
    return path


def some_crops(path: Path, *, pairs: int = 4) -> Path:
    """Write crops as the LFW subset has them: bright "faces" first, then dark others."""
    rng = np.random.default_rng(0)
    bright, dark = rng.uniform(0.7, 1, (pairs, 25, 25)), rng.uniform(0, 0.3, (pairs, 25, 25))
    np.save(path, np.concatenate([bright, dark]))
    return path


def a_tokenizer(path: Path, words: list[str]) -> Path:
    """Write a tokenizer that knows these words, a token each."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    vocabulary = {word: i for i, word in enumerate(["[PAD]", "[UNK]", *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))  # noqa: S106
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(path))
    return path


def field(number: int, content: bytes) -> bytes:
    """Return a length-delimited protobuf field."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(number: int) -> bytes:
    """Return a protobuf varint."""
    parts = bytearray()
    while number >= 0x80:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def an_onnx_file(path: Path, properties: dict[str, str]) -> Path:
    """Write what an ONNX file has around its graph, and these properties."""
    entries = (
        field(14, field(1, key.encode()) + field(2, value.encode()))
        for key, value in properties.items()
    )
    path.write_bytes(b"\x08\x08" + field(7, b"a graph" * 40) + b"".join(entries))
    return path
