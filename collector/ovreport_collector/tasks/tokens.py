"""From texts to the inputs of BERT-like networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from tokenizers import Tokenizer

from ovreport.errors import SuiteError
from ovreport_collector.tasks.common import need, pack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ovreport_collector.suite import Model
    from ovreport_collector.tasks.base import Files, Inputs

IDS, MASK = "input_ids", "attention_mask"


def encode(model: Model, files: Files, texts: Sequence[str]) -> Inputs:
    """Return texts as inputs, cut or filled up to the declared number of tokens.

    Inputs `input_ids` and `attention_mask` [batch, tokens] i64, further ones (`token_type_ids`)
    are zeros. Auxiliary file `tokenizer`: tokenizer.json.
    """
    shape = shape_of(model)
    path = need(files.files, "tokenizer", model=model, of="model")
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


def shape_of(model: Model) -> list[int]:
    """Return [batch, tokens] of a model; SuiteError where it declares no such inputs."""
    if IDS not in model.shapes or MASK not in model.shapes:
        raise SuiteError(
            f'task "{model.task}" needs the inputs {IDS} and {MASK}',
            where=f"{model.id}.shapes",
            remedy="declare the shape of each input of the model",
        )
    return model.shapes[IDS]
