"""Voice activity: unlabelled sound and noise, so the f32 reference stands for labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ovreport.errors import SuiteError
from ovreport_collector.engines.arrays import Array
from ovreport_collector.sources import Files
from ovreport_collector.suite.model import Model
from ovreport_collector.suite.options import Option, generator
from ovreport_collector.tasks.base import Calibration, Inputs, Labelled
from ovreport_collector.tasks.evaluators import AgainstReference
from ovreport_collector.tasks.samples import column, pack, unpack

SPEECH_RATE = 16_000
FRAMES = 400
"""Frames on which decisions are compared."""
VALIDATED = 100
"""Frames on which accuracy is watched while a model is quantized."""
IS_SPEECH = 0.5
"""A frame is speech where its score is above this: Silero's own default."""


class VoiceActivity(AgainstReference):
    """Voice activity: one input of audio [batch, samples] f32 at 16 kHz.

    Further inputs (`state`) are zeros: every sample is the start of a stream. No files.
    """

    name = "voice-activity"
    options: Sequence[Option] = (
        Option("audio", "a name", "input", "the input for audio, of the shape [batch, samples]"),
    )
    metric: str | None = "frame_agreement"

    def samples(self, model: Model, files: Files, *, seed: int, count: int) -> Inputs:
        """Return voice-like frames and noise in turn, synthesised from `seed`."""
        return self._frames(model, generator(seed, self.name), count)

    def labelled(self, model: Model, files: Files, *, seed: int) -> Labelled | None:
        """Return other frames; the reference's decisions are the right ones."""
        return self._by_reference(model, generator(seed, self.name, "labelled"), FRAMES)

    def calibration(self, model: Model, files: Files, *, seed: int, count: int) -> Calibration:
        """Return frames of other sounds."""
        inputs = self._frames(model, generator(seed, self.name, "calibration"), count)
        return Calibration(
            inputs, "other frames of voice-like sound and of noise, synthesised by the same rules"
        )

    def validation(self, model: Model, files: Files, *, seed: int) -> Labelled:
        """Return frames of yet other sounds; the original's decisions are the right ones."""
        return self._by_reference(model, generator(seed, self.name, "validation"), VALIDATED)

    def _by_reference(self, model: Model, rng: np.random.Generator, n: int) -> Labelled:
        inputs = self._frames(model, rng, -(-n // self._shape(model)[0]))
        return Labelled(
            inputs=inputs,
            labels=None,
            n=n,
            unit="frames",
            source=(
                "frames of voice-like sound and of noise in turn, synthesised; the f32 "
                "reference's decisions count as right"
            ),
            rendered=True,
            by_reference=True,
        )

    def per_sample_scores(
        self, labelled: Labelled, outputs: Sequence[Array]
    ) -> NDArray[np.float64]:
        """Return a row for each frame: 1 where the decision is the reference's."""
        found, expected = (_decisions(o, labelled.n) for o in (outputs, labelled.labels))
        return column(found == expected)

    def _shape(self, model: Model) -> list[int]:
        audio = _audio(model)
        if audio not in model.shapes or len(model.shapes[audio]) != 2:
            raise SuiteError(
                f'no input "{audio}" of shape [batch, samples]',
                where=f"{model.id}.shapes",
                remedy="name the input for audio in options.audio",
            )
        return model.shapes[audio]

    def _frames(self, model: Model, rng: np.random.Generator, count: int) -> Inputs:
        shape, audio = self._shape(model), _audio(model)
        frames = [
            noise(shape[1], rng) if i % 2 else vowel(shape[1], rng) for i in range(count * shape[0])
        ]
        zeros = {n: np.zeros((count, *s), dtype=np.float32) for n, s in model.shapes.items()}
        return {**zeros, audio: pack(np.stack(frames), shape)}


def _audio(model: Model) -> str:
    return str(model.options.get("audio", "input"))


def _decisions(outputs: Sequence[Array], frames: int) -> NDArray[np.bool_]:
    """Return whether each frame is speech: the one output with a single number a frame."""
    scores = [output for output in outputs if output[0].size == output.shape[1]]
    if not scores:
        raise ValueError("no output has one score a frame: is this a voice activity detector?")
    return np.asarray(unpack(scores[0], frames).reshape(frames) > IS_SPEECH)


def vowel(length: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return [length] at 16 kHz: harmonics of a voice's pitch, shaped by three formants."""
    pitch = rng.uniform(90, 250)
    numbers = np.arange(1, int(4000 / pitch) + 1)
    formants = np.array([rng.uniform(300, 850), rng.uniform(900, 2300), rng.uniform(2400, 3200)])
    widths = np.array([80.0, 120.0, 180.0])
    distance = (numbers[:, None] * pitch - formants) / widths
    levels = (1 / (1 + distance**2)).sum(axis=1) / numbers**0.5
    time = np.arange(length) / SPEECH_RATE
    phases = rng.uniform(0, 2 * np.pi, size=numbers.size)
    waves = np.sin(2 * np.pi * pitch * numbers[:, None] * time + phases[:, None])
    sound = levels @ waves
    sound *= rng.uniform(0.1, 0.6) / np.abs(sound).max()
    return np.asarray(sound + rng.normal(0, 0.003, size=length), dtype=np.float32)


def noise(length: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return [length]: noise, from loud to nearly silent, white or (half of it) dull."""
    sound = rng.normal(0, 1, size=length)
    if rng.random() < 0.5:
        sound = np.convolve(sound, np.ones(8) / 8, mode="same")
    return np.asarray(sound * 10 ** rng.uniform(-3, -1), dtype=np.float32)
