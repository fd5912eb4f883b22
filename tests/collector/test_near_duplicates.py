"""Samples that are nearly the same as others: found in tokens, images and sound."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageFilter

from ovreport.errors import SuiteError
from ovreport_collector.models.optimize.leakage import check_disjoint, without
from ovreport_collector.tasks.base import Inputs
from ovreport_collector.tasks.near_duplicates import near

RNG = np.random.default_rng(5)


def tokens(count: int, length: int = 512) -> np.ndarray:
    """Return different sequences of bytes [count, 1, length]."""
    return RNG.integers(0, 256, (count, 1, length)).astype(np.int32)


def pictures(count: int) -> np.ndarray:
    """Return different pictures with soft edges, u8 [count, 96, 144, 3]."""
    made = []
    for _ in range(count):
        coarse = Image.fromarray(RNG.integers(0, 256, (12, 18, 3)).astype(np.uint8))
        soft = coarse.resize((144, 96), Image.Resampling.BICUBIC).filter(
            ImageFilter.GaussianBlur(2)
        )
        made.append(np.asarray(soft))
    return np.array(made)


def as_input(images: np.ndarray) -> Inputs:
    """Return pictures as a model takes them."""
    return {"x": images.astype(np.float32).transpose(0, 3, 1, 2)[:, np.newaxis] / 255}


def encoded_again(image: np.ndarray) -> np.ndarray:
    """Return a picture out of a JPEG file of low quality."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=70)
    return np.asarray(Image.open(file))


def test_files_that_differ_in_a_few_bytes_are_alike() -> None:
    ours, theirs = tokens(4), tokens(50)
    ours[2] = theirs[30]
    ours[2, 0, 100:102] = 0
    assert near({"bytes": ours}, {"bytes": theirs}).tolist() == [False, False, True, False]


def test_moved_content_is_alike() -> None:
    """A line more at the beginning moves all the rest."""
    ours, theirs = tokens(1), tokens(3)
    ours[0, 0, 7:] = theirs[1, 0, :-7]
    assert near({"bytes": ours}, {"bytes": theirs}).all()


def test_masks_and_padding_tell_nothing() -> None:
    """Sentences of one length have the same mask; what follows them is the same too."""
    mask = np.ones((2, 1, 64), np.int64)
    ids = np.zeros((2, 1, 64), np.int64)
    ids[:, 0, :9] = [[101, 5, 6, 7, 8, 9, 10, 11, 102], [101, 15, 16, 17, 18, 19, 20, 21, 102]]
    one = {"ids": ids[:1], "mask": mask[:1]}
    assert not near(one, {"ids": ids[1:], "mask": mask[1:]}).any()
    assert near(one, one).all()


def test_pictures_that_were_encoded_again_are_alike() -> None:
    ours, theirs = pictures(3), pictures(20)
    ours[1] = encoded_again(theirs[7])
    assert near(as_input(ours), as_input(theirs)).tolist() == [False, True, False]


def test_noise_and_silence_are_not_alike() -> None:
    """What is nothing but noise differs from other noise, however quiet it is."""
    ours, theirs = (RNG.normal(0, 1e-4, (5, 1, 576)).astype(np.float32) for _ in range(2))
    assert not near({"input": ours}, {"input": theirs}).any()


def test_calibration_goes_on_without_them() -> None:
    ours, theirs = tokens(4), tokens(10)
    ours[0] = theirs[3]
    ours[0, 0, 5] += 1
    left = without({"bytes": ours}, {"bytes": theirs})
    assert np.array_equal(left["bytes"], ours[1:])
    with pytest.raises(SuiteError, match="nearly"):
        without({"bytes": ours[:1]}, {"bytes": theirs})


def test_validation_data_are_refused_with_their_numbers() -> None:
    ours, theirs = tokens(4), tokens(10)
    ours[2] = theirs[3]
    with pytest.raises(SuiteError, match="number 2"):
        check_disjoint({"bytes": ours}, {"bytes": theirs}, "validation")
