"""`ovreport init`: a site of one's own, from an empty folder or from another's site."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from ovreport.errors import ConfigError, InputError
from ovreport.store import read_all, write
from ovreport_sitegen import config
from ovreport_sitegen.build import build
from ovreport_sitegen.commands import init
from ovreport_sitegen.render import templates_folder
from ovreport_sitegen.start import start
from tests.factories import a_record


def test_a_new_site_has_no_results_until_some_are_collected(tmp_path: Path) -> None:
    """Its settings hold, and what is collected next is all that it shows."""
    start(tmp_path, "Our machines")
    site = tmp_path / "site"
    assert config.load(site) == config.Config(title="Our machines")
    with pytest.raises(InputError):
        build(site, [], tmp_path / "_site")
    write(a_record(), site / "records")
    built = build(site, [], tmp_path / "_site")
    assert built.results == 1
    assert "Our machines" in (built.out / "index.html").read_text(encoding="utf-8")
    assert (built.out / "about.html").is_file()


def test_a_site_that_is_there_is_kept(tmp_path: Path) -> None:
    """Without a word it is refused; with --replace it stands aside, whole."""
    write(a_record(), tmp_path / "site" / "records")
    with pytest.raises(InputError, match="already"):
        start(tmp_path, "Mine")
    before = start(tmp_path, "Mine", replace=True).before
    assert before
    assert len(read_all([before]).records) == 1
    assert not read_all([tmp_path / "site"]).records
    with pytest.raises(InputError, match="already"):
        start(tmp_path, "Mine", replace=True)
    assert len(read_all([before]).records) == 1


@pytest.mark.parametrize("title", ['He said "no"', "back\\slash", "Prüfstand – 東京", "a\tb\x7f"])
def test_a_title_is_taken_as_it_is(tmp_path: Path, title: str) -> None:
    start(tmp_path, title)
    assert config.load(tmp_path / "site").title == title


@pytest.mark.parametrize("title", ["", "x" * 200, "\ud800"])
def test_a_title_that_cannot_be_used_leaves_nothing_behind(tmp_path: Path, title: str) -> None:
    with pytest.raises(ConfigError):
        start(tmp_path, title)
    assert not list(tmp_path.iterdir())


def test_the_settings_name_every_key() -> None:
    """Those that are left at their defaults stand there as comments, ready to be used."""
    text = (templates_folder() / "new-site" / config.FILE).read_text(encoding="utf-8")
    whole = text.replace("$title", '"x"').replace("# [", "[")
    lines = [
        line.removeprefix("# ") if " = " in line or line.startswith("[") else ""
        for line in whole.splitlines()
    ]
    known = {field.name for field in msgspec.structs.fields(config.Config)}
    assert tomllib.loads("\n".join(lines)).keys() == known
    config.parse("\n".join(lines).encode(), where="the template")


def test_the_command_says_what_to_do_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "cd 'my site' && ovreport collect" in CliRunner().invoke(init, ["my site"]).output
    here = CliRunner().invoke(init, [])
    assert here.exit_code == 0
    assert "Next: ovreport collect" in here.output
    assert Path("site/ovreport.toml").is_file()
