"""Text classification: the class of a sentence, on sentences that users provide."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ovreport_collector.datasets import glue, selection
from ovreport_collector.engines.arrays import Array
from ovreport_collector.sources import Files
from ovreport_collector.suite.model import Model
from ovreport_collector.suite.options import SAMPLES, Option, generator
from ovreport_collector.tasks.base import Calibration, Inputs, Labelled
from ovreport_collector.tasks.evaluators import Proportion
from ovreport_collector.tasks.samples import column, required_file, shuffled_indices, unpack
from ovreport_collector.tasks.text.embedding import encode, input_shape

LAYOUT = "glue-tsv"
_FOR_SPEED = (
    "The rounds of all models take turns, so that a machine that slows down slows all of them.",
    "Nobody reads the manual, said the manual.",
    "A fast answer that is wrong is still wrong, and it is wrong sooner.",
    "The second cup of coffee was better than the first, and the third was a mistake.",
    "It rained the whole week, but the concert in the park took place all the same.",
    "Too long, too loud and too sure of itself.",
    "Whoever measures once knows the length; whoever measures twice is never quite sure.",
    "An evening that nobody in the audience will forget soon.",
)
"""Sentences of our own, used where no dataset was given: padded alike, they take the same time."""


class TextClassification(Proportion):
    """Text classification: BERT-like inputs [batch, tokens]; first output [batch, classes].

    Data: a dataset of the layout `glue-tsv`, which users provide; a label is the place of the
    class among the outputs. Auxiliary file `tokenizer`: tokenizer.json.
    """

    name = "text-classification"
    options: Sequence[Option] = (SAMPLES,)
    metric: str | None = "top1"
    why_no_metric = "no dataset of the layout glue-tsv was named"

    def samples(self, model: Model, files: Files, *, seed: int, count: int) -> Inputs:
        """Return the user's sentences, or some of our own, in an order chosen by `seed`."""
        texts: Sequence[str] = _FOR_SPEED
        if LAYOUT in files.data:
            texts = [one.text for one in glue.read(files.data[LAYOUT]).sentences]
        rng = generator(seed, self.name, "samples")
        chosen = shuffled_indices(rng, len(texts), count * input_shape(model)[0])
        return encode(model, files, [texts[i] for i in chosen])

    def labelled(self, model: Model, files: Files, *, seed: int) -> Labelled | None:
        """Return the user's sentences and their classes; None where there are none."""
        if LAYOUT not in files.data:
            return None
        contents = glue.read(files.data[LAYOUT])
        rng = generator(seed, self.name, "labelled")
        sample_bytes = 8 * input_shape(model)[1] * len(model.shapes)
        used = [
            contents.sentences[i] for i in selection.evaluated(contents.n, model, rng, sample_bytes)
        ]
        return Labelled(
            inputs=encode(model, files, [one.text for one in used]),
            labels=np.array([one.label for one in used]),
            n=len(used),
            unit="sentences",
            source=f"the user's own copy of {model.data}: "
            + selection.evaluated_source(len(used), contents.n, "sentences", model),
        )

    def calibration(self, model: Model, files: Files, *, seed: int, count: int) -> Calibration:
        """Return the user's sentences that are held out of the evaluation."""
        contents = glue.read(required_file(files.data, LAYOUT, model=model, of="data"))
        indices = selection.calibration(contents.n, model, count * input_shape(model)[0])
        texts = [contents.sentences[i].text for i in indices]
        source = selection.calibration_source(model, "sentences")
        return Calibration(encode(model, files, texts), source, transformer=True)

    def per_sample_scores(
        self, labelled: Labelled, outputs: Sequence[Array]
    ) -> NDArray[np.float64]:
        """Return a row for each sentence: 1 where its class is the likeliest."""
        scores = unpack(outputs[0], labelled.n)
        if scores.ndim != 2 or scores.shape[1] <= labelled.labels.max():
            raise ValueError(
                f"the output {list(outputs[0].shape[1:])} has no score for class "
                f"{labelled.labels.max()}: is this the dataset that the model was trained for?"
            )
        return column(scores.argmax(axis=1) == labelled.labels)
