"""`ovreport validate --against`: what new records would change on a site."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from ovreport import cli, store
from ovreport.contribution import contribution, markdown
from tests.factories import a_failed_record, a_record


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return the records that a site has."""
    folder = tmp_path / "base"
    for model in ("one", "two"):
        store.write(a_record(model=model), folder)
    return folder


@pytest.fixture
def branch(tmp_path: Path, site: Path) -> Path:
    """Return a copy of them, for a pull request to add to."""
    return Path(shutil.copytree(site, tmp_path / "branch"))


def test_nothing_new_is_no_fault(site: Path, branch: Path, tmp_path: Path) -> None:
    """A pull request may be about something else."""
    out = tmp_path / "summary.md"
    command = ["validate", str(branch), "--against", str(site), "--markdown", str(out)]
    assert cli.run(command) == 0
    assert "sound new records: 0" in out.read_text(encoding="utf-8")


def test_copies_in_a_wrong_place_are_told(site: Path, branch: Path) -> None:
    """Nothing is at fault, and nothing new, which whoever sent them should learn."""
    (copied,) = (path for path in branch.rglob("*.json") if "-one-" in path.name)
    (branch / "wrong").mkdir()
    shutil.copy(copied, branch / "wrong")
    text = markdown(contribution([branch], site))
    assert re.search(r"copies of .*: 1\b", text)
    assert "Nothing new" in text
    store.write(a_record(model="three"), branch)
    assert "Nothing new" not in markdown(contribution([branch], site))


def test_what_gets_slower_and_what_is_new_are_told(site: Path, branch: Path) -> None:
    """One model is measured again, at half the speed; one on another machine."""
    later = "2026-11-24T10:00:00Z"
    store.write(a_record(model="two", median_ms=10, seed=2, measured_at=later), branch)
    other = a_record(model="one", measured_at=later)
    machine = msgspec.structs.replace(other.machine, id="strange-thing-8c-32g-abcdef")
    store.write(msgspec.structs.replace(other, machine=machine), branch)
    found = contribution([branch], site)
    assert (len(found.new), len(found.old)) == (2, 2)
    text = markdown(found)
    assert "`strange-thing-8c-32g-abcdef` **new**" in text
    assert re.search(r"take the place of older ones: 1\b", text)
    assert re.search(r"that the site does not have: 1\b", text)
    assert re.search(r"\| two .*\*\*.*slower\*\*", text)
    assert "| one " not in text


def part(text: str, title: str) -> str:
    """Return what stands under a title that begins so; empty where there is none."""
    found = re.search(rf"^### {title}.*?\n(.*?)(?=^##|\Z)", text, re.DOTALL | re.MULTILINE)
    return found.group(1) if found else ""


def test_new_machines_and_cases_are_described(site: Path, branch: Path) -> None:
    """What the machine is, and the numbers with their intervals."""
    record = a_record(model="one", machine="strange-thing", seed=2)
    store.write(record, branch)
    failed = a_failed_record(model="new", machine="strange-thing")
    store.write(failed, branch)
    text = markdown(contribution([branch], site))
    assert record.machine.cpu in part(text, "New machines")
    ran, did_not = part(text, "Results of new cases").strip().splitlines()
    assert "latency" in ran
    assert "accuracy" in ran
    assert "–" in ran
    assert failed.outcome.reason in did_not
    assert re.search(r"strange-thing.*\| 2 \| 1 \| 0 \| 0 \| 1 \|", part(text, "Machines"))


def test_what_is_superseded_is_named_with_both_days(site: Path, branch: Path) -> None:
    store.write(a_record(model="two", seed=2, measured_at="2026-11-27T10:00:00Z"), branch)
    (line,) = part(markdown(contribution([branch], site)), "Superseded").strip().splitlines()
    assert "two fp32 f32" in line
    assert "2026-11-27" in line.partition(" by ")[2]


def test_a_loss_of_accuracy_has_its_interval(site: Path, branch: Path) -> None:
    store.write(a_record(model="two", top1=0.5, measured_at="2026-11-27T10:00:00Z"), branch)
    text = markdown(contribution([branch], site))
    assert re.search(r"\*\*−47 points\*\* \(−\d+ … −\d+\)", text)


@pytest.mark.parametrize(
    ("knobs", "is_odd"),
    [({"median_ms": 10}, True), ({"top1": 0.9}, True), ({"median_ms": 5.5}, False), ({}, False)],
)
def test_a_great_change_without_other_software_is_suspect(
    site: Path, branch: Path, knobs: dict[str, float], is_odd: bool
) -> None:
    """Twice the time, or another accuracy of the same file; a new release may do either."""
    record = a_record(model="two", seed=2, measured_at="2026-11-27T10:00:00Z", **knobs)
    store.write(record, branch)
    said = "with the same software"
    assert (said in part(markdown(contribution([branch], site)), "Suspicions")) == is_odd
    shutil.rmtree(branch)
    shutil.copytree(site, branch)
    software = msgspec.structs.replace(record.software, openvino="2026.5.0-1-abc")
    store.write(msgspec.structs.replace(record, software=software), branch)
    assert said not in markdown(contribution([branch], site))


def test_faults_of_old_files_are_named_as_warnings(site: Path, branch: Path) -> None:
    for folder in (site, branch):
        (folder / "old.json").write_text("{")
    (branch / "new.json").write_text("{")
    text = markdown(contribution([branch], site))
    assert "old.json" in part(text, "Warnings")
    assert "new.json" in part(text, "Faults")
    assert "old.json" not in part(text, "Faults")


def test_an_older_record_changes_nothing_but_history(site: Path, branch: Path) -> None:
    store.write(a_record(model="two", measured_at="2026-11-22T10:00:00Z"), branch)
    text = markdown(contribution([branch], site))
    assert re.search(r"history only: 1\b", text)
    assert "### What gets faster" not in text


def test_a_fault_counts_only_in_a_new_file(
    site: Path, branch: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever sends records cannot help what was there before."""
    for folder in (site, branch):
        (folder / "old.json").write_text("{")
    assert cli.run(["validate", str(branch), "--against", str(site)]) == 0
    assert "warning:" in capsys.readouterr().out
    (branch / "new.json").write_text("{")
    assert cli.run(["validate", str(branch), "--against", str(site)]) == 2


def test_a_record_that_is_deleted_or_edited_is_told(site: Path, branch: Path) -> None:
    first, second = sorted(branch.rglob("*.json"))
    first.unlink()
    second.write_bytes(second.read_bytes().replace(b'"one"', b'"two"').replace(b"5.", b"4."))
    found = contribution([branch], site)
    assert found.removed == sorted([first.name, second.name])
    assert found.faults


def test_a_site_without_records_takes_the_first(tmp_path: Path) -> None:
    store.write(a_failed_record(), tmp_path / "branch")
    found = contribution([tmp_path / "branch"], tmp_path / "base")
    assert len(found.new) == 1
    assert re.search(r"that failed: 1\b", markdown(found))


NASTY = "@octocat #1 <img src=x> `x` | [a](https://evil.example) www.evil.example ![i](x)"


def test_names_are_nothing_but_text(site: Path, branch: Path) -> None:
    """Of a file, a model, a device and a release: no mention, no link, no tag, no cell."""
    (branch / f"{NASTY.replace('/', '')}.json").write_text("{")
    record = a_record(model="two", measured_at="2026-11-24T10:00:00Z", median_ms=20)
    software = msgspec.structs.replace(record.software, openvino=NASTY, os=NASTY)
    machine = msgspec.structs.replace(record.machine, id="new", cpu=NASTY, virtualised=NASTY)
    found = contribution([branch], site)
    record = msgspec.structs.replace(record, software=software, machine=machine)
    nasty = store.Stored(record, branch / "x.json")
    text = markdown(replace(found, new=[nasty]))
    outside = re.sub(r"`[^`\n]*`", "", text).replace("\\`", "")
    assert text.count("octocat") > 3
    for danger in ("@octocat", "#1", "https://evil", "www.evil", "<img src"):
        assert danger not in outside.replace("\\<", "")
    for line in text.splitlines():
        if line.startswith("| `"):
            assert line.count("|") == 9
    assert len(text) < 65_536
