"""Pairs of words that people judged: the model's similarities put in order, as theirs.

Pairs share words, so they are not independent. Each pair belongs to the one of its words that is
in more pairs, and intervals resample words with all the pairs that belong to them. (Resampling
both words of a pair, each by itself, would triple the variance of a pair that shares none.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ovreport.errors import SuiteError
from ovreport_collector.engines.arrays import Array
from ovreport_collector.sources import Files
from ovreport_collector.suite.model import Model
from ovreport_collector.tasks.base import Labelled, Scores
from ovreport_collector.tasks.samples import unpack
from ovreport_collector.tasks.text.embedding import MASK, encode, pool, spearman

MAX_TOKENS = 16
"""Of one word with its marks: the states of further tokens are not kept, being padding."""


@dataclass(frozen=True)
class WordSet:
    """A published list of pairs of words."""

    name: str
    judged: str
    """What people were asked about."""
    source: str


WORD_SETS = {
    "wordsim-353": WordSet("WordSim-353", "relatedness", "Finkelstein et al., 2002"),
    "simlex-999": WordSet("SimLex-999", "similarity", "Hill et al., 2015"),
}
"""Role of the data file → the list in it."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of words, and how near people find them."""

    words: list[str]
    """Each once."""
    index: NDArray[np.intp]
    """[pairs, 2] into `words`."""
    human: NDArray[np.float64]
    """[pairs], in the file's own scale."""


@dataclass(frozen=True)
class _Truth:
    pairs: Pairs
    mask: NDArray[np.bool_]
    """[words, MAX_TOKENS or fewer]."""


class WordPairs:
    """Spearman's correlation of the cosine of two words' embeddings with people's judgement."""

    metric: str | None = "spearman"

    def compact(self, outputs: Sequence[Array]) -> list[Array]:
        """Return the states of the first tokens, [samples, batch, tokens, width]."""
        states = outputs[0]
        return [states[:, :, :MAX_TOKENS] if states.ndim == 4 else states]

    def per_sample_scores(
        self, labelled: Labelled, outputs: Sequence[Array]
    ) -> NDArray[np.float64]:
        """Return a row for each word that pairs belong to, [words, 2 k].

        The human judgements of its pairs, then the model's similarities, each filled up with
        NaN to the k pairs of the commonest word.
        """
        truth: _Truth = labelled.labels
        states = unpack(self.compact(outputs)[0], len(truth.mask))
        embeddings = pool(states, truth.mask)
        first, second = truth.pairs.index.T
        model = (embeddings[first] * embeddings[second]).sum(axis=1)
        owners = owners_of(truth.pairs.index)
        return np.hstack([_by_owner(owners, truth.pairs.human), _by_owner(owners, model)])

    def aggregate(self, scores: Scores) -> float:
        """Return Spearman's correlation over the pairs of all rows; 0 where all are alike."""
        human, model = np.split(scores, 2, axis=1)
        there = ~np.isnan(human)
        if not np.isfinite(model[there]).all():
            return float("nan")
        return spearman(human[there], model[there])


def labelled(model: Model, files: Files, role: str) -> Labelled:
    """Return the words of a data file as inputs, and what people said of its pairs."""
    word_set, pairs = WORD_SETS[role], read_pairs(files.data[role])
    inputs = encode(model, files, pairs.words)
    mask = unpack(inputs[MASK], len(pairs.words)) > 0
    if mask[:, MAX_TOKENS:].any():
        raise SuiteError(
            f"a word has more than {MAX_TOKENS} tokens", where=role, remedy="give single words"
        )
    return Labelled(
        inputs=inputs,
        labels=_Truth(pairs, mask[:, :MAX_TOKENS]),
        n=len(pairs.human),
        unit="pairs of words",
        name=word_set.name,
        source=(
            f"{word_set.name} ({word_set.source}): {word_set.judged} of {len(pairs.human)} pairs "
            "of words, judged by people; intervals resample words with their pairs, since pairs "
            "share words"
        ),
    )


def read_pairs(path: Path) -> Pairs:
    """Return the pairs of a file: word, word, number, with tabs between; `#` begins a comment."""
    triples = [
        _triple(line, f"{path.name}, line {number}")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if line.strip() and not line.startswith("#")
    ]
    words = sorted({word for *both, _ in triples for word in both})
    place = {word: i for i, word in enumerate(words)}
    return Pairs(
        words,
        np.array([(place[a], place[b]) for a, b, _ in triples], dtype=np.intp).reshape(-1, 2),
        np.array([value for *_, value in triples], dtype=np.float64),
    )


def owners_of(index: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the word that each pair [pairs, 2] belongs to: that of more pairs, else the first."""
    counts = np.bincount(index.ravel())
    first, second = index.T
    return np.asarray(np.where(counts[first] >= counts[second], first, second), dtype=np.intp)


def _by_owner(owners: NDArray[np.intp], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values [pairs] in a row for each owner, filled up with NaN."""
    _, row, counts = np.unique(owners, return_inverse=True, return_counts=True)
    order = np.argsort(row, kind="stable")
    column = np.arange(len(row)) - np.repeat(counts.cumsum() - counts, counts)
    found = np.full((len(counts), int(counts.max(initial=0))), np.nan)
    found[row[order], column] = values[order]
    return found


def _triple(line: str, where: str) -> tuple[str, str, float]:
    try:
        first, second, value = line.split("\t")
        number = float(value)
    except ValueError:
        number = float("nan")
    if not np.isfinite(number):
        raise SuiteError(
            "not two words and a number, with tabs between",
            where=where,
            remedy="give the file as gensim has it",
        )
    return first.strip(), second.strip(), number
