"""What the README and the guide say works as pasted."""

from __future__ import annotations

import re
import runpy
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import msgspec
import pytest

from ovreport import store
from ovreport.cli import cli, run
from ovreport.record import Completed
from ovreport.store import read_all
from ovreport_sitegen.build import build
from tests.collector.commands import ALL, skip
from tests.factories import a_failed_record, a_record

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDE = {
    path.stem: path.read_text(encoding="utf-8")
    for path in (ROOT / "templates" / "prose" / "guide").glob("*.md")
}

SHORT = {"min_seconds": 0.1, "min_inferences": 8, "processes": 1, "max_processes": 1}
"""Of a tier: what a test of commands needs to measure."""


def block(marker: str, text: str = README) -> str:
    """Return the code block that follows a marker."""
    found = re.search(rf"<!-- {marker} -->\n```\w+\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert found, f"there is no block marked {marker!r}"
    return found.group(1)


def commands() -> set[str]:
    """Return the arguments of every `ovreport …` in the README and in the guide."""
    found = set()
    for text in (README, *GUIDE.values()):
        fenced = re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
        lines = [line.partition(" #")[0] for code in fenced for line in code.splitlines()]
        for line in (*lines, *re.findall(r"`([^`\n]+)`", text)):
            parts = map(str.strip, line.split("&&"))
            found |= {p.removeprefix("ovreport ") for p in parts if p.startswith("ovreport ")}
    return found


@pytest.mark.slow
def test_the_way_from_an_empty_folder_to_a_site_works_as_pasted(tmp_path, monkeypatch):
    """A site is started, the guide's model is measured by the guide's suite, and it is shown."""
    from ovreport_collector.plan import tiers

    short = msgspec.structs.replace(tiers.TIERS["quick"], is_custom=True, **SHORT)
    monkeypatch.setitem(tiers.TIERS, "quick", short)
    monkeypatch.setenv("OVREPORT_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("OVREPORT_CACHE", str(tmp_path / "cache"))
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path / "mine")
    assert run(["init"]) == 0
    Path("my.toml").write_text(block("example: suite", GUIDE["own-models"]), encoding="utf-8")
    Path("make.py").write_text(block("example: model", GUIDE["own-models"]), encoding="utf-8")
    runpy.run_path("make.py")

    # How a suite is written is in question, not what is measured beside the rounds.
    assert run(["collect", "--suite", "my.toml", *skip(ALL)]) == 0

    loaded = read_all([Path("site/records")])
    assert not loaded.faults
    assert loaded.records
    assert all(isinstance(record.outcome, Completed) for record in loaded.records)
    assert run(["build"]) == 0
    assert "My model" in Path("_site/index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("marker", ["command: quickstart", "command: test"])
def test_the_commands_that_ci_takes_from_the_readme_are_one_line(marker):
    """CI runs the README's own words; each is one line to paste."""
    assert len(block(marker).splitlines()) == 1


@pytest.mark.parametrize("command", sorted(commands()))
def test_every_command_is_understood(command, tmp_path, monkeypatch):
    """Its options exist, and take the values that they are given."""
    monkeypatch.chdir(tmp_path)
    for folder in ("DIR", "site/records", "site-before/records"):
        Path(folder).mkdir(parents=True)
    name, *arguments = shlex.split(command)
    group = click.Context(cli, **cli.context_settings)
    found = cli.get_command(group, name)
    assert found is not None, f"there is no command {name!r}"
    found.make_context(name, arguments, parent=group)


@pytest.mark.parametrize("option", ["suite", "model"])
def test_suites_and_models_that_are_named_are_built_in(option):
    """But for a file of one's own."""
    from ovreport_collector.plan import load_suite

    suites = {name: load_suite.load(name) for name in load_suite.builtin()}
    models = {model.id for suite in suites.values() for model in suite.models}
    text = "\n".join(commands())
    named = set(re.findall(rf"--{option} (\S+)", text)) - {"my.toml"}
    assert named
    assert named <= (set(suites) if option == "suite" else models)


def test_there_are_ten_things_to_do():
    """Each with a command; more than that belongs into the guide."""
    table = README.partition("## Ten things to do")[2].partition("\nEvery command")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == 10
    assert all("`ovreport " in row for row in rows)


def test_links_lead_to_files():
    """The README is read on its own: what it links to and shows lies beside it."""
    targets = re.findall(r'(?:\]\(|src="|srcset=")([^)"#]+)', README)
    assert len(targets) > 8
    for target in targets:
        assert target.startswith("https://") or (ROOT / target).exists(), target


def test_the_examples_of_python_run(tmp_path, monkeypatch, capsys):
    """As pasted, in a folder where something was collected and built."""
    monkeypatch.chdir(tmp_path)
    for record in (a_record(), a_failed_record(model="silero")):
        store.write(record, Path("site/records"))
    exec(block("example: load", GUIDE["python"]), {})  # noqa: S102
    assert a_record().case.model in capsys.readouterr().out

    pytest.importorskip("pandas", reason="pandas is in the extra `test`")
    exec(block("example: pandas", GUIDE["python"]), {})  # noqa: S102
    assert a_record().case.model in capsys.readouterr().out
    build(Path("site"), [], Path("_site"), cache=tmp_path / "charts")
    names: dict[str, object] = {}
    exec(block("example: csv", GUIDE["python"]), names)  # noqa: S102
    from_csv = names["figures"]
    import ovreport

    from_records = ovreport.load("site/records").to_pandas()
    assert list(from_csv.columns) == list(from_records.columns)
    assert len(from_csv) == len(from_records)
    assert from_csv["current"].dtype == bool


def _publish_as_pasted(folder, monkeypatch, collect):
    """Run the three commands of the README in an empty folder; return the branch's files.

    Git is told to find the README's repository in a local one. `collect` runs the second command.
    """
    pytest.importorskip("ghp_import", reason="a dependency of ovreport: install it again")
    git = shutil.which("git") or "git"
    bare = folder / "bare.git"
    subprocess.run([git, "init", "--quiet", "--bare", str(bare)], check=True)
    (folder / "empty").mkdir()
    monkeypatch.chdir(folder / "empty")
    first, second, third = map(shlex.split, block("command: publish").splitlines())
    assert {first[0], second[0], third[0]} == {"ovreport"}
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{bare.as_uri()}.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", first[-1])
    assert run(first[1:]) == 0
    assert collect(second[1:]) == 0
    assert run(third[1:]) == 0
    listing = [git, "-C", str(bare), "ls-tree", "-r", "--name-only", "gh-pages"]
    return subprocess.run(listing, check=True, capture_output=True, text=True).stdout.split()


def test_three_commands_publish_a_site(tmp_path, monkeypatch):
    """Here a record that is there already stands for what is collected."""

    def collect(arguments):
        assert arguments == ["collect"]
        store.write(a_record(), Path("site/records"))
        return 0

    files = _publish_as_pasted(tmp_path, monkeypatch, collect)
    assert {"index.html", "404.html", "sitemap.xml", ".nojekyll"} <= set(files)


@pytest.mark.network
@pytest.mark.slow
def test_three_commands_publish_a_site_that_is_measured(tmp_path, monkeypatch):
    """The quick suite is fetched and measured, for a shorter time."""
    from ovreport_collector.plan import tiers

    short = msgspec.structs.replace(tiers.TIERS["quick"], is_custom=True, **SHORT)
    monkeypatch.setitem(tiers.TIERS, "quick", short)
    monkeypatch.setenv("OVREPORT_STATE", str(tmp_path / "state"))
    files = _publish_as_pasted(tmp_path, monkeypatch, run)
    assert {"index.html", "404.html", "sitemap.xml", ".nojekyll"} <= set(files)
