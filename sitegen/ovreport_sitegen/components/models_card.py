"""The cards of every model on one device: one for each metric that ranks them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ovreport_sitegen.components.card import Card
from ovreport_sitegen.components.ranking import Second, model_name, preferred, ranking_card
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import listed


@dataclass(frozen=True)
class _ModelsCard:
    """What a card of every model says, whatever the results are."""

    id: str
    title: str
    axis: str
    second: Second | None = None
    conditions: str = ""
    """How requests arrive, where that matters; empty: the requested precisions are named."""


_CARDS = {
    "latency_ms": _ModelsCard(
        "latency", "Latency of each model", "Milliseconds per inference, log scale"
    ),
    "latency_observed_ms": _ModelsCard(
        "observed",
        "What a user got: observed against undisturbed",
        "Milliseconds per inference, log scale",
        Second(
            "latency_ms",
            large="median over all rounds",
            small="undisturbed",
            sentence="Over all rounds, disturbed ones included, an inference took {}× the time",
        ),
    ),
    "latency_p99_ms": _ModelsCard(
        "tail",
        "Slow inferences: p99 against the observed median",
        "Milliseconds, log scale",
        Second(
            "latency_observed_ms",
            large="99 % are at least this fast",
            small="median over all rounds",
            sentence="The 99th percentile is {}× the observed median",
        ),
    ),
    "startup_ms": _ModelsCard(
        "start",
        "Start-up, cold and from the cache",
        "Milliseconds, log scale",
        Second(
            "startup_cached_ms",
            large="read, compile and first inference without a cache",
            small="from the model cache",
            sentence="A cold start takes {}× the time of a cached one",
        ),
    ),
    "throughput_ips": _ModelsCard(
        "throughput", "Throughput of each model", "Inferences per second, log scale"
    ),
    "loaded_latency_p99_ms": _ModelsCard(
        "loaded",
        "Latency during the same run",
        "Milliseconds, log scale",
        Second(
            "loaded_latency_ms",
            large="99 % are at least this fast",
            small="median",
            sentence="Under load the 99th percentile is {}× the median",
        ),
    ),
    "max_arrival_ips": _ModelsCard(
        "arrivals",
        "Highest rate of random arrivals",
        "Inferences per second, log scale",
        Second(
            "throughput_observed_ips",
            large="highest rate whose p99 (p90 with few arrivals) stays within five "
            "times the latency of a single request",
            small="rate in a closed loop, where each request waits for the one before, observed",
            sentence="Requests may arrive at random at {}× the rate of closed-loop ones",
        ),
        conditions="Poisson arrivals",
    ),
    "throughput_per_core_ips": _ModelsCard(
        "core", "Throughput per core", "Inferences per second per core, log scale"
    ),
    "throughput_per_gib_ips": _ModelsCard(
        "gib", "Throughput per GiB", "Inferences per second per GiB, log scale"
    ),
    "throughput_cpu_ms": _ModelsCard(
        "processor-time",
        "Processor time an inference",
        "Milliseconds of processor time, log scale",
        Second(
            "latency_cpu_ms",
            large="many requests",
            small="one request at a time",
            sentence="With many requests an inference takes {}× the processor time of one alone",
        ),
    ),
    "peak_memory_bytes": _ModelsCard(
        "memory",
        "Peak memory, both modes",
        "MiB, log scale",
        Second(
            "peak_memory_latency_bytes",
            large="throughput mode",
            small="latency mode",
            sentence="Throughput mode takes {}× the memory of latency mode",
        ),
    ),
}
"""By the metric that ranks."""


def models_card(
    catalogue: Catalogue,
    key: str,
    *,
    more: str = "",
    keep: Callable[[Result], bool] = lambda _: True,
) -> Card:
    """Return the card of every model on the device that has most of them, ranked by a metric.

    `key`: the metric, one of those that have a card. `keep`: which results are in it.
    """
    card, device = _CARDS[key], catalogue.device_with(key)
    results = [r for r in preferred(catalogue.of_device(device)) if keep(r)]
    conditions = card.conditions or _precisions(results)
    return ranking_card(
        results,
        key,
        id_=card.id,
        title=card.title,
        axis=card.axis,
        conditions=f"{device.label} · {conditions}" if conditions else device.label,
        naming=model_name,
        log=True,
        second=card.second,
        more=more,
    )


def _precisions(results: Sequence[Result]) -> str:
    """Return the precisions that the results were requested in, the default one first."""
    requested = {r.requested for r in results}
    named = ["default precision"] if "default" in requested else []
    return listed([*named, *sorted(requested - {"default"})])
