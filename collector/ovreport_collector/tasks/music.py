"""Music: clips whose notes are known. All is synthesised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ovreport_collector.engines.arrays import Array
from ovreport_collector.sources import Files
from ovreport_collector.suite.model import Model
from ovreport_collector.suite.options import Option, generator, integer
from ovreport_collector.tasks.base import Calibration, Inputs, Labelled, Scores
from ovreport_collector.tasks.evaluators import WholeOutputs
from ovreport_collector.tasks.samples import only_input, pack, unpack

MUSIC_RATE = 22_050
HOP = 256
"""Samples from one frame of Basic Pitch's output to the next."""
LOWEST, KEYS = 21, 88
"""MIDI number of the lowest of the piano's keys, which are the bins of the output."""
THRESHOLD = 0.3
"""A note sounds where its activation is above this: Basic Pitch's own default for frames."""
CLIPS = 24
VALIDATED = 12
"""Clips on which accuracy is watched while a model is quantized."""


class MusicTranscription(WholeOutputs):
    """Music transcription by Basic Pitch: one input [batch, samples, 1] f32 at 22,050 Hz.

    Outputs [batch, frames, 88] hold activations of the piano's keys, once for the notes that
    sound and once for those that start. No files.
    """

    name = "music-transcription"
    options: Sequence[Option] = (
        Option(
            "note_output",
            "a whole number from 0 to 63",
            "1",
            "index among the outputs of the one for notes that sound",
        ),
    )
    metric: str | None = "frame_f1"
    why_no_metric = ""

    def samples(self, model: Model, files: Files, *, seed: int, count: int) -> Inputs:
        """Return clips of music, synthesised from `seed`."""
        return self._clips(model, generator(seed, self.name, "samples"), count)

    def labelled(self, model: Model, files: Files, *, seed: int) -> Labelled | None:
        """Return clips of music whose notes are known."""
        return self._known(model, generator(seed, self.name, "labelled"), CLIPS)

    def calibration(self, model: Model, files: Files, *, seed: int, count: int) -> Calibration:
        """Return clips of other music."""
        inputs = self._clips(model, generator(seed, self.name, "calibration"), count)
        return Calibration(inputs, "other clips of music, synthesised by the same rules")

    def validation(self, model: Model, files: Files, *, seed: int) -> Labelled:
        """Return clips of yet other music whose notes are known."""
        return self._known(model, generator(seed, self.name, "validation"), VALIDATED)

    def _clips(self, model: Model, rng: np.random.Generator, count: int) -> Inputs:
        name, shape = only_input(model)
        clips = [music(shape[1], rng)[0] for _ in range(count * shape[0])]
        return {name: pack(np.stack(clips), shape)}

    def _known(self, model: Model, rng: np.random.Generator, n: int) -> Labelled:
        name, shape = only_input(model)
        clips, notes = zip(*(music(shape[1], rng) for _ in range(n)), strict=True)
        return Labelled(
            inputs={name: pack(np.stack(clips), shape)},
            labels=_Notes(np.stack(notes), integer(model, "note_output", 1, low=0, high=63)),
            n=n,
            unit="clips",
            source=(
                "clips of two seconds with up to four notes at a time, synthesised from "
                "harmonics with known pitch, start and end; counted are frames of 12 ms"
            ),
            rendered=True,
        )

    def per_sample_scores(
        self, labelled: Labelled, outputs: Sequence[Array]
    ) -> NDArray[np.float64]:
        """Return a row for each clip: frames of notes that were right, wrong, and missed."""
        truth: _Notes = labelled.labels
        if truth.output >= len(outputs) or outputs[truth.output].shape[-1] != KEYS:
            raise ValueError(f"output {truth.output} does not hold {KEYS} keys: set note_output")
        heard = unpack(outputs[truth.output], labelled.n) > THRESHOLD
        length = min(heard.shape[1], truth.sounding.shape[1])
        heard, sounding = heard[:, :length], truth.sounding[:, :length]
        counts = [heard & sounding, heard & ~sounding, ~heard & sounding]
        return np.stack([c.sum(axis=(1, 2)) for c in counts], axis=1).astype(np.float64)

    def aggregate(self, scores: Scores) -> float:
        """Return F1 over all frames of all clips: 2·right / (2·right + wrong + missed)."""
        right, wrong, missed = scores.sum(axis=0)
        whole = 2 * right + wrong + missed
        return float(2 * right / whole) if whole else 0.0


@dataclass(frozen=True)
class _Notes:
    sounding: NDArray[np.bool_]
    """[clips, frames, keys]."""
    output: int


def music(length: int, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return a clip [length, 1], and where notes sound in it [frames, 88].

    Up to four voices play one note after another, from E2 to C6.
    """
    sound = np.zeros(length)
    sounding = np.zeros((-(-length // HOP), KEYS), dtype=bool)
    frames = np.arange(len(sounding)) * HOP
    for _ in range(int(rng.integers(1, 5))):
        start = int(rng.uniform(0, 0.3) * MUSIC_RATE)
        while start < length - MUSIC_RATE // 5:
            samples = min(int(rng.uniform(0.25, 0.9) * MUSIC_RATE), length - start)
            key = int(rng.integers(40, 85))
            sound[start : start + samples] += tone(key, samples, rng)
            sounding[(frames >= start) & (frames < start + samples), key - LOWEST] = True
            start += samples + int(rng.uniform(0.02, 0.3) * MUSIC_RATE)
    sound += rng.normal(0, 0.002, size=length)
    return (sound / np.abs(sound).max() * 0.7).astype(np.float32)[:, None], sounding


def tone(key: int, length: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return [length] at 22,050 Hz: a note of a MIDI number, with attack, decay and release."""
    pitch = 440 * 2 ** ((key - 69) / 12)
    numbers = np.arange(1, min(10, int(MUSIC_RATE / 2 / pitch)) + 1)
    levels = numbers ** -rng.uniform(0.8, 2.0)
    time = np.arange(length) / MUSIC_RATE
    phases = rng.uniform(0, 2 * np.pi, size=numbers.size)
    waves = np.sin(2 * np.pi * pitch * numbers[:, None] * time + phases[:, None])
    attack = np.minimum(time / 0.01, 1)
    decay = 0.5 + 0.5 * np.exp(-time / 0.15)
    release = np.minimum((time[-1] - time) / 0.04, 1)
    return np.asarray(levels @ waves * attack * decay * release * rng.uniform(0.3, 1.0))
