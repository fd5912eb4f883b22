"""How the record's format came about, and how an older record becomes a current one.

History
    1  2026-11  first format
    2  2026-11  curve, open loop, end to end, energy, calibration and effort; other engines
    3  2026-11  how a model's file came about, what others published of it, further accuracies,
                language models
    4  2026-11  no calibration around rounds, no parts of the measuring time; verdicts are stable,
                noisy or unreliable; plainer names of fields: requested and effective settings,
                user datasets, additional accuracies, the origin of a model's file
    5  2026-11  several rounds in one process; processor time and noise of each timed loop, and
                noise of each timed start; the spread over all cases of a run

A change that an old reader would misread raises `ovreport.record.FORMAT` by one and adds one
step here: a pure function from the decoded JSON of format n to that of format n + 1. A fixture
of every format stays in `tests/ovreport/records/`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping

from ovreport.errors import RecordError
from ovreport.record import FORMAT

Document = dict[str, object]

_ADDED_IN_2 = ("curve", "open_loop", "end_to_end", "energy", "calibration", "effort")


def _to_2(document: Document) -> Document:
    skipped = {"status": "skipped", "reason": "measured before ovreport supported it"}
    return {**document, "format": 2, **dict.fromkeys(_ADDED_IN_2, skipped)}


def _to_3(document: Document) -> Document:
    return {**document, "format": 3}  # what is new has a default that says what was so before


_RENAMED_IN_4 = {
    ("latency", "settings", "asked"): "requested",
    ("latency", "settings", "in_force"): "effective",
    ("throughput", "settings", "asked"): "requested",
    ("throughput", "settings", "in_force"): "effective",
    ("generation", "settings", "asked"): "requested",
    ("generation", "settings", "in_force"): "effective",
    ("generation", "points", "rounds", "ttft_ms"): "time_to_first_token_ms",
    ("generation", "points", "rounds", "token_ms"): "time_per_output_token_ms",
    ("generation", "points", "rounds", "token_mean_ms"): "time_per_output_token_mean_ms",
    ("generation", "points", "rounds", "runtime_ttft_ms"): "runtime_time_to_first_token_ms",
    ("generation", "points", "rounds", "runtime_token_ms"): "runtime_time_per_output_token_ms",
    ("open_loop", "rounds", "steps", "worth"): "n_effective",
    ("inputs", "brought"): "user_datasets",
    ("model", "made", "made_from"): "derived_from",
    ("model", "made"): "origin",
    ("effort",): "measuring_time",
    ("further_accuracy",): "additional_accuracy",
    ("further_accuracy_missing",): "additional_accuracy_missing",
}
"""Path of a field, the elements of lists passed through → its new name."""

_LEVELS_IN_4 = {"valid": "stable", "suspect": "noisy", "invalid": "unreliable"}


def _to_4(document: Document) -> Document:
    kept = _renamed(document, ())
    kept.pop("calibration", None)
    _object(kept.get("measuring_time")).pop("parts_s", None)
    for verdict in _objects(kept.get("verdicts")):
        level = verdict.get("level")
        verdict["level"] = _LEVELS_IN_4.get(str(level), level)
    origin = _object(_object(kept.get("model")).get("origin"))
    if origin.get("kind") == "optimised":
        origin["kind"] = "optimized"
    return {**kept, "format": 4}


def _renamed(part: Document, path: tuple[str, ...]) -> Document:
    """Return a copy, all the way down, in which fields have their new names."""
    return {
        _RENAMED_IN_4.get((*path, name), name): _renamed_value(value, (*path, name))
        for name, value in part.items()
    }


def _renamed_value(value: object, path: tuple[str, ...]) -> object:
    if isinstance(value, dict):
        return _renamed(value, path)
    if isinstance(value, list):
        return [_renamed_value(each, path) for each in value]
    return value


def _object(value: object) -> Document:
    """Return an object of the document; what is none is refused when it is decoded."""
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[Document]:
    return [each for each in _object(value).values() if isinstance(each, dict)]


def _list(value: object) -> list[Document]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _to_5(document: Document) -> Document:
    """Each round had a process of its own."""
    made = copy.deepcopy(document)
    tier = _object(made.get("tier"))
    for name in ("rounds", "max_rounds"):
        if name in tier:
            tier[name.replace("rounds", "processes")] = tier.pop(name)
    tier["rounds_per_process"] = 1
    for name in ("latency", "throughput"):
        for one in _list(_object(made.get(name)).get("rounds")):
            one["process"] = one.get("round")
    model = _object(made.get("model"))
    if model.get("architecture_only") is True:
        # Constants that the graph fills in were not counted: ResNet-50 had two thousand weights.
        model["parameters"] = 0
    for one in _list(made.get("noise")):
        if "round" in one:
            one["process"] = one.pop("round")
    return {**made, "format": 5, "method": 1}


STEPS: Mapping[int, Callable[[Document], Document]] = {1: _to_2, 2: _to_3, 3: _to_4, 4: _to_5}
"""Format n → function that makes format n + 1."""


def migrate(document: Document, *, where: str) -> Document:
    """Return the document in the current format.

    Raises RecordError for a missing or unknown format.
    """
    found = document.get("format")
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise RecordError(
            "not a record: `format` is missing or is not a version number",
            where=f"{where}: $.format",
            remedy="`ovreport schema` prints what a record looks like.",
        )
    if found > FORMAT:
        raise RecordError(
            f"format {found} is newer than this ovreport knows ({FORMAT})",
            where=f"{where}: $.format",
            remedy="Upgrade: pip install --upgrade ovreport",
        )
    for version in range(found, FORMAT):
        document = STEPS[version](document)
    return document
