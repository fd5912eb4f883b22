"""CONTRIBUTING.md is true: its paths, its tables, its map, and the places of additions."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.additions.additions import ADDITIONS, Addition
from tests.additions.contributing import ROOT, TEXT, places

PACKAGES = (
    "ovreport",
    "collector/ovreport_collector",
    "fleet/ovreport_fleet",
    "sitegen/ovreport_sitegen",
)
PLACEHOLDER = re.compile(r"\b[A-Z]{3,}\b")


def test_every_kind_of_addition_has_a_toy() -> None:
    """Nothing is promised that is not tried."""
    kinds = {"engine", "task", "measurement", "metric", "page", "variant"}
    assert set(places()) == {addition.kind for addition in ADDITIONS} == kinds


@pytest.mark.parametrize("addition", ADDITIONS, ids=lambda one: one.kind)
def test_a_toy_is_added_in_the_places_that_are_named_and_no_others(addition: Addition) -> None:
    """Every file, and within it the very table."""
    named = places()[addition.kind].named(dict(addition.names))
    assert {(one.file, one.symbol) for one in addition.insertions} == set(named.tables)
    for place in named.new_files:
        assert any(_is_at(file, place) for file in addition.new_files), place
    for file in addition.new_files:
        assert any(_is_at(file, place) for place in named.new_files), file


def _is_at(file: str, place: str) -> bool:
    return file.startswith(place) if place.endswith("/") else file == place


def _spans() -> list[str]:
    return re.findall(r"`([^`\n]+)`", TEXT)


def test_every_path_exists() -> None:
    """Of the tables, written from the root of the tree."""
    roots = {path.name for path in ROOT.iterdir() if path.is_dir()}
    paths = [s for s in _spans() if "/" in s and " " not in s and s.split("/")[0] in roots]
    assert len(paths) > 30
    wrong = [p for p in paths if not PLACEHOLDER.search(p) and not (ROOT / p).exists()]
    assert not wrong


def test_every_name_is_defined_where_it_is_said_to_be() -> None:
    """`NAME` in `path`: a table, a class or a function."""
    found = re.findall(r"((?:`\w+`(?:, )?)+) (?:in|of) `([^`\n]+\.py)`", TEXT)
    assert len(found) > 15
    for symbols, path in found:
        if PLACEHOLDER.search(path):
            continue
        source = (ROOT / path).read_text(encoding="utf-8")
        for symbol in re.findall(r"\w+", symbols):
            assert re.search(rf"^(class |def )?{symbol}\b", source, re.MULTILINE), (symbol, path)


def _map() -> list[str]:
    """Return the folders of the map, as paths, in its order."""
    folders, top = [], ""
    for line in TEXT.partition("## The map\n\n```\n")[2].partition("```")[0].splitlines():
        name = line.split()[0]
        top = top if line.startswith(" ") else name
        if name.endswith("/"):
            folders.append(name if name == top else top + name)
    return folders


def test_the_map_has_every_package() -> None:
    """A folder of the map is in the tree, and a package of the tree is in the map."""
    folders = _map()
    assert all((ROOT / folder).is_dir() for folder in folders)
    for package in PACKAGES:
        inside = {path.parent.name for path in (ROOT / package).glob("*/*.*")} - {"__pycache__"}
        assert {f"{package}/{name}/" for name in inside} <= set(folders)


def test_the_map_goes_down_as_imports_do() -> None:
    """Its packages stand in the order of the import linter's layers."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    place = {folder: n for n, folder in enumerate(_map())}
    for contract in project["tool"]["importlinter"]["contracts"]:
        for container in contract.get("containers", ()):
            (package,) = (p for p in PACKAGES if p.split("/")[-1] == container)
            layers = [layer.split(" | ") for layer in contract["layers"]]
            listed = [[place.get(f"{package}/{name}/") for name in layer] for layer in layers]
            found = [sorted(n for n in layer if n is not None) for layer in listed]
            in_order = [n for layer in found for n in layer]
            assert in_order == sorted(in_order), contract["name"]
