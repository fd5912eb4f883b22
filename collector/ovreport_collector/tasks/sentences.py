"""Sentence similarity: embeddings of documents and words against what people said of the pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ovreport.errors import SuiteError
from ovreport_collector.engines.arrays import Array
from ovreport_collector.sources import Files
from ovreport_collector.suite.model import Model
from ovreport_collector.suite.options import Option, generator
from ovreport_collector.tasks.base import Calibration, Evaluator, Inputs, Labelled, Scores
from ovreport_collector.tasks.samples import required_file, shuffled_indices, unpack
from ovreport_collector.tasks.text import word_pairs
from ovreport_collector.tasks.text.embedding import MASK, encode, input_shape, pearson, pool

BACKGROUND = "background"
_ADDITIONAL: Mapping[str, Evaluator] = dict.fromkeys(word_pairs.WORD_SETS, word_pairs.WordPairs())


class SentenceSimilarity:
    """Sentence similarity: BERT-like inputs [batch, tokens] int64.

    Inputs `input_ids` and `attention_mask`, further ones (`token_type_ids`) are zeros. Output
    [batch, tokens, width]: averaged over the tokens of the mask (or [batch, width]: taken as it
    is), compared by cosine. Auxiliary file `tokenizer`: tokenizer.json. Data files `documents`
    and `similarities`: those of Lee, Pincombe & Welsh 2005, a document a line and the matrix of
    mean similarity, in latin-1, as gensim carries them; `background`, other documents to calibrate
    with, alike; where there are `wordsim-353` and `simlex-999`, lists of pairs of words, their rank
    correlations too.
    """

    name = "sentence-similarity"
    options: Sequence[Option] = ()
    accuracy_s = 28.0
    metric: str | None = "pearson"
    why_no_metric = ""
    additional_metrics = _ADDITIONAL

    def samples(self, model: Model, files: Files, *, seed: int, count: int) -> Inputs:
        """Return documents in an order chosen by `seed`."""
        documents = _documents(model, files)
        shape = input_shape(model)
        chosen = shuffled_indices(generator(seed, self.name), len(documents), count * shape[0])
        return encode(model, files, [documents[i] for i in chosen])

    def labelled(self, model: Model, files: Files, *, seed: int) -> Labelled | None:
        """Return all documents, and the human similarity of all pairs."""
        documents = _documents(model, files)
        human = _similarities(required_file(files.data, "similarities", model=model, of="data"))
        if human.shape != (len(documents), len(documents)):
            raise SuiteError(
                f"{len(documents)} documents, but similarities {list(human.shape)}",
                where=model.id,
                remedy="name both files of the same dataset",
            )
        inputs = encode(model, files, documents)
        return Labelled(
            inputs=inputs,
            labels=_Truth(human, unpack(inputs[MASK], len(documents)) > 0),
            n=len(documents),
            name="Lee documents",
            unit=f"documents ({len(documents) * (len(documents) - 1) // 2:,} pairs)",
            source=(
                "news documents of Lee, Pincombe & Welsh (2005), the similarity of every pair "
                "judged by people; intervals resample documents, since pairs share them"
            ),
        )

    def additional_labelled(
        self, model: Model, files: Files, labelled: Labelled, *, seed: int
    ) -> Mapping[str, Labelled]:
        """Return the words of each list of pairs that the dataset has."""
        there = [role for role in self.additional_metrics if role in files.data]
        return {role: word_pairs.labelled(model, files, role) for role in there}

    def calibration(self, model: Model, files: Files, *, seed: int, count: int) -> Calibration:
        """Return documents of the same newspaper that are not labelled."""
        documents = _lines_of(required_file(files.data, BACKGROUND, model=model, of="data"))
        rng = generator(seed, self.name, "calibration")
        chosen = shuffled_indices(
            rng, len(documents), min(count * input_shape(model)[0], len(documents))
        )
        inputs = encode(model, files, [documents[i] for i in chosen])
        return Calibration(
            inputs,
            "background documents of Lee, Pincombe & Welsh (2005), of the same news source as "
            "those that are evaluated",
            transformer=True,
        )

    def compact(self, outputs: Sequence[Array]) -> list[Array]:
        """Return the first output as it is: the mask is needed to average it."""
        return list(outputs[:1])

    def per_sample_scores(
        self, labelled: Labelled, outputs: Sequence[Array]
    ) -> NDArray[np.float64]:
        """Return a row for each of d documents, [d, 1 + 2d].

        Its number, then its similarity to every document as people see it, then as the model
        sees it. So rows can be resampled as documents, which are independent; pairs are not.
        """
        truth: _Truth = labelled.labels
        embeddings = pool(unpack(outputs[0], len(truth.mask)), truth.mask)
        number = np.arange(len(embeddings), dtype=np.float64)
        return np.column_stack([number, truth.human, embeddings @ embeddings.T])

    def aggregate(self, scores: Scores) -> float:
        """Return Pearson's correlation over all pairs of different documents among the rows.

        0 where it does not exist, because all are alike.
        """
        numbers = scores[:, 0].astype(np.intp)
        human, model = np.split(scores[:, 1:], 2, axis=1)
        first, second = np.triu_indices(len(numbers), k=1)
        different = numbers[first] != numbers[second]
        pairs = first[different], numbers[second[different]]
        return pearson(human[pairs], model[pairs])


@dataclass(frozen=True)
class _Truth:
    human: NDArray[np.float64]
    """[documents, documents], 0 to 1."""
    mask: NDArray[np.bool_]
    """[documents, tokens]."""


def _documents(model: Model, files: Files) -> list[str]:
    return _lines_of(required_file(files.data, "documents", model=model, of="data"))


def _lines_of(path: Path) -> list[str]:
    """Return the documents of a file, one a line."""
    return [
        line.strip() for line in path.read_text(encoding="latin-1").splitlines() if line.strip()
    ]


def _similarities(path: Path) -> NDArray[np.float64]:
    """Return the matrix of a file, made symmetric: only its upper triangle is filled there."""
    upper = np.triu(np.loadtxt(path, encoding="latin-1", ndmin=2))
    return np.asarray(upper + np.triu(upper, k=1).T)
