"""How right outputs are told from wrong ones, task by task."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from ovreport.errors import SuiteError
from ovreport_collector import tasks
from ovreport_collector.tasks import file_type, music
from tests.collector.task_fixtures import a_labels_file, a_model, a_wheel, some_crops, some_files


class TestFileType:
    """Files out of wheels, their type by extension."""

    LABELS = ("png", "python", "c", "cpp")

    def corpus(self, folder: Path, members: dict[str, bytes]):
        """Return the labelled files of a wheel with these members."""
        wheel = a_wheel(folder / "a.whl", members)
        labels = a_labels_file(folder / "labels.json", list(self.LABELS))
        model = a_model("file-type", {"bytes": [1, 2048]})
        files = some_files(files={"labels": labels}, a=wheel)
        labelled = tasks.get("file-type").labelled(model, files, seed=0)
        assert labelled is not None
        return labelled

    def score(self, labelled, chosen: list[int]) -> float:
        """Return the metric of outputs that choose these labels."""
        task = tasks.get("file-type")
        scores = np.eye(len(self.LABELS))[chosen][:, None, :]
        return task.aggregate(task.per_sample_scores(labelled, [scores]))

    def test_right_labels_give_one_and_wrong_ones_nought(self, tmp_path: Path):
        labelled = self.corpus(tmp_path, {f"{i}.py": f"x{i} = 1\n".encode() * 30 for i in range(3)})
        assert labelled.n == 3
        assert self.score(labelled, [1, 1, 1]) == 1
        assert self.score(labelled, [0, 2, 3]) == 0
        assert self.score(labelled, [1, 0, 0]) == pytest.approx(1 / 3)

    def test_a_header_may_be_c_or_cpp(self, tmp_path: Path):
        """A header may be C or C++."""
        labelled = self.corpus(tmp_path, {"a.h": b"int a;\n" * 20})
        assert [self.score(labelled, [i]) for i in range(4)] == [0, 0, 1, 1]

    def test_what_says_nothing_is_left_out(self, tmp_path: Path):
        kept = b"value = 1\n" * 20
        labelled = self.corpus(
            tmp_path,
            {
                "a.py": kept,
                "copy.py": kept,
                "sub/__init__.py": kept + b"#",
                "small.py": b"x = 1",
                "any.txt": kept + b"##",
                "script": kept + b"###",
                "no-label-for.yaml": kept + b"####",
            },
        )
        assert labelled.n == 1

    def test_no_type_has_more_files_than_the_cap(self, tmp_path: Path):
        members = {f"{i}.py": f"x{i} = 1\n".encode() * 30 for i in range(file_type.CAP + 20)}
        assert self.corpus(tmp_path, members).n == file_type.CAP

    def test_the_corpus_is_the_same_for_every_seed(self, tmp_path: Path):
        members = {f"{i}.py": f"x{i} = 1\n".encode() * 30 for i in range(9)}
        self.corpus(tmp_path, members)
        model = a_model("file-type", {"bytes": [1, 2048]})
        files = some_files(files={"labels": tmp_path / "labels.json"}, a=tmp_path / "a.whl")
        one, other = (tasks.get("file-type").labelled(model, files, seed=s) for s in (1, 2))
        assert one is not None
        assert other is not None
        assert_array_equal(one.inputs["bytes"], other.inputs["bytes"])

    def test_tokens_are_padded_on_the_inner_side(self):
        tokens = file_type.tokenize(b"  ab  ", 8)
        assert tokens.dtype == np.int32
        assert tokens.tolist() == [97, 98, 32, 32, 32, 32, 97, 98]
        assert file_type.tokenize(b"\n a\t", 8).tolist() == [97, 9, 256, 256, 256, 10, 32, 97]

    @given(st.binary(max_size=10_000))
    def test_tokens_are_the_ends_of_the_file(self, content: bytes):
        tokens = file_type.tokenize(content)
        assert tokens.shape == (2048,)
        start = bytes(int(t) for t in tokens[:1024] if t != 256)
        end = bytes(int(t) for t in tokens[1024:] if t != 256)
        assert content[:4096].lstrip().startswith(start)
        assert content[-4096:].rstrip().endswith(end)

    def test_labels_that_are_none_are_refused(self, tmp_path: Path):
        (tmp_path / "l.json").write_text("[1]")
        wheel = a_wheel(tmp_path / "a.whl", {"a.py": b"x = 1\n" * 30})
        with pytest.raises(SuiteError, match="target_labels_space"):
            tasks.get("file-type").labelled(
                a_model("file-type", {"bytes": [1, 2048]}),
                some_files(files={"labels": tmp_path / "l.json"}, a=wheel),
                seed=0,
            )

    def test_a_dataset_without_known_files_is_refused(self, tmp_path: Path):
        with pytest.raises(SuiteError, match="no file of known type"):
            self.corpus(tmp_path, {"a.txt": b"text " * 30})


class TestFaceDetection:
    """Presence, from the highest logit."""

    def labelled(self, folder: Path):
        """Return the labelled inputs of a small model."""
        files = some_files(faces=some_crops(folder / "faces.npy", pairs=5))
        model = a_model("face-detection", {"in": [1, 16, 16, 3]})
        labelled = tasks.get("face-detection").labelled(model, files, seed=0)
        assert labelled is not None
        return labelled

    def test_scores_are_found_by_shape_in_either_order(self, tmp_path: Path):
        labelled, task = self.labelled(tmp_path), tasks.get("face-detection")
        logits = np.full((10, 1, 7, 1), -3.0)
        logits[:5, 0, 4, 0] = 0.1
        boxes = np.full((10, 1, 7, 16), 9.0)
        for outputs in ([boxes, logits], [logits, boxes]):
            assert task.aggregate(task.per_sample_scores(labelled, outputs)) == 1
        assert task.aggregate(task.per_sample_scores(labelled, [boxes, -logits])) == 0.5
        assert task.aggregate(task.per_sample_scores(labelled, [boxes, logits[::-1]])) == 0

    def test_outputs_without_scores_are_refused(self, tmp_path: Path):
        with pytest.raises(ValueError, match="one score a place"):
            tasks.get("face-detection").per_sample_scores(
                self.labelled(tmp_path), [np.zeros((10, 1, 7, 16))]
            )

    def test_a_crop_fills_the_middle_of_a_canvas_in_its_mean(self, tmp_path: Path):
        canvases = self.labelled(tmp_path).inputs["in"][:, 0]
        crops = np.load(tmp_path / "faces.npy")
        assert canvases.dtype == np.float32
        assert canvases.min() >= -1
        assert canvases.max() <= 1
        assert_allclose(canvases[:, 0, 0, 0], crops.mean(axis=(1, 2)) * 2 - 1, atol=1e-6)
        assert canvases[0, 4:12, 4:12].std() > 0
        assert canvases[0, :4].std() < 1e-6


class TestMusicTranscription:
    """Frames of notes whose pitch and time are known."""

    def labelled(self, **options):
        """Return the labelled inputs of a small model."""
        model = a_model("music-transcription", {"a": [1, 22_050, 1]}, options=options)
        labelled = tasks.get("music-transcription").labelled(model, some_files(), seed=0)
        assert labelled is not None
        return labelled

    def test_perfect_outputs_give_one_and_silence_nought(self):
        task, labelled = tasks.get("music-transcription"), self.labelled()
        right = labelled.labels.sounding[:, None].astype(np.float32)
        onsets = np.zeros_like(right)
        assert task.aggregate(task.per_sample_scores(labelled, [onsets, right])) == 1
        assert task.aggregate(task.per_sample_scores(labelled, [right, onsets])) == 0
        assert task.aggregate(task.per_sample_scores(labelled, [onsets, right[::-1]])) < 0.3

    def test_the_option_names_the_output(self):
        task, labelled = tasks.get("music-transcription"), self.labelled(note_output=0)
        right = labelled.labels.sounding[:, None].astype(np.float32)
        assert task.aggregate(task.per_sample_scores(labelled, [right])) == 1

    def test_an_output_of_another_shape_is_refused(self):
        with pytest.raises(ValueError, match="note_output"):
            tasks.get("music-transcription").per_sample_scores(
                self.labelled(), [np.zeros((24, 1, 172, 88)), np.zeros((24, 1, 172, 264))]
            )

    @pytest.mark.parametrize("key", [40, 69, 84])
    def test_a_tone_has_the_pitch_of_its_key(self, key: int):
        tone = music.tone(key, music.MUSIC_RATE, np.random.default_rng(0))
        strongest = np.abs(np.fft.rfft(tone)).argmax()
        assert strongest == pytest.approx(440 * 2 ** ((key - 69) / 12), abs=1)

    def test_counts_add_up_by_hand(self):
        task = tasks.get("music-transcription")
        assert task.aggregate(np.array([[3.0, 1, 0], [1, 0, 1]])) == pytest.approx(8 / 10)
        assert task.aggregate(np.zeros((2, 3))) == 0


def test_voice_activity_starts_from_an_empty_state():
    model = a_model("voice-activity", {"input": [1, 576], "state": [2, 1, 128]})
    samples = tasks.get("voice-activity").samples(model, some_files(), seed=0, count=6)
    assert not samples["state"].any()
    assert samples["input"].dtype == np.float32
    voices, noises = samples["input"][::2], samples["input"][1::2]
    assert np.abs(voices).max(axis=(1, 2)).min() > 0.05
    assert np.abs(noises).max() < 1


def test_voice_activity_refuses_a_model_without_audio():
    """Voice activity refuses a model without music."""
    model = a_model("voice-activity", {"wave": [1, 576]})
    with pytest.raises(SuiteError, match=r"options\.audio"):
        tasks.get("voice-activity").samples(model, some_files(), seed=0, count=1)
