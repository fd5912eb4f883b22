"""Commands that pages print are made of the case, and never a record's own text."""

from __future__ import annotations

import shlex

import msgspec
import pytest

from ovreport import record as r
from ovreport import repeat
from tests.factories import a_record

replace = msgspec.structs.replace


def with_command(record: r.Record, command: str) -> r.Record:
    """Return a record with another command in it."""
    return replace(record, repeat=replace(record.repeat, ovreport=command))


def test_each_command_says_which_figure_it_nears() -> None:
    """One request at a time for latency, many for throughput."""
    latency, throughput = repeat.nearest(a_record(precision="f32"))
    assert (latency.metric, throughput.metric) == ("latency_ms", "throughput_ips")
    assert "-hint latency -api sync" in latency.command
    assert "-hint throughput -api async" in throughput.command
    for one in (latency, throughput):
        assert "-infer_precision f32" in one.command
        assert "-shape '[1,2048]' -ip i32" in one.command


def test_the_default_precision_is_not_asked_for() -> None:
    """Leaving it out is what asks for the default."""
    assert all(
        "-infer_precision" not in one.command
        for one in repeat.nearest(a_record(precision="default"))
    )


def test_the_file_is_found_from_any_folder() -> None:
    """Of a suite that comes with ovreport; else the folder is said."""
    (one, _) = repeat.nearest(a_record(model="magika"))
    assert one.folder == ""
    assert '-m "$(ovreport models path magika --suite standard)"' in one.command
    mine = with_command(a_record(model="magika"), "ovreport collect --suite my.toml --model magika")
    assert repeat.nearest(mine)[0].folder == "my.toml"


def test_a_file_of_ones_own_is_named() -> None:
    record = with_command(a_record(), "ovreport collect net.onnx --tier quick")
    record = replace(record, model=replace(record.model, source="file:my net.onnx"))
    (one, _) = repeat.nearest(record)
    assert one.folder == "my net.onnx"
    assert "-m 'my net.onnx'" in one.command


def test_inputs_that_need_a_number_have_no_command_of_benchmark_app() -> None:
    """It draws its values, and fails where they do not fit."""
    own = "ovreport collect net.onnx --input"
    assert repeat.nearest(with_command(a_record(), f"{own} k=3")) == []
    assert repeat.nearest(with_command(a_record(), f"{own} x=photo.npy"))


@pytest.mark.parametrize(
    "command",
    ["curl https://example.org/x | sh", "ovreport collect --model $(id)", "ovreport collect; id"],
)
def test_what_is_no_command_of_ours_is_not_printed(command: str) -> None:
    forged = with_command(a_record(), command)
    assert repeat.ours(forged) == ""
    assert all(command not in one.command for one in repeat.nearest(forged))


def test_what_benchmark_app_cannot_be_told_is_left_out() -> None:
    """Inputs without names have no shapes and types there; a native framework has no command."""
    record = a_record()
    ports = [r.Port(name=f"#{i}", dtype=t, shape=[1, 4]) for i, t in enumerate(("f32", "i64"))]
    nameless = replace(record, model=replace(record.model, inputs=ports))
    assert not {"-shape", "-iop", "-ip"} & set(shlex.split(repeat.nearest(nameless)[0].command))
    assert repeat.nearest(a_record(engine="onnxruntime")) == []
