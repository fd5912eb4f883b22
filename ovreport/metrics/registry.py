"""The one table of metrics: key, label, unit, direction, format.

Everything that shows a number looks here, so that a metric has one name, one unit and one
rounding in the terminal, on every page and in every download.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Direction = Literal["lower", "higher"]


@dataclass(frozen=True)
class Metric:
    """One named quantity."""

    key: str
    label: str
    unit: str
    direction: Direction
    meaning: str
    """One sentence for the glossary and for hover texts."""
    scale: float = 1.0
    """What a stored value is multiplied with to be shown in `unit`."""
    measurement: str = ""
    """Field of the record that it is derived from."""

    @property
    def better(self) -> str:
        """The direction in words."""
        return "Lower is better" if self.direction == "lower" else "Higher is better"

    def format(self, value: float) -> str:
        """Return the value in `unit`, three significant digits, without the unit."""
        return significant(value * self.scale)

    def format_unit(self, value: float) -> str:
        """Return the value with its unit."""
        return f"{self.format(value)} {self.unit}".strip()


def significant(value: float, digits: int = 3) -> str:
    """Format with so many significant digits, thousands separated, never in exponents."""
    if not math.isfinite(value):
        return "unbounded" if math.isinf(value) else "not a number"
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    rounded = round(value, digits - 1 - exponent)
    if abs(rounded) >= 10.0 ** (exponent + 1):
        exponent += 1  # 9.996 became 10.00: one digit too many
    decimals = digits - 1 - exponent
    return f"{rounded:,.{decimals}f}" if decimals > 0 else f"{rounded:,.0f}"


_MIB = 1 / (1024 * 1024)

METRICS: dict[str, Metric] = {
    metric.key: metric
    for metric in (
        # latency
        Metric(
            "latency_ms",
            "Latency",
            "ms",
            "lower",
            "Median wall time of one synchronous inference, median over rounds.",
            measurement="latency",
        ),
        Metric(
            "latency_p90_ms",
            "p90",
            "ms",
            "lower",
            "90 % of inferences are at least this fast, at 99 % confidence.",
            measurement="latency",
        ),
        Metric(
            "latency_p95_ms",
            "p95",
            "ms",
            "lower",
            "95 % of inferences are at least this fast, at 99 % confidence.",
            measurement="latency",
        ),
        Metric(
            "latency_p99_ms",
            "p99",
            "ms",
            "lower",
            "99 % of inferences are at least this fast, at 99 % confidence.",
            measurement="latency",
        ),
        Metric(
            "latency_p999_ms",
            "p99.9",
            "ms",
            "lower",
            "99.9 % of inferences are at least this fast, at 99 % confidence.",
            measurement="latency",
        ),
        Metric(
            "overhead_ms",
            "Caller overhead",
            "ms",
            "lower",
            "Wall time at the caller minus the runtime's own latency, medians.",
            measurement="latency",
        ),
        # throughput
        Metric(
            "throughput_ips",
            "Throughput",
            "inf/s",
            "higher",
            "Inferences per second with the device's optimal number of requests.",
            measurement="throughput",
        ),
        Metric(
            "loaded_latency_ms",
            "Latency under load",
            "ms",
            "lower",
            "Median latency of a request during the throughput run.",
            measurement="throughput",
        ),
        Metric(
            "loaded_latency_p99_ms",
            "p99 under load",
            "ms",
            "lower",
            "99 % of requests in the throughput run are at least this fast.",
            measurement="throughput",
        ),
        # the curve, and arrivals at random
        Metric(
            "curve_best_ips",
            "Best of the curve",
            "inf/s",
            "higher",
            "Highest throughput over the grid of streams, requests and batch; a batch counts "
            "all of its samples. The best of up to 16 settings flatters a little.",
            measurement="curve",
        ),
        Metric(
            "curve_within_ips",
            "Best within twice the lone latency",
            "inf/s",
            "higher",
            "Highest throughput over the grid where a request's median latency is at most twice "
            "that of a request alone.",
            measurement="curve",
        ),
        Metric(
            "max_arrival_ips",
            "Highest arrival rate",
            "inf/s",
            "higher",
            "Highest rate of random arrivals (Poisson) whose p99, or p90, from arrival to "
            "answer stays within five times the latency of a request alone.",
            measurement="open_loop",
        ),
        Metric(
            "arrival_share",
            "Share of closed-loop throughput",
            "%",
            "higher",
            "Highest arrival rate over the same round's throughput.",
            scale=100,
            measurement="open_loop",
        ),
        # start-up
        Metric(
            "read_ms", "Read", "ms", "lower", "Reading the model from disk.", measurement="startup"
        ),
        Metric(
            "compile_ms",
            "Compile",
            "ms",
            "lower",
            "Compiling the model for the device, no model cache.",
            measurement="startup",
        ),
        Metric(
            "first_inference_ms",
            "First inference",
            "ms",
            "lower",
            "The first inference after compiling.",
            measurement="startup",
        ),
        Metric(
            "startup_ms",
            "Cold start",
            "ms",
            "lower",
            "Read, compile and first inference, no model cache.",
            measurement="startup",
        ),
        Metric(
            "startup_cached_ms",
            "Cached start",
            "ms",
            "lower",
            "Read, load from the model cache and first inference.",
            measurement="startup_cached",
        ),
        # memory
        Metric(
            "peak_memory_latency_bytes",
            "Peak memory, latency mode",
            "MiB",
            "lower",
            "Peak resident set from import to the end of the latency run.",
            scale=_MIB,
            measurement="memory",
        ),
        Metric(
            "peak_memory_bytes",
            "Peak memory",
            "MiB",
            "lower",
            "Peak resident set while compiling for throughput and running it.",
            scale=_MIB,
            measurement="memory",
        ),
        # end to end
        Metric(
            "end_to_end_ms",
            "End to end",
            "ms",
            "lower",
            "Encoded image to answer, one at a time, preprocessed on the host; median.",
            measurement="end_to_end",
        ),
        Metric(
            "end_to_end_ips",
            "End to end, one by one",
            "images/s",
            "higher",
            "Images per second one after the other, preprocessed on the host.",
            measurement="end_to_end",
        ),
        Metric(
            "end_to_end_async_ips",
            "End to end, pipelined",
            "images/s",
            "higher",
            "Images per second while the host prepares the next image during inference.",
            measurement="end_to_end",
        ),
        Metric(
            "end_to_end_graph_ms",
            "End to end, in the graph",
            "ms",
            "lower",
            "Encoded image to answer, one at a time, preprocessed inside the model; median.",
            measurement="end_to_end",
        ),
        Metric(
            "end_to_end_graph_ips",
            "End to end, in the graph, one by one",
            "images/s",
            "higher",
            "Images per second one after the other, preprocessed inside the model.",
            measurement="end_to_end",
        ),
        Metric(
            "end_to_end_graph_async_ips",
            "End to end, in the graph, pipelined",
            "images/s",
            "higher",
            "Images per second while the host decodes the next image during inference, "
            "preprocessed inside the model.",
            measurement="end_to_end",
        ),
        # efficiency
        Metric(
            "throughput_per_core_ips",
            "Throughput per core",
            "inf/s per core",
            "higher",
            "Throughput divided by the processor cores available; CPU devices only.",
            measurement="throughput",
        ),
        Metric(
            "throughput_per_gib_ips",
            "Throughput per GiB",
            "inf/s per GiB",
            "higher",
            "Throughput divided by peak memory of the measuring process.",
            measurement="throughput",
        ),
        Metric(
            "throughput_per_watt_rated_ips",
            "Throughput per rated watt",
            "inf/s per W (rated)",
            "higher",
            "Throughput divided by the maker's TDP: rated, not measured power.",
            measurement="throughput",
        ),
        Metric(
            "throughput_per_price_rated_ips",
            "Throughput per price",
            "inf/s per unit (rated)",
            "higher",
            "Throughput divided by the price given in the site's settings.",
            measurement="throughput",
        ),
        # energy
        Metric(
            "energy_per_inference_j",
            "Energy per inference",
            "mJ",
            "lower",
            "Measured in the throughput run: all that the named domain took, other programs "
            "included, divided by the inferences.",
            scale=1000,
            measurement="energy",
        ),
        Metric(
            "energy_per_inference_net_j",
            "Energy per inference, net",
            "mJ",
            "lower",
            "The same, less what the domain took when idle just before, for the same time.",
            scale=1000,
            measurement="energy",
        ),
        Metric(
            "power_w",
            "Average power",
            "W",
            "lower",
            "Measured: what the named domain took in the throughput run, per second.",
            measurement="energy",
        ),
        # language models: tokens, never beside inferences
        Metric(
            "time_to_first_token_ms",
            "Time to first token",
            "ms",
            "lower",
            "From the call to the first token, one request at a time; median over rounds.",
            measurement="generation",
        ),
        Metric(
            "time_per_output_token_ms",
            "Time per output token",
            "ms",
            "lower",
            "Time between two tokens of an answer: a round's median, median over rounds.",
            measurement="generation",
        ),
        Metric(
            "time_per_output_token_p50_ms",
            "Token p50",
            "ms",
            "lower",
            "Half of the tokens come at least this fast after the one before, at 99 % confidence.",
            measurement="generation",
        ),
        Metric(
            "time_per_output_token_p90_ms",
            "Token p90",
            "ms",
            "lower",
            "90 % of the tokens come at least this fast after the one before, at 99 % confidence.",
            measurement="generation",
        ),
        Metric(
            "time_per_output_token_p99_ms",
            "Token p99",
            "ms",
            "lower",
            "99 % of the tokens come at least this fast after the one before, at 99 % confidence.",
            measurement="generation",
        ),
        Metric(
            "tokens_per_s",
            "Tokens per second",
            "tokens/s",
            "higher",
            "Output tokens of one request per second, its wait for the first one included.",
            measurement="generation",
        ),
        Metric(
            "concurrent_tokens_per_s",
            "Tokens per second, several requests",
            "tokens/s",
            "higher",
            "Output tokens per second of all requests together, continuous batching, "
            "at the best number of requests.",
            measurement="generation",
        ),
        Metric(
            "model_load_ms",
            "Load",
            "ms",
            "lower",
            "Making the pipeline: reading the file, building and compiling the model, the "
            "tokenizer.",
            measurement="generation",
        ),
        Metric(
            "peak_memory_generation_bytes",
            "Peak memory, generating",
            "MiB",
            "lower",
            "Peak resident set from import to the last timed answer.",
            scale=_MIB,
            measurement="generation",
        ),
        Metric(
            "perplexity",
            "Perplexity",
            "choices",
            "lower",
            "exp of the mean loss a token on a pinned text, sliding window: as uncertain as a "
            "choice among so many equally likely tokens.",
            measurement="generation",
        ),
        Metric(
            "token_agreement",
            "Token agreement",
            "%",
            "higher",
            "Share of prompts whose greedy answer is that of the same weights in f32 on the "
            "CPU, token for token.",
            scale=100,
            measurement="generation",
        ),
        Metric(
            "first_divergence_tokens",
            "First divergence",
            "tokens",
            "higher",
            "Mean number of tokens of an answer before the first that differs from the "
            "reference's; an answer without one counts whole.",
            measurement="generation",
        ),
        # accuracy
        Metric(
            "top1",
            "Top-1 accuracy",
            "%",
            "higher",
            "Share of samples whose first answer is right.",
            scale=100,
            measurement="accuracy",
        ),
        Metric(
            "top5",
            "Top-5 accuracy",
            "%",
            "higher",
            "Share of samples whose right answer is among the first five.",
            scale=100,
            measurement="accuracy",
        ),
        Metric(
            "map_50_95",
            "COCO AP",
            "%",
            "higher",
            "Average precision of boxes, mean over categories and over overlaps .50 to .95, as "
            "COCO defines it.",
            scale=100,
            measurement="accuracy",
        ),
        Metric(
            "map_50",
            "COCO AP at .50",
            "%",
            "higher",
            "Average precision of boxes that overlap by at least half, mean over categories.",
            scale=100,
            measurement="accuracy",
        ),
        Metric(
            "presence_accuracy",
            "Presence accuracy",
            "%",
            "higher",
            "Share of images in which a face is rightly found or rightly not found.",
            scale=100,
            measurement="accuracy",
        ),
        Metric(
            "character_accuracy",
            "Character accuracy",
            "%",
            "higher",
            "One minus the character error rate (edits divided by characters).",
            scale=100,
            measurement="accuracy",
        ),
        Metric(
            "frame_f1",
            "Frame F1",
            "%",
            "higher",
            "Harmonic mean of precision and recall over note × time frames.",
            scale=100,
            measurement="accuracy",
        ),
        Metric(
            "landmarks_within_1px",
            "Landmarks within 1 px",
            "%",
            "higher",
            "Share of landmarks within one pixel of where the f32 reference puts them.",
            scale=100,
            measurement="accuracy",
        ),
        Metric(
            "map_iou",
            "Text map IoU",
            "%",
            "higher",
            "Intersection over union of the map of text pixels with the f32 reference's.",
            scale=100,
            measurement="accuracy",
        ),
        Metric(
            "frame_agreement",
            "Frame agreement",
            "%",
            "higher",
            "Share of frames with the same decision as the f32 reference.",
            scale=100,
            measurement="accuracy",
        ),
        Metric(
            "pearson",
            "Pearson correlation",
            "× 100",
            "higher",
            "Correlation of the model's similarities with people's.",
            scale=100,
            measurement="accuracy",
        ),
        Metric(
            "spearman",
            "Spearman correlation",
            "× 100",
            "higher",
            "Rank correlation of the model's similarities with people's.",
            scale=100,
            measurement="accuracy",
        ),
    )
}
