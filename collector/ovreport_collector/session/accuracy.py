"""How accurate a case's outputs are: the task's metric, and agreement with the f32 reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ovreport.record import (
    Accuracy,
    AccuracyReference,
    Agreement,
    Failed,
    NotMeasured,
    Port,
    Unsupported,
)
from ovreport.stats.accuracy import bootstrap, paired_delta, paired_share_delta, wilson
from ovreport.stats.intervals import Floats, Interval
from ovreport_collector.engines.arrays import load_outputs, output_agreement
from ovreport_collector.prepare.model import PreparedModel
from ovreport_collector.tasks import Array, Evaluator, Labelled

CONSTANT_WEIGHTS = "constant weights: accuracy does not exist"


def accuracy(
    prepared: PreparedModel, outputs: Path, reference: Path | NotMeasured, *, seed: int
) -> Accuracy | NotMeasured:
    """Return the task's metric over the labelled inputs, paired with the reference's.

    A metric that cannot be computed of these outputs is a Failed, not an exception.
    """
    if prepared.absent is not None:
        return prepared.absent
    if prepared.labelled is None or prepared.task.metric is None:
        constant = prepared.model.architecture_only
        return Unsupported(reason=CONSTANT_WEIGHTS if constant else prepared.task.why_no_metric)
    return _evaluated(prepared.task, prepared.labelled, outputs, reference, seed)


def additional(
    prepared: PreparedModel, outputs: Path, reference: Path | NotMeasured, *, seed: int
) -> dict[str, Accuracy | NotMeasured]:
    """Return the additional accuracies by their evaluators' names, like `accuracy`.

    `outputs` and `reference` are the folders of what the measuring processes kept.
    """
    return {
        one.name: _evaluated(
            one.evaluator,
            one.labelled,
            outputs / one.inputs.name,
            reference / one.inputs.name if isinstance(reference, Path) else reference,
            seed,
        )
        for one in prepared.additional_evaluations
    }


def _evaluated(
    evaluator: Evaluator,
    labelled: Labelled,
    outputs: Path,
    reference: Path | NotMeasured,
    seed: int,
) -> Accuracy | NotMeasured:
    if not outputs.is_file():
        return _too_slow("the labelled inputs")
    if isinstance(reference, Path) and not reference.is_file():
        reference = _too_slow("the labelled inputs of the f32 reference")
    try:
        return _accuracy(evaluator, labelled, outputs, reference, seed)
    except (ValueError, TypeError, IndexError, KeyError, ArithmeticError) as error:
        reason = f"the outputs do not fit the task: {type(error).__name__}: {error}"
        return Failed(reason=reason[:2000], cause="wrong-output")


def _too_slow(what: str) -> Failed:
    return Failed(reason=f"{what} took too long: allow more with --timeout", cause="timeout")


def _accuracy(
    evaluator: Evaluator,
    labelled: Labelled,
    outputs: Path,
    reference: Path | NotMeasured,
    seed: int,
) -> Accuracy | NotMeasured:
    if evaluator.metric is None:
        raise ValueError("an evaluator without a metric")
    if labelled.by_reference:
        if isinstance(reference, NotMeasured):
            return reference
        labelled = replace(labelled, labels=load_outputs(reference))
    rows = evaluator.per_sample_scores(labelled, load_outputs(outputs))
    value, method = _interval(rows, evaluator, seed)
    if not np.isfinite([value.value, value.low, value.high]).all():
        raise ValueError(f"{evaluator.metric} is not a number")
    return Accuracy(
        metric=evaluator.metric,
        value=value.value,
        low=value.low,
        high=value.high,
        interval=method,
        n=labelled.n,
        unit=labelled.unit,
        data=labelled.source,
        dataset=labelled.name,
        rendered=labelled.rendered,
        reference=_paired(rows, reference, evaluator, labelled, seed),
    )


def agreement(
    ports: Sequence[Port],
    outputs: Path,
    reference: Path | NotMeasured,
    *,
    random: Sequence[int] = (),
) -> Agreement | NotMeasured:
    """Compare every raw output with the reference's, over all compared inputs.

    `random` has the positions of those that differ for the same input: they are left out. Outputs
    that cannot be compared are a Failed, not an exception.
    """
    if isinstance(reference, NotMeasured):
        return reference
    if ports and len(random) == len(ports):
        return Unsupported(reason="the outputs are random: they differ for the same input")
    try:
        # Finite outputs may have squares that are not: a record holds finite numbers.
        with np.errstate(over="raise", invalid="raise"):
            return _agreement(ports, random, load_outputs(outputs), load_outputs(reference))
    except (ValueError, IndexError, ArithmeticError) as error:
        reason = f"the outputs do not fit the reference's: {error}"
        return Failed(reason=reason[:2000], cause="wrong-output")


def _agreement(
    ports: Sequence[Port], random: Sequence[int], found: Sequence[Array], expected: Sequence[Array]
) -> Agreement:
    # Of a slow model fewer inputs may have been inferred, here or there.
    n = min(len(found[0]), len(expected[0]))
    return Agreement(
        n=n,
        outputs=[
            output_agreement(port.name, a[:n], b[:n])
            for position, (port, a, b) in enumerate(zip(ports, found, expected, strict=True))
            if position not in random
        ],
    )


def _interval(rows: Floats, evaluator: Evaluator, seed: int) -> tuple[Interval, str]:
    if _is_share(rows):
        return wilson(float(rows.sum()), len(rows)), "wilson"
    return bootstrap(rows, evaluator.aggregate, seed=seed), "bootstrap"


def _is_share(rows: Floats) -> bool:
    """Return whether rows are rights and wrongs, of which the metric is the share of rights."""
    return rows.shape[1] == 1 and bool(np.isin(rows, (0.0, 1.0)).all())


def _paired(
    rows: Floats, reference: Path | NotMeasured, evaluator: Evaluator, labelled: Labelled, seed: int
) -> AccuracyReference | NotMeasured:
    if isinstance(reference, NotMeasured):
        return reference
    expected = evaluator.per_sample_scores(labelled, load_outputs(reference))
    both_shares = _is_share(rows) and _is_share(expected)
    delta = (
        paired_share_delta(rows, expected)
        if both_shares
        else paired_delta(rows, expected, evaluator.aggregate, seed=seed)
    )
    return AccuracyReference(
        value=float(evaluator.aggregate(expected)),
        delta=delta.value,
        delta_low=delta.low,
        delta_high=delta.high,
    )
