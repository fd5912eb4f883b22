"""Jobs before the rounds: which devices there are, what a model is, how to drive it."""

from __future__ import annotations

from msgspec import Struct

from ovreport_collector.engines.types import Target
from ovreport_collector.jobs.target import Driver


class OutputsJob(Struct, frozen=True, kw_only=True, tag="outputs"):
    """Run every sample once and keep the outputs: for accuracy and agreement."""

    target: Target
    inputs: dict[str, str]
    """Set name → `.npz` of inputs; its outputs go to the path of the same name in `outputs`."""
    outputs: dict[str, str]
    task: str
    evaluators: dict[str, str] = {}
    """Set of labelled inputs → name of the task's additional metric whose `compact` says what of
    its outputs is kept; empty: the task's own. Of other sets everything is kept."""


class PilotJob(Struct, frozen=True, kw_only=True, tag="pilot"):
    """Find out how to drive a device's requests, in a process of its own: all rounds are alike."""

    target: Target
    inputs: str


class PilotResult(Struct, frozen=True, kw_only=True, tag="pilot"):
    """The faster way to drive requests."""

    driver: Driver


class ThreadSettingsJob(Struct, frozen=True, kw_only=True, tag="thread_settings"):
    """Ask OpenVINO for the threads and requests that a native framework is given too."""

    target: Target
