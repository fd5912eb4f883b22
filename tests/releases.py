"""Records of several OpenVINO releases that one run measured in turn, with known changes."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec
import numpy as np

from ovreport import record as r
from tests.factories import a_failed_record, a_record

MODELS = ("slower", "inaccurate", "failing", "reduced", "same-1", "same-2")
"""What becomes of each in the last release: 8 % slower; accuracy lost; failed; bf16 in place of
f32; nothing."""
RELEASES = ("2024.6.0", "2025.4.1", "2026.4.1")
_ROUNDS, _START = 7, datetime.datetime(2026, 11, 28, 10, tzinfo=datetime.UTC)


def a_matrix(
    releases: tuple[str, ...] = RELEASES,
    models: tuple[str, ...] = MODELS,
    *,
    again: str = "",
    run: str = "0123456789abcdef",
    hours: int = 0,
    **changes: Any,
) -> list[r.Record]:
    """Return a record of each model and release of one run; the last release has the changes.

    `again`: a release that the run measured once more against itself; `hours`: when it ran.
    """
    arms = [(name, name, False) for name in releases]
    if again:
        arms.append((f"{again}-again", again, True))
    return [
        _record(model, release, arm, changes | {"last": release == releases[-1]})
        for model in models
        for position, (name, release, is_again) in enumerate(arms)
        for arm in [_arm(name, position, len(arms), is_again, run, hours)]
    ]


def _arm(name: str, position: int, count: int, is_again: bool, run: str, hours: int) -> dict:
    arm = r.Arm(
        name=name,
        kind="again" if is_again else "release",
        position=position,
        count=count,
        order_seed=7,
        lock_sha256="a" * 64,
    )
    return {"arm": arm, "run": run, "hours": hours}


def _record(model: str, release: str, arm: dict[str, Any], changes: dict[str, Any]) -> r.Record:
    position, is_last = arm["arm"].position, changes.pop("last")
    start = _START + datetime.timedelta(hours=arm["hours"], seconds=position)
    known = {
        "median_ms": 5.4 if (model, is_last) == ("slower", True) else 5.0,
        "top1": 0.55 if (model, is_last) == ("inaccurate", True) else 0.97,
        "executed": "bf16" if (model, is_last) == ("reduced", True) else "f32",
    }
    make = a_failed_record if (model, is_last) == ("failing", True) else a_record
    made = make(
        model=model,
        title=model,
        factors=_factors(model, position, arm["hours"]),
        measured_at=f"{start + datetime.timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
        run=arm["run"],
        arm=arm["arm"],
        **{**known, **changes},
    )
    software = msgspec.structs.replace(made.software, openvino=f"{release}-1-abc-releases/1")
    noise = [
        msgspec.structs.replace(
            one, started_at=f"{start + datetime.timedelta(minutes=one.process):%Y-%m-%dT%H:%M:%SZ}"
        )
        for one in made.noise
    ]
    return msgspec.structs.replace(made, software=software, noise=noise)


def _factors(model: str, position: int, hours: int) -> list[float]:
    """Return what the machine does to each round: 5 % to all arms alike, 0.5 % to each."""
    seed = sum(model.encode()) + hours
    shared = np.random.default_rng(seed).normal(0, 0.05, _ROUNDS)
    own = np.random.default_rng([seed, position]).normal(0, 0.005, _ROUNDS)
    return np.exp(shared + own).tolist()
