"""Language models among the cases of a plan: their jobs, their quality, their part of a record.

`run`, `plan` and `assemble` ask here; the measuring itself is in `generation` and `answers`.

    asking       which models are language models, and what they need
    measuring    lengths, numbers, jobs
    judging      how right the answers are
    recording    what the rounds become
"""

from ovreport_collector.measurements.generation.measurement import (
    ANSWERS_S,
    JUDGING_S,
    SKIP,
    answers_job,
    round_job,
    seconds,
)
from ovreport_collector.measurements.generation.quality import as_reference, common_start, quality
from ovreport_collector.measurements.generation.record import SEE, is_wide, measurements
from ovreport_collector.suite.language import beside, is_language, versions

__all__ = [
    "ANSWERS_S",
    "JUDGING_S",
    "SEE",
    "SKIP",
    "answers_job",
    "as_reference",
    "beside",
    "common_start",
    "is_language",
    "is_wide",
    "measurements",
    "quality",
    "round_job",
    "seconds",
    "versions",
]
