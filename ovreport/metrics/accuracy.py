"""Accuracy on labelled data, by the metrics that tasks may use."""

from __future__ import annotations

from collections.abc import Sequence

from ovreport.metrics.metric import STABLE, Group, Metric, Values, value_of
from ovreport.record import Accuracy, Reason, Record
from ovreport.stats.intervals import Interval


def accuracy_metric(record: Record) -> str | None:
    """Return the key of the record's accuracy metric, None where accuracy was not measured."""
    accuracy = record.accuracy
    return accuracy.metric if isinstance(accuracy, Accuracy) else None


def _accuracy(record: Record, _: Sequence[Reason]) -> Values:
    """Yield the headline's value alone: a record is of one task, and has one of these metrics."""
    accuracy = record.accuracy
    if isinstance(accuracy, Accuracy):
        interval = Interval(accuracy.value, accuracy.low, accuracy.high)
        yield value_of(accuracy.metric, interval, 1, accuracy.n, STABLE)


def _metric(key: str, label: str, meaning: str, unit: str = "%") -> Metric:
    """Return an accuracy metric: a share or a coefficient, shown times 100, higher is better."""
    return Metric(key, label, unit, "higher", meaning, "accuracy", scale=100)


BY_REFERENCE = ("landmarks_within_1px", "map_iou", "frame_agreement")
"""Metrics of models without labels: what f32 in OpenVINO puts out counts as right."""

ACCURACY = Group(
    "Accuracy",
    (
        _metric(
            "top1", "Top-1 accuracy", "Share of samples whose most likely class is the right one."
        ),
        _metric(
            "top5",
            "Top-5 accuracy",
            "Share of samples whose right class is among the five most likely.",
        ),
        _metric(
            "map_50_95",
            "COCO AP",
            "Average precision of boxes, mean over categories and over overlaps .50 to .95, as "
            "COCO defines it.",
        ),
        _metric(
            "map_50",
            "COCO AP at .50",
            "Average precision of boxes that overlap by at least half, mean over categories.",
        ),
        _metric(
            "presence_accuracy",
            "Presence accuracy",
            "Share of images in which a face is rightly found or rightly not found.",
        ),
        _metric(
            "character_accuracy",
            "Character accuracy",
            "One minus the character error rate (edits divided by characters).",
        ),
        _metric(
            "frame_f1", "Frame F1", "Harmonic mean of precision and recall over note × time frames."
        ),
        _metric(
            "landmarks_within_1px",
            "Landmarks within 1 px",
            "Share of landmarks within one pixel of where the f32 reference puts them.",
        ),
        _metric(
            "map_iou",
            "Text map IoU",
            "Intersection over union of the map of text pixels with the f32 reference's.",
        ),
        _metric(
            "frame_agreement",
            "Frame agreement",
            "Share of frames with the same decision as the f32 reference.",
        ),
        _metric(
            "pearson",
            "Pearson correlation",
            "Correlation of the model's similarities with people's.",
            unit="× 100",
        ),
        _metric(
            "spearman",
            "Spearman correlation",
            "Rank correlation of the model's similarities with people's.",
            unit="× 100",
        ),
    ),
    _accuracy,
)
