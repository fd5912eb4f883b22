"""Pairs of words that people judged: reading them, ranks, and what is resampled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ovreport.errors import SuiteError
from ovreport_collector import tasks
from ovreport_collector.tasks.text import word_pairs
from ovreport_collector.tasks.text.embedding import ranks, spearman
from tests.collector.task_fixtures import a_model, a_tokenizer, some_files

NUMBERS = st.lists(st.integers(-9, 9), min_size=1, max_size=40)
WORD = st.text(st.characters(categories=["L"]), min_size=1, max_size=8)
same_folder = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@given(NUMBERS)
def test_ranks_count_what_is_below_and_share_what_is_equal(numbers: list[int]):
    """By the definition: those below, and the middle of those alike."""
    values = np.array(numbers, dtype=np.float64)
    expected = [(values < v).sum() + ((values == v).sum() + 1) / 2 for v in values]
    assert ranks(values).tolist() == expected


@given(NUMBERS, st.randoms(use_true_random=False))
def test_spearman_sees_order_alone(numbers: list[int], random):
    """Any growing function of the values leaves it as it is."""
    a = np.array(numbers, dtype=np.float64)
    b = np.array(random.sample(numbers, len(numbers)), dtype=np.float64)
    assert spearman(a, b) == pytest.approx(spearman(np.exp(a), b**3))
    assert spearman(a, a) == pytest.approx(1 if np.ptp(a) else 0)


@given(triples=st.lists(st.tuples(WORD, WORD, st.floats(0, 10)), max_size=9))
@same_folder
def test_a_file_of_pairs_is_read_as_it_was_written(triples, tmp_path: Path):
    """With comments and empty lines between."""
    lines = [f"{a}\t{b}\t{x}" for a, b, x in triples]
    path = tmp_path / "pairs.tsv"
    path.write_text("# a comment\n\n" + "\n".join(lines) + "\n", encoding="utf-8")
    pairs = word_pairs.read_pairs(path)
    assert [(pairs.words[a], pairs.words[b]) for a, b in pairs.index] == [t[:2] for t in triples]
    assert pairs.human.tolist() == [t[2] for t in triples]


@pytest.mark.parametrize("line", ["a\tb", "a\tb\tc", "a\tb\tnan", "a b 1.0", "a\tb\t1\t2"])
def test_a_line_that_is_no_pair_is_refused_with_its_number(line: str, tmp_path: Path):
    """And with what a line should be."""
    path = tmp_path / "pairs.tsv"
    path.write_text(f"x\ty\t1\n{line}\n")
    with pytest.raises(SuiteError, match=r"pairs.tsv, line 2"):
        word_pairs.read_pairs(path)


def test_a_pair_belongs_to_the_commoner_of_its_words():
    """So what shares a word is resampled together."""
    index = np.array([[0, 1], [2, 0], [0, 3], [4, 5], [3, 1]])
    assert word_pairs.owners_of(index).tolist() == [0, 0, 0, 4, 3]


NAMES = ("input_ids", "attention_mask")


@pytest.fixture
def words(tmp_path: Path):
    """Return task, model and files of documents and of two lists of pairs."""
    tokenizer = a_tokenizer(tmp_path / "t.json", ["sun", "moon", "sea", "tree"])
    (tmp_path / "d.cor").write_text("sun moon\nsea\n")
    (tmp_path / "s.txt").write_text("1 .5\n.5 1\n")
    (tmp_path / "w.tsv").write_text("sun\tmoon\t9\nsun\tsea\t4\ntree\tsea\t1\n")
    (tmp_path / "x.txt").write_text("moon\ttree\t2\nmoon\tsea\t3\n")
    files = some_files(
        files={"tokenizer": tokenizer},
        documents=tmp_path / "d.cor",
        similarities=tmp_path / "s.txt",
        **{"wordsim-353": tmp_path / "w.tsv", "simlex-999": tmp_path / "x.txt"},
    )
    model = a_model("sentence-similarity", {name: [2, 6] for name in NAMES})
    return tasks.get("sentence-similarity"), model, files


def test_every_list_of_pairs_gives_inputs_and_a_name(words):
    """Each word once, n the pairs."""
    task, model, files = words
    headline = task.labelled(model, files, seed=0)
    found = task.additional_labelled(model, files, headline, seed=0)
    assert [(one.name, one.n, one.unit) for one in found.values()] == [
        ("WordSim-353", 3, "pairs of words"),
        ("SimLex-999", 2, "pairs of words"),
    ]
    for one in found.values():
        assert one.inputs["input_ids"].shape[1:] == (2, 6)
    assert found["wordsim-353"].inputs["attention_mask"].sum() == 4


def test_a_dataset_without_pairs_has_no_further_accuracy(words):
    """As suites have it that name the documents alone."""
    task, model, files = words
    files = some_files(
        files=dict(files.files),
        **{role: files.data[role] for role in ("documents", "similarities")},
    )
    headline = task.labelled(model, files, seed=0)
    assert task.additional_labelled(model, files, headline, seed=0) == {}


def test_the_metric_is_the_rank_correlation_of_cosines(words):
    """Over all pairs, whichever word they belong to; what is kept serves as well as the whole."""
    task, model, files = words
    judge = task.additional_metrics["wordsim-353"]
    labelled = task.additional_labelled(model, files, None, seed=0)["wordsim-353"]
    vectors = np.random.default_rng(0).normal(size=(4, 5))
    states = np.full((4, 40, 5), 7.0)
    states[:, 0] = vectors  # words of one token: what stands at the others must not count
    labelled = _with_tokens(labelled, 40)
    outputs = [states.reshape(2, 2, 40, 5), np.zeros((2, 2))]
    pairs = labelled.labels.pairs
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    expected = spearman(pairs.human, (unit[pairs.index[:, 0]] * unit[pairs.index[:, 1]]).sum(1))
    rows = judge.per_sample_scores(labelled, outputs)
    assert judge.aggregate(rows) == pytest.approx(expected)
    kept = judge.compact(outputs)
    assert kept[0].shape == (2, 2, word_pairs.MAX_TOKENS, 5)
    np.testing.assert_array_equal(judge.per_sample_scores(labelled, judge.compact(kept)), rows)


def _with_tokens(labelled, tokens: int):
    """Return the labels with a mask of more tokens than are kept, the first one each word's."""
    from dataclasses import replace

    mask = np.zeros((4, min(tokens, word_pairs.MAX_TOKENS)), bool)
    mask[:, 0] = True
    return replace(labelled, labels=replace(labelled.labels, mask=mask))


def test_outputs_that_are_not_numbers_give_no_metric(words):
    """Ranks would hide them."""
    task, model, files = words
    labelled = task.additional_labelled(model, files, None, seed=0)["wordsim-353"]
    rows = task.additional_metrics["wordsim-353"].per_sample_scores(
        labelled, [np.full((2, 2, 6, 5), np.nan)]
    )
    assert np.isnan(task.additional_metrics["wordsim-353"].aggregate(rows))
