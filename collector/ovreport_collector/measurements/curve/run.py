"""One round of the latency–throughput curve: every setting of the grid, in one process.

The order differs from round to round, so that a drifting machine does not always meet the same
setting. A setting that cannot be measured becomes a gap with its reason; the others go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from msgspec import Struct

from ovreport.record import Curve, CurveGap, CurvePoint, Histogram, PointRound
from ovreport.stats.samples import autocorrelation, fixed_buckets
from ovreport_collector import engines
from ovreport_collector.engines import errors
from ovreport_collector.engines.arrays import Array, Sample, load_samples, relative_rmse
from ovreport_collector.engines.base import (
    NO_PROPERTIES,
    Compiled,
    Engine,
    Network,
    WrongOutputError,
)
from ovreport_collector.loadgen.checks import OUTPUT_TOLERANCE, check_same, infer_checked
from ovreport_collector.loadgen.drivers import Driver, LoadResult, load_of
from ovreport_collector.measurements.results import ProcessJob, rounded
from ovreport_collector.process.job import JobFailed
from ovreport_collector.process.timing import measuring

GROWTH = 1.07
"""Relative width of the histograms' buckets: the same everywhere, so that rounds can be added."""
WARM_SHARE = 0.2
"""Length of a point's warm-up, of its loop's. The process is warm after its first point."""
LONGEST = 8.0
"""A setting whose requests take longer than so many times a point's loop is left out."""

Outputs = list[Array]


class Setting(Struct, frozen=True):
    """One point of a curve's grid."""

    streams: int
    """0: the number that the THROUGHPUT hint chooses."""
    requests: int
    batch: int


def setting_of(measured: CurvePoint | CurveGap) -> Setting:
    """Return the setting that a point or a gap of a record is of."""
    return Setting(measured.streams, measured.requests, measured.batch)


class CurveResult(Struct, frozen=True, kw_only=True, tag="curve"):
    """One round of a curve."""

    curve: Curve


class CurveJob(ProcessJob[CurveResult], frozen=True, kw_only=True):
    """Measure every setting of a grid once."""

    settings: list[Setting]
    seconds: float
    """Least length of one point's loop."""
    driver: Driver
    unloaded_latency_ms: float
    """Median latency of one request at a time: settings that would take too long follow from it."""

    @property
    def is_too_slow(self) -> bool:
        """Whether no setting of the grid can be measured in its time."""
        return all(_seconds(self, setting) > LONGEST * self.seconds for setting in self.settings)

    def run(self) -> CurveResult | JobFailed:
        """Measure every setting; one that cannot be measured becomes a gap."""
        return sweep(self, engines.create(self.target))


class GapError(Exception):
    """A setting cannot be measured; the message says why."""


def sweep(job: CurveJob, engine: Engine) -> CurveResult | JobFailed:
    """Measure every setting once; JobFailed where not one could be."""
    cases = _Batches(job, engine)
    points: list[CurvePoint] = []
    gaps: list[CurveGap] = []
    for group in in_order(job.settings, job.seed + job.round):
        try:
            compiled = _compiled(job, cases.of(group[0].batch), group[0])
        except Exception as error:
            gaps += [_gap(setting, error) for setting in group]
            continue
        for setting in group:
            try:
                points.append(_point(job, cases.of(setting.batch), compiled, setting))
            except WrongOutputError:
                raise
            except Exception as error:
                gaps.append(_gap(setting, error))
        del compiled
    if not points:
        return JobFailed(
            reason=f"no setting could be measured: {gaps[0].reason}",
            cause="error",
            unsupported=job.is_too_slow,
        )
    place = {setting: i for i, setting in enumerate(job.settings)}
    points.sort(key=lambda point: place[setting_of(point)])
    gaps.sort(key=lambda gap: place[setting_of(gap)])
    return CurveResult(curve=Curve(seconds=job.seconds, points=points, gaps=gaps))


def in_order(settings: Iterable[Setting], seed: int) -> list[list[Setting]]:
    """Return the settings in an order of the seed's, those that share a compiled model together."""
    groups: dict[tuple[int, int], list[Setting]] = {}
    for setting in settings:
        groups.setdefault((setting.batch, setting.streams), []).append(setting)
    rng = np.random.default_rng(seed)
    found = list(groups.values())
    return [
        [found[i][k] for k in rng.permutation(len(found[i]))] for i in rng.permutation(len(found))
    ]


# ---------------------------------------------------------------- one setting


def _compiled(job: CurveJob, batched: _Batched, setting: Setting) -> Compiled:
    target, streams = job.target, setting.streams
    properties = {"NUM_STREAMS": str(streams)} if streams else NO_PROPERTIES
    compiled = batched.network.compile(
        target.device, "throughput", target.precision, None, properties
    )
    if streams and compiled.streams not in {0, streams}:
        raise GapError(f"{streams} streams were requested, the device made {compiled.streams}")
    return compiled


def _point(job: CurveJob, batched: _Batched, compiled: Compiled, setting: Setting) -> CurvePoint:
    _refuse_slow(job, setting)
    threads = job.driver == "threads"
    requests = [
        compiled.request(batched.samples) for _ in range(setting.requests if threads else 1)
    ]
    load = load_of(compiled, batched.samples, requests, job.driver, count=setting.requests)
    with measuring():
        load.run(job.seconds * WARM_SHARE, setting.requests, longest=job.seconds)
    loaded = load.run(job.seconds, 3 * setting.requests, longest=3 * job.seconds)
    for slot, request in enumerate(requests):
        request.feed(slot % len(batched.samples))
        request.infer()
        expected = batched.expected[slot % len(batched.samples)]
        check_same(request.outputs(), expected, "the curve's run", job.target.traits)
    return _as_point(job.round, setting, loaded)


def _refuse_slow(job: CurveJob, setting: Setting) -> None:
    """Refuse a setting whose requests, once each, would take several points' time."""
    seconds = _seconds(job, setting)
    if seconds > LONGEST * job.seconds:
        raise GapError(
            f"too slow for this tier: one inference of each request would take about "
            f"{seconds:.2g} s, the bound is {LONGEST * job.seconds:g} s"
        )


def _seconds(job: CurveJob, setting: Setting) -> float:
    """Return about how long one inference of each request takes.

    A sample is taken to be as much work as with a single request, whoever does it.
    """
    return job.unloaded_latency_ms / 1000 * setting.batch * setting.requests


def _as_point(index: int, setting: Setting, loaded: LoadResult) -> CurvePoint:
    ms = loaded.latencies * 1000
    measured = PointRound(
        round=index,
        n=len(ms),
        duration_s=rounded(loaded.seconds),
        median_ms=rounded(float(np.median(ms))),
        autocorrelation=round(autocorrelation(ms), 3),
    )
    return CurvePoint(
        streams=setting.streams,
        requests=setting.requests,
        batch=setting.batch,
        rounds=[measured],
        histogram=Histogram(growth=GROWTH, buckets=fixed_buckets(ms, GROWTH)),
    )


def _gap(setting: Setting, error: Exception) -> CurveGap:
    reason = str(error) if isinstance(error, GapError) else errors.message(error)
    return CurveGap(
        streams=setting.streams, requests=setting.requests, batch=setting.batch, reason=reason
    )


# ---------------------------------------------------------------- batches


@dataclass(frozen=True)
class _Batched:
    """The network at one batch, with inputs and the outputs that they must give."""

    network: Network
    samples: list[Sample]
    expected: list[Outputs]


class _Batches:
    """The network at every batch that the grid names; a batch that fails, fails every time."""

    def __init__(self, job: CurveJob, engine: Engine) -> None:
        self._job, self._engine = job, engine
        self._known: dict[int, _Batched | Exception] = {}

    def of(self, batch: int) -> _Batched:
        """Return the network at that batch; GapError, or what the engine raised, if it cannot."""
        if batch not in self._known:
            try:
                self._known[batch] = self._single if batch == 1 else self._reshaped(batch)
            except WrongOutputError:
                raise
            except Exception as error:
                self._known[batch] = error
        known = self._known[batch]
        if isinstance(known, Exception):
            raise known
        return known

    @cached_property
    def _single(self) -> _Batched:
        target = self._job.target
        network = self._engine.read(Path(target.model), target.shapes)
        samples = load_samples(Path(self._job.inputs))
        request = network.compile(target.device, "latency", target.precision, None).request(samples)
        expected = [infer_checked(request, i, network, target.traits) for i in range(len(samples))]
        return _Batched(network, samples, expected)

    def _reshaped(self, batch: int) -> _Batched:
        """Return the network at a batch, proven: no sample changes another one's outputs."""
        single, target = self._single, self._job.target
        shapes = batched_shapes(single.network, batch)
        network = self._engine.read(Path(target.model), shapes)
        picks = _picks(len(single.samples), batch)
        ranks = {port.name: len(port.shape) for port in single.network.inputs}
        samples = [_stacked([single.samples[i] for i in pick], ranks) for pick in picks]
        together = [zip(*(single.expected[i] for i in pick), strict=True) for pick in picks]
        expected = [[np.concatenate(parts) for parts in columns] for columns in together]
        request = network.compile(target.device, "latency", target.precision, None).request(samples)
        for i, known in enumerate(expected):
            _refuse_mixed(infer_checked(request, i, network, target.traits), known)
        return _Batched(network, samples, expected)


def _refuse_mixed(found: Outputs, single: Outputs) -> None:
    """Refuse outputs of a batch that are not those of its single samples, one below the other."""
    for index, (now, before) in enumerate(zip(found, single, strict=True)):
        if now.shape != before.shape:
            raise GapError(
                f"the model does not keep the samples of a batch apart: output {index} has the "
                f"shape {list(now.shape)}, where {list(before.shape)} holds each sample's own"
            )
        if not (difference := relative_rmse(now, before)) <= OUTPUT_TOLERANCE:
            raise GapError(
                f"the model does not keep the samples of a batch apart: output {index} differs by "
                f"{difference:.2g} (relative RMSE) from those of single samples"
            )


def batched_shapes(network: Network, batch: int) -> dict[str, list[int]]:
    """Return the inputs' shapes at a batch; GapError where one has no batch of 1 in front."""
    odd = [p for p in network.inputs if p.shape and p.shape[0] != 1]
    if odd:
        raise GapError(
            f"the batch cannot be changed: input {odd[0].name} has the shape {odd[0].shape}, "
            "without a 1 in front"
        )
    return {p.name: [batch, *p.shape[1:]] if p.shape else [] for p in network.inputs}


def _picks(samples: int, batch: int) -> list[list[int]]:
    """Return which samples go together: groups that follow one another, two at least."""
    count = max(2, samples // batch)
    return [[(i * batch + k) % samples for k in range(batch)] for i in range(count)]


def _stacked(parts: Sequence[Sample], ranks: dict[str, int]) -> Sample:
    """Return samples as one; an input without dimensions is the same for all of them."""
    return {
        name: np.concatenate([part[name] for part in parts]) if ranks.get(name, 1) else array
        for name, array in parts[0].items()
    }
