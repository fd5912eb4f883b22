"""Audio: frames of voice-like sound, and music whose notes are known. All is synthesised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ovreport.errors import SuiteError
from ovreport_collector.tasks.base import Array, Files, Inputs, Labelled
from ovreport_collector.tasks.common import (
    Kept,
    Unlabelled,
    generator,
    only_input,
    pack,
    unpack,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ovreport_collector.suite import Model

SPEECH_RATE = 16_000
MUSIC_RATE = 22_050
HOP = 256
"""Samples from one frame of Basic Pitch's output to the next."""
LOWEST, KEYS = 21, 88
"""MIDI number of the lowest of the piano's keys, which are the bins of the output."""
THRESHOLD = 0.3
"""A note sounds where its activation is above this: Basic Pitch's own default for frames."""
CLIPS = 24


class VoiceActivity(Unlabelled):
    """Voice activity: one input of audio [batch, samples] f32 at 16 kHz.

    Further inputs (`state`) are zeros: every sample is the start of a stream. Option `audio`:
    name of the input for audio, "input" by default. No files.
    """

    name = "voice-activity"
    why_no_metric = (
        "no labelled speech in the package index; agreement with the f32 reference is shown instead"
    )

    def samples(self, model: Model, files: Files, *, seed: int, count: int) -> Inputs:
        """Return voice-like frames and noise in turn, synthesised from `seed`."""
        audio = str(model.options.get("audio", "input"))
        if audio not in model.shapes or len(model.shapes[audio]) != 2:
            raise SuiteError(
                f'no input "{audio}" of shape [batch, samples]',
                where=f"{model.id}.shapes",
                remedy="name the input for audio in options.audio",
            )
        shape = model.shapes[audio]
        rng = generator(seed, self.name)
        frames = [
            noise(shape[1], rng) if i % 2 else vowel(shape[1], rng) for i in range(count * shape[0])
        ]
        zeros = {n: np.zeros((count, *s), dtype=np.float32) for n, s in model.shapes.items()}
        return {**zeros, audio: pack(np.stack(frames), shape)}


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


class MusicTranscription(Kept):
    """Music transcription by Basic Pitch: one input [batch, samples, 1] f32 at 22,050 Hz.

    Outputs [batch, frames, 88] hold activations of the piano's keys, once for the notes that
    sound and once for those that start. Option `note_output`: the index of the first among the
    outputs, 1 by default. No files.
    """

    name = "music-transcription"
    metric: str | None = "frame_f1"
    why_no_metric = ""

    def samples(self, model: Model, files: Files, *, seed: int, count: int) -> Inputs:
        """Return clips of music, synthesised from `seed`."""
        name, shape = only_input(model)
        rng = generator(seed, self.name, "samples")
        clips = [music(shape[1], rng)[0] for _ in range(count * shape[0])]
        return {name: pack(np.stack(clips), shape)}

    def labelled(self, model: Model, files: Files, *, seed: int) -> Labelled | None:
        """Return clips of music whose notes are known."""
        name, shape = only_input(model)
        rng = generator(seed, self.name, "labelled")
        clips, notes = zip(*(music(shape[1], rng) for _ in range(CLIPS)), strict=True)
        return Labelled(
            inputs={name: pack(np.stack(clips), shape)},
            labels=_Notes(np.stack(notes), whole(model, "note_output", 1, low=0, high=63)),
            n=CLIPS,
            unit="clips",
            source=(
                "clips of two seconds with up to four notes at a time, synthesised from "
                "harmonics with known pitch, start and end; counted are frames of 12 ms"
            ),
            rendered=True,
        )

    def contributions(self, labelled: Labelled, outputs: Sequence[Array]) -> NDArray[np.float64]:
        """Return a row for each clip: frames of notes that were right, wrong, and missed."""
        truth: _Notes = labelled.labels
        if truth.output >= len(outputs) or outputs[truth.output].shape[-1] != KEYS:
            raise ValueError(f"output {truth.output} does not hold {KEYS} keys: set note_output")
        heard = unpack(outputs[truth.output], labelled.n) > THRESHOLD
        length = min(heard.shape[1], truth.sounding.shape[1])
        heard, sounding = heard[:, :length], truth.sounding[:, :length]
        counts = [heard & sounding, heard & ~sounding, ~heard & sounding]
        return np.stack([c.sum(axis=(1, 2)) for c in counts], axis=1).astype(np.float64)

    def reduce(self, contributions: NDArray[np.float64]) -> float:
        """Return F1 over all frames of all clips: 2·right / (2·right + wrong + missed)."""
        right, wrong, missed = contributions.sum(axis=0)
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
