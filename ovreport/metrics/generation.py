"""How fast a language model generates: tokens, one after the other.

A record's values are of one pair of lengths: the middle one of its prompts, its longest output.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ovreport.metrics.evidence import quiet_processes
from ovreport.metrics.headline import Rounds, headline
from ovreport.metrics.metric import (
    MIB,
    Group,
    Metric,
    MetricValue,
    Values,
    median_size,
    median_time,
    value_of,
)
from ovreport.metrics.percentiles import TOO_FEW, bound_ms, percentiles_of
from ovreport.metrics.verdict import verdict_of
from ovreport.record import (
    ConcurrentPoint,
    Generation,
    GenerationPoint,
    NotMeasured,
    Reason,
    Record,
    Skipped,
    Unsupported,
)
from ovreport.stats.intervals import Interval, median_interval


def headline_point(points: Sequence[GenerationPoint]) -> GenerationPoint:
    """Return the pair of lengths that stands for a record."""
    prompts = sorted({point.prompt_tokens for point in points})
    middle = prompts[len(prompts) // 2]
    return max(
        (point for point in points if point.prompt_tokens == middle),
        key=lambda point: point.new_tokens,
    )


def first_token(point: GenerationPoint) -> Interval:
    """Return the time to the first token in ms: median over rounds."""
    return median_interval([r.time_to_first_token_ms for r in point.rounds])


def per_token(point: GenerationPoint) -> Interval:
    """Return the time per output token after the first in ms: median over rounds."""
    return median_interval([r.time_per_output_token_ms for r in point.rounds])


def first_token_rounds(point: GenerationPoint, quiet: Mapping[int, bool]) -> Rounds:
    """Return what the headline time to the first token is made of; `quiet`: by process."""
    times = [r.time_to_first_token_ms for r in point.rounds]
    return _rounds(point, times, [r.generations for r in point.rounds], quiet)


def per_token_rounds(point: GenerationPoint, quiet: Mapping[int, bool]) -> Rounds:
    """Return what the headline time per output token is made of; `quiet`: by process."""
    times = [r.time_per_output_token_ms for r in point.rounds]
    return _rounds(
        point, times, [r.generations * (point.new_tokens - 1) for r in point.rounds], quiet
    )


def first_token_of(record: Record) -> Rounds | None:
    """Return what a record's time to the first token is made of; None: not measured."""
    return _of(record, first_token_rounds)


def per_token_of(record: Record) -> Rounds | None:
    """Return what a record's time per output token is made of; None: not measured."""
    return _of(record, per_token_rounds)


def _of(
    record: Record, rounds: Callable[[GenerationPoint, Mapping[int, bool]], Rounds]
) -> Rounds | None:
    measured = record.generation
    if not isinstance(measured, Generation):
        return None
    return rounds(headline_point(measured.points), quiet_processes(record))


def _rounds(
    point: GenerationPoint, times: Sequence[float], n: Sequence[int], quiet: Mapping[int, bool]
) -> Rounds:
    processes = [r.round for r in point.rounds]  # of a language model every round has its own
    return Rounds(times, processes, [quiet.get(process, True) for process in processes], n)


def rates(point: GenerationPoint) -> list[float]:
    """Return the tokens per second of each round, the wait for the first token included."""
    return [r.generations * point.new_tokens / r.duration_s for r in point.rounds]


def generations(point: GenerationPoint) -> int:
    """Return the number of outputs of all rounds."""
    return sum(r.generations for r in point.rounds)


def percentile_ms(point: GenerationPoint, percentile: float) -> float | None:
    """Return a conservative bound on the time per output token; None where n is too small.

    Times between tokens of one output are correlated: they count as fewer.
    """
    rho = sum(r.autocorrelation * r.generations for r in point.rounds) / generations(point)
    return bound_ms(
        point.histogram, rho, [r.time_per_output_token_ms for r in point.rounds], percentile
    )


def concurrent_rates(point: ConcurrentPoint) -> list[float]:
    """Return the tokens per second of all requests together, in each round."""
    return [r.tokens / r.duration_s for r in point.rounds]


def peaks(measured: Generation) -> list[float]:
    """Return each round's peak of resident memory in bytes, from import to the last timed output.

    Without the phase of several requests at once, which is another pipeline's.
    """
    return [
        float(max(p.peak_rss_bytes for p in r.phases if p.phase != "concurrency"))
        for r in measured.memory
        if any(p.phase != "concurrency" for p in r.phases)
    ]


def _generation(record: Record, reasons: Sequence[Reason]) -> Values:
    measured = record.generation
    if not isinstance(measured, Generation):
        return
    point = headline_point(measured.points)
    n = generations(point)
    loads = [r.load_ms for r in measured.loads]
    quiet = quiet_processes(record)
    for key, made in (
        ("time_to_first_token_ms", first_token_rounds(point, quiet)),
        ("time_per_output_token_ms", per_token_rounds(point, quiet)),
    ):
        yield headline(key, made, record, reasons)
    yield from _percentiles(point, reasons)
    yield median_time("tokens_per_s", rates(point), n * point.new_tokens, reasons)
    yield _concurrent(measured, reasons)
    yield median_time("model_load_ms", loads, len(loads), reasons)
    yield _peak(measured)


def _percentiles(point: GenerationPoint, reasons: Sequence[Reason]) -> Values:
    """Yield bounds on the time per output token, which share the verdict on its median."""
    rounds, tokens = len(point.rounds), point.histogram.total
    verdict = verdict_of(per_token(point), rounds, reasons)
    for key, percentile in PERCENTILES.items():
        bound = percentile_ms(point, percentile)
        if bound is None:
            few = f"{TOO_FEW}: {tokens:,} tokens of {generations(point)} outputs"
            yield key, Skipped(reason=few)
        else:
            interval = Interval(bound, bound, bound)
            yield value_of(key, interval, rounds, tokens, verdict, kind="bound")


def _concurrent(
    measured: Generation, reasons: Sequence[Reason]
) -> tuple[str, MetricValue | NotMeasured]:
    key, found = "concurrent_tokens_per_s", measured.concurrency
    if isinstance(found, NotMeasured):
        return key, found
    best = max(found.points, key=lambda p: median_interval(concurrent_rates(p)).value)
    tokens = sum(r.tokens for r in best.rounds)
    return median_time(key, concurrent_rates(best), tokens, reasons)


def _peak(measured: Generation) -> tuple[str, MetricValue | NotMeasured]:
    key, sizes = "peak_memory_generation_bytes", peaks(measured)
    if sizes:
        return median_size(key, sizes)
    return key, Unsupported(reason=measured.memory_unreadable or "no round reports its memory")


GENERATION = Group(
    "Generation",
    (
        Metric(
            "time_to_first_token_ms",
            "Time to first token",
            "ms",
            "lower",
            "From the call to the first token, one request at a time: of the quiet processes, "
            "where three or more agree; else the median of all.",
            "generation",
            counts="outputs",
            headline="time_to_first_token",
            summary="first token ms",
        ),
        Metric(
            "time_per_output_token_ms",
            "Time per output token",
            "ms",
            "lower",
            "Median time between two tokens of an output: of the quiet processes, where three or "
            "more agree; else the median of all.",
            "generation",
            counts="tokens",
            headline="time_per_output_token",
            summary="ms a token",
        ),
        Metric(
            "time_per_output_token_p50_ms",
            "Token p50",
            "ms",
            "lower",
            "Half of the tokens come at least this fast after the one before, at 99 % confidence.",
            "generation",
            counts="tokens",
            percentile=0.50,
        ),
        Metric(
            "time_per_output_token_p90_ms",
            "Token p90",
            "ms",
            "lower",
            "90 % of the tokens come at least this fast after the one before, at 99 % confidence.",
            "generation",
            counts="tokens",
            percentile=0.90,
        ),
        Metric(
            "time_per_output_token_p99_ms",
            "Token p99",
            "ms",
            "lower",
            "99 % of the tokens come at least this fast after the one before, at 99 % confidence.",
            "generation",
            counts="tokens",
            percentile=0.99,
        ),
        Metric(
            "tokens_per_s",
            "Tokens per second",
            "tokens/s",
            "higher",
            "Output tokens of one request per second, its wait for the first one included.",
            "generation",
            counts="tokens",
            summary="tokens/s",
        ),
        Metric(
            "concurrent_tokens_per_s",
            "Tokens per second, several requests",
            "tokens/s",
            "higher",
            "Output tokens per second of all requests together, continuous batching, "
            "at the best number of requests.",
            "generation",
            counts="tokens",
        ),
        Metric(
            "model_load_ms",
            "Load",
            "ms",
            "lower",
            "Making the pipeline: reading the file, building and compiling the model, the "
            "tokenizer.",
            "generation",
            counts="loads",
        ),
        Metric(
            "peak_memory_generation_bytes",
            "Peak memory, generating",
            "MiB",
            "lower",
            "Peak resident set from import to the last timed output.",
            "generation",
            scale=MIB,
            counts="rounds",
        ),
    ),
    _generation,
    is_language=True,
)

PERCENTILES = percentiles_of(GENERATION.metrics)
"""Metric key → percentile of the time per output token."""
