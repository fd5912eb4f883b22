"""Records of every version of the format are taken in, checked, and shown, side by side."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ovreport import cli, store
from ovreport.decoding import decode
from ovreport.record import FORMAT, Record
from ovreport_sitegen.build import build

FIXTURES = sorted((Path(__file__).parent / "ovreport/records").glob("*.json"))


def of_another_machine(fixture: Path) -> tuple[bytes, Record]:
    """Return the bytes of an old record as a machine of its own would have written them."""
    data = fixture.read_bytes()
    machine = decode(data, where=fixture.name).machine.id
    data = data.replace(f'"{machine}"'.encode(), f'"machine-{fixture.stem}-only"'.encode())
    return data, decode(data, where=fixture.name)


def test_there_is_a_record_of_every_format() -> None:
    formats = {json.loads(path.read_bytes())["format"] for path in FIXTURES}
    assert formats == set(range(1, FORMAT + 1))


def test_a_site_of_every_format_shows_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As files of their own format, each with the name that it had then; none gives a warning."""
    records = tmp_path / "site/records"
    written = []
    for fixture in FIXTURES:
        data, record = of_another_machine(fixture)
        path = records / record.machine.id / store.file_name(record, data)
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
        written.append(record)
    assert cli.run(["validate", str(records)]) == 0, capsys.readouterr().out
    built = build(tmp_path / "site", [], tmp_path / "_site", cache=tmp_path / "cache")
    assert not built.faults
    assert not built.doubts
    assert built.results == len(written)
    for record in written:
        (page,) = built.out.glob(f"result-*-{record.machine.id}-*.html")
        moment = record.measured_at.replace("T", " ").replace("Z", "")
        assert moment in page.read_text("utf-8")
