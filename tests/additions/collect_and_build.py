"""Run in a copy of the tree with the toys in it: a short collect, and a site of its records.

    python -m tests.additions.collect_and_build FOLDER

writes the model, the suite, `records` and `_site` into an empty folder.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import onnx
from onnx import TensorProto, helper

import ovreport
import ovreport_collector
import ovreport_sitegen
from ovreport.cli import run
from ovreport_collector.plan import tiers
from ovreport_collector.tasks.patterns import CLASSES, patterns
from tests.collector.suite_fixtures import document, write_suite

SIZE = 64
SKIPPED = ("startup_cached", "curve", "open_loop", "end_to_end", "no_mmap")


def main() -> None:
    """Measure one model by both engines, as published and as the variant; build the site."""
    tree, folder = Path.cwd(), Path(sys.argv[1])
    for package in (ovreport, ovreport_collector, ovreport_sitegen):
        assert Path(package.__file__).is_relative_to(tree), f"{package.__file__} is not of the copy"
    tiers.TIERS["quick"] = msgspec.structs.replace(
        tiers.TIERS["quick"],
        min_seconds=0.05,
        min_inferences=8,
        processes=1,
        max_processes=1,
        is_custom=True,
    )
    _write_model(folder / "patterns.onnx")
    suite = write_suite(folder / "suite.toml", document(models=[_model_table()]))
    records = folder / "records"
    arguments = ["--suite", str(suite), "--out", str(records), "--device", "CPU"]
    arguments += ["--precision", "f32", "--engine", "openvino", "--engine", "onnx-reference"]
    for name in SKIPPED:
        arguments += ["--skip", name]
    codes = [
        run(["collect", *arguments]),
        run(["validate", str(records)]),
        run(["build", "--site", str(folder), "--out", str(folder / "_site")]),
    ]
    sys.exit(max(codes))


def _write_model(path: Path) -> None:
    """Write x[1, 64] → scores[1, 10], which is right about most patterns."""
    weights = onnx.numpy_helper.from_array(patterns(SIZE).T.copy(), "weights")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "weights"], ["scores"])],
        "patterns",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, SIZE])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, CLASSES])],
        [weights],
    )
    opset = helper.make_opsetid("", 17)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), path)


def _model_table() -> dict[str, object]:
    return {
        "id": "patterns",
        "title": "Patterns",
        "task": "pattern-recognition",
        "file": {"uri": "file:patterns.onnx"},
        "shapes": {"x": [1, SIZE]},
        "variants": ["half"],
    }


if __name__ == "__main__":
    main()
