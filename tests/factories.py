"""Records for tests: a deterministic stand-in for a collect, with known truth."""

from __future__ import annotations

import datetime
import itertools
import math
import shlex
from typing import Any

import msgspec
import numpy as np

from ovreport import record as r
from ovreport.metrics import verdicts
from ovreport.record.model import Trial
from ovreport.stats.samples import autocorrelation, fixed_buckets, log_buckets

QUICK = r.Tier(
    name="quick",
    min_seconds=2,
    min_inferences=64,
    max_seconds=20,
    processes=3,
    max_processes=5,
    rounds_per_process=1,
)
STANDARD = r.Tier(
    name="standard",
    min_seconds=10,
    min_inferences=662,
    max_seconds=60,
    processes=7,
    max_processes=11,
    rounds_per_process=1,
)


class Clock:
    """Gives every record of a test a time of its own, later than those before it."""

    _START = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Let the next record be the first one again."""
        self._seconds = itertools.count()

    @property
    def start(self) -> str:
        """Return the time of a test's first record: all of its records are of one run."""
        return f"{self._START:%Y-%m-%dT%H:%M:%SZ}"

    def now(self) -> str:
        """Return the time of the next record."""
        moment = self._START + datetime.timedelta(seconds=next(self._seconds))
        return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


CLOCK = Clock()


def a_record(**changes: Any) -> r.Record:
    """Return a sound record; `changes` are fields of Record, or the knobs below.

    Of two records made in one test, the later one is measured later, unless they say when.

    Knobs: model, engine, device, precision, variant, family, machine (id), median_ms, noise
    (relative sd between rounds), rounds, factors (of each round's times, instead of noise), top1
    (accuracy), further (accuracies on two more data sets), seed, measured_at, title, task.
    """
    knobs = {
        "model": "magika-v3.3",
        "title": "Magika v3.3",
        "task": "file-type",
        "device": "CPU",
        "family": "CPU",
        "full_name": "Example CPU 9000",
        "precision": "f32",
        "variant": "fp32",
        "machine": "example-cpu-9000-8c",
        "median_ms": 5.0,
        "noise": 0.01,
        "rounds": 7,
        "top1": 0.97,
        "seed": 1,
        "executed": None,
        "architecture_only": False,
        "factors": None,
        "engine": "openvino",
        "further": False,
    }
    for key in list(changes):
        if key in knobs:
            knobs[key] = changes.pop(key)
    tier = changes.get("tier", _tier(len(knobs["factors"] or range(knobs["rounds"]))))
    made = _build(knobs, changes.get("measured_at", CLOCK.now()), tier)
    made = msgspec.structs.replace(made, **changes)
    if "verdicts" not in changes:
        made = msgspec.structs.replace(made, verdicts=verdicts(made))
    return made


def a_native_record(engine: str = "onnxruntime", **changes: Any) -> r.Record:
    """Return what a native framework gave, measured alternately with `a_record()` of OpenVINO."""
    made = a_record(engine=engine, **changes)
    measurements = {}
    for name, threads in (("latency", "8"), ("throughput", "2")):
        properties = {"intra_op_num_threads": threads}
        settings = r.Settings(requested=properties, effective=properties)
        measurements[name] = msgspec.structs.replace(getattr(made, name), settings=settings)
    no_cache = r.Unsupported(reason="this framework has no model cache")
    return msgspec.structs.replace(made, startup_cached=no_cache, **measurements)


def a_failed_record(**changes: Any) -> r.Record:
    """Return a record of a case that failed as a whole."""
    failed = r.Failed(
        reason="the measuring process was killed by signal 11 (SIGSEGV) while compiling",
        cause="crash",
        stderr_tail="Segmentation fault",
    )
    skipped = r.Skipped(reason="the case failed before this was tried")
    measurements = dict.fromkeys(
        (
            "execution",
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
        ),
        skipped,
    )
    return a_record(**{"outcome": failed, **measurements, **changes})


def histogram(samples: np.ndarray, limit: int = 96) -> r.Histogram:
    """Return the samples as a record keeps them."""
    growth, buckets = log_buckets(samples, limit)
    return r.Histogram(growth=growth, buckets=buckets)


def _tier(rounds: int) -> r.Tier:
    """Return the tier of so many rounds: the standard one, or a longer one of the user's own."""
    if rounds <= STANDARD.max_processes:
        return STANDARD
    return msgspec.structs.replace(STANDARD, max_processes=rounds, is_custom=True)


def _build(k: dict[str, Any], measured_at: str, tier: r.Tier) -> r.Record:
    rng = np.random.default_rng(k["seed"])
    factors = k["factors"] or np.exp(rng.normal(0, k["noise"], k["rounds"])).tolist()
    executed = k["executed"] or ("bf16" if k["precision"] == "default" else k["precision"])
    return r.Record(
        format=5,
        measured_at=measured_at,
        case=r.Case(
            engine=k["engine"],
            device=k["device"],
            model=k["model"],
            variant=k["variant"],
            precision=k["precision"],
        ),
        tier=tier,
        software=r.Software(
            ovreport="0.1.0",
            openvino="2026.4.1-22982-e213a147257-releases/2026/4",
            python="3.11.7",
            os="Linux",
            kernel="6.1",
            packages={"numpy": "2.4.6"},
        ),
        machine=r.Machine(
            id=k["machine"],
            cpu="Example CPU 9000",
            architecture="x86_64",
            sockets=1,
            cores_physical=8,
            cores_logical=16,
            cores_available=16,
            memory_bytes=32 * 1024**3,
            virtualised="no",
            governor="performance",
            turbo="on",
            power_source="mains",
            cpu_flags=["avx2", "avx512f", "avx512_bf16"],
        ),
        device=r.Device(
            name=k["device"],
            full_name=k["full_name"],
            family=k["family"],
            driver="built into OpenVINO",
            capabilities=["FP32", "BF16", "INT8"],
            properties={"OPTIMAL_NUMBER_OF_INFER_REQUESTS": "4"},
        ),
        model=r.Model(
            id=k["model"],
            title=k["title"],
            task=k["task"],
            source="pypi:magika==1.0.3/magika/models/standard_v3_3/model.onnx",
            sha256="fe2d2eb49c5f88a9e0a6c048e15d6ffdf86235519c2afc535044de433169ec8c",
            size_bytes=3_200_000,
            licence="Apache-2.0",
            homepage="https://example.org/magika",
            why="A small transformer-free classifier that loses accuracy in bf16.",
            architecture_only=k["architecture_only"],
            parameters=800_000,
            inputs=[r.Port(name="bytes", dtype="i32", shape=[1, 2048])],
            outputs=[r.Port(name="target_label", dtype="f32", shape=[1, 214])],
        ),
        inputs=r.InputData(
            description="files of known type",
            distinct=16,
            seed=7,
            user_datasets=[
                r.UserDataset(
                    name="imagenet",
                    title="ImageNet-1k, validation",
                    layout="imagenet",
                    n=50_000,
                    checksum="d" * 64,
                )
            ],
        ),
        outcome=r.Completed(),
        execution=r.Execution(
            devices=[k["device"]],
            precision=executed,
            layers=[
                r.LayerCount(device=k["device"], precision=executed, compute=True, count=12),
                r.LayerCount(device=k["device"], precision="f32", compute=False, count=20),
            ],
        ),
        startup=r.Startup(rounds=[_startup(i, 120 * f) for i, f in enumerate(factors)]),
        startup_cached=r.StartupCached(
            rounds=[_startup(i, 30 * f) for i, f in enumerate(factors)], cache_bytes=4_000_000
        ),
        latency=r.Latency(
            settings=_settings("LATENCY", k["precision"]),
            rounds=[_latency(i, k["median_ms"] * f, rng) for i, f in enumerate(factors)],
        ),
        throughput=r.Throughput(
            settings=_settings("THROUGHPUT", k["precision"]),
            batch=1,
            rounds=[_throughput(i, k["median_ms"] * f, rng) for i, f in enumerate(factors)],
        ),
        memory=_memory(k["rounds"]),
        accuracy=_accuracy(k),
        additional_accuracy=_further(k) if k["further"] else [],
        agreement=r.Agreement(
            n=16,
            outputs=[
                r.OutputAgreement(
                    name="target_label",
                    relative_rmse=0.001 if executed == "f32" else 0.02,
                    max_abs_difference=0.01,
                    cosine=0.9999,
                )
            ],
        ),
        curve=_curve(k),
        open_loop=_open_loop(k),
        end_to_end=_end_to_end(k, factors),
        energy=r.Unsupported(
            reason="no energy counter is readable: /sys/class/powercap holds none",
            remedy="Measure on bare metal with the intel_rapl_common module loaded.",
        ),
        measuring_time=_measuring_time(k["median_ms"]),
        noise=[
            r.ProcessNoise(
                process=i,
                started_at=min(measured_at, CLOCK.start),
                readings={"foreign_cpu_share": 0.004, "steal_share": 0.0, "swap_pages": 0.0},
            )
            for i in range(k["rounds"])
        ],
        noise_unreadable={"temperature_c": "no sensor is readable"},
        verdicts={},
        repeat=r.Repeat(
            ovreport=f"ovreport collect --suite standard --tier {tier.name} --model {k['model']} "
            f"--device {shlex.quote(k['device'])} --precision {k['precision']}",
            benchmark_app="benchmark_app -m model.onnx -hint latency -t 10 "
            f"-d {shlex.quote(k['device'])}",
        ),
    )


def _measuring_time(median_ms: float) -> r.MeasuringTime:
    """Return what all rounds take; of a slow model, more."""
    wall_s = max(200.0, 40 * median_ms)
    return r.MeasuringTime(wall_s=wall_s, measuring_s=0.8 * wall_s)


def _settings(hint: str, precision: str) -> r.Settings:
    requested = {"PERFORMANCE_HINT": hint}
    if precision != "default":
        requested["INFERENCE_PRECISION_HINT"] = precision
    effective = {**requested, "NUM_STREAMS": "1", "INFERENCE_NUM_THREADS": "8"}
    return r.Settings(requested=requested, effective=effective)


def _startup(index: int, compile_ms: float) -> r.StartupRound:
    return r.StartupRound(
        round=index,
        read_ms=12.5,
        compile_ms=compile_ms,
        first_inference_ms=compile_ms / 10,
        readings={"foreign_cpu_share": 0.0, "steal_share": 0.0, "waiting_share": 0.2},
    )


def _repeated(samples: np.ndarray, seconds: float) -> np.ndarray:
    """Return samples again and again, where once through takes far less than a tier demands."""
    return np.tile(samples, max(1, math.ceil(2 / seconds))) if seconds < 2 else samples


def _latency(index: int, median_ms: float, rng: np.random.Generator) -> r.LatencyRound:
    samples = median_ms * np.exp(rng.normal(0, 0.05, 1000))
    samples = _repeated(samples, samples.sum() / 1000)
    return r.LatencyRound(
        round=index,
        process=index,
        n=len(samples),
        duration_s=float(samples.sum() / 1000),
        median_ms=float(np.median(samples)),
        mean_ms=float(samples.mean()),
        min_ms=float(samples.min()),
        max_ms=float(samples.max()),
        runtime_median_ms=float(np.median(samples)) * 0.99,
        first_third_median_ms=float(np.median(samples[:333])),
        last_third_median_ms=float(np.median(samples[-333:])),
        autocorrelation=autocorrelation(samples),
        warmup_n=40,
        warmup_s=0.3,
        warmup_stable=True,
        histogram=histogram(samples),
        cpu_s=float(samples.sum() / 1000) * 0.9,
    )


def _throughput(index: int, median_ms: float, rng: np.random.Generator) -> r.ThroughputRound:
    samples = 1.6 * median_ms * np.exp(rng.normal(0, 0.05, 1500))
    samples = _repeated(samples, samples.sum() / 1000 / 4)
    duration_s = float(samples.sum() / 1000 / 4)
    ips = len(samples) / duration_s
    return r.ThroughputRound(
        round=index,
        process=index,
        n=len(samples),
        duration_s=duration_s,
        requests=4,
        streams=4,
        median_ms=float(np.median(samples)),
        driver="threads",
        idle_share=0.003,
        first_third_ips=ips,
        last_third_ips=ips,
        autocorrelation=autocorrelation(samples),
        warmup_n=40,
        warmup_s=0.3,
        warmup_stable=True,
        histogram=histogram(samples, 48),
        cpu_s=duration_s * 0.95,
    )


def _memory(rounds: int) -> r.Memory:
    mib = 1024 * 1024
    whole = {"latency": 153, "throughput": 240}
    counters = {"cgroup_peak_bytes": 260 * mib, "cgroup_start_bytes": 12 * mib}
    return r.Memory(
        rounds=[
            r.MemoryRound(
                round=i,
                counters=counters,
                phases=[*start_memory(i).phases, *(_phase(*phase) for phase in whole.items())],
            )
            for i in range(rounds)
        ],
        modes={
            "no-mmap": r.MemoryMode(rounds=[start_memory(i, 1.3) for i in range(min(rounds, 5))]),
            "cached": r.MemoryMode(rounds=[start_memory(i, 0.8) for i in range(rounds)]),
        },
    )


def start_memory(index: int, factor: float = 1.0) -> r.MemoryRound:
    """Return the memory of a start, up to the first inference."""
    sizes = {"import": 60, "read": 80, "compile": 150, "first-inference": 152}
    phases = [_phase(phase, size * (factor if size > 60 else 1)) for phase, size in sizes.items()]
    return r.MemoryRound(round=index, phases=phases)


def _phase(phase: str, mib: float) -> r.PhaseMemory:
    size = round(mib * 1024 * 1024)
    return r.PhaseMemory(
        phase=phase,  # type: ignore[arg-type]
        peak_rss_bytes=size,
        anonymous_bytes=size // 2,
        file_backed_bytes=size // 3,
    )


def _accuracy(k: dict[str, Any]) -> r.Accuracy | r.Unsupported:
    if k["architecture_only"]:
        return r.Unsupported(reason="constant weights: accuracy does not exist")
    value, n = k["top1"], 402
    margin = 1.96 * math.sqrt(value * (1 - value) / n)
    delta = value - 0.97
    return r.Accuracy(
        metric="top1",
        value=value,
        low=value - margin,
        high=min(1.0, value + margin),
        interval="wilson",
        n=n,
        unit="files",
        data="Files of pinned packages, by extension.",
        rendered=False,
        reference=r.AccuracyReference(
            value=0.97, delta=delta, delta_low=delta - 0.01, delta_high=delta + 0.01
        ),
    )


def _further(k: dict[str, Any]) -> list[r.Accuracy]:
    """Return the same metric on two other sets, which differ in their names."""
    first = _accuracy(k)
    assert isinstance(first, r.Accuracy)
    return [
        msgspec.structs.replace(first, dataset=name, data=f"{name}: made up.", n=n)
        for name, n in (("WordSim-353", 353), ("SimLex-999", 999))
    ]


def _curve(k: dict[str, Any]) -> r.Curve:
    rng = np.random.default_rng(k["seed"])
    points = []
    for streams, requests, batch in (
        (1, 1, 1),
        (1, 2, 1),
        (2, 2, 1),
        (4, 4, 1),
        (4, 8, 1),
        (1, 1, 4),
    ):
        median = k["median_ms"] * max(1.0, requests / 3) * batch**0.8
        samples = median * np.exp(rng.normal(0, 0.05, 300))
        rounds = [
            r.PointRound(
                round=i,
                n=100,
                duration_s=100 * median / 1000 / requests,
                median_ms=median,
                autocorrelation=0.1,
            )
            for i in range(3)
        ]
        points.append(
            r.CurvePoint(
                streams=streams,
                requests=requests,
                batch=batch,
                rounds=rounds,
                histogram=r.Histogram(growth=1.05, buckets=fixed_buckets(samples, 1.05)),
            )
        )
    gap = r.CurveGap(streams=1, requests=1, batch=16, reason="the model cannot take this batch")
    return r.Curve(seconds=0.25, points=points, gaps=[gap])


def _open_loop(k: dict[str, Any]) -> r.OpenLoop:
    def step(rate: float, bound: float) -> r.ArrivalStep:
        return r.ArrivalStep(
            rate_ips=rate,
            n=700,
            duration_s=700 / rate,
            median_ms=k["median_ms"],
            bound_ms=bound,
            met=bound <= limit,
            n_effective=700,
            late_share=0.0,
        )

    limit, top = 5 * k["median_ms"], 2000 / k["median_ms"]
    return r.OpenLoop(
        limit_ms=limit,
        limit_rule="Five times this case's own median latency.",
        percentile=0.99,
        seconds=0.7,
        requests=4,
        streams=4,
        rounds=[
            r.ArrivalRound(
                round=i,
                steps=[step(top, 9 * k["median_ms"]), step(top / 2, 3 * k["median_ms"])],
                highest_ips=top / 2,
            )
            for i in range(3)
        ],
    )


def _end_to_end(k: dict[str, Any], factors: list[float]) -> r.EndToEnd:
    def rounds(host: bool) -> list[r.PipelineRound]:
        stages: dict[r.Stage, float] = {
            "decode": 2.0,
            "transfer": 0.1,
            "infer": k["median_ms"] * (1 if host else 1.05),
            "postprocess": 0.05,
        }
        if host:
            stages["preprocess"] = 1.0
        total = sum(stages.values())
        return [
            r.PipelineRound(
                round=i,
                n=100,
                stages_ms={name: ms * f for name, ms in stages.items()},
                median_ms=total * f,
                sync_ips=1000 / total / f,
                async_ips=1300 / total / f,
            )
            for i, f in enumerate(factors[:5])
        ]

    return r.EndToEnd(
        images="8 photographs of scikit-image, JPEG, 640×480.",
        preprocessing="Resize to 224×224 (bilinear), RGB, (x − 127) / 128.",
        pipelines=[
            r.Pipeline(way="host", rounds=rounds(True)),
            r.Pipeline(way="graph", rounds=rounds(False)),
        ],
        missing={},
        agreement=[
            r.OutputAgreement(
                name="scores", relative_rmse=0.01, max_abs_difference=0.02, cosine=0.9999
            )
        ],
    )


def energy(rounds: int = 7, *, power_w: float = 45.0, idle_w: float = 15.0) -> r.Energy:
    """Return energy as a machine with readable package and memory counters gives it."""

    def domain(name: str, scope: str, share: float) -> r.EnergyDomain:
        return r.EnergyDomain(
            name=name,
            scope=scope,
            rounds=[
                r.EnergyRound(
                    round=i,
                    duration_s=10.0,
                    inferences=1000 + i,
                    idle_s=2.0,
                    energy_j=10 * power_w * share,
                    idle_w=idle_w * share,
                )
                for i in range(rounds)
            ],
        )

    return r.Energy(
        method="powercap",
        domains=[
            domain(
                "package",
                "the processor package: cores, caches and built-in units, with "
                "every program that ran on them",
                1.0,
            ),
            domain("dram", "the memory modules", 0.1),
        ],
    )


OPTIMISATIONS = {
    "fp16": ("fp16-compression", 0.5, 0),
    "int8": ("post-training-quantization", 0.26, 300),
    "int8-accuracy": ("accuracy-controlled-quantization", 0.3, 300),
    "int8-weights": ("weight-compression", 0.27, 0),
    "int4-weights": ("weight-compression", 0.17, 0),
}
"""Variant → method, what is left of the size, calibration samples."""


_TRIALS = [
    Trial(settings={}, error=0.3, error_emulated=0.31),
    Trial(settings={"activations_range": "minmax"}, error=0.05, error_emulated=0.049),
]


def a_made_record(variant: str = "int8", **changes: Any) -> r.Record:
    """Return a record of a variant that was made of `a_record()`'s model."""
    method, left, samples = OPTIMISATIONS[variant]
    executed = "i8" if variant in {"int8", "int8-accuracy"} else None
    record = a_record(**{"variant": variant, "executed": executed, **changes})
    before = 3_300_000
    made = r.Optimized(
        method=method,
        settings={"preset": "mixed"} if samples else {},
        software={"nncf": "3.4.0", "openvino": "2026.4.1"} if samples else {"openvino": "2026.4.1"},
        calibration="300 files of pinned packages, none of the evaluation's." if samples else "",
        calibration_samples=samples,
        seconds=12.5,
        peak_bytes=900 * 1024**2,
        bytes_before=before,
        bytes_after=round(before * left),
        derived_from=r.Original(),
        trials=_TRIALS if variant in {"int8", "int8-accuracy"} else [],
    )
    model = msgspec.structs.replace(record.model, origin=made, size_bytes=round(before * left))
    return msgspec.structs.replace(record, model=model)


def a_published_record(**changes: Any) -> r.Record:
    """Return a record whose model has a published value, measured by a second metric too."""
    record = a_record(**changes)
    published = r.Published(
        metric="top1",
        value=0.99,
        variant="FP32",
        source="The project's README",
        url="https://example.org/readme",
        note="Another test set.",
    )
    model = msgspec.structs.replace(record.model, published=[published])
    further = []
    if isinstance(record.accuracy, r.Accuracy):
        further = [
            msgspec.structs.replace(record.accuracy, metric="frame_f1", data="The same files.")
        ]
    return msgspec.structs.replace(record, model=model, additional_accuracy=further)
