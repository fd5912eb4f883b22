"""What passes between the collector and its measuring processes: jobs out, results back.

Everything is a typed struct in a JSON file, arrays are `.npz` files beside it.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Raw, Struct

from ovreport.model_facts import Trial
from ovreport.record import (
    Cause,
    Concurrency,
    Curve,
    Device,
    Energy,
    Execution,
    GenerationPoint,
    LatencyRound,
    LoadRound,
    MemoryRound,
    NotMeasured,
    OpenLoop,
    OutputAgreement,
    PipelineRound,
    Port,
    Precision,
    Settings,
    StartupRound,
    ThroughputRound,
    Tier,
    Unsupported,
    Way,
    Window,
)
from ovreport_collector.image_pipeline import ImagePipeline

Driver = Literal["threads", "async-queue"]
AspectName = Literal["latency", "throughput", "memory", "energy"]
EnergyIn = Literal["package", "card", "both"]
"""In what a device takes its energy: the processor's package, a graphics card, some of each."""


class Alongside(Struct, frozen=True, kw_only=True, tag="alongside"):
    """What OpenVINO does with a model on the CPU: native frameworks are set up alike."""

    latency_threads: int
    """INFERENCE_NUM_THREADS in force in latency mode."""
    throughput_threads: int
    """The same in throughput mode."""
    requests: int
    """Optimal number of requests in throughput mode."""
    outputs: list[Port]
    """The model's outputs in OpenVINO's order."""

    @property
    def request_threads(self) -> int:
        """Threads of one request in throughput mode: all of them, divided among the requests."""
        return max(1, self.throughput_threads // self.requests)


class Target(Struct, frozen=True, kw_only=True):
    """What every measuring process has to load."""

    engine: str
    model: str
    """Path of the model file."""
    shapes: dict[str, list[int]]
    device: str
    precision: Precision
    plugins: dict[str, str] = {}
    alongside: Alongside | None = None
    """For native frameworks; None where OpenVINO cannot run the model: their own defaults."""


class ProbeJob(Struct, frozen=True, kw_only=True, tag="probe"):
    """Ask OpenVINO for its devices, and for the named ones."""

    devices: list[str]
    """Device strings to describe; empty: every one that is available."""
    plugins: dict[str, str] = {}


class OutputsJob(Struct, frozen=True, kw_only=True, tag="outputs"):
    """Run every sample once and keep the outputs: for accuracy and agreement."""

    target: Target
    inputs: dict[str, str]
    """Set name → `.npz` of inputs; its outputs go to the path of the same name in `outputs`."""
    outputs: dict[str, str]
    task: str
    judges: dict[str, str] = {}
    """Set of labelled inputs → the further judge of the task that says what of its outputs is worth
    keeping; empty: the task itself. Of other sets everything is kept."""


class ConvertJob(Struct, frozen=True, kw_only=True, tag="convert"):
    """Make an OpenVINO IR of published weights that no engine reads."""

    converter: str
    """Key in `making.converters.CONVERTERS`."""
    weights: str
    files: dict[str, str]
    """Role → path of an auxiliary file of the model."""
    shapes: dict[str, list[int]]
    model: str
    """Path of the .xml to write, its .bin beside it."""


class PilotJob(Struct, frozen=True, kw_only=True, tag="pilot"):
    """Find out how to drive a device's requests, in a process of its own: all rounds are alike."""

    target: Target
    inputs: str


class AlongsideJob(Struct, frozen=True, kw_only=True, tag="alongside"):
    """Ask OpenVINO for the threads and requests that a native framework is given too."""

    target: Target


class RoundJob(Struct, frozen=True, kw_only=True, tag="round"):
    """Measure start-up, latency, throughput and memory once."""

    target: Target
    round: int
    tier: Tier
    inputs: str
    seed: int
    driver: Driver
    """How to drive requests under load."""
    energy_in: EnergyIn = "package"


class CachedStartJob(Struct, frozen=True, kw_only=True, tag="cached-start"):
    """Start from a model cache; fills it first where it is empty."""

    target: Target
    round: int
    inputs: str
    cache_dir: str
    seed: int = 0


class EndToEndJob(Struct, frozen=True, kw_only=True, tag="end-to-end"):
    """Take encoded images all the way to answers, preprocessed on the host and in the graph."""

    target: Target
    round: int
    seconds: float
    """Of each way, both loops together."""
    pipeline: ImagePipeline
    images: list[str]
    """Paths of the encoded images."""
    about: str
    """What they are."""
    task: str
    """Says how outputs become an answer."""
    seed: int


class NoMmapJob(Struct, frozen=True, kw_only=True, tag="no-mmap"):
    """Start with weights that are read, not mapped."""

    target: Target
    round: int
    inputs: str
    seed: int


class Setting(Struct, frozen=True):
    """One point of a curve's grid."""

    streams: int
    """0: the number that the THROUGHPUT hint chooses."""
    requests: int
    batch: int


class CurveJob(Struct, frozen=True, kw_only=True, tag="curve"):
    """Measure every setting of a grid once."""

    target: Target
    round: int
    inputs: str
    seed: int
    settings: list[Setting]
    seconds: float
    """Least length of one point's loop."""
    driver: Driver
    lone_ms: float
    """Median latency of a lone request: tells which settings would take too long."""


class ArrivalsJob(Struct, frozen=True, kw_only=True, tag="arrivals"):
    """Find the highest rate of random arrivals whose tail latency stays within a limit."""

    target: Target
    round: int
    inputs: str
    seed: int
    closed_ips: float
    """Throughput of the closed loop: the search begins at half of it."""
    limit_ms: float
    limit_rule: str
    percentile: float
    seconds: float
    """Least length of one step."""
    least: int
    """Arrivals that a step must have, within three times its least length."""


class Lengths(Struct, frozen=True):
    """A prompt and an answer, in tokens."""

    prompt_tokens: int
    new_tokens: int


class GenerationJob(Struct, frozen=True, kw_only=True, tag="generation"):
    """Let a language model answer, one request at a time, then several at once."""

    target: Target
    round: int
    inputs: str
    seed: int
    grid: list[Lengths]
    generations: int
    """Answers of each pair of lengths, as long as they take less than `max_seconds`."""
    max_seconds: float
    """Cap of one pair of lengths."""
    requests: list[int]
    """Numbers of requests at once; none: left out."""
    concurrent: Lengths
    """Of each of them."""


class AnswersJob(Struct, frozen=True, kw_only=True, tag="answers"):
    """Let a language model answer every prompt greedily, and judge a text."""

    target: Target
    inputs: str
    """Passages that prompts are cut from."""
    text: str
    """Passages that are judged, one after the other."""
    prompts: int
    lengths: Lengths
    window: int
    stride: int
    windows: int
    """At most so many steps of the sliding window."""
    folder: str
    """Where the network is saved that logits are read from."""


class Validating(Struct, frozen=True, kw_only=True):
    """What a task needs to give its validation inputs in another process."""

    model: Raw
    """The suite's model, as JSON."""
    file: str
    """Path of the published model file."""
    files: dict[str, str]
    """Role → path."""
    data: dict[str, str]
    seed: int


class OptimiseJob(Struct, frozen=True, kw_only=True, tag="optimise"):
    """Make a variant of a model, and try it."""

    target: Target
    """The model as it is."""
    method: str
    settings: dict[str, str]
    file: str
    """Path of the `.xml` to write, in an empty folder."""
    tried_with: str
    """`.npz` of inputs, of which the first is fed to what was made."""
    inputs: str = ""
    """`.npz` of calibration inputs."""
    validating: Validating | None = None


ExtraJob = CachedStartJob | EndToEndJob | CurveJob | ArrivalsJob | NoMmapJob
"""Jobs of `extras`."""

Job = (
    ProbeJob | OptimiseJob | ConvertJob | OutputsJob | PilotJob | AlongsideJob | RoundJob
    | ExtraJob | GenerationJob | AnswersJob
)  # fmt: skip


class Unavailable(Struct, frozen=True, kw_only=True):
    """A device that could not be used, and why."""

    name: str
    reason: str
    remedy: str


class ProbeResult(Struct, frozen=True, kw_only=True, tag="probe"):
    """The devices of this machine."""

    openvino: str
    available: list[str]
    devices: list[Device]
    unavailable: list[Unavailable]


class OptimiseResult(Struct, frozen=True, kw_only=True, tag="optimise"):
    """What the making of a variant took, and what it gained."""

    seconds: float
    peak_bytes: int
    bytes_before: int
    bytes_after: int
    settings: dict[str, str]
    """Those in force: the job's, and what was chosen."""
    trials: list[Trial] = []


class OutputsResult(Struct, frozen=True, kw_only=True, tag="outputs"):
    """What the model is, and what of it ran."""

    inputs: list[Port]
    outputs: list[Port]
    parameters: int
    execution: Execution | NotMeasured


class PilotResult(Struct, frozen=True, kw_only=True, tag="pilot"):
    """The faster way to drive requests."""

    driver: Driver


class ConvertResult(Struct, frozen=True, kw_only=True, tag="convert"):
    """What a conversion took."""

    seconds: float
    peak_bytes: int
    """Highest resident memory of the process."""


class RoundResult(Struct, frozen=True, kw_only=True, tag="round"):
    """One round's share of a record."""

    execution: Execution | NotMeasured
    startup: StartupRound
    latency: LatencyRound | None
    latency_settings: Settings
    throughput: ThroughputRound | None
    throughput_settings: Settings
    memory: MemoryRound | None
    memory_unreadable: dict[str, str] = {}
    """Counter of memory that this round does not have → why."""
    energy: Energy | None = None
    """Of this one round."""
    missing: dict[AspectName, NotMeasured]
    """Why an aspect is None."""
    cpu_s: float
    """Processor time of the measuring process, to tell it from other programs'."""
    switches: dict[str, float] = {}
    """Readings of `ovreport.verdict.READINGS` that only the process itself can make."""


class CachedStartResult(Struct, frozen=True, kw_only=True, tag="cached-start"):
    """A start from the model cache."""

    startup: StartupRound
    loaded_from_cache: bool
    cache_bytes: int
    memory: MemoryRound | None = None
    """Up to the first inference."""


class NoMmapResult(Struct, frozen=True, kw_only=True, tag="no-mmap"):
    """Memory up to the first inference."""

    memory: MemoryRound | None
    why_not: Unsupported | None = None


class GenerationResult(Struct, frozen=True, kw_only=True, tag="generation"):
    """One round of a language model."""

    settings: Settings
    points: list[GenerationPoint]
    load: LoadRound
    memory: MemoryRound | None
    memory_unreadable: str = ""
    concurrency: Concurrency | NotMeasured
    switches: dict[str, float] = {}
    """As in `RoundResult`."""


class AnswersResult(Struct, frozen=True, kw_only=True, tag="answers"):
    """What a language model said, and how well it foretold a text."""

    described: OutputsResult
    settings: Settings
    answers: list[list[int]]
    """Token ids, of each prompt."""
    windows: list[Window] | NotMeasured
    """Loss of the text, or why there are no logits."""


class JobFailed(Struct, frozen=True, kw_only=True, tag="failed"):
    """The process could not do its job."""

    reason: str
    cause: Cause
    unsupported: bool = False
    """True when the engine said that it cannot do this, rather than failing at it."""
    stderr_tail: str = ""


class EndToEndResult(Struct, frozen=True, kw_only=True, tag="end-to-end"):
    """One round of each way through the pipeline."""

    rounds: dict[Way, PipelineRound]
    missing: dict[Way, str]
    """Why a way could not be gone."""
    images: str
    preprocessing: str
    """The steps, and what the device does otherwise."""
    agreement: list[OutputAgreement]
    """The graph's outputs against the host's; empty without the graph."""


class CurveResult(Struct, frozen=True, kw_only=True, tag="curve"):
    """One round of a curve."""

    curve: Curve


class ArrivalsResult(Struct, frozen=True, kw_only=True, tag="arrivals"):
    """One search for the highest arrival rate."""

    open_loop: OpenLoop


ExtraResult = CachedStartResult | EndToEndResult | CurveResult | ArrivalsResult | NoMmapResult
"""Results of `extras`."""

Result = (
    ProbeResult | OptimiseResult | OutputsResult | ConvertResult | PilotResult | Alongside
    | RoundResult | ExtraResult | GenerationResult | AnswersResult | JobFailed
)  # fmt: skip
