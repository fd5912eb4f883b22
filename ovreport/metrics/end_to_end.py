"""From an image file to the output, stage by stage; preprocessed on the host or in the graph."""

from __future__ import annotations

from collections.abc import Sequence

from ovreport.metrics.metric import Group, Metric, Values, median_time
from ovreport.record import EndToEnd, Pipeline, Reason, Record, Unsupported, Way
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


def _end_to_end(record: Record, reasons: Sequence[Reason]) -> Values:
    measured = record.end_to_end
    if not isinstance(measured, EndToEnd):
        return
    for way, reason in measured.missing.items():
        for suffix in ("ms", "ips", "async_ips"):
            yield f"{WAY_KEYS[way]}_{suffix}", Unsupported(reason=reason)
    for pipeline in measured.pipelines:
        key, n = WAY_KEYS[pipeline.way], sum(r.n for r in pipeline.rounds)
        yield median_time(f"{key}_ms", [r.median_ms for r in pipeline.rounds], n, reasons)
        yield median_time(f"{key}_ips", [r.sync_ips for r in pipeline.rounds], n, reasons)
        yield median_time(f"{key}_async_ips", [r.async_ips for r in pipeline.rounds], n, reasons)


END_TO_END = Group(
    "End to end",
    (
        Metric(
            "end_to_end_ms",
            "End to end",
            "ms",
            "lower",
            "Image file to output, one at a time, preprocessed on the host; median.",
            "end_to_end",
            counts="images",
            headline="end_to_end",
        ),
        Metric(
            "end_to_end_ips",
            "End to end, one by one",
            "images/s",
            "higher",
            "Images per second one after the other, preprocessed on the host.",
            "end_to_end",
            counts="images",
        ),
        Metric(
            "end_to_end_async_ips",
            "End to end, pipelined",
            "images/s",
            "higher",
            "Images per second while one thread of the host prepares the next image during the "
            "inference of others, compiled for throughput; preprocessed on the host.",
            "end_to_end",
            counts="images",
        ),
        Metric(
            "end_to_end_graph_ms",
            "End to end, in the graph",
            "ms",
            "lower",
            "Image file to output, one at a time, preprocessed in the graph; median.",
            "end_to_end",
            counts="images",
        ),
        Metric(
            "end_to_end_graph_ips",
            "End to end, in the graph, one by one",
            "images/s",
            "higher",
            "Images per second one after the other, preprocessed inside the model.",
            "end_to_end",
            counts="images",
        ),
        Metric(
            "end_to_end_graph_async_ips",
            "End to end, in the graph, pipelined",
            "images/s",
            "higher",
            "Images per second while one thread of the host decodes the next image during the "
            "inference of others, compiled for throughput; preprocessed inside the model.",
            "end_to_end",
            counts="images",
        ),
    ),
    _end_to_end,
)
