"""How right outputs are, on arrays whose answers are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from ovreport.metrics.anomalies import tolerance
from ovreport.record import (
    Accuracy,
    AccuracyReference,
    Agreement,
    Failed,
    InputData,
    Port,
    Skipped,
    Unsupported,
)
from ovreport_collector.engines.arrays import save_arrays
from ovreport_collector.prepare.model import AdditionalEvaluation, PreparedModel
from ovreport_collector.session import accuracy
from ovreport_collector.suite.model import File, Model
from ovreport_collector.tasks import Labelled

PORTS = [Port(name="y", dtype="f32", shape=[1, 2])]
REFERENCE = Skipped(reason="this is the reference")


class Top1:
    """A task of two classes: the label is the index of the larger score."""

    name, metric, why_no_metric = "two-classes", "top1", ""

    def per_sample_scores(self, labelled: Labelled, outputs: list[np.ndarray]) -> np.ndarray:
        """Return 1 where the first answer is right."""
        return (outputs[0].argmax(axis=1) == labelled.labels).astype(float)[:, None]

    def aggregate(self, rows: np.ndarray) -> float:
        """Return the share."""
        return float(rows.mean())


class Distance(Top1):
    """A metric that is no share of rights and wrongs."""

    def per_sample_scores(self, labelled: Labelled, outputs: list[np.ndarray]) -> np.ndarray:
        """Return the first score."""
        return outputs[0][:, :1].astype(float)


LABELS = np.array([0, 1] * 50)


def prepared(task: object = None, labels: np.ndarray | None = LABELS) -> PreparedModel:
    """Return a model of a task, with labelled inputs or none."""
    labelled = (
        None
        if labels is None
        else Labelled(
            inputs={}, labels=labels, n=len(labels), unit="things", source="made up", rendered=True
        )
    )
    return PreparedModel(
        model=Model(id="m", title="M", task="t", file=File(uri="file:m.onnx"), shapes={"x": [1]}),
        task=task or Top1(),
        file=Path("m.onnx"),
        samples=Path("s.npz"),
        data=InputData(description="d", distinct=4, seed=1),
        labelled=labelled,
        labelled_inputs=Path("l.npz"),
        encoded_images=Unsupported(reason="none"),
    )


@pytest.fixture
def kept(tmp_path: Path):
    """Return a function that keeps outputs as a measuring process does."""
    count = 0

    def keep(*arrays: np.ndarray) -> Path:
        nonlocal count
        count += 1
        path = tmp_path / f"{count}.npz"
        save_arrays(path, {f"{i:03d}": a for i, a in enumerate(arrays)})
        return path

    return keep


def scores(right: int) -> np.ndarray:
    """Return scores of which the first so many are right."""
    answers = np.where(np.arange(len(LABELS)) < right, LABELS, 1 - LABELS)
    return np.eye(2, dtype=np.float32)[answers]


# ---------------------------------------------------------------- accuracy


def test_accuracy_is_the_share_of_right_answers(kept) -> None:
    """90 of 100, with an interval around it and where the data came from."""
    found = accuracy.accuracy(prepared(), kept(scores(90)), REFERENCE, seed=1)
    assert isinstance(found, Accuracy)
    assert (found.metric, found.value, found.n) == ("top1", 0.9, 100)
    assert found.interval == "wilson"
    assert 0.8 < found.low < 0.9 < found.high < 0.96
    assert (found.unit, found.data, found.rendered) == ("things", "made up", True)


def test_the_reference_has_no_difference_to_itself(kept) -> None:
    """The f32 CPU case says that it is the reference."""
    found = accuracy.accuracy(prepared(), kept(scores(90)), REFERENCE, seed=1)
    assert isinstance(found, Accuracy)
    assert found.reference == REFERENCE


def test_the_difference_is_paired(kept) -> None:
    """Two answers fewer on the same samples: the interval is far narrower than unpaired."""
    found = accuracy.accuracy(prepared(), kept(scores(88)), kept(scores(90)), seed=1)
    assert isinstance(found, Accuracy)
    against = found.reference
    assert isinstance(against, AccuracyReference)
    assert against.value == 0.9
    assert against.delta == pytest.approx(-0.02)
    assert -0.08 < against.delta_low <= -0.02 <= against.delta_high < 0.02


class SameAsReference(Top1):
    """A task whose right answers are the reference's."""

    def per_sample_scores(self, labelled: Labelled, outputs: list[np.ndarray]) -> np.ndarray:
        """Return 1 where the first answer is the reference's."""
        return (outputs[0].argmax(axis=1) == labelled.labels[0].argmax(axis=1)).astype(float)[
            :, None
        ]


def test_where_nobody_knows_the_answers_the_reference_does(kept) -> None:
    """Ten answers differ from the reference's: 90 %, and the reference itself has 100 %."""
    judged = prepared(SameAsReference())
    judged = replace(judged, labelled=replace(judged.labelled, by_reference=True))
    found = accuracy.accuracy(judged, kept(scores(80)), kept(scores(90)), seed=1)
    assert isinstance(found, Accuracy)
    assert (found.value, found.reference.value) == (0.9, 1.0)
    assert found.reference.delta == pytest.approx(-0.1)
    assert accuracy.accuracy(judged, kept(scores(90)), REFERENCE, seed=1) == REFERENCE


def test_the_same_answers_differ_by_nothing(kept) -> None:
    """A hundred answers show as much, within 4 points: the next one may change."""
    found = accuracy.accuracy(prepared(), kept(scores(90)), kept(scores(90)), seed=1)
    assert isinstance(found, Accuracy)
    against = found.reference
    assert isinstance(against, AccuracyReference)
    assert against.delta == 0
    assert -0.04 < against.delta_low < -0.03
    assert 0.03 < against.delta_high < 0.04


def test_twenty_equal_answers_are_too_few_to_say_equal(kept) -> None:
    """A thousand are enough."""
    for times, expected in ((1, "too few samples"), (50, "equal")):
        judged = prepared(labels=np.tile(LABELS[:20], times))
        answers = np.tile(scores(90)[:20], (times, 1))
        found = accuracy.accuracy(judged, kept(answers), kept(answers), seed=1)
        assert isinstance(found, Accuracy)
        assert tolerance(found) == expected


class Top2(Top1):
    """A further metric of the same outputs."""

    metric = "top5"

    def per_sample_scores(self, labelled: Labelled, outputs: list[np.ndarray]) -> np.ndarray:
        """Return 1: of two classes the right one is always among the first two."""
        return np.ones((len(outputs[0]), 1))


def test_further_accuracies_are_judged_like_the_headline(kept, tmp_path: Path) -> None:
    """By other metrics of the same outputs, or on data of their own; each with its difference."""
    own = replace(prepared().labelled, labels=LABELS[:10], n=10, name="own data")
    judged = replace(
        prepared(),
        additional_evaluations=(
            AdditionalEvaluation("top2", Top2(), prepared().labelled, Path("l.npz")),
            AdditionalEvaluation("own", Top1(), own, Path("labelled-own.npz")),
            AdditionalEvaluation("broken", Distance(), own, Path("labelled-broken.npz")),
        ),
    )
    for name, right in (("here", 88), ("reference", 90)):
        (tmp_path / name).mkdir()
        save_arrays(tmp_path / name / "l.npz", {"000": scores(right)})
        save_arrays(tmp_path / name / "labelled-own.npz", {"000": scores(90)[:10]})
        save_arrays(tmp_path / name / "labelled-broken.npz", {"000": np.ones(10)})
    found = accuracy.additional(judged, tmp_path / "here", tmp_path / "reference", seed=1)
    assert list(found) == ["top2", "own", "broken"]
    top2, own_data, broken = found.values()
    assert (top2.metric, top2.value, top2.n) == ("top5", 1, 100)
    assert (own_data.dataset, own_data.n, own_data.reference.delta) == ("own data", 10, 0)
    assert isinstance(broken, Failed)
    alone = accuracy.additional(judged, tmp_path / "here", REFERENCE, seed=1)
    assert alone["own"].reference == REFERENCE


def test_constant_weights_have_no_accuracy_whatever_the_task(kept) -> None:
    """Even where the task could be judged."""
    judged = prepared(labels=None)
    judged = replace(judged, model=msgspec.structs.replace(judged.model, architecture_only=True))
    found = accuracy.accuracy(judged, kept(scores(1)), REFERENCE, seed=1)
    assert found == Unsupported(reason="constant weights: accuracy does not exist")


def test_a_failed_reference_leaves_the_value(kept) -> None:
    """What could not be compared says so."""
    failed = Failed(reason="the reference crashed", cause="crash")
    found = accuracy.accuracy(prepared(), kept(scores(90)), failed, seed=1)
    assert isinstance(found, Accuracy)
    assert (found.value, found.reference) == (0.9, failed)


def test_other_metrics_have_a_bootstrap_interval(kept) -> None:
    """What is no share of rights and wrongs is resampled, the same way each time."""
    values = np.random.default_rng(1).normal(5, 1, (100, 2))
    twice = [accuracy.accuracy(prepared(Distance()), kept(values), REFERENCE, seed=1) for _ in "ab"]
    assert isinstance(twice[0], Accuracy)
    assert twice[0] == twice[1]
    assert twice[0].interval == "bootstrap"
    assert twice[0].value == pytest.approx(values[:, 0].mean())
    assert 0.2 < twice[0].high - twice[0].low < 0.6


def test_without_labels_there_is_no_accuracy(kept) -> None:
    """The reason is the task's."""
    task = Top1()
    task.why_no_metric = "nothing labelled is here"
    found = accuracy.accuracy(prepared(task, None), kept(scores(1)), REFERENCE, seed=1)
    assert found == Unsupported(reason="nothing labelled is here")


@pytest.mark.filterwarnings("ignore:All-NaN slice:RuntimeWarning")
@pytest.mark.parametrize(
    ("task", "outputs", "reason"),
    [
        (Distance(), np.full((100, 2), np.nan), "not a number"),
        (Top1(), scores(90)[:50], "do not fit the task"),
        (Distance(), np.ones(100), "do not fit the task"),
    ],
    ids=["not a number", "too few", "no second axis"],
)
def test_outputs_that_do_not_fit_fail_the_measurement(kept, task, outputs, reason: str) -> None:
    """A wrong output is a failure of accuracy, not of the run."""
    found = accuracy.accuracy(prepared(task), kept(outputs), REFERENCE, seed=1)
    assert isinstance(found, Failed)
    assert found.cause == "wrong-output"
    assert reason in found.reason


# ---------------------------------------------------------------- agreement


def test_agreement_is_measured_output_by_output(kept) -> None:
    """Relative error, largest difference and angle are those of the arrays."""
    a = np.array([[3.0, 4.0], [0.0, 0.0]], np.float32)
    b = np.array([[3.0, 4.5], [0.0, 0.0]], np.float32)
    ports = [*PORTS, Port(name="z", dtype="f32", shape=[1, 2])]
    found = accuracy.agreement(ports, kept(b, a), kept(a, a))
    assert isinstance(found, Agreement)
    assert found.n == 2
    y, z = found.outputs
    assert y.name == "y"
    assert y.relative_rmse == pytest.approx(0.1)
    assert y.max_abs_difference == pytest.approx(0.5)
    assert y.cosine == pytest.approx(27 / (5 * np.hypot(3, 4.5)))
    assert (z.name, z.relative_rmse, z.max_abs_difference) == ("z", 0, 0)
    assert z.cosine == pytest.approx(1)


def test_the_reference_is_not_compared_with_itself(kept) -> None:
    """It says what it is."""
    assert accuracy.agreement(PORTS, kept(np.ones((2, 2))), REFERENCE) == REFERENCE


NOTHING = [
    (np.zeros((3, 2)), np.zeros((3, 2)), 1.0),
    (np.zeros((3, 2)), np.ones((3, 2)), 0.0),
    (np.empty((3, 0)), np.empty((3, 0)), 1.0),
]


@pytest.mark.parametrize(("found", "expected", "cosine"), NOTHING)
def test_outputs_without_a_length_have_a_cosine_all_the_same(
    kept, found: np.ndarray, expected: np.ndarray, cosine: float
) -> None:
    """Zeros and nothing at all agree with themselves; no figure is not a number."""
    result = accuracy.agreement(PORTS, kept(found), kept(expected))
    assert isinstance(result, Agreement)
    (output,) = result.outputs
    assert output.cosine == cosine
    assert np.isfinite([output.relative_rmse, output.max_abs_difference]).all()


UNFIT = [np.ones((2, 3)), np.ones(2)]


@pytest.mark.parametrize("found", UNFIT, ids=lambda a: str(a.shape))
def test_outputs_of_another_shape_fail_the_measurement(kept, found: np.ndarray) -> None:
    """A number of detections that depends on precision does not end the run."""
    result = accuracy.agreement(PORTS, kept(found), kept(np.ones((2, 2))))
    assert isinstance(result, Failed)
    assert result.cause == "wrong-output"
    assert "shape" in result.reason


def test_a_missing_output_fails_the_measurement(kept) -> None:
    """Fewer outputs than ports cannot be compared."""
    result = accuracy.agreement(PORTS, kept(), kept(np.ones((2, 2))))
    assert isinstance(result, Failed)


def test_whole_numbers_are_compared_as_numbers(kept) -> None:
    """Unsigned ones do not wrap around."""
    a, b = np.array([[1, 2]], np.uint8), np.array([[2, 2]], np.uint8)
    result = accuracy.agreement(PORTS, kept(a), kept(b))
    assert isinstance(result, Agreement)
    assert result.outputs[0].max_abs_difference == 1


def test_huge_outputs_make_no_record_unreadable(kept) -> None:
    """Squares beyond every float fail the measurement: a record holds finite numbers."""
    result = accuracy.agreement(PORTS, kept(np.full((1, 2), 1e300)), kept(np.full((1, 2), -1e300)))
    assert isinstance(result, Failed)
