"""What CONTRIBUTING says of additions holds: a toy of each kind is added, measured and shown.

Each addition is made in a copy of the tree, by a new file and a line in one table and nothing else.
One collect and one build in the copy then have to show them all.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
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
    """A new file, and the line that lists what is in it."""

    table: str
    """File that holds the table."""
    after: str
    """Line that the table begins with."""
    line: str
    file: str = ""
    """The new file; empty where the line is all."""
    content: str = ""

    def apply(self, tree: Path) -> None:
        """Add it to a copy of the tree."""
        path = tree / self.table
        before, found, rest = path.read_text().partition(self.after + "\n")
        assert found, f"{self.table} has no line {self.after!r}: correct CONTRIBUTING too"
        path.write_text(before + found + self.line + "\n" + rest)
        if self.file:
            (tree / self.file).write_text(self.content)


ENGINE = Addition(
    table="ovreport/engines.py",
    after="    for engine in (",
    line="""        EngineInfo(
            id="toy",
            title="Toy Engine",
            kind="native",
            adapter=f"{ADAPTERS}.toy",
            module="openvino",
            package="openvino",
            suffixes=(".xml",),
        ),""",
    file="collector/ovreport_collector/engines/toy.py",
    content='''"""A toy: OpenVINO under another name."""

from ovreport_collector.engines.openvino.engine import OpenVino


def create(target):
    return OpenVino({})
''',
)
TASK = Addition(
    table="collector/ovreport_collector/tasks/__init__.py",
    after="_BUILT_IN = {",
    line='    "toy-task": "toy:Toy",',
    file="collector/ovreport_collector/tasks/toy.py",
    content='''"""A toy: ones."""

import numpy as np

from ovreport_collector.tasks.evaluators import Unlabelled
from ovreport_collector.tasks.samples import only_input


class Toy(Unlabelled):
    name = "toy-task"
    why_no_metric = "a toy has no labels"

    def samples(self, model, files, *, seed, count):
        name, shape = only_input(model)
        return {name: np.ones((count, *shape), np.float32)}
''',
)
VARIANT = Addition(
    table="ovreport/variants.py",
    after="    for variant in (",
    line="""        VariantInfo(
            "toy-weights",
            label="toy weights",
            short="toy",
            phrase="toy compression",
            optimization=Optimization("fp16-compression", package=""),
        ),""",
)

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
    for addition in (ENGINE, TASK, VARIANT):
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
    assert {r["outcome"]["status"] for r in records} == {"completed"}, records


def test_they_are_on_the_site(copy: Copy, records: list[dict[str, object]]) -> None:
    """Under the names that their tables give them."""
    copy.run("build", "--records", "records", "--out", "site")
    pages = "".join(file.read_text() for file in (copy.work / "site").rglob("*.html"))
    for words in ("Toy Engine", "toy weights", "a toy has no labels"):
        assert words in pages
