"""The six toys: their new files, and what is inserted into files that are there.

New files lie below `toys/KIND/`, under the paths that they have in the tree.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.additions import insertion

TOYS = Path(__file__).parent / "toys"


@dataclass(frozen=True)
class Insertion:
    """Lines for one place."""

    file: str
    symbol: str
    """What the file defines under this name gets the lines; empty: the file gets the imports
    only."""
    text: str = ""
    imports: tuple[str, ...] = ()


@dataclass(frozen=True)
class Addition:
    """A toy of one kind."""

    kind: str
    names: Mapping[str, str]
    """What stands for the placeholders of CONTRIBUTING.md's table."""
    insertions: tuple[Insertion, ...] = field(default=())

    @property
    def new_files(self) -> list[str]:
        """Paths of the new files in the tree."""
        folder = TOYS / self.kind
        files = (f for f in folder.rglob("*") if f.is_file() and "__pycache__" not in f.parts)
        return sorted(str(file.relative_to(folder)) for file in files)

    def apply(self, tree: Path) -> None:
        """Add it to a copy of the tree, where none of its new files may be yet."""
        for name in self.new_files:
            assert not (tree / name).exists(), f"{name} is taken"
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(TOYS / self.kind / name, tree / name)
        for one in self.insertions:
            for statement in one.imports:
                insertion.add_import(tree / one.file, statement)
            if one.symbol:
                insertion.insert(tree / one.file, one.symbol, one.text)


ENGINE = Addition(
    "engine",
    {"NAME": "onnx_reference"},
    (
        Insertion(
            "ovreport/engines.py",
            "ENGINES",
            """
EngineInfo(
    id="onnx-reference",
    title="ONNX reference evaluator",
    kind="native",
    adapter=f"{ADAPTERS}.onnx_reference",
    module="onnx",
    package="onnx",
    suffixes=(".onnx",),
),
""",
        ),
    ),
)

TASK = Addition(
    "task",
    {"NAME": "patterns"},
    (
        Insertion(
            "collector/ovreport_collector/tasks/__init__.py",
            "BUILT_IN",
            '"pattern-recognition": "patterns:PatternRecognition",',
        ),
    ),
)

MEASUREMENT = Addition(
    "measurement",
    {"NAME": "second_read"},
    (
        Insertion(
            "collector/ovreport_collector/measurements/registry.py",
            "MEASUREMENTS",
            "SecondReadMeasurement(),",
            (
                "from ovreport_collector.measurements.second_read.measurement import "
                "SecondReadMeasurement",
            ),
        ),
        Insertion(
            "ovreport/record/record.py",
            "Record",
            'second_read: SecondRead | NotMeasured = Skipped(reason="not measured at that time")',
            ("from ovreport.record.second_read import SecondRead",),
        ),
        Insertion(
            "ovreport/record/__init__.py",
            "",
            imports=("from ovreport.record.second_read import *",),
        ),
    ),
)

METRIC = Addition(
    "metric",
    {"GROUP": "STARTUP", "COMPUTE": "_startup", "MODULE": "startup"},
    (
        Insertion(
            "ovreport/metrics/startup.py",
            "STARTUP",
            """
Metric(
    "read_share",
    "Share of reading",
    "%",
    "lower",
    "Reading the model, as a share of the cold start.",
    "startup",
    scale=100,
),
""",
        ),
        Insertion(
            "ovreport/metrics/startup.py",
            "_startup",
            """
if isinstance(record.startup, Startup):
    shares = [r.read_ms / max(_total(r), _SHORTEST_MS) for r in record.startup.rounds]
    yield median_time("read_share", shares, len(shares), reasons)
""",
        ),
    ),
)

PAGE = Addition(
    "page",
    {"NAME": "engines"},
    (
        Insertion(
            "sitegen/ovreport_sitegen/pages/__init__.py",
            "PAGES",
            "engines.PAGE,",
            ("from ovreport_sitegen.pages import engines",),
        ),
    ),
)

VARIANT = Addition(
    "variant",
    {},
    (
        Insertion(
            "ovreport/variants.py",
            "VARIANTS",
            """
VariantInfo(
    "half",
    label="half-precision weights",
    short="half",
    phrase="Half precision",
    optimization=Optimization("fp16-compression", package=""),
),
""",
        ),
    ),
)

ADDITIONS = (ENGINE, TASK, MEASUREMENT, METRIC, PAGE, VARIANT)
