"""Every command of benchmark_app that a page prints is run: by a shell, from another folder."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

from ovreport import paths, repeat
from ovreport import record as r
from ovreport_collector.engines.types import OutputsResult, Target
from ovreport_collector.measurements.outputs import OutputsJob
from ovreport_collector.suite.model import PUBLISHED
from tests.collector import models, odd_models
from tests.collector.suite_fixtures import document, model_table, sha256, write_suite
from tests.factories import a_record

BENCHMARK_APP = shutil.which("benchmark_app", path=str(Path(sys.executable).parent))
pytestmark = [
    pytest.mark.skipif(BENCHMARK_APP is None, reason="benchmark_app of openvino is not installed"),
    pytest.mark.alone,
]
replace = msgspec.structs.replace


def slashes(path: Path) -> Path:
    """Write an IR of two inputs of different types, with names that a shell may misunderstand."""
    x = ops.parameter([1, 3, 32, 32], np.float32, name="gpu_0/data:0")
    k = ops.parameter([1, 4], np.int64, name="k$k")
    for one, name in ((x, "gpu_0/data:0"), (k, "k$k")):
        one.output(0).set_names({name})
    return models.save(ov.Model([ops.relu(x), ops.convert(k, "f32")], [x, k], "odd"), path)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each command run for a second."""
    monkeypatch.setattr(repeat, "LEAST_S", 1)


def described(path: Path, **shapes: list[int]) -> r.Record:
    """Return a record of a file, with the inputs that it has when it is measured."""
    target = Target(
        engine="openvino", model=str(path), shapes=shapes, device="CPU", precision="f32"
    )
    found = OutputsJob(target=target, inputs={}, outputs={}, task="generic").run()
    assert isinstance(found, OutputsResult)
    record = a_record(model="net", device="CPU", precision="f32")
    model = replace(record.model, inputs=found.inputs, source=f"file:{path.name}")
    return replace(
        record,
        model=model,
        tier=replace(record.tier, min_seconds=0.3),
        repeat=replace(record.repeat, ovreport=shlex.join(["ovreport", "collect", path.name])),
    )


def rates(record: r.Record, folder: Path) -> Iterator[tuple[str, float]]:
    """Yield the figure that each command nears, and the inferences per second that it gave."""
    tools = folder / "bin"
    tools.mkdir(exist_ok=True)
    ours = tools / "ovreport"
    ours.write_text(
        f"#!{sys.executable}\nimport sys\nfrom ovreport.cli import main\nsys.exit(main())\n"
    )
    ours.chmod(ours.stat().st_mode | stat.S_IXUSR)
    search = [str(tools), str(Path(sys.executable).parent), os.environ["PATH"]]
    for one in repeat.nearest(record):
        done = subprocess.run(
            ["/bin/sh", "-c", one.command],
            cwd=folder,
            env={**os.environ, "PATH": os.pathsep.join(search)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        found = re.search(r"Throughput: +([\d.]+) FPS", done.stdout)
        assert found, f"{one.command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        yield one.metric, float(found[1])


@pytest.mark.parametrize(
    "make",
    [
        lambda path: models.save(models.image_classifier(), path),
        lambda path: odd_models.scalar_onnx(path.with_suffix(".onnx")),
        odd_models.nameless,
        odd_models.embedding,
        lambda path: odd_models.of_type(path, "bf16"),
        lambda path: odd_models.of_type(path, "boolean"),
        slashes,
    ],
    ids=["image", "scalar", "nameless", "indices", "bf16", "boolean", "slashes"],
)
def test_commands_run_in_the_folder_that_is_said(make, tmp_path: Path) -> None:
    """Of files of one's own: images, scalars, inputs without names, odd types and names."""
    record = described(make(tmp_path / "my net.xml"))
    assert {one.folder for one in repeat.nearest(record)} == {record.model.source[5:]}
    found = dict(rates(record, tmp_path))
    assert found.keys() == {"latency_ms", "throughput_ips"}
    assert min(found.values()) > 0


def test_a_dynamic_model_gets_the_shape_that_was_measured(tmp_path: Path) -> None:
    path = models.save(models.classifier(-1), tmp_path / "net.xml")
    assert dict(rates(described(path, x=[2, models.FEATURES]), tmp_path))


def test_a_file_of_a_suite_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the command inside the command."""
    monkeypatch.setenv(paths.CACHE, str(tmp_path / "cache"))
    net = odd_models.scalar_onnx(tmp_path / "net.onnx")
    file = {"uri": "file:net.onnx", "sha256": sha256(net.read_bytes())}
    table = model_table(id="net", task="generic", file=file)
    write_suite(tmp_path / "my suite.toml", document(models=[table]))
    record = described(net)
    named = "ovreport collect --suite 'my suite.toml' --model net"
    record = replace(record, repeat=replace(record.repeat, ovreport=named))
    assert {one.folder for one in repeat.nearest(record)} == {"my suite.toml"}
    assert dict(rates(record, tmp_path))
    assert PUBLISHED not in repeat.nearest(record)[0].command
