"""From an encoded image to the answer: stages apart, both ways, one by one and in a pipeline."""

from __future__ import annotations

from collections.abc import Sequence

from ovreport.record import EndToEnd, NotMeasured, OutputAgreement, Pipeline, Tier, Unsupported, Way
from ovreport_collector import tasks
from ovreport_collector.measurements.base import (
    Measurement,
    PlannedProcess,
    first_failure,
    measured,
)
from ovreport_collector.measurements.end_to_end.run import EndToEndJob, EndToEndResult
from ovreport_collector.measurements.results import InferenceResult
from ovreport_collector.plan.plan import PlannedCase
from ovreport_collector.prepare.images import EncodedImages
from ovreport_collector.prepare.model import PreparedModel
from ovreport_collector.process.job import JobFailed
from ovreport_collector.suite.model import Model
from ovreport_collector.tasks.images.base import ImageTask

_SECONDS = {"quick": 0.5, "standard": 4.0, "publish": 15.0}
"""Of each way, both loops together."""
_START_S = 2.3
"""A process, two compilations, and the untimed passes."""
_INFERENCES = 80
"""Of a round at least, both ways together."""
_FEW = 3
"""Rounds that are enough even if others failed: fewer have no interval worth showing."""


class EndToEndMeasurement(Measurement[EndToEndResult]):
    """The record's `end_to_end`."""

    name = "end_to_end"

    def why_not(self, planned: PlannedCase, prepared: PreparedModel) -> NotMeasured | None:
        """Return why this case has no pipeline: no image task, or another engine's case."""
        if planned.case.engine != "openvino":
            return Unsupported(
                reason=f"measured with OpenVINO only, not with {planned.case.engine}"
            )
        return (
            None if isinstance(prepared.encoded_images, EncodedImages) else prepared.encoded_images
        )

    def fits(self, model: Model) -> bool:
        """Return whether the task is one of images."""
        return isinstance(tasks.get(model.task), ImageTask)

    def seconds(self, tier: Tier, inference_s: float = 0.0) -> float:
        """Return about how long it takes once."""
        return max(2 * _SECONDS[tier.name], _INFERENCES * inference_s) + _START_S

    def job(self, current: PlannedProcess, results: Sequence[InferenceResult]) -> EndToEndJob:
        """Return the job after a process."""
        images = current.prepared.encoded_images
        assert isinstance(images, EncodedImages)  # noqa: S101 (else `why_not` says so)
        return EndToEndJob(
            target=current.target,
            round=current.index,
            seconds=_SECONDS[current.tier.name],
            pipeline=images.pipeline,
            images=[str(path) for path in images.files],
            about=images.about,
            task=current.prepared.model.task,
            seed=current.seed,
        )

    def part(self, results: Sequence[EndToEndResult | JobFailed]) -> EndToEnd | NotMeasured:
        """Return what the rounds measured; a failed one counts unless three others are there."""
        found, failure = measured(results), first_failure(results)
        if failure and len(found) < _FEW:
            return failure
        last = found[-1]
        ways: list[Way] = [way for way in ("host", "graph") if way in last.rounds]
        return EndToEnd(
            images=last.images,
            preprocessing=last.preprocessing,
            pipelines=[
                Pipeline(
                    way=way,
                    rounds=[r.rounds[way] for r in found if way in r.rounds],
                    requests=last.requests[way],
                    hint="throughput",
                )
                for way in ways
            ],
            missing=last.missing,
            agreement=_worst(found),
        )


def _worst(found: Sequence[EndToEndResult]) -> list[OutputAgreement]:
    """Return each output's comparison from the round in which the ways were furthest apart."""
    by_output = zip(*(r.agreement for r in found), strict=False)
    return [max(output, key=lambda a: a.relative_rmse) for output in by_output]
