"""What tasks over texts share: texts as tokens, vectors of token states, how values go together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from ovreport.errors import SuiteError
from ovreport_collector.engines.arrays import Array
from ovreport_collector.sources import Files
from ovreport_collector.suite.model import Model
from ovreport_collector.tasks.base import Inputs
from ovreport_collector.tasks.samples import pack, required_file

IDS, MASK = "input_ids", "attention_mask"


def input_shape(model: Model) -> list[int]:
    """Return [batch, tokens] of a model of texts; SuiteError where it declares no such inputs."""
    if IDS not in model.shapes or MASK not in model.shapes:
        raise SuiteError(
            f'task "{model.task}" needs the inputs {IDS} and {MASK}',
            where=f"{model.id}.shapes",
            remedy="declare the shape of each input of the model",
        )
    return model.shapes[IDS]


def encode(model: Model, files: Files, texts: Sequence[str]) -> Inputs:
    """Return texts as inputs, cut or filled up to the declared number of tokens."""
    shape = input_shape(model)
    path = required_file(files.files, "tokenizer", model=model, of="model")
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.enable_truncation(shape[1])
    tokenizer.enable_padding(length=shape[1])
    encodings = tokenizer.encode_batch(list(texts))
    rows = {
        IDS: np.array([e.ids for e in encodings], dtype=np.int64),
        MASK: np.array([e.attention_mask for e in encodings], dtype=np.int64),
    }
    zeros = np.zeros_like(rows[IDS])
    return {name: pack(rows.get(name, zeros), shape) for name in model.shapes}


def pool(states: Array, mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return unit vectors [n, width]: token states [n, tokens, width] averaged over the mask."""
    states = states.astype(np.float64)
    if states.ndim == 3:
        weight = mask[..., None].astype(np.float64)
        states = (states * weight).sum(axis=1) / weight.sum(axis=1)
    norm = np.linalg.norm(states, axis=1, keepdims=True)
    return np.asarray(states / np.where(norm > 0, norm, 1), dtype=np.float64)


def pearson(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return Pearson's correlation of two vectors; 0 where one of them is constant."""
    if not len(a):
        return 0.0
    a, b = a - a.mean(), b - b.mean()
    scale = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / scale) if scale > 0 else 0.0


def spearman(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return Spearman's rank correlation: Pearson's of the ranks; 0 where one is constant."""
    return pearson(ranks(a), ranks(b))


def ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ranks from 1; what is equal shares the mean of its ranks."""
    _, index, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((counts.cumsum() - (counts - 1) / 2)[index], dtype=np.float64)
