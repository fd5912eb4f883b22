"""What the wheel holds, and what it does not."""

import configparser
import contextlib
import os
import zipfile
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = {"ovreport", "ovreport_collector", "ovreport_fleet", "ovreport_sitegen"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Return the wheel built from this checkout, opened."""
    build = pytest.importorskip("hatchling.build", reason="hatchling is in the extra `test`")
    folder = tmp_path_factory.mktemp("wheel")
    with contextlib.chdir(ROOT):
        name = build.build_wheel(os.fspath(folder))
    with zipfile.ZipFile(folder / name) as archive:
        yield archive


def sources(folder: str) -> set[str]:
    """Return the files of a folder in the checkout, without caches."""
    return {
        str(path.relative_to(ROOT / folder))
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def below(wheel, prefix: str) -> set[str]:
    """Return the files below a folder in the wheel."""
    return {name.removeprefix(prefix) for name in wheel.namelist() if name.startswith(prefix)}


def test_top_level_names_are_exactly_the_packages(wheel):
    """Nothing else lands in site-packages: no `tests`, no `templates`."""
    top = {name.split("/")[0] for name in wheel.namelist()}
    info = {name for name in top if name.endswith(".dist-info")}
    assert len(info) == 1
    assert top - info == PACKAGES


def test_the_packages_are_whole(wheel):
    """Every module of the checkout is in the wheel."""
    assert sources("ovreport") <= below(wheel, "ovreport/")
    assert sources("collector/ovreport_collector") <= below(wheel, "ovreport_collector/")
    assert sources("fleet/ovreport_fleet") <= below(wheel, "ovreport_fleet/")
    assert sources("sitegen/ovreport_sitegen") <= below(wheel, "ovreport_sitegen/")


def test_it_carries_templates_suites_and_studies(wheel):
    """Data files lie where the code looks for them."""
    assert below(wheel, "ovreport_sitegen/templates/") == sources("templates")
    assert below(wheel, "ovreport_collector/suite/builtin/") == sources(
        "collector/ovreport_collector/suite/builtin"
    )
    assert {"quick.toml", "standard.toml"} <= below(wheel, "ovreport_collector/suite/builtin/")
    assert "statistics.json" in below(wheel, "ovreport_sitegen/studies/")


def test_types_are_shipped(wheel):
    """Each package says that it is typed."""
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(wheel.namelist())


def test_no_tests_records_or_caches_are_shipped(wheel):
    """The wheel is for users."""
    for name in wheel.namelist():
        parts = name.split("/")
        assert not {"tests", "site", "__pycache__", ".git"} & set(parts), name
        assert not parts[-1].startswith("test_"), name


def test_the_licence_is_shipped(wheel):
    """Apache-2.0 asks for it."""
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel.namelist())


def test_entry_points_name_modules_of_the_wheel(wheel):
    """Every command belongs to one of the three packages, and is installed here as built."""
    (name,) = (n for n in wheel.namelist() if n.endswith(".dist-info/entry_points.txt"))
    parser = configparser.ConfigParser()
    parser.read_string(wheel.read(name).decode())
    declared = dict(parser["ovreport.commands"])
    assert {value.split(".")[0] for value in declared.values()} <= PACKAGES
    installed = {e.name: e.value for e in entry_points(group="ovreport.commands")}
    assert installed == declared
    assert parser["console_scripts"]["ovreport"] == "ovreport.cli:main"


@pytest.mark.parametrize("entry", entry_points(group="ovreport.commands"), ids=lambda e: e.name)
def test_entry_points_load(entry):
    """A command can be had without side effects, under the name that it is called by."""
    assert entry.load().name == entry.name
