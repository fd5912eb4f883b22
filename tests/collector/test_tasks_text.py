"""Reading text: how lines are rendered, decoded and compared with the truth."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from PIL import Image

from ovreport.errors import SuiteError
from ovreport_collector import tasks
from ovreport_collector.sources.onnx_file import properties
from ovreport_collector.tasks import text_lines
from ovreport_collector.tasks.base import Labelled
from ovreport_collector.tasks.text import rendering
from tests.collector.task_fixtures import a_model, an_onnx_file, some_files


def one_hot(texts: list[str], dictionary: str, steps: int) -> np.ndarray:
    """Return scores [n, 1, steps, characters] that spell the texts, blanks between letters."""
    scores = np.zeros((len(texts), 1, steps, len(dictionary) + 2))
    scores[..., 0] = 0.5
    for scored, text in zip(scores, texts, strict=True):
        for i, letter in enumerate(text):
            scored[0, 2 * i + 1, (dictionary + " ").index(letter) + 1] = 1
    return scores


LETTERS = "".join(chr(c) for c in range(33, 127))


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Labelled:
    """Return the labelled inputs of a small model; drawing them takes seconds."""
    path = tmp_path_factory.mktemp("lines") / "m.onnx"
    onnx = an_onnx_file(path, {"x": "y", "character": "\n".join(LETTERS)})
    model = a_model("text-recognition", {"x": [1, 3, 12, 60]})
    labelled = tasks.get("text-recognition").labelled(model, some_files(model=onnx), seed=0)
    assert labelled is not None
    return labelled


class TestTextRecognition:
    """CTC, edit distance and the dictionary in the model."""

    def test_perfect_outputs_give_one_whole_or_kept(self, labelled: Labelled):
        task = tasks.get("text-recognition")
        outputs = [one_hot(labelled.labels.texts, LETTERS, 60)]
        kept = task.compact(outputs)
        assert kept[0].nbytes < outputs[0].nbytes / 90
        assert_array_equal(task.compact(kept)[0], kept[0])
        for given_outputs in (outputs, kept):
            rows = task.per_sample_scores(labelled, given_outputs)
            assert rows.shape == (labelled.n, 2)
            assert task.aggregate(rows) == 1

    def test_shuffled_outputs_give_next_to_nothing(self, labelled: Labelled):
        task = tasks.get("text-recognition")
        outputs = one_hot(labelled.labels.texts, LETTERS, 60)
        shifted = task.per_sample_scores(labelled, [np.roll(outputs, 1, axis=0)])
        assert task.aggregate(shifted) < 0.3

    def test_one_letter_less_is_one_edit(self, labelled: Labelled):
        task = tasks.get("text-recognition")
        texts = list(labelled.labels.texts)
        texts[0] = texts[0][1:]
        rows = task.per_sample_scores(labelled, [one_hot(texts, LETTERS, 60)])
        assert rows[:, 0].sum() == rows[0, 0] == 1
        assert task.aggregate(rows) == pytest.approx(1 - 1 / sum(map(len, labelled.labels.texts)))

    def test_lines_are_rendered_and_differ(self, labelled: Labelled):
        assert labelled.rendered
        assert labelled.n >= 200
        assert len(set(labelled.labels.texts)) > 0.95 * labelled.n

    def test_a_file_of_characters_goes_before_the_model(self, tmp_path: Path):
        """A file of characters is preferred to the model's own dictionary."""
        (tmp_path / "c.txt").write_text("q\nr\n", encoding="utf-8")
        files = some_files(files={"characters": tmp_path / "c.txt"})
        model = a_model("text-recognition", {"x": [1, 3, 12, 60]})
        labelled = tasks.get("text-recognition").labelled(model, files, seed=0)
        assert labelled is not None
        assert labelled.labels.dictionary == ["q", "r", " "]

    def test_a_model_without_dictionary_is_refused(self, tmp_path: Path):
        files = some_files(model=an_onnx_file(tmp_path / "m.onnx", {"a": "b"}))
        with pytest.raises(SuiteError, match="characters"):
            tasks.get("text-recognition").labelled(
                a_model("text-recognition", {"x": [1, 3, 12, 60]}), files, seed=0
            )

    def test_ctc_merges_repeats_and_drops_blanks(self):
        steps = np.array([0, 1, 1, 0, 1, 2, 2, 3, 0], dtype=np.int32)
        assert text_lines.decode_ctc(steps, ["a", "b", " "]) == "aab "

    @pytest.mark.parametrize(
        ("a", "b", "distance"),
        [("kitten", "sitting", 3), ("", "abc", 3), ("flaw", "lawn", 2), ("same", "same", 0)],
    )
    def test_edit_distances_that_are_known(self, a: str, b: str, distance: int):
        assert text_lines.edits(a, b) == distance

    @given(st.text("abc", max_size=8), st.text("abc", max_size=8), st.text("abc", max_size=8))
    def test_edit_distance_is_a_distance(self, a: str, b: str, c: str):
        d = text_lines.edits
        assert (d(a, b) == 0) == (a == b)
        assert d(a, b) == d(b, a)
        assert d(a, c) <= d(a, b) + d(b, c)
        assert abs(len(a) - len(b)) <= d(a, b) <= max(len(a), len(b))

    @given(st.dictionaries(st.text(max_size=9), st.text(max_size=300), max_size=4))
    def test_properties_of_an_onnx_file_are_read(self, written):
        with tempfile.TemporaryDirectory() as folder:
            assert properties(an_onnx_file(Path(folder, "m.onnx"), written)) == written

    @pytest.mark.parametrize("content", [b"", b"\xff" * 40, b"<xml/>", b"\x72\xff\xff\x03a"])
    def test_a_file_that_is_no_onnx_is_refused(self, content: bytes, tmp_path: Path):
        (tmp_path / "m.onnx").write_bytes(content)
        with pytest.raises(SuiteError, match=r"m\.onnx"):
            properties(tmp_path / "m.onnx")


class TestTextOrientation:
    """Upright or upside down."""

    def test_right_gives_one_and_always_upright_gives_half(self):
        task = tasks.get("text-orientation")
        model = a_model("text-orientation", {"x": [10, 3, 12, 48]})
        labelled = task.labelled(model, some_files(), seed=0)
        assert labelled is not None
        right = np.eye(2)[np.arange(labelled.n) % 2].reshape(-1, 10, 2)
        assert task.aggregate(task.per_sample_scores(labelled, [right])) == 1
        upright = np.zeros_like(right)
        upright[..., 0] = 1
        assert task.aggregate(task.per_sample_scores(labelled, [upright])) == 0.5


class TestRendering:
    """Lines and pages."""

    def test_a_line_is_fitted_from_the_left_and_filled_with_nought(self):
        line = rendering.line("a", np.random.default_rng(0))
        fitted = rendering.fit(line, 48, 320)
        assert fitted.shape == (3, 48, 320)
        assert np.abs(fitted).max() <= 1
        assert fitted[:, :, :10].any()
        assert not fitted[:, :, 200:].any()

    def test_a_wide_line_is_squeezed(self):
        fitted = rendering.fit(Image.new("RGB", (4000, 20), (255, 0, 0)), 24, 100)
        assert_array_equal(fitted[:, 5, 99], [-1, -1, 1])

    def test_a_page_has_ink_in_many_lines(self):
        page = np.asarray(rendering.page(300, 400, np.random.default_rng(0)).convert("L"))
        assert page.shape == (400, 300)
        assert page.std() > 5

    @given(st.integers(0, 10_000), st.integers(10, 30))
    def test_a_phrase_keeps_to_its_length(self, seed: int, longest: int):
        text = rendering.phrase(np.random.default_rng(seed), longest)
        assert 2 <= len(text) <= longest
        assert text.replace(" ", "").isalnum()
