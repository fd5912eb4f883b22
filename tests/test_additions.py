"""What CONTRIBUTING says of additions holds: a toy of each kind is added, measured and shown.

Each addition is made in a copy of the tree, by new files and the lines that CONTRIBUTING names, and
by nothing else. One collect and one build in the copy then have to show them all.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from ovreport import paths
from tests.collector import models
from tests.collector.conftest import model_table
from tests.collector.suite_fixtures import document, write_suite

pytestmark = [pytest.mark.slow, pytest.mark.alone]

ROOT = Path(__file__).parents[1]
PACKAGES = ("ovreport", "collector", "sitegen", "templates")


@dataclass(frozen=True)
class Addition:
    """New files, and lines in tables that are there."""

    files: Mapping[str, str] = field(default_factory=dict)
    """Path → content."""
    lines: Sequence[tuple[str, str, str]] = ()
    """File, the line after which to add, and what to add."""

    def apply(self, tree: Path) -> None:
        """Make it in a copy of the tree."""
        for name, content in self.files.items():
            path = tree / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(content)
        for table, after, line in self.lines:
            path = tree / table
            before, found, rest = path.read_text().partition(f"{after}\n")
            assert found, f"{table} has no line {after!r}: correct CONTRIBUTING too"
            path.write_text(f"{before}{found}{line}\n{rest}")


COLLECTOR, SITE = "collector/ovreport_collector", "sitegen/ovreport_sitegen"

ADDITIONS = {
    "engine": Addition(
        files={
            f"{COLLECTOR}/engines/toy.py": """
from ovreport_collector.engines.openvino.engine import OpenVino

def create(target):
    return OpenVino({})
"""
        },
        lines=[
            (
                "ovreport/engines.py",
                "    for engine in (",
                """
        EngineInfo(
            id="toy",
            title="Toy Engine",
            kind="native",
            adapter=f"{ADAPTERS}.toy",
            module="openvino",
            package="openvino",
            suffixes=(".xml",),
        ),""",
            )
        ],
    ),
    "task": Addition(
        files={
            f"{COLLECTOR}/tasks/toy.py": """
import numpy as np
from ovreport_collector.tasks.evaluators import Unlabelled
from ovreport_collector.tasks.samples import only_input

class Toy(Unlabelled):
    name = "toy-task"
    why_no_metric = "a toy has no labels"

    def samples(self, model, files, *, seed, count):
        name, shape = only_input(model)
        return {name: np.ones((count, *shape), np.float32)}
"""
        },
        lines=[(f"{COLLECTOR}/tasks/__init__.py", "_BUILT_IN = {", '    "toy-task": "toy:Toy",')],
    ),
    "variant": Addition(
        lines=[
            (
                "ovreport/variants.py",
                "    for variant in (",
                """
        VariantInfo(
            "toy-weights",
            label="toy weights",
            short="toy",
            phrase="toy compression",
            optimization=Optimization("fp16-compression", package=""),
        ),""",
            )
        ],
    ),
    "measurement": Addition(
        files={
            f"{COLLECTOR}/measurements/toy/__init__.py": "",
            f"{COLLECTOR}/measurements/toy/run.py": """
from msgspec import Struct
from ovreport_collector.process.job import Job

class ToyResult(Struct, frozen=True, kw_only=True, tag="toy"):
    answer: float

class ToyJob(Job[ToyResult], frozen=True, kw_only=True):
    round: int

    def run(self):
        return ToyResult(answer=42.0)
""",
            f"{COLLECTOR}/measurements/toy/measurement.py": """
from ovreport.record import Toy
from ovreport_collector.measurements.base import Measurement, first_failure, measured
from ovreport_collector.measurements.toy.run import ToyJob, ToyResult

class ToyMeasurement(Measurement[ToyResult]):
    name = "toy"

    def seconds(self, tier):
        return 0.5

    def job(self, this, results):
        return ToyJob(round=this.index)

    def part(self, results):
        return first_failure(results) or Toy(answer=measured(results)[0].answer)
""",
            "ovreport/record/toy.py": """
from ovreport.record.base import Measured, Positive

__all__ = ["Toy"]

class Toy(Measured, frozen=True):
    answer: Positive
""",
        },
        lines=[
            (
                f"{COLLECTOR}/measurements/registry.py",
                "from ovreport_collector.measurements.startup.measurement import CachedStart",
                "from ovreport_collector.measurements.toy.measurement import ToyMeasurement",
            ),
            (
                f"{COLLECTOR}/measurements/registry.py",
                "MEASUREMENTS: tuple[Measurement[Any], ...] = (",
                "    ToyMeasurement(),",
            ),
            (
                "ovreport/record/__init__.py",
                "from ovreport.record.startup import *",
                "from ovreport.record.toy import *",
            ),
            (
                "ovreport/record/record.py",
                "from ovreport.record.startup import Startup, StartupCached",
                "from ovreport.record.base import Skipped\nfrom ovreport.record.toy import Toy",
            ),
            ("ovreport/record/record.py", "MEASUREMENTS = (", '    "toy",'),
            (
                "ovreport/record/record.py",
                "    end_to_end: EndToEnd | NotMeasured",
                '    toy: Toy | NotMeasured = Skipped(reason="not known yet")',
            ),
        ],
    ),
    "metric": Addition(
        lines=[
            (
                "ovreport/metrics/efficiency.py",
                '    "Efficiency",\n    (',
                '        Metric("toy_ips", "Toy rate", "1/s", "higher", "A toy.", "throughput"),',
            ),
            (
                "ovreport/metrics/efficiency.py",
                "    headline = throughput_headline(rounds, measured.batch)",
                '    yield value_of("toy_ips", headline, len(rounds), n, verdict)',
            ),
        ],
    ),
    "page": Addition(
        files={
            f"{SITE}/pages/toy.py": """
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ovreport_sitegen.pages.page import Head
from ovreport_sitegen.pages.page import Page

@dataclass(frozen=True)
class ToyView:
    head: Head
    count: int

def view(catalogue):
    return ToyView(Head("Toys", "All toys."), len(catalogue.everything))

PAGE = Page("toys", "Toy shelf", view)
""",
            "templates/pages/toys.html": """{% extends "base.html" %}
{% block content %}<p>{{ view.count }} toys</p>{% endblock %}
""",
        },
        lines=[
            (
                f"{SITE}/pages/__init__.py",
                "from ovreport_sitegen.pages import (",
                "    toy,",
            ),
            (f"{SITE}/pages/__init__.py", "    data.PAGE,", "    toy.PAGE,"),
        ],
    ),
}

OURS = ("openvino", "fp32")

RUN = """
import sys
import msgspec
from ovreport import cli
from ovreport_collector.plan import tiers
from tests.collector.conftest import TINY
tiers.TIERS["quick"] = msgspec.structs.replace(TINY, rounds=2, max_rounds=2)
cli.main()
"""


@dataclass(frozen=True)
class Copy:
    """A copy of the tree with all additions."""

    tree: Path
    work: Path

    def run(self, *arguments: str) -> str:
        """Run a command of ovreport from the copy; return what it printed."""
        parts = [str(self.tree / name) for name in ("", "collector", "sitegen")]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([*parts, str(ROOT)]),
            paths.CACHE: str(self.work / "cache"),
            paths.STATE: str(self.work / "state"),
        }
        done = subprocess.run(
            [sys.executable, "-c", RUN, *arguments],
            capture_output=True,
            text=True,
            env=environment,
            cwd=self.work,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """Return a copy of the tree with all additions, and a suite of one tiny network."""
    tree, work = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("work")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for addition in ADDITIONS.values():
        addition.apply(tree)
    models.save(models.classifier(), work / "tiny.xml")
    table = model_table("tiny", "tiny.xml", task="toy-task", variants=["toy-weights"])
    write_suite(work / "my.toml", document(models=[table]))
    return Copy(tree, work)


@pytest.fixture(scope="module")
def records(copy: Copy) -> list[dict[str, object]]:
    """Return the documents of the records of one collect."""
    copy.run(
        *("collect", "--suite", "my.toml", "--out", "records", "--precision", "f32"),
        *("--device", "CPU", "--engine", "openvino", "--engine", "toy", "--skip", "curve"),
        *("--skip", "open_loop", "--skip", "end_to_end", "--variant", "published"),
        *("--variant", "toy-weights"),
    )
    files = sorted((copy.work / "records").rglob("*.json"))
    return [msgspec.json.decode(file.read_bytes()) for file in files]


def test_they_are_measured(records: list[dict[str, object]]) -> None:
    """By OpenVINO the published file and the variant, by the other engine the published file."""
    cases = {(r["case"]["engine"], r["case"]["variant"]) for r in records}
    assert cases == {("openvino", "fp32"), ("openvino", "toy-weights"), ("toy", "fp32")}
    assert {r["outcome"]["status"] for r in records} == {"completed"}
    ours = next(r for r in records if (r["case"]["engine"], r["case"]["variant"]) == OURS)
    assert ours["toy"] == {"status": "measured", "answer": 42.0}


def test_they_are_on_the_site(copy: Copy, records: list[dict[str, object]]) -> None:
    """Under the names that their tables give them; the page is in the navigation of all others."""
    copy.run("build", "--records", "records", "--out", "site")
    pages = {file.name: file.read_text() for file in (copy.work / "site").rglob("*.html")}
    for words in ("Toy Engine", "toy weights", "a toy has no labels", "Toy rate"):
        assert any(words in page for page in pages.values()), words
    assert f"{len(records)} toys" in pages["toys.html"]
    assert all("Toy shelf" in page for page in pages.values())
    assert "toy_ips" in (copy.work / "site" / "data" / "figures.csv").read_text()
