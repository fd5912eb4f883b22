"""From a picture to an input: sizes, crops, channels; and pictures whose class is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ovreport.errors import SuiteError
from ovreport_collector import tasks
from ovreport_collector.prepare.model import PreparedModel, prepare_model
from ovreport_collector.tasks.images.preprocess import preprocessing
from tests.collector.task_fixtures import a_model, a_photograph, some_files


def how(shape: list[int] | None = None, **options):
    """Return the preprocessing of a model with these options."""
    return preprocessing(
        a_model("image-classification", {"x": shape or [1, 3, 32, 32]}, options=options)
    )


@given(width=st.integers(1, 300), height=st.integers(1, 300), resize_to=st.integers(40, 80))
def test_any_picture_gives_the_inputs_size(width: int, height: int, resize_to: int):
    """Whatever its proportions, with a crop or without."""
    image = Image.new("RGB", (width, height), (10, 20, 30))
    for crop in ("centre", "none"):
        made = how([1, 3, 24, 40], crop=crop, resize_to=resize_to).input_of(image)
        assert made.shape == (3, 24, 40)
        assert made.dtype == np.float32


def test_the_middle_is_kept_and_proportions_too():
    """A stripe in the middle of a wide picture fills the crop; without one it stays a stripe."""
    picture = np.zeros((64, 192, 3), np.uint8)
    picture[:, 64:128] = 255
    image = Image.fromarray(picture)
    options = {"mean": [0.0, 0, 0], "scale": [255.0, 255, 255], "resize_to": 32}
    assert how(crop="centre", **options).input_of(image)[:, :, 2:-2].min() > 0.9
    squeezed = how(crop="none", **options).input_of(image)
    assert squeezed.mean() == pytest.approx(1 / 3, abs=0.02)


def test_without_a_word_the_shorter_side_is_a_seventh_longer_than_the_input():
    """224 of 256, as is usual."""
    assert how([1, 3, 224, 224]).resize_to == 256


def test_channels_mean_scale_and_layout_are_the_networks():
    """In the order in which it takes them."""
    image = Image.new("RGB", (50, 50), (10, 20, 30))
    options = {"mean": [1.0, 2, 3], "scale": [1.0, 2, 9], "channels": "BGR"}
    planar = how(**options).input_of(image)
    np.testing.assert_allclose(planar[:, 0, 0], [29, 9, 7 / 9], rtol=1e-6)
    last = how([1, 32, 32, 3], layout="NHWC", **options).input_of(image)
    np.testing.assert_array_equal(last.transpose(2, 0, 1), planar)


def test_the_filter_is_pillows():
    """Bicubic where it is asked for."""
    image = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))
    options = {"mean": [0.0, 0, 0], "scale": [1.0, 1, 1], "crop": "none"}
    for name, kind in (("bilinear", Image.Resampling.BILINEAR), ("bicubic", 3)):
        expected = np.asarray(image.resize((32, 32), kind)).transpose(2, 0, 1)
        np.testing.assert_array_equal(how(resize=name, **options).input_of(image), expected)


@pytest.mark.parametrize(
    ("shape", "options", "reason"),
    [
        ([1, 32, 32, 3], {}, "three channels in NCHW"),
        ([1, 9], {}, "three channels"),
        ([1, 3, 32, 32], {"crop": "left"}, "use centre or none"),
        ([1, 3, 32, 32], {"resize": "nearest"}, "use bilinear or bicubic"),
        ([1, 3, 32, 32], {"resize_to": 31}, "from 32"),
        ([1, 3, 32, 32], {"scale": [1.0, 0.0, 1.0]}, "zero"),
        ([1, 3, 32, 32], {"mean": [1.0]}, "three numbers"),
    ],
)
def test_options_that_make_no_sense_are_refused(shape, options, reason: str):
    """With what would."""
    with pytest.raises(SuiteError, match=reason):
        how(shape, **options)


# ---------------------------------------------------------------- known classes


@pytest.fixture
def known(tmp_path: Path):
    """Return a model and files: three pictures, two of which have a class in their name."""
    names = ("imagenet_01_7.jpg", "imagenet_00_9.jpg", "something.png")
    photographs = {f"p{i}": a_photograph(tmp_path / n, seed=i) for i, n in enumerate(names)}
    model = a_model("image-classification", {"x": [1, 3, 32, 32]})
    return model, some_files(**photographs)


def test_names_tell_classes(known):
    """In the order of the names; what has no class in its name is left out."""
    labelled = tasks.get("image-classification").labelled(*known, seed=0)
    assert labelled is not None
    assert labelled.labels.tolist() == [9, 7]
    assert labelled.n == len(labelled.inputs["x"]) == 2


def test_constant_weights_are_judged_by_nothing(tmp_path: Path, known):
    """And pictures without a class judge nobody."""
    _, files = known
    task = tasks.get("image-classification")
    constant = a_model("image-classification", {"x": [1, 3, 32, 32]}, architecture_only=True)
    assert task.labelled(constant, files, seed=0) is None
    unnamed = some_files(p=files.data["p2"])
    assert task.labelled(known[0], unnamed, seed=0) is None


def test_top_1_and_top_5_are_of_one_run(tmp_path: Path, known):
    """One file of inputs, whose outputs the headline's judge keeps."""
    prepared = prepare_model(*known, tmp_path / "work", seed=0)
    assert isinstance(prepared, PreparedModel)
    assert prepared.labelled_sets == {prepared.labelled_inputs: ""}
    (top5,) = prepared.additional_evaluations
    assert (top5.name, top5.inputs) == ("top5", prepared.labelled_inputs)

    scores = np.zeros((2, 1, 12))
    scores[0, 0, [9, 1, 2]] = (3, 2, 1)  # right at once
    scores[1, 0, [1, 2, 3, 7]] = (5, 4, 3, 2)  # right as the fourth
    kept = prepared.task.compact([scores])
    assert kept[0].shape == (2, 1, 5)
    assert prepared.task.compact(kept)[0] is kept[0]
    for judge, expected in ((prepared.task, [1, 0]), (top5.evaluator, [1, 1])):
        for outputs in (kept, [scores], [scores[..., None, None]]):
            assert judge.per_sample_scores(prepared.labelled, outputs)[:, 0].tolist() == expected


def test_lists_of_words_have_files_of_their_own(tmp_path: Path):
    """Each is run once, and its own judge says what of it is kept."""
    from tests.collector.test_tasks import feed

    model, files = feed("sentence-similarity", tmp_path)
    (tmp_path / "w.tsv").write_text("sun\tmoon\t9\nsun\tsea\t4\n")
    data = {**files.data, "wordsim-353": tmp_path / "w.tsv"}
    prepared = prepare_model(
        model, some_files(files=dict(files.files), **data), tmp_path / "work", seed=0
    )
    assert isinstance(prepared, PreparedModel)
    names = {path.name: judge for path, judge in prepared.labelled_sets.items()}
    assert names == {"labelled.npz": "", "labelled-wordsim-353.npz": "wordsim-353"}
    assert all(path.is_file() for path in prepared.labelled_sets)
    assert prepared.labelled_samples == 2 + 2  # three documents and three words, in pairs
