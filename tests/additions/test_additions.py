"""A toy of each kind, added where CONTRIBUTING.md says, works from the collect to the site.

All six are added to one copy of the tree. One process of the copy then measures a small model, and
builds a site of the records.
"""

from __future__ import annotations

import csv
import filecmp
import gzip
import html
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from ovreport import paths
from tests.additions.additions import ADDITIONS, Addition
from tests.additions.contributing import ROOT

pytestmark = pytest.mark.slow

SOURCES = ("ovreport", "collector", "sitegen", "templates")
PUBLISHED = ("openvino", "fp32")


@dataclass(frozen=True)
class Site:
    """What a collect and a build left."""

    folder: Path

    def record(self, engine: str, variant: str) -> dict[str, dict[str, object]]:
        """Return the document of the only record of an engine and a variant."""
        files = (self.folder / "records").rglob("*.json")
        documents = [msgspec.json.decode(file.read_bytes()) for file in files]
        (found,) = (
            d for d in documents if (d["case"]["engine"], d["case"]["variant"]) == (engine, variant)
        )
        return found

    def page(self, name: str) -> str:
        """Return the text of a page, without its markup."""
        page = (self.folder / "_site" / name).read_text(encoding="utf-8")
        return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


def sources(tree: Path) -> dict[str, Path]:
    """Return the files of a tree by their paths in it, without what Python leaves there."""
    files = (file for name in SOURCES for file in (tree / name).rglob("*") if file.is_file())
    return {str(f.relative_to(tree)): f for f in files if "__pycache__" not in f.parts}


@pytest.fixture(scope="module")
def changes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, set[str]]]]:
    """Return a copy of the tree with all toys, and the files that each of them touched."""
    tree, before = (tmp_path_factory.mktemp(name) for name in ("tree", "before"))
    for folder in (tree, before):
        for name, file in sources(ROOT).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, folder / name)
    touched = {}
    for addition in ADDITIONS:
        addition.apply(tree)
        old, new = sources(before), sources(tree)
        touched[addition.kind] = {
            name
            for name, file in new.items()
            if name not in old or not filecmp.cmp(file, old[name], shallow=False)
        }
        for name in touched[addition.kind]:
            (before / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(new[name], before / name)
    yield tree, touched
    shutil.rmtree(tree)
    shutil.rmtree(before)


@pytest.fixture(scope="module")
def site(
    changes: tuple[Path, dict[str, set[str]]], tmp_path_factory: pytest.TempPathFactory
) -> Site:
    """Return what the copy measured and built."""
    folder = tmp_path_factory.mktemp("site")
    folders = {paths.CACHE: str(folder / "cache"), paths.STATE: str(folder / "state")}
    run(changes[0], "-m", "tests.additions.collect_and_build", str(folder), **folders)
    return Site(folder)


def run(tree: Path, *arguments: str, **environment: str) -> None:
    """Run Python on a copy of the tree; what it prints is shown if it fails."""
    # The copy goes before what is installed; the tests are those here.
    parts = [*(str(tree / part) for part in ("", "collector", "sitegen")), str(ROOT)]
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(parts), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("addition", ADDITIONS, ids=lambda one: one.kind)
def test_an_addition_touches_the_files_that_are_named(
    addition: Addition, changes: tuple[Path, dict[str, set[str]]]
) -> None:
    """`test_contributing` compares these with CONTRIBUTING.md, table by table."""
    named = {*addition.new_files, *(one.file for one in addition.insertions)}
    assert changes[1][addition.kind] == named


def test_additions_keep_the_order_of_imports(changes: tuple[Path, dict[str, set[str]]]) -> None:
    """No place that is named would need an exception."""
    shutil.copy(ROOT / "pyproject.toml", changes[0])
    run(changes[0], "-c", "from importlinter.cli import lint_imports_command as lint; lint()")


def test_an_engine_is_compared_on_the_frameworks_page(site: Site) -> None:
    """With its title, its version in the record, and its share of the rounds."""
    record = site.record("onnx-reference", "fp32")
    assert record["outcome"]["status"] == "completed"
    assert "onnx" in record["software"]["packages"]
    assert record["latency"]["status"] == record["throughput"]["status"] == "measured"
    assert "ONNX reference evaluator" in site.page("frameworks.html")


def test_a_task_gives_inputs_and_accuracy(site: Site) -> None:
    """By both engines alike, and the page of each result says what its accuracy is of."""
    for engine in ("openvino", "onnx-reference"):
        accuracy = site.record(engine, "fp32")["accuracy"]
        assert (accuracy["status"], accuracy["metric"], accuracy["n"]) == ("measured", "top1", 200)
        assert accuracy["value"] > 0.9
    results = sorted((site.folder / "_site").glob("result-*.html"))
    assert any("ten random vectors with noise" in site.page(page.name) for page in results)


def test_a_measurement_is_a_part_of_the_record(site: Site) -> None:
    """Measured in one round at quick; other cases say why they have none."""
    read = site.record(*PUBLISHED)["second_read"]
    assert read["status"] == "measured"
    assert [r["round"] for r in read["rounds"]] == [0]
    assert site.record("onnx-reference", "fp32")["second_read"]["status"] == "unsupported"
    assert site.record("openvino", "half")["second_read"]["status"] == "skipped"


def test_a_metric_is_in_the_glossary_the_tables_and_the_downloads(site: Site) -> None:
    """Of every case, in its unit."""
    (path,) = (site.folder / "_site" / "data").glob("figures-*.csv.gz")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["metric"] == "read_share"]
    assert {(row["engine"], row["variant"]) for row in rows} == {
        PUBLISHED,
        ("openvino", "half"),
        ("onnx-reference", "fp32"),
    }
    assert all(row["unit"] == "%" and 0 < float(row["value"]) <= 100 for row in rows)
    glossary = (site.folder / "_site" / "method.html").read_text(encoding="utf-8")
    assert 'id="metric-read_share"' in glossary
    assert "Share of reading" in site.page("model-patterns.html")


def test_a_page_is_in_the_navigation(site: Site) -> None:
    """Of every page, and has its own content."""
    pages = [page.read_text("utf-8") for page in (site.folder / "_site").glob("*.html")]
    assert all(re.search(r'<a href="/?engines\.html"[^>]*>Engines</a>', page) for page in pages)
    assert "OpenVINO: 2" in site.page("engines.html")


def test_a_variant_is_made_measured_and_named(site: Site) -> None:
    """From the published file; under its label on the model's page."""
    record = site.record("openvino", "half")
    assert record["outcome"]["status"] == "completed"
    assert record["model"]["origin"]["method"] == "fp16-compression"
    assert "half-precision weights" in site.page("model-patterns.html")
