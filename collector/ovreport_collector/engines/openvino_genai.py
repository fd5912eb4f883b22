"""OpenVINO GenAI as an engine of language models: the only importer of `openvino_genai`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ovreport.record import Port, Settings, Unsupported, Window
from ovreport_collector.engines import genai_log
from ovreport_collector.engines.generation_base import Completion
from ovreport_collector.engines.openvino.engine import OpenVinoCompiled
from ovreport_collector.engines.openvino.ports import port_name
from ovreport_collector.engines.openvino.weights import weights
from ovreport_collector.engines.runtime import openvino as ov
from ovreport_collector.engines.text_loss import spans, token_losses
from ovreport_collector.engines.types import OutputsResult, Target

# isort: split
import openvino_genai as genai  # after the runtime that it links to

EXACT = {
    "INFERENCE_PRECISION_HINT": "f32",
    "KV_CACHE_PRECISION": "f32",
    "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0",
}
"""Nothing is rounded but the weights: by default a CPU also keeps the attention's keys and values,
and multiplies compressed weights, in eight bits."""
NETWORK = "openvino_model.xml"

clock = time.perf_counter


def create(target: Target) -> GenAi:
    """Return OpenVINO GenAI for a target."""
    return GenAi(target)


class GenAi:
    """Makes pipelines of one model: a GGUF file, or an OpenVINO IR in its folder."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._requested = properties(target)

    def pipeline(self) -> GenAiPipeline:
        """Load the model."""
        return self._pipeline(location(Path(self._target.model)), self._requested)

    def _pipeline(self, where: str, requested: dict[str, Any]) -> GenAiPipeline:
        with genai_log.told() as told:
            pipeline = genai.LLMPipeline(where, self._target.device, **requested)
        settings = Settings(requested=self._requested, effective=told.properties)
        return GenAiPipeline(pipeline, settings)

    def batching(self) -> GenAiBatching:
        """Load the model for several requests at once: continuous batching."""
        scheduler = genai.SchedulerConfig()
        pipeline = genai.ContinuousBatchingPipeline(
            location(Path(self._target.model)),
            scheduler,
            self._target.device,
            dict(self._requested),
        )
        return GenAiBatching(pipeline)

    def exporting(self, folder: Path) -> tuple[GenAiPipeline, Path]:
        """Load the model, and return where the network is that logits can be read from.

        A GGUF file becomes an OpenVINO network while it is loaded, which is saved in `folder`.
        """
        model = Path(self._target.model)
        if model.suffix == ".xml":
            return self.pipeline(), model
        # The network is saved beside the file, whose own folder is the cache of all runs.
        link = folder / model.name
        if not link.exists():
            folder.mkdir(parents=True, exist_ok=True)
            link.symlink_to(model.absolute())
        requested = {**self._requested, "enable_save_ov_model": True}
        return self._pipeline(str(link), requested), folder / NETWORK

    def network(self, path: Path) -> GenAiNetwork:
        """Return the network of its own, compiled as the pipeline compiles it."""
        core = ov.Core()
        model = core.read_model(path)
        compiled = core.compile_model(model, self._target.device, dict(self._requested))
        return GenAiNetwork(model, compiled, self._requested)


def properties(target: Target) -> dict[str, str]:
    """Return the properties to request; for `f32` those by which only the weights are rounded."""
    if target.precision == "default":
        return {}
    if target.precision == "f32":
        return dict(EXACT)
    return {"INFERENCE_PRECISION_HINT": target.precision}


def location(model: Path) -> str:
    """Return what the pipeline is given: a GGUF file itself, an IR's folder."""
    return str(model.parent if model.suffix == ".xml" else model)


class GenAiPipeline:
    """One `LLMPipeline`."""

    def __init__(self, pipeline: Any, settings: Settings) -> None:
        self._pipeline = pipeline
        self._tokenizer = pipeline.get_tokenizer()
        self.settings = settings

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text."""
        encoded = self._tokenizer.encode(text, add_special_tokens=False)
        return [int(token) for token in encoded.input_ids.data.ravel()]

    def generate(self, prompt: Sequence[int], new_tokens: int) -> Completion:
        """Return the greedy completion; each token is timed when it is handed over."""
        ids, config, noted = _tensor([prompt]), greedy(new_tokens), _Noting()
        inputs = genai.TokenizedInputs(ids, _tensor([[1] * len(prompt)]))
        began = clock()
        result = self._pipeline.generate(inputs, config, noted)
        ended = clock()
        metrics = result.perf_metrics
        return Completion(
            tokens=[int(token) for token in result.tokens[0]],
            began_s=began,
            at_s=noted.at_s,
            ended_s=ended,
            runtime_time_to_first_token_ms=float(metrics.get_ttft().mean),
            runtime_time_per_output_token_ms=float(metrics.get_tpot().mean),
        )


class GenAiBatching:
    """One `ContinuousBatchingPipeline`."""

    def __init__(self, pipeline: Any) -> None:
        self._pipeline = pipeline

    def generate(self, prompts: Sequence[Sequence[int]], new_tokens: int) -> int:
        """Return how many tokens all completions have together."""
        tensors = [_tensor([prompt]) for prompt in prompts]
        results = self._pipeline.generate(tensors, [greedy(new_tokens)] * len(prompts))
        return sum(len(result.m_generation_ids[0]) for result in results)


class GenAiNetwork:
    """The network under a pipeline, run by itself for its logits and executed layers."""

    def __init__(self, model: Any, compiled: Any, requested: dict[str, str]) -> None:
        self._model, self._compiled, self._requested = model, compiled, requested

    def described(self) -> OutputsResult:
        """Return what the network is, and what of it runs."""
        compiled = OpenVinoCompiled(self._compiled, self._requested)
        found = weights(self._model)
        return OutputsResult(
            inputs=[_port(port) for port in self._model.inputs],
            outputs=[_port(port) for port in self._model.outputs],
            parameters=sum(found.values()),
            execution=compiled.execution,
            weights=found,
        )

    def windows(
        self, tokens: Sequence[int], *, window: int, stride: int, most: int
    ) -> list[Window] | Unsupported:
        """Return the loss of a text, step by step of a sliding window; each token counts once."""
        request = self._compiled.create_infer_request()
        found: list[Window] = []
        for part, scored in spans(tokens, window=window, stride=stride, most=most):
            logits = self._logits(request, part, step=stride)
            if logits.shape[0] != len(part):
                return Unsupported(reason="the network gives logits of the last token only")
            loss = token_losses(logits[-scored - 1 : -1], part[-scored:])
            found.append(Window(loss=float(loss.sum()), tokens=scored))
        return found or Unsupported(reason="the text has no token to score")

    def _logits(self, request: Any, tokens: Any, *, step: int) -> Any:
        """Return the logits [tokens, vocabulary] of a text that nothing stands before.

        It is fed in steps, so that attention reads what earlier steps left in its cache, as it is
        when a model generates: so what a cache in eight bits costs is included.
        """
        request.reset_state()
        found = [self._step(request, tokens, i, step) for i in range(0, len(tokens), step)]
        return np.concatenate(found)

    def _step(self, request: Any, tokens: Any, start: int, step: int) -> Any:
        part = tokens[start : start + step]
        seen = start + len(part)
        known = {
            "input_ids": part[None],
            "attention_mask": np.ones((1, seen), np.int64),
            "position_ids": np.arange(start, seen, dtype=np.int64)[None],
            "beam_idx": np.zeros(1, np.int32),
        }
        names = [port_name(port) for port in self._compiled.inputs]
        request.infer({name: known[name] for name in names})
        return np.array(request.get_output_tensor(0).data)[0]


def greedy(new_tokens: int) -> Any:
    """Return the settings of a greedy completion of exactly so many tokens."""
    config = genai.GenerationConfig()
    config.max_new_tokens = new_tokens
    config.ignore_eos = True
    config.do_sample = False
    config.apply_chat_template = False
    return config


class _Noting(genai.StreamerBase):  # type: ignore[misc]  # it ships no types that hold
    """Notes when each token is handed over."""

    def __init__(self) -> None:
        super().__init__()
        self.at_s: list[float] = []

    def write(self, token: int | list[int]) -> Any:
        """Note one token, or several at once."""
        now = clock()
        self.at_s += [now] * (len(token) if isinstance(token, list) else 1)
        return genai.StreamingStatus.RUNNING

    def end(self) -> None:
        """Nothing is left to be flushed."""


def _tensor(rows: Sequence[Sequence[int]]) -> Any:
    return ov.Tensor(np.asarray(rows, dtype=np.int64))


def _port(port: Any) -> Port:
    shape = [d.get_length() if d.is_static else -1 for d in port.get_partial_shape()]
    return Port(name=port_name(port), dtype=port.get_element_type().to_string(), shape=shape)
