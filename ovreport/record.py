"""The record: everything measured of one case at one time, as one JSON file.

    Record
    ├── case, tier            what was asked for
    ├── software, machine, device, model, inputs      what it ran on, and with
    ├── outcome               Completed, or the whole case Failed or Unsupported
    ├── startup, startup_cached, latency, throughput,
    │   memory, execution, accuracy, agreement        the aspects
    ├── noise                 evidence about the machine, round by round
    ├── verdicts              what the collector thought of it (recomputed when read)
    └── repeat                the commands that measure it again

An aspect is Measured (its own type), Unsupported, Failed or Skipped, the last three with a
reason; `null` is never used. Samples are kept as sparse histograms with a known relative
resolution, so that every statistic can be derived again when a record is read.
Units are in the names. Times are UTC.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Protocol

import msgspec
from msgspec import Meta, Struct

from ovreport.metrics import METRICS

FORMAT = 1
"""Version of the record's format; `ovreport.migrations` says how it came about."""

Text = Annotated[str, Meta(max_length=20_000)]
# In Python `$` alone also matches before a final newline.
Slug = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]*$(?!\n)", max_length=80)]
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Batch = Annotated[int, Meta(ge=1, le=2**20)]
Finite = Annotated[float, Meta(ge=-1e300, le=1e300)]
Positive = Annotated[float, Meta(ge=0, le=1e300)]
Share = Annotated[float, Meta(ge=-0.001, le=1.001)]

_MAX_EXPONENT = 40.0
"""Bucket bounds stay within e**±40 ms: far beyond any time, far within a float."""

Precision = Literal["f32", "f16", "bf16", "default"]
Engine = Literal["openvino", "onnxruntime", "litert", "pytorch", "openvino-genai"]
VariantName = Literal["fp32", "fp16", "int8", "int4"]
TierName = Literal["quick", "standard", "publish"]
Family = Literal["CPU", "iGPU", "dGPU", "NPU", "other"]
Level = Literal["valid", "suspect", "invalid"]
Cause = Literal["error", "crash", "timeout", "killed", "wrong-output"]


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a record: frozen, named fields only, nothing unknown."""


class Aspect(Part, frozen=True, tag_field="status", tag="measured"):
    """An aspect that was measured. Its siblings say why one was not."""


# ---------------------------------------------------------------- not measured, and why


class Unsupported(Part, frozen=True, tag_field="status", tag="unsupported"):
    """The device, the model or the machine cannot do this."""

    reason: Text
    remedy: Text = ""


class Failed(Part, frozen=True, tag_field="status", tag="failed"):
    """It was tried and went wrong."""

    reason: Text
    cause: Cause
    stderr_tail: Text = ""
    """The end of what the measuring process wrote to stderr."""


class Skipped(Part, frozen=True, tag_field="status", tag="skipped"):
    """It was not tried."""

    reason: Text


class Completed(Part, frozen=True, tag_field="status", tag="completed"):
    """The case ran; its aspects say how each went."""


NotMeasured = Unsupported | Failed | Skipped
Outcome = Completed | Unsupported | Failed

# ---------------------------------------------------------------- what was asked for


class Case(Part, frozen=True):
    """Engine × device × model × variant × executed precision asked for, on one machine."""

    engine: Engine
    device: Text
    """OpenVINO device string as asked for: CPU, GPU.0, AUTO:GPU,CPU."""
    model: Slug
    variant: VariantName
    precision: Precision
    """INFERENCE_PRECISION_HINT asked for; `default` leaves the choice to the device."""


class Tier(Part, frozen=True):
    """How long to measure. Both time and count must be met; the cap bounds slow models."""

    name: TierName
    min_seconds: Positive
    """Of one timed loop in one round."""
    min_inferences: Count
    max_seconds: Positive
    """Cap of one timed loop."""
    rounds: Count
    max_rounds: Count
    """Rounds are added up to here while an interval is too wide."""


# ---------------------------------------------------------------- what it ran on


class Software(Part, frozen=True):
    """Versions of everything between the model and the silicon."""

    ovreport: Text
    openvino: Text
    """Full build string; its first three numbers are the release."""
    python: Text
    os: Text
    kernel: Text
    packages: dict[str, Text] = {}
    """Other packages that matter: engine and framework versions."""


class Machine(Part, frozen=True):
    """The host, without anything that names it or its user. `unknown` where not readable."""

    id: Slug
    """Made from the hardware below; the same hardware gives the same id."""
    cpu: Text
    architecture: Text
    sockets: Count
    cores_physical: Count
    cores_logical: Count
    cores_available: Count
    """What affinity and cgroup limits leave to the measuring processes."""
    memory_bytes: Count
    virtualised: Text
    """`no`, or the hypervisor's name."""
    governor: Text
    turbo: Literal["on", "off", "unknown"]
    power_source: Literal["mains", "battery", "unknown"]
    cpu_flags: list[Text] = []
    """Instruction sets that matter to inference: avx2, avx512f, amx_bf16…"""


class Device(Part, frozen=True):
    """One OpenVINO device, as its plugin describes it."""

    name: Text
    """Device string the case asked for."""
    full_name: Text
    family: Family
    driver: Text
    """Driver version, or `built into OpenVINO`."""
    capabilities: list[Text]
    properties: dict[str, Text]
    """Every readable property, as text."""


class Port(Part, frozen=True):
    """One input or output of the model as it was measured."""

    name: Text
    dtype: Text
    shape: list[int]


class Model(Part, frozen=True):
    """What was run, pinned by checksum."""

    id: Slug
    title: Text
    task: Slug
    source: Text
    """Where it was fetched from: `pypi:NAME==VERSION/path`, `https://…`, `file:NAME`."""
    sha256: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?$(?!\n)")]
    """Empty where the file could not be had and the suite pins none."""
    size_bytes: Count
    licence: Text
    homepage: Text
    why: Text
    architecture_only: bool = False
    """True when the weights are constants: speed is real, accuracy does not exist."""
    parameters: Count = 0
    """Number of weights; 0 where the model could not be read."""
    inputs: list[Port] = []
    outputs: list[Port] = []


class InputData(Part, frozen=True):
    """What the model was fed while it was timed."""

    description: Text
    distinct: Count
    """Number of different inputs that were rotated."""
    seed: Count


# ---------------------------------------------------------------- samples


class Histogram(Part, frozen=True):
    """Samples in buckets of equal relative width: bucket i holds (growth**(i-1), growth**i] ms.

    Any order statistic read from it is at most `growth - 1` too large and never too small
    (the layout of DDSketch, Masson et al., VLDB 2019, and of HdrHistogram).
    """

    growth: Annotated[float, Meta(gt=1, le=2)]
    buckets: Annotated[list[tuple[int, Count]], Meta(min_length=1, max_length=400)]
    """[index, count], sorted by index, counts above zero."""

    def __post_init__(self) -> None:
        before = None
        for index, count in self.buckets:  # one plain loop: a site decodes a million buckets
            if before is not None and index <= before:
                raise ValueError("bucket indices must rise strictly")
            if count == 0:
                raise ValueError("bucket counts must be above zero")
            before = index
        # The indices rise: the first and the last are the largest either way.
        limit = _MAX_EXPONENT / math.log(self.growth)
        if any(abs(index) > limit for index in (self.buckets[0][0], self.buckets[-1][0])):
            raise ValueError("bucket index out of range")

    @property
    def total(self) -> int:
        """Number of samples."""
        return sum([count for _, count in self.buckets])


_MAX_SAMPLES = 10**10
_MIN_SECONDS = 1e-9


class _Numbered(Protocol):
    @property
    def round(self) -> int: ...


def _check_loop(n: int, duration_s: float, histogram: Histogram) -> None:
    """Refuse a timed loop that contradicts itself, or that no machine can have run."""
    if n == 0 or duration_s < _MIN_SECONDS:
        raise ValueError("a measured round has at least one inference and takes time")
    if n > _MAX_SAMPLES:
        raise ValueError(f"more than {_MAX_SAMPLES:,} inferences in one round")
    if histogram.total != n:
        raise ValueError(f"the histogram holds {histogram.total} samples, n says {n}")


def _check_median(median_ms: float, histogram: Histogram) -> None:
    """Refuse a median that its own samples contradict: half lie below it, half above."""
    if median_ms <= 0:
        raise ValueError("an inference takes time: median_ms is zero")
    middle = math.log(median_ms) / math.log(histogram.growth)
    below = sum(count for index, count in histogram.buckets if index < middle - 1)
    above = sum(count for index, count in histogram.buckets if index > middle + 2)
    if 2 * max(below, above) > histogram.total:
        raise ValueError(f"median_ms {median_ms!r} is not the median of the histogram")


def _check_rounds(rounds: Sequence[_Numbered]) -> None:
    """Refuse rounds that are not numbered upwards: cases are paired by these numbers."""
    numbers = [r.round for r in rounds]
    if numbers != sorted(set(numbers)):
        raise ValueError(f"round numbers must rise strictly: {numbers}")


def _check_order(low: float, value: float, high: float, names: str) -> None:
    """Refuse a value outside its bounds, but for rounding."""
    slack = 1e-9 * max(abs(low), abs(value), abs(high))
    if not low - slack <= value <= high + slack:
        raise ValueError(f"{names} do not rise: {low!r}, {value!r}, {high!r}")


class LatencyRound(Part, frozen=True):
    """One timed loop of synchronous inferences in one fresh process."""

    round: Count
    n: Count
    duration_s: Positive
    median_ms: Positive
    """Wall time at the caller."""
    mean_ms: Positive
    min_ms: Positive
    max_ms: Positive
    runtime_median_ms: Positive
    """The runtime's own figure for the same inferences; the rest is the caller's overhead."""
    first_third_median_ms: Positive
    last_third_median_ms: Positive
    autocorrelation: Annotated[float, Meta(ge=-1, le=1)]
    """Lag 1, of the samples in order."""
    warmup_n: Count
    warmup_s: Positive
    warmup_stable: bool
    """Three consecutive windows agreed before the cap on warm-up."""
    histogram: Histogram

    def __post_init__(self) -> None:
        _check_loop(self.n, self.duration_s, self.histogram)
        _check_median(self.median_ms, self.histogram)
        _check_order(self.min_ms, self.median_ms, self.max_ms, "min_ms, median_ms, max_ms")
        _check_order(self.min_ms, self.mean_ms, self.max_ms, "min_ms, mean_ms, max_ms")


class ThroughputRound(Part, frozen=True):
    """One timed loop of concurrent inferences in one fresh process."""

    round: Count
    n: Count
    """Inferences finished."""
    duration_s: Positive
    """Time for n at the sum of each request's own rate: no request's idle end is counted."""
    requests: Count
    streams: Count
    """0 where the device does not tell."""
    driver: Literal["threads", "async-queue"]
    """How requests were driven: a blocking thread each, or one AsyncInferQueue."""
    idle_share: Share
    """Share of the requests' time in which the load generator left them without work."""
    first_third_ips: Positive
    last_third_ips: Positive
    median_ms: Positive
    """Of the requests' latencies under this load."""
    autocorrelation: Annotated[float, Meta(ge=-1, le=1)]
    warmup_n: Count
    warmup_s: Positive
    warmup_stable: bool
    histogram: Histogram
    """Latency of each request under this load, in ms."""

    def __post_init__(self) -> None:
        _check_loop(self.n, self.duration_s, self.histogram)
        _check_median(self.median_ms, self.histogram)


class StartupRound(Part, frozen=True):
    """From a process that has imported the engine to the first answer."""

    round: Count
    read_ms: Positive
    compile_ms: Positive
    first_inference_ms: Positive


class PhaseMemory(Part, frozen=True):
    """Peak of the resident set in one phase, and its parts at the phase's end."""

    phase: Literal["import", "read", "compile", "first-inference", "latency", "throughput"]
    peak_rss_bytes: Count
    """VmHWM, reset at the start of the phase."""
    anonymous_bytes: Count
    file_backed_bytes: Count


class MemoryRound(Part, frozen=True):
    """Memory of the one process that measured this round."""

    round: Count
    phases: list[PhaseMemory]


class RoundNoise(Part, frozen=True):
    """Evidence about the machine while one round ran."""

    round: Count
    started_at: Text
    readings: dict[str, Finite]
    """Keys are documented in `ovreport.verdict`; only what could be read is here."""


class FailedRound(Part, frozen=True):
    """A round that went wrong; the others are kept, and the verdict says so."""

    round: Count
    reason: Text
    cause: Cause


# ---------------------------------------------------------------- aspects


class Settings(Part, frozen=True):
    """Compile properties: those asked for, and those the compiled model reports."""

    asked: dict[str, Text]
    in_force: dict[str, Text]


class Startup(Aspect, frozen=True):
    """Cold start: read, compile, first inference, no model cache."""

    rounds: Annotated[list[StartupRound], Meta(min_length=1, max_length=100)]

    def __post_init__(self) -> None:
        _check_rounds(self.rounds)


class StartupCached(Aspect, frozen=True):
    """Start from a model cache; every round reported LOADED_FROM_CACHE."""

    rounds: Annotated[list[StartupRound], Meta(min_length=1, max_length=100)]
    cache_bytes: Count

    def __post_init__(self) -> None:
        _check_rounds(self.rounds)


class Latency(Aspect, frozen=True):
    """LATENCY hint, synchronous, one request, batch as in the model's inputs."""

    settings: Settings
    rounds: Annotated[list[LatencyRound], Meta(min_length=1, max_length=100)]

    def __post_init__(self) -> None:
        _check_rounds(self.rounds)


class Throughput(Aspect, frozen=True):
    """THROUGHPUT hint, concurrent requests as many as the device calls optimal."""

    settings: Settings
    batch: Batch
    rounds: Annotated[list[ThroughputRound], Meta(min_length=1, max_length=100)]

    def __post_init__(self) -> None:
        _check_rounds(self.rounds)


class Memory(Aspect, frozen=True):
    """Memory of the measuring process, phase by phase."""

    rounds: Annotated[list[MemoryRound], Meta(min_length=1, max_length=100)]

    def __post_init__(self) -> None:
        _check_rounds(self.rounds)


class LayerCount(Part, frozen=True):
    """How many layers of the compiled model ran at this precision on this device."""

    device: Text
    precision: Text
    compute: bool
    """True for layers that do the arithmetic (convolution, matrix product, recurrent…)."""
    count: Count


class Execution(Aspect, frozen=True):
    """What really ran, read back from the runtime model."""

    devices: list[Text]
    """EXECUTION_DEVICES of the compiled model."""
    precision: Text
    """Precision of most compute layers: f32, bf16, f16, i8, or `mixed`."""
    layers: list[LayerCount]


class Accuracy(Aspect, frozen=True):
    """How right the answers are, on labelled data, at this precision on this device."""

    metric: Slug
    """Key in `ovreport.metrics`."""
    value: Finite
    low: Finite
    """95 % interval."""
    high: Finite
    interval: Text
    """Method of the interval: `wilson` or `bootstrap`."""
    n: Count
    unit: Text
    """What is counted in n, plural."""
    data: Text
    """Where samples and labels come from, in one sentence."""
    rendered: bool
    """True when the samples were drawn or synthesised with known labels."""
    reference: AccuracyReference | NotMeasured

    def __post_init__(self) -> None:
        if self.metric not in METRICS or METRICS[self.metric].aspect != "accuracy":
            raise ValueError(f"not a metric of accuracy: {self.metric}")
        _check_order(self.low, self.value, self.high, "low, value, high")


class AccuracyReference(Aspect, frozen=True):
    """The same samples through the f32 reference on the CPU, and the paired difference."""

    value: Finite
    delta: Finite
    """value of this case minus value of the reference, same samples."""
    delta_low: Finite
    """95 % interval of the paired difference."""
    delta_high: Finite

    def __post_init__(self) -> None:
        _check_order(self.delta_low, self.delta, self.delta_high, "delta_low, delta, delta_high")


class OutputAgreement(Part, frozen=True):
    """One output against the reference's, over all compared inputs."""

    name: Text
    relative_rmse: Positive
    """Root mean square of the difference over that of the reference."""
    max_abs_difference: Positive
    cosine: Annotated[float, Meta(ge=-1.001, le=1.001)]


class Agreement(Aspect, frozen=True):
    """Raw outputs compared with the f32 reference on the CPU, on the timed inputs."""

    n: Count
    outputs: list[OutputAgreement]


# ---------------------------------------------------------------- verdict


class Reason(Part, frozen=True):
    """One thing that speaks against a number."""

    code: Slug
    """Key in `ovreport.verdict.REASONS`."""
    detail: Text


class Verdict(Part, frozen=True):
    """Whether a number can be trusted."""

    level: Level
    reasons: list[Reason]


class Repeat(Part, frozen=True):
    """Commands that measure this case again."""

    ovreport: Text
    benchmark_app: Text
    """The nearest thing OpenVINO's own tool can do."""


class Record(Part, frozen=True, kw_only=True):
    """Everything measured of one case at one time."""

    format: Literal[1]
    measured_at: Annotated[
        str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$(?!\n)")
    ]
    case: Case
    tier: Tier
    software: Software
    machine: Machine
    device: Device
    model: Model
    inputs: InputData
    outcome: Outcome
    execution: Execution | NotMeasured
    startup: Startup | NotMeasured
    startup_cached: StartupCached | NotMeasured
    latency: Latency | NotMeasured
    throughput: Throughput | NotMeasured
    memory: Memory | NotMeasured
    accuracy: Accuracy | NotMeasured
    agreement: Agreement | NotMeasured
    failed_rounds: list[FailedRound] = []
    noise: list[RoundNoise]
    noise_unreadable: dict[str, Text]
    """Evidence that this machine does not give, and why."""
    verdicts: dict[Literal["latency", "throughput"], Verdict]
    """As the collector judged; readers judge again from the samples."""
    repeat: Repeat

    def __post_init__(self) -> None:
        try:
            datetime.fromisoformat(self.measured_at)
        except ValueError as error:
            raise ValueError(f"measured_at is no time: {error}") from error


def json_schema() -> dict[str, object]:
    """Return the JSON Schema (2020-12) of a record."""
    return msgspec.json.schema(Record)
