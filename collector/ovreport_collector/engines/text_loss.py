"""The loss of a text by a sliding window, whatever gives the logits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ovreport_collector.engines.base import WrongOutputError


class Span(NamedTuple):
    """One step of the sliding window."""

    tokens: Any
    """Token ids [n], in the order of the text."""
    scored: int
    """How many of the last ones are scored: those that the step before has not scored already."""


def spans(tokens: Sequence[int], *, window: int, stride: int, most: int) -> Iterator[Span]:
    """Yield at most so many steps of a window over a text, all of them whole windows.

    As Hugging Face's "Perplexity of fixed-length models": every token is scored once, with at
    least `window - stride` tokens before it, after the first window.
    """
    starts = range(0, max(0, len(tokens) - window) + 1, stride)
    for start in list(starts)[:most]:
        part = np.asarray(tokens[start : start + window], dtype=np.int64)
        yield Span(part, len(part) - 1 if start == 0 else stride)


def token_losses(logits: Any, targets: Any) -> Any:
    """Return minus the logarithm of each target's probability [n], of logits [n, vocabulary].

    WrongOutputError where logits are not finite.
    """
    logits = np.asarray(logits, dtype=np.float64)
    if not np.isfinite(logits).all():
        raise WrongOutputError("logits are not finite")
    top = logits.max(axis=1, keepdims=True)
    total = np.log(np.exp(logits - top).sum(axis=1)) + top[:, 0]
    return np.maximum(total - logits[np.arange(len(targets)), targets], 0.0)
