"""`ovreport validate` and `ovreport schema`."""

import errno
import json
import os
from pathlib import Path

import jsonschema
import pytest

from ovreport import cli, store
from tests.factories import a_failed_record, a_record


@pytest.fixture
def folder(tmp_path):
    """Return a folder with two sound records."""
    store.write(a_record(), tmp_path)
    store.write(a_failed_record(), tmp_path)
    return tmp_path


def test_sound_records_pass(folder, capsys):
    """A count, and exit code 0."""
    assert cli.run(["validate", str(folder)]) == 0
    assert capsys.readouterr().out == "2 sound records\n"


def test_one_record_and_one_fault_are_singular(folder, capsys):
    """No plural of one thing."""
    first, second = sorted(folder.rglob("*.json"))
    second.unlink()
    assert cli.run(["validate", str(first)]) == 0
    assert capsys.readouterr().out == "1 sound record\n"
    (folder / "a.json").write_text("")
    assert cli.run(["validate", str(folder)]) == 2
    assert "1 fault, 1 sound record" in capsys.readouterr().err


def test_every_fault_has_its_path_and_its_remedy(folder, capsys):
    """A line each, a remedy below, then the sum on stderr, exit code 2."""
    (folder / "a.json").write_text("")
    (folder / "b.json").write_text('{"format": 7}')
    (folder / "c\nd.json").write_text("[]")
    assert cli.run(["validate", str(folder)]) == 2
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert len(lines) == 6
    assert lines[0] == f"{folder}/a.json: the file is empty"
    assert lines[2].startswith(f"{folder}/b.json: $.format: format 7 is newer")
    assert all("→" in line for line in lines[1::2])
    assert "3 faults, 2 sound records" in captured.err


def test_faults_as_json(folder, capsys):
    """For scripts: where, what and remedy, and the same exit code."""
    assert cli.run(["validate", "--json", str(folder)]) == 0
    assert json.loads(capsys.readouterr().out) == {"records": 2, "faults": [], "duplicates": []}
    (folder / "bad.json").write_text("{")
    assert cli.run(["validate", "--json", str(folder)]) == 2
    outcome = json.loads(capsys.readouterr().out)
    assert outcome["records"] == 2
    assert [set(fault) for fault in outcome["faults"]] == [{"where", "what", "remedy"}]


def test_a_record_that_is_there_twice_is_said_and_passed(folder, capsys):
    """As a merge of two collections leaves it: in a folder of another machine."""
    path = next(folder.rglob("*.json"))
    copy = folder / "other-machine" / path.name
    copy.parent.mkdir()
    copy.write_bytes(path.read_bytes())
    assert cli.run(["validate", str(folder)]) == 0
    assert str(copy) in capsys.readouterr().out


def test_all_faults_of_a_record_are_told_what_is_missing_first(folder, capsys):
    """Then wrong values, with those that are allowed; what nobody knows comes last."""
    document = json.loads(store.encode(a_record()))
    document["case"].pop("device")
    document["case"]["precision"] = "f64"
    document["aaa"] = 1
    (folder / "a.json").write_text(json.dumps(document))
    assert cli.run(["validate", "--json", str(folder)]) == 2
    faults = json.loads(capsys.readouterr().out)["faults"]
    paths = [fault["where"].rpartition(": ")[2] for fault in faults]
    assert paths == ["$.case.device", "$.case.precision", "$"]
    assert "'bf16'" in faults[1]["what"]
    assert "'aaa'" in faults[2]["what"]


def test_what_is_there_twice_is_said_and_harmless(folder, capsys):
    """Merging two collections makes such files; a workflow that publishes goes on."""
    first = sorted(folder.rglob("*.json"))[0]
    (folder / "copy").mkdir()
    (folder / "copy" / first.name).write_bytes(first.read_bytes())
    assert cli.run(["validate", str(folder)]) == 0
    out = capsys.readouterr().out
    assert str(first) in out
    assert "2 sound records" in out


def test_a_folder_that_cannot_be_read_is_said(folder, capsys, monkeypatch):
    """Records may lie in it; simulated, as root may read anything."""
    hidden = folder / "hidden"
    hidden.mkdir()
    scan = os.scandir

    def refuse(path):
        if Path(path) == hidden:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert cli.run(["validate", str(folder)]) == 2
    assert f"{hidden}: the folder cannot be read" in capsys.readouterr().out


def test_two_records_of_one_case_and_time_are_refused(folder, capsys):
    """As `build` finds: nobody knows which of them is the newer one."""
    for seed in (8, 9):
        store.write(a_record(seed=seed, measured_at="2026-11-24T10:00:00Z"), folder)
    assert cli.run(["validate", str(folder)]) == 2
    assert "of the same case and time" in capsys.readouterr().out


def test_files_and_folders_together(folder, tmp_path_factory, capsys):
    """Any number of paths."""
    other = store.write(a_record(seed=9), tmp_path_factory.mktemp("other"))
    assert cli.run(["validate", str(folder), str(other)]) == 0
    assert capsys.readouterr().out == "3 sound records\n"


def test_nothing_to_validate_is_an_error(tmp_path, capsys):
    """A mistyped folder must not pass."""
    assert cli.run(["validate", str(tmp_path)]) == 2
    assert "no record found" in capsys.readouterr().err
    assert cli.run(["validate", str(tmp_path / "nowhere")]) == 2
    assert "does not exist" in capsys.readouterr().err


def test_the_schema_is_a_json_schema_of_records(capsys):
    """What is printed is valid by itself, and accepts a record."""
    assert cli.run(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate(json.loads(store.encode(a_record())))
    assert not validator.is_valid({"format": 1})
