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


ACCURACY = Group(
    "Accuracy",
    (
        Metric(
            "top1",
            "Top-1 accuracy",
            "%",
            "higher",
            "Share of samples whose most likely class is the right one.",
            "accuracy",
            scale=100,
        ),
        Metric(
            "top5",
            "Top-5 accuracy",
            "%",
            "higher",
            "Share of samples whose right class is among the five most likely.",
            "accuracy",
            scale=100,
        ),
        Metric(
            "map_50_95",
            "COCO AP",
            "%",
            "higher",
            "Average precision of boxes, mean over categories and over overlaps .50 to .95, as "
            "COCO defines it.",
            "accuracy",
            scale=100,
        ),
        Metric(
            "map_50",
            "COCO AP at .50",
            "%",
            "higher",
            "Average precision of boxes that overlap by at least half, mean over categories.",
            "accuracy",
            scale=100,
        ),
        Metric(
            "presence_accuracy",
            "Presence accuracy",
            "%",
            "higher",
            "Share of images in which a face is rightly found or rightly not found.",
            "accuracy",
            scale=100,
        ),
        Metric(
            "character_accuracy",
            "Character accuracy",
            "%",
            "higher",
            "One minus the character error rate (edits divided by characters).",
            "accuracy",
            scale=100,
        ),
        Metric(
            "frame_f1",
            "Frame F1",
            "%",
            "higher",
            "Harmonic mean of precision and recall over note × time frames.",
            "accuracy",
            scale=100,
        ),
        Metric(
            "landmarks_within_1px",
            "Landmarks within 1 px",
            "%",
            "higher",
            "Share of landmarks within one pixel of where the f32 reference puts them.",
            "accuracy",
            scale=100,
        ),
        Metric(
            "map_iou",
            "Text map IoU",
            "%",
            "higher",
            "Intersection over union of the map of text pixels with the f32 reference's.",
            "accuracy",
            scale=100,
        ),
        Metric(
            "frame_agreement",
            "Frame agreement",
            "%",
            "higher",
            "Share of frames with the same decision as the f32 reference.",
            "accuracy",
            scale=100,
        ),
        Metric(
            "pearson",
            "Pearson correlation",
            "× 100",
            "higher",
            "Correlation of the model's similarities with people's.",
            "accuracy",
            scale=100,
        ),
        Metric(
            "spearman",
            "Spearman correlation",
            "× 100",
            "higher",
            "Rank correlation of the model's similarities with people's.",
            "accuracy",
            scale=100,
        ),
    ),
    _accuracy,
)
