"""What a pipeline prints of its network: read from its output, which goes nowhere else."""

from __future__ import annotations

import os

import pytest

from ovreport_collector.engines import genai_log

PRINTED = """Model: OV Tokenizer
  NETWORK_NAME: tokenizer
  KV_CACHE_PRECISION: f16
  EXECUTION_MODE_HINT: ACCURACY
EXECUTION_DEVICES:
 CPU: A processor
Model: LLM with Paged Attention
  NETWORK_NAME: Model0
  INFERENCE_PRECISION_HINT: bf16
  KV_CACHE_PRECISION: u8
  RUNTIME_REQUIREMENTS: meta=1.0;isa=a:b
EXECUTION_DEVICES:
 CPU: A processor
"""


def test_the_language_model_s_properties_are_read() -> None:
    """Not those of its tokenizer; a value may hold a colon."""
    assert genai_log.properties(PRINTED) == {
        "NETWORK_NAME": "Model0",
        "INFERENCE_PRECISION_HINT": "bf16",
        "KV_CACHE_PRECISION": "u8",
        "RUNTIME_REQUIREMENTS": "meta=1.0;isa=a:b",
    }


@pytest.mark.parametrize("text", ["", "loading", "Model: ", PRINTED.partition("Model: LLM")[0]])
def test_nothing_is_made_up(text: str) -> None:
    """A pipeline that does not tell has no settings in force."""
    assert genai_log.properties(text) == {}


def test_output_is_caught_and_the_environment_restored(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What native code prints is caught only within the block."""
    monkeypatch.setenv("OPENVINO_LOG_LEVEL", "1")
    with genai_log.told() as told:
        assert os.environ["OPENVINO_LOG_LEVEL"] == "3"
        os.write(1, PRINTED.encode())
    os.write(1, b"after")
    assert told.properties["KV_CACHE_PRECISION"] == "u8"
    assert capfd.readouterr().out == "after"
    assert os.environ["OPENVINO_LOG_LEVEL"] == "1"


def test_what_a_failing_load_printed_is_not_lost(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may say why."""
    monkeypatch.delenv("OPENVINO_LOG_LEVEL", raising=False)

    def load() -> None:
        with genai_log.told():
            os.write(1, b"why")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        load()
    assert capfd.readouterr().out == "why"
    assert "OPENVINO_LOG_LEVEL" not in os.environ
