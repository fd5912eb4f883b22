"""Start-up: from a process that has imported the engine to the first inference."""

from __future__ import annotations

from collections.abc import Sequence

from ovreport.metrics.evidence import is_quiet
from ovreport.metrics.headline import Rounds, headline, observed_once
from ovreport.metrics.metric import Group, Metric, MetricValue, Values, median_time
from ovreport.record import Reason, Record, Startup, StartupCached, StartupRound

_SHORTEST_MS = 1e-6
"""A clock may read the same twice; a logarithm needs a positive number."""
_UNWATCHED = "other load during the start was not recorded"


def _startup(record: Record, reasons: Sequence[Reason]) -> Values:
    if isinstance(record.startup, Startup):
        rounds = record.startup.rounds
        made = _rounds(rounds)
        yield headline("startup_ms", made, record, reasons)
        yield observed_once("startup_observed_ms", made, reasons)
        yield _median("read_ms", [r.read_ms for r in rounds], reasons)
        yield _median("compile_ms", [r.compile_ms for r in rounds], reasons)
        yield _median("first_inference_ms", [r.first_inference_ms for r in rounds], reasons)
    if isinstance(record.startup_cached, StartupCached):
        cached = [_total(r) for r in record.startup_cached.rounds]
        yield _median("startup_cached_ms", cached, reasons)


def startup_of(record: Record) -> Rounds | None:
    """Return what a record's cold start is made of; None where it was not measured."""
    measured = record.startup
    return _rounds(measured.rounds) if isinstance(measured, Startup) else None


def _rounds(rounds: Sequence[StartupRound]) -> Rounds:
    """Return what the headline is made of: of a process's readings none is of its start.

    That threads of ours wait for each other's processor is no veto: compiling may have many.
    """
    totals = [max(_total(r), _SHORTEST_MS) for r in rounds]
    processes = [r.round for r in rounds]  # each process starts once
    quiet = [bool(r.readings) and is_quiet(r.readings) for r in rounds]
    unknown = "" if any(r.readings for r in rounds) else _UNWATCHED
    return Rounds(totals, processes, quiet, [1] * len(rounds), is_watched=True, why_not=unknown)


def _total(r: StartupRound) -> float:
    return r.read_ms + r.compile_ms + r.first_inference_ms


def _median(key: str, times: Sequence[float], reasons: Sequence[Reason]) -> tuple[str, MetricValue]:
    return median_time(key, [max(t, _SHORTEST_MS) for t in times], len(times), reasons)


STARTUP = Group(
    "Start-up",
    (
        Metric(
            "startup_ms",
            "Cold start",
            "ms",
            "lower",
            "Read, compile and first inference, no model cache; of the quiet starts, where "
            "three or more agree; else the median of all.",
            "startup",
        ),
        Metric(
            "startup_observed_ms",
            "Observed cold start",
            "ms",
            "lower",
            "Read, compile and first inference, no model cache; median over all starts, "
            "disturbed ones included.",
            "startup",
        ),
        Metric("read_ms", "Read", "ms", "lower", "Reading the model from disk.", "startup"),
        Metric(
            "compile_ms",
            "Compile",
            "ms",
            "lower",
            "Compiling the model for the device, no model cache.",
            "startup",
        ),
        Metric(
            "first_inference_ms",
            "First inference",
            "ms",
            "lower",
            "The first inference after compiling.",
            "startup",
        ),
        Metric(
            "startup_cached_ms",
            "Cached start",
            "ms",
            "lower",
            "Read, load from the model cache and first inference.",
            "startup_cached",
        ),
    ),
    _startup,
)
