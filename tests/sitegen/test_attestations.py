"""Which results are called attested: those whose file's checksum GitHub's client has verified."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from ovreport.errors import InputError
from ovreport.store import write
from ovreport_sitegen import attestations
from ovreport_sitegen.build import build
from ovreport_sitegen.commands import build as build_command
from tests.factories import a_record
from tests.sitegen.attested import SAID, verified


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return the folder of a site with one record."""
    write(a_record(), tmp_path / "site/records")
    return tmp_path / "site"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty folder for attestations, outside of the site."""
    (tmp_path / "verified").mkdir()
    return tmp_path / "verified"


def the_record(site: Path) -> Path:
    (path,) = (site / "records").rglob("*.json")
    return path


def page(site: Path, folder: Path | None) -> str:
    """Return the page of the only result."""
    out = site.parent / "_site"
    build(site, [], out, cache=site.parent / "cache", attestations=folder)
    (path,) = out.glob("result-*.html")
    return path.read_text("utf-8")


def test_a_result_says_by_which_workflow_its_file_is_attested(site: Path, folder: Path) -> None:
    """And no longer where nothing is attested, with the same cache."""
    (folder / "1.json").write_text(json.dumps(verified(the_record(site))))
    assert f"by workflow {SAID}" in page(site, folder)
    assert SAID not in page(site, None)


def test_one_document_attests_all_files_of_its_statement(site: Path, folder: Path) -> None:
    other = site.parent / "other.json"
    other.write_text("{}")
    (folder / "1.json").write_text(json.dumps(verified(other, the_record(site))))
    assert SAID in page(site, folder)


def test_a_file_with_other_bytes_is_not_attested(site: Path, folder: Path) -> None:
    """Such as one whose end of line was changed on the way."""
    path = the_record(site)
    (folder / "1.json").write_text(json.dumps(verified(path)))
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert SAID not in page(site, folder)


def test_nothing_in_what_others_send_attests_a_result(site: Path, folder: Path) -> None:
    """A record that says so, a page, and a document in the folder of records or of pages."""
    path = the_record(site)
    document = json.dumps(verified(path))
    record = json.loads(path.read_bytes())
    record |= {"attested": SAID, "verificationResult": verified(path)[0]["verificationResult"]}
    path.write_text(json.dumps(record))
    (site / "content").mkdir()
    (site / "content/attested.md").write_text(f"# Attested\n\nAttested by workflow {SAID}\n")
    for name in ("records/verified.json", "verified/1.json", "attestations.json"):
        (site / name).parent.mkdir(exist_ok=True)
        (site / name).write_text(document)
    write(a_record(), site / "records")
    assert SAID not in page(site, folder)
    assert SAID not in page(site, None)


@pytest.mark.parametrize("name", ["site", "site/records", "site/verified", ".", "more/verified"])
def test_a_folder_that_others_write_into_is_refused(site: Path, name: str) -> None:
    """By whatever path it is named, and a link to it too."""
    folder = site.parent / name
    folder.mkdir(parents=True, exist_ok=True)
    link = site.parent.parent / f"link-to-{site.parent.name}"
    link.symlink_to(folder)
    for one in (folder, link):
        with pytest.raises(InputError):
            build(site, [site.parent / "more"], site.parent / "_site", attestations=one)


def test_a_folder_in_the_checkout_of_the_project_is_refused(site: Path, folder: Path) -> None:
    """A pull request can bring files into it, wherever the site is."""
    (site.parent / ".git").mkdir()
    with pytest.raises(InputError):
        page(site, folder)


def test_a_folder_that_is_missing_is_refused(site: Path) -> None:
    with pytest.raises(InputError):
        build(site, [], site.parent / "_site", attestations=site.parent / "nowhere")


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "{}",
        '[{"verificationResult": {}}]',
        b"\xff",
        {"workflow": "example/marks/evil.yml"},
        {"workflow": "example/marks/.github/workflows/<b>.yml"},
        {"commit": "main"},
    ],
)
def test_a_document_of_no_use_is_told_and_the_others_count(
    site: Path, folder: Path, bad: str | bytes | dict[str, str]
) -> None:
    path = the_record(site)
    if isinstance(bad, dict):
        bad = json.dumps(verified(path, **bad))
    (folder / "bad.json").write_bytes(bad.encode() if isinstance(bad, str) else bad)
    (folder / "no-attestation.json").write_text("[]")
    assert "by workflow" not in page(site, folder)
    (folder / "good.json").write_text(json.dumps(verified(path)))
    assert SAID in page(site, folder)
    assert len(attestations.read(folder, [site]).unread) == 1


def test_the_command_warns_of_a_document_of_no_use(site: Path, folder: Path) -> None:
    (folder / "bad.json").write_text("{}")
    options = ["--site", str(site), "--out", str(site.parent / "_site"), "--strict"]
    done = CliRunner().invoke(build_command, [*options, "--attestations", str(folder)])
    assert done.exit_code == 0
    assert "bad.json" in done.stderr
