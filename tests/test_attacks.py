"""Hostile text in every string of records: in the schema, in files, in terminals, in Markdown."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import msgspec
import pytest

from ovreport import cli
from ovreport.record import json_schema
from ovreport.store import Loaded, Stored
from ovreport_collector.cli import output
from ovreport_collector.engines.types import ProbeResult, Unavailable
from ovreport_sitegen.badges import badges
from ovreport_sitegen.build import build
from ovreport_sitegen.config import Config
from ovreport_sitegen.data.catalogue import make
from tests.attacks import (
    ATTACKS,
    TOGETHER,
    assert_plain,
    attacked_twice,
    free_paths,
    is_harmless,
    samples,
    unseen,
)
from tests.factories import a_record

ADDRESS = "https://example.org/a/b/"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the folders of two runs, of records with one attack each."""
    return attacked_twice(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, runs: tuple[Path, Path]) -> Path:
    """Return a site of both runs that knows where it is published, with a hostile title."""
    base = tmp_path_factory.mktemp("site")
    settings = f"site_url = '{ADDRESS}'\ntitle = '''{ATTACKS['end of script']}'''\n"
    (base / "ovreport.toml").write_text(settings)
    return build(base, runs, base / "out", cache=base / "charts").out


def test_every_free_string_was_attacked() -> None:
    """The list of strings is found by trying, and holds those that matter most."""
    found = {".".join(path) for path in free_paths()}
    assert len(found) > 40
    assert found >= {
        "device.full_name",
        "model.title",
        "model.why",
        "outcome.reason",
        "outcome.stderr_tail",
        "machine.cpu",
        "model.origin.calibration",
        "model.origin.settings.preset",
        "model.published.source",
    }


_SAME_KIND = {
    *(f"additional_accuracy.reference.{name}" for name in ("reason", "remedy", "stderr_tail")),
    *(f"generation.perplexity.published.{name}" for name in ("reason", "remedy", "stderr_tail")),
    *(f"generation.perplexity.reference.{name}" for name in ("reason", "remedy", "stderr_tail")),
    *("arm.prepared_with", "failed_rounds.reason", "model.files.name", "outcome.remedy"),
}
"""Strings that no sample has: parts of records that samples have elsewhere, and of rare ones."""


def test_every_string_of_the_schema_was_tried() -> None:
    """A new field of a record is attacked too, or its sample is missing here."""
    tried: set[str] = set()
    for record in samples():
        _add_strings(json.loads(msgspec.json.encode(record)), (), tried)
    assert set(_schema_strings(json_schema(), ())) - tried == _SAME_KIND


def _add_strings(value: Any, path: tuple[str, ...], found: set[str]) -> None:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        here = (*path, key) if isinstance(key, str) else path
        if isinstance(inner, dict | list):
            _add_strings(inner, here, found)
        elif isinstance(inner, str | None):
            found.add(".".join(here))


def _schema_strings(
    node: dict[str, Any], path: tuple[str, ...], within: frozenset[str] = frozenset()
) -> Iterator[str]:
    """Yield the places of free text in a schema; tables with keys of their own are left out."""
    if name := node.get("$ref", "").rpartition("/")[2]:
        if name not in within:
            yield from _schema_strings(json_schema()["$defs"][name], path, within | {name})
        return
    if node.get("type") == "string" and not {"pattern", "enum", "format"} & set(node):
        yield ".".join(path)
    for key, inner in node.get("properties", {}).items():
        yield from _schema_strings(inner, (*path, key), within)
    several = [inner for key in ("anyOf", "oneOf", "prefixItems") for inner in node.get(key, ())]
    items = node.get("items")
    for inner in [*several, *([items] if isinstance(items, dict) else [])]:
        yield from _schema_strings(inner, path, within)


# ---------------------------------------------------------------- what programs read


def test_the_feed_is_well_formed_and_plain_text(site: Path) -> None:
    """Atom's texts are plain without a type; links lead to the site's own pages."""
    atom = "{http://www.w3.org/2005/Atom}"
    root = ElementTree.fromstring((site / "feed.xml").read_bytes())  # noqa: S314 (of our build)
    known = ["feed", "id", "title", "updated", "author", "name", "link", "entry", "summary"]
    assert {element.tag for element in root.iter()} == {atom + name for name in known}
    assert all(not set(element.attrib) - {"rel", "href"} for element in root.iter())
    texts = [element.text or "" for element in root.iter() if element.tag != atom + "feed"]
    assert any("<script>" in text for text in texts)
    assert not unseen("".join(texts))
    ids = [element.text or "" for element in root.iter(atom + "id")]
    links = [link.attrib["href"] for link in root.iter(atom + "link")]
    assert len(ids) == len(set(ids)) > len(ATTACKS)
    for address in (*ids, *links):
        assert address.startswith(ADDRESS)
        assert re.fullmatch(r"[!-~]+", address)
    assert all((site / (link.removeprefix(ADDRESS) or "index.html")).is_file() for link in links)


def test_the_sitemap_names_pages_that_are_there(site: Path) -> None:
    """By addresses that are plain ASCII."""
    root = ElementTree.fromstring((site / "sitemap.xml").read_bytes())  # noqa: S314 (of our build)
    found = [place.text or "" for place in root.iter() if place.tag.endswith("}loc")]
    assert len(found) > len(ATTACKS)
    for address in found:
        assert address.startswith(ADDRESS)
        assert re.fullmatch(r"[\w./%~-]+", urlsplit(address).path, re.ASCII)
        assert (site / (address.removeprefix(ADDRESS) or "index.html")).is_file()


def test_downloads_hold_no_formula_and_a_record_a_line(site: Path) -> None:
    """Whatever reads them: a spreadsheet, or a program that takes them line by line."""
    tables = list(site.glob("data/figures-*.csv.gz"))
    assert len(tables) > len(ATTACKS)
    for path in tables:
        lines = list(csv.reader(io.StringIO(gzip.decompress(path.read_bytes()).decode())))
        assert len({len(line) for line in lines}) == 1
        assert [field for line in lines for field in line if not is_harmless(field)] == []
    for path in site.glob("data/records-*.jsonl.gz"):
        text = gzip.decompress(path.read_bytes()).decode()
        machines = {json.loads(line)["machine"]["id"] for line in text.strip("\n").split("\n")}
        assert len(machines) == 1


def test_a_comparison_as_json_is_ascii_and_holds_what_records_say(
    runs: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """For programs nothing is shortened or changed, and a log that shows it stays what it is."""
    assert cli.run(["compare", *map(str, runs), "--json"]) == 0
    text = capsys.readouterr().out
    assert text.isascii()
    assert not unseen(text)
    assert len(json.loads(text)["changes"]) > len(ATTACKS)


# ---------------------------------------------------------------- terminals


def test_terminals_show_text_and_obey_none(
    runs: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of records, of their files' names, and of what is wrong with them."""
    old, new = runs
    bad = tmp_path / "bad"
    bad.mkdir()
    for i, text in enumerate(ATTACKS.values()):
        name = text.replace("/", " ").replace("\0", "").encode()[:100].decode(errors="ignore")
        (bad / f"{i}{name}.json").write_text(json.dumps({text: text}))
        document = msgspec.to_builtins(a_record(seed=i))
        document["case"]["engine"] = document["model"]["homepage"] = text
        document["device"][text] = text
        (bad / f"{i}.json").write_text(json.dumps(document))
        document["repeat"]["ovreport"] = text
        del document["device"][text]
        (bad / f"{i}-repeat.json").write_text(json.dumps(document))
    said = []
    for command in (
        ["compare", str(old), str(new)],
        ["validate", str(old)],
        ["validate", str(bad)],
        ["validate", str(bad), "--json"],
        ["validate", str(bad), "--against", str(old)],
        ["build", "--site", str(tmp_path), "--records", str(bad), "--out", str(tmp_path / "out")],
    ):
        cli.run(command)
        shown = capsys.readouterr()
        said.append(shown.out + shown.err)
    assert all(said)
    assert not unseen("".join(said))


def test_devices_that_drivers_name_are_shown_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    """A driver, or a plug-in's message, may hold anything."""
    for text in ATTACKS.values():
        device = msgspec.structs.replace(a_record().device, full_name=text, driver=text)
        missing = Unavailable(name="GPU", reason=text, remedy=text)
        found = {"available": ["CPU"], "devices": [device], "unavailable": [missing]}
        output.show_devices(ProbeResult(openvino=text, **found))
    said = capsys.readouterr().out
    assert not unseen(said)
    assert "[bold red]" in said


# ---------------------------------------------------------------- Markdown, as GitHub renders it


def test_markdown_is_nothing_but_text_on_github(
    runs: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a comparison and of a pull request: no tag, link, picture, mention or broken table."""
    old, new = runs
    assert cli.run(["compare", *map(str, runs), "--markdown"]) == 0
    compared = capsys.readouterr().out
    summaries = []
    out, bad = tmp_path / "summary.md", tmp_path / "bad.json"
    for folder, text in zip(sorted(new.iterdir()), (*ATTACKS.values(), ""), strict=True):
        bad.write_text(json.dumps({"format": text}))
        command = ["validate", str(folder), str(bad), "--against", str(old)]
        assert cli.run([*command, "--markdown", str(out)]) == 2
        summaries.append(out.read_text(encoding="utf-8"))
    for text in (compared, *summaries):
        assert_plain(text)
    assert "octocat" in compared
    assert any("octocat" in text for text in summaries)


def test_the_code_of_a_badge_is_a_picture_that_leads_to_the_site() -> None:
    """Pasted into a README, a model's name adds nothing to it."""
    gfm = pytest.importorskip("cmarkgfm", reason="cmarkgfm is not installed: extra `test`")
    for text in (*ATTACKS.values(), TOGETHER):
        record = a_record(title=text, full_name=text, precision="default")
        found = make(Config(site_url=ADDRESS), Loaded([Stored(record, Path("x.json"))]))
        (badge,) = badges(found, found.models[0])
        html = gfm.github_flavored_markdown_to_html(badge.markdown)
        (paragraph,) = ElementTree.fromstring(f"<all>{html}</all>")  # noqa: S314 (of our own)
        assert [element.tag for element in paragraph.iter()] == ["p", "a", "img"]
        assert paragraph[0].attrib["href"].startswith(ADDRESS)
        assert paragraph[0][0].attrib["src"].startswith(ADDRESS)
        assert not "".join(paragraph.itertext()).strip()
