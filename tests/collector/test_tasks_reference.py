"""Tasks whose right answers are the f32 reference's: landmarks, text maps, voice activity."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ovreport.errors import SuiteError
from ovreport_collector import tasks
from ovreport_collector.tasks.text import rendering, scan
from tests.collector.task_fixtures import a_model, a_photograph, a_wheel, some_crops, some_files


def judged(task: str, labelled, outputs: list[np.ndarray], reference: list[np.ndarray]) -> float:
    """Return the metric of outputs against the reference's."""
    known = replace(labelled, labels=reference)
    made = tasks.get(task)
    return made.aggregate(made.per_sample_scores(known, outputs))


class TestLandmarks:
    """Points in pixels of the input."""

    @pytest.fixture
    def labelled(self, tmp_path: Path):
        """Return the squares of a small model."""
        portrait = a_photograph(tmp_path / "p.png", size=(512, 512))
        files = some_files(portrait=portrait, faces=some_crops(tmp_path / "f.npy"))
        model = a_model("face-landmarks", {"x": [1, 24, 24, 3]})
        found = tasks.get("face-landmarks").labelled(model, files, seed=1)
        assert found.by_reference
        assert len(found.inputs["x"]) == found.n
        return found

    def test_points_within_a_pixel_are_right(self, labelled):
        """Half a pixel is near enough, two pixels are not; the depth does not count."""
        points = np.random.default_rng(0).uniform(0, 24, (labelled.n, 1, 1, 1, 30))
        score = np.zeros((labelled.n, 1, 1))
        moved = points.copy().reshape(labelled.n, 10, 3)
        moved[:, :, 2] += 50
        moved[:, :, 0] += 0.5
        moved[:, :4, 1] += 2
        found = [moved.reshape(points.shape), score]
        assert judged("face-landmarks", labelled, found, [points, score]) == pytest.approx(0.6)
        assert judged("face-landmarks", labelled, [points], [points]) == 1

    def test_outputs_that_are_no_landmarks_are_refused(self, labelled):
        """Ten numbers are not a whole number of landmarks."""
        wrong = [np.zeros((labelled.n, 1, 10))]
        with pytest.raises(ValueError, match="landmark"):
            judged("face-landmarks", labelled, wrong, wrong)


class TestTextMaps:
    """Where text is, pixel by pixel."""

    def test_the_metric_is_the_overlap_of_the_maps(self):
        """Half of the reference's text found, and nothing else: one half."""
        model = a_model("text-detection", {"x": [1, 3, 32, 32]})
        task = tasks.get("text-detection")
        labelled = task.labelled(model, some_files(), seed=1)
        reference = np.zeros((labelled.n, 1, 1, 32, 32), np.float32)
        reference[..., :16] = 0.9
        half = reference.copy()
        half[..., :8] = 0.1
        assert judged("text-detection", labelled, [half], [reference]) == 0.5
        kept = task.compact([half])
        assert kept[0].dtype == bool
        assert task.compact(kept)[0] is kept[0]
        assert judged("text-detection", labelled, kept, task.compact([reference])) == 0.5

    def test_no_text_at_all_is_agreement(self):
        """Two empty maps are the same."""
        model = a_model("text-detection", {"x": [1, 3, 32, 32]})
        labelled = tasks.get("text-detection").labelled(model, some_files(), seed=1)
        empty = [np.zeros((labelled.n, 1, 1, 32, 32), np.float32)]
        assert judged("text-detection", labelled, empty, empty) == 1


class TestVoice:
    """Speech or not, frame by frame."""

    def test_the_metric_is_the_share_of_equal_decisions(self):
        """Every fourth frame decided otherwise: three quarters."""
        model = a_model("voice-activity", {"input": [1, 64], "state": [2, 1, 8]})
        labelled = tasks.get("voice-activity").labelled(model, some_files(), seed=1)
        state = np.zeros((labelled.n, 2, 1, 8), np.float32)
        speech = (np.arange(labelled.n) % 2).astype(np.float32).reshape(-1, 1, 1)
        other = speech.copy()
        other[::4] = 1 - other[::4]
        found = judged("voice-activity", labelled, [other, state], [speech, state])
        assert found == pytest.approx(0.75)

    def test_outputs_without_a_score_are_refused(self):
        """A state alone decides nothing."""
        model = a_model("voice-activity", {"input": [1, 64]})
        labelled = tasks.get("voice-activity").labelled(model, some_files(), seed=1)
        wrong = [np.zeros((labelled.n, 2, 1, 8))]
        with pytest.raises(ValueError, match="voice activity"):
            judged("voice-activity", labelled, wrong, wrong)


class TestScannedPage:
    """The page whose words we have read."""

    def test_pieces_are_cut_where_their_text_stands(self, tmp_path: Path):
        """Every piece lies inside the page and holds some text."""
        Image.new("L", scan.SIZE, 200).save(tmp_path / "page.png")
        found = scan.pieces(tmp_path / "page.png")
        assert [text for text, _ in found] == [text for text, _ in scan.PIECES]
        assert all(min(image.size) > 10 for _, image in found)

    def test_another_picture_is_refused(self, tmp_path: Path):
        """Texts of one page say nothing of another."""
        with pytest.raises(SuiteError, match="90×70"):
            scan.pieces(a_photograph(tmp_path / "p.png"))


def test_lines_are_drawn_in_the_fonts_given(tmp_path: Path):
    """The same words in another font are another picture; a missing font is an error."""
    rng = np.random.default_rng
    built_in = rendering.line("Example", rng(1))
    with pytest.raises(OSError, match="resource"):
        rendering.line("Example", rng(1), [tmp_path / "none.ttf"])
    assert np.array_equal(np.asarray(built_in), np.asarray(rendering.line("Example", rng(1))))


def test_templates_are_no_files_of_their_extension(tmp_path: Path):
    """What an `.html` in a folder of templates holds is not HTML."""
    from tests.collector.task_fixtures import a_labels_file

    page = b"<html><body>" + b"<p>text</p>" * 20
    wheel = a_wheel(
        tmp_path / "a.whl", {"a/templates/x.html": page, "a/static/x.html": page + b"\n"}
    )
    labels = a_labels_file(tmp_path / "labels.json", ["html"])
    labelled = tasks.get("file-type").labelled(
        a_model("file-type", {"bytes": [1, 2048]}),
        some_files(files={"labels": labels}, a=wheel),
        seed=0,
    )
    assert labelled.n == 1
