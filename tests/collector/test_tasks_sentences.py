"""Sentence similarity: pooling, pairs and correlation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovreport.errors import SuiteError
from ovreport_collector import tasks
from ovreport_collector.prepare.model import prepare_model
from ovreport_collector.process.job import JobFailed
from ovreport_collector.tasks.text import embedding
from ovreport_collector.tasks.text.word_pairs import read_pairs
from tests.collector.task_fixtures import a_model, a_tokenizer, some_files


class TestSentenceSimilarity:
    """Correlation with what people said, over pairs of documents."""

    def labelled(self, folder: Path, human: np.ndarray):
        """Return the labelled inputs of a small model."""
        words = [f"w{i}" for i in range(len(human))]
        (folder / "d.cor").write_text("\n".join(words))
        np.savetxt(folder / "s.txt", np.triu(human))  # as the real file is
        files = some_files(
            files={"tokenizer": a_tokenizer(folder / "t.json", words)},
            documents=folder / "d.cor",
            similarities=folder / "s.txt",
        )
        model = a_model(
            "sentence-similarity", {key: [1, 4] for key in ("input_ids", "attention_mask")}
        )
        labelled = tasks.get("sentence-similarity").labelled(model, files, seed=0)
        assert labelled is not None
        return labelled

    def embeddings(self, documents: int = 8) -> np.ndarray:
        """Return random unit vectors, one a document."""
        vectors = np.random.default_rng(0).normal(size=(documents, 5))
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def test_outputs_that_say_what_people_said_give_one(self, tmp_path: Path):
        task, vectors = tasks.get("sentence-similarity"), self.embeddings()
        labelled = self.labelled(tmp_path, vectors @ vectors.T)
        # Every document is one token: what stands at the others must not count.
        states = np.full((8, 1, 4, 5), 9.0)
        states[:, 0, 0] = vectors * 3
        rows = task.per_sample_scores(labelled, [states])
        assert task.aggregate(rows) == pytest.approx(1)
        assert task.aggregate(
            task.per_sample_scores(labelled, [vectors[:, None]])
        ) == pytest.approx(1)

    def test_the_metric_is_numpys_correlation_over_all_pairs(self, tmp_path: Path):
        task, vectors = tasks.get("sentence-similarity"), self.embeddings()
        human = np.random.default_rng(1).uniform(size=(8, 8))
        human = (human + human.T) / 2
        labelled = self.labelled(tmp_path, human)
        rows = task.per_sample_scores(labelled, [vectors[:, None]])
        upper = np.triu_indices(8, 1)
        expected = np.corrcoef(human[upper], (vectors @ vectors.T)[upper])[0, 1]
        assert task.aggregate(rows) == pytest.approx(expected)

    def test_rows_can_be_resampled_and_a_document_is_never_paired_with_itself(self, tmp_path: Path):
        task, vectors = tasks.get("sentence-similarity"), self.embeddings()
        rows = task.per_sample_scores(
            self.labelled(tmp_path, vectors @ vectors.T), [vectors[:, None]]
        )
        rng = np.random.default_rng(2)
        for _ in range(20):
            assert task.aggregate(rows[rng.integers(8, size=8)]) == pytest.approx(1)
        assert task.aggregate(rows[[3, 3, 3]]) == 0

    @given(st.lists(st.tuples(st.integers(-99, 99), st.integers(-99, 99)), min_size=2))
    def test_pearson_is_numpys(self, pairs):
        a, b = np.array(pairs, dtype=np.float64).T
        if np.ptp(a) == 0 or np.ptp(b) == 0:
            assert embedding.pearson(a, b) == 0
        else:
            assert embedding.pearson(a, b) == pytest.approx(np.corrcoef(a, b)[0, 1], abs=1e-9)

    def test_files_of_different_datasets_are_refused(self, tmp_path: Path):
        self.labelled(tmp_path, np.eye(3))
        np.savetxt(tmp_path / "s.txt", np.eye(4))
        files = some_files(
            files={"tokenizer": tmp_path / "t.json"},
            documents=tmp_path / "d.cor",
            similarities=tmp_path / "s.txt",
        )
        model = a_model(
            "sentence-similarity", {key: [1, 4] for key in ("input_ids", "attention_mask")}
        )
        with pytest.raises(SuiteError, match="3 documents"):
            tasks.get("sentence-similarity").labelled(model, files, seed=0)


def test_an_error_never_quotes_data(tmp_path: Path) -> None:
    """A suite may name any file of its user's as data, and a record may be published."""
    private = "ghp_0123456789abcdef"
    tokenizer = a_tokenizer(tmp_path / "tokenizer.json", ["sun"])
    for name in ("d.cor", "s.txt"):
        (tmp_path / name).write_text(f"{private}\n", encoding="utf-8")
    files = some_files(
        files={"tokenizer": tokenizer},
        documents=tmp_path / "d.cor",
        similarities=tmp_path / "s.txt",
    )
    model = a_model(
        "sentence-similarity", {"input_ids": [1, 8], "attention_mask": [1, 8]}, data="d"
    )
    failed = prepare_model(model, files, tmp_path / "work", seed=0)
    assert isinstance(failed, JobFailed)
    assert private not in failed.reason
    assert "ValueError at tasks/sentences.py" in failed.reason
    (tmp_path / "words.tsv").write_text(f"{private}\n", encoding="utf-8")
    with pytest.raises(SuiteError) as caught:
        read_pairs(tmp_path / "words.tsv")
    assert private not in str(caught.value)
    assert "line 1" in str(caught.value)
