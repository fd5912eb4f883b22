"""Text generation: passages of a pinned text, for prompts and for perplexity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ovreport.errors import SuiteError
from ovreport_collector.engines.arrays import Array
from ovreport_collector.engines.generation_base import TEXT
from ovreport_collector.sources import Files
from ovreport_collector.suite.model import Model
from ovreport_collector.suite.options import Option
from ovreport_collector.tasks.base import Inputs, Labelled
from ovreport_collector.tasks.evaluators import Unlabelled
from ovreport_collector.tasks.samples import required_file

_PASSAGE_BYTES = 8192
"""Of text; a token of English has about four of them."""


class TextGeneration(Unlabelled):
    """A language model in a pipeline of OpenVINO GenAI: GGUF, or an IR in its folder.

    Data file `text`: plain text, UTF-8 or latin-1. The first half of its passages is scored
    (perplexity), prompts are cut from the second. No inputs are named.
    """

    name = "text-generation"
    options: Sequence[Option] = ()
    why_no_metric = "a language model: see generation"

    def samples(self, model: Model, files: Files, *, seed: int, count: int) -> Inputs:
        """Return up to `count` passages that prompts are cut from; one each, evenly over them."""
        _, found = _halves(model, files)
        step = max(1, len(found) // count)
        return {TEXT: found[::step][:count]}

    def labelled(self, model: Model, files: Files, *, seed: int) -> Labelled | None:
        """Return the passages to score by perplexity, in the order of the text."""
        scored, _ = _halves(model, files)
        return Labelled(
            inputs={TEXT: scored},
            labels=None,
            n=len(scored),
            unit="passages",
            source="running text, each token predicted from those before it",
        )


def _halves(model: Model, files: Files) -> tuple[Array, Array]:
    """Return the text's passages [n, bytes], its first half and its second."""
    path = required_file(files.data, "text", model=model, of="data")
    raw = path.read_bytes()
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        raw = raw.decode("latin-1").encode("utf-8")
    count = len(raw) // _PASSAGE_BYTES
    if count < 4:
        raise SuiteError(
            f"{len(raw):,} bytes of text are too few",
            where=model.id,
            remedy=f"name a text of {4 * _PASSAGE_BYTES:,} bytes or more",
        )
    passages = np.frombuffer(raw, np.uint8, count * _PASSAGE_BYTES).reshape(count, -1)
    return passages[: count // 2], passages[count // 2 :]
