"""What follows from the rounds of `EndToEnd`: times, rates, gains and the share of inference."""

from __future__ import annotations

from collections.abc import Iterator

from ovreport.record.cost import EndToEnd, Pipeline, Way
from ovreport.stats.comparison import Comparison, compare
from ovreport.stats.intervals import Interval, median_interval

WAY_KEYS: dict[Way, str] = {"host": "end_to_end", "graph": "end_to_end_graph"}
"""What the keys of each way's metrics begin with."""

TOLERANCE = 0.05
"""Relative root mean square up to which outputs of the same image are called alike."""
_LEAST_SHARE = 1e-6
"""A clock may read the same twice; a logarithm needs a positive number."""


def of_way(measured: EndToEnd, way: Way) -> Pipeline | None:
    """Return one way through the pipeline, None where it was not measured."""
    return next((p for p in measured.pipelines if p.way == way), None)


def series(measured: EndToEnd) -> Iterator[tuple[str, list[float], int]]:
    """Yield metric key, a value a round, and the number of images behind them."""
    for pipeline in measured.pipelines:
        key, n = WAY_KEYS[pipeline.way], sum(r.n for r in pipeline.rounds)
        yield f"{key}_ms", [r.median_ms for r in pipeline.rounds], n
        yield f"{key}_ips", [r.sync_ips for r in pipeline.rounds], n
        yield f"{key}_async_ips", [r.async_ips for r in pipeline.rounds], n


def graph_gain(measured: EndToEnd) -> Comparison | None:
    """Return how many times as fast an image is with preprocessing in the graph as on the host.

    Paired by round: both ways took turns in one process.
    """
    host, graph = of_way(measured, "host"), of_way(measured, "graph")
    if host is None or graph is None:
        return None
    return compare(
        {r.round: r.median_ms for r in host.rounds}, {r.round: r.median_ms for r in graph.rounds}
    )


def async_gain(pipeline: Pipeline) -> Comparison | None:
    """Return images per second in the pipeline over those one after the other, by round."""
    return compare(
        {r.round: r.async_ips for r in pipeline.rounds},
        {r.round: r.sync_ips for r in pipeline.rounds},
    )


def inference_share(pipeline: Pipeline) -> Interval:
    """Return inference's share of the sum of all stages, 0 to 1: median over rounds."""
    shares = [r.stages_ms["infer"] / sum(r.stages_ms.values()) for r in pipeline.rounds]
    return median_interval([max(share, _LEAST_SHARE) for share in shares])
