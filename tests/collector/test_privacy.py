"""Whatever field a name gets into, it is not in the record that is written."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from ovreport import checks, store
from ovreport.privacy import KEPT, NEVER_KEPT
from ovreport.record import Device, Machine, Record, Software
from ovreport_collector.process import redact
from ovreport_collector.session.privacy import without_names
from tests.factories import a_failed_record, a_record
from tests.language_factories import a_language_record

replace = msgspec.structs.replace


@pytest.fixture(autouse=True)
def _alice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulate a user and a machine with names of their own."""
    monkeypatch.setenv("HOME", "/home/alice")
    monkeypatch.setattr(redact.getpass, "getuser", lambda: "alice")
    monkeypatch.setattr(redact.socket, "gethostname", lambda: "wonderland.example.org")


TEXTS = (
    "Permission denied for alice",
    "alice@wonderland: no such file",
    "cannot open /home/alice/models/x.onnx",
    "driver of wonderland.example.org",
)


@pytest.mark.parametrize("text", TEXTS)
def test_no_field_of_a_record_names_anybody(text: str) -> None:
    """Reasons, properties, keys, evidence that is missing: all at once."""
    record = a_record()
    device = replace(record.device, driver=text, properties={"KEY": text, text: "x"})
    record = replace(
        record,
        device=device,
        noise_unreadable={"temperature_c": text},
        machine=replace(record.machine, virtualised=text, governor=text),
        energy=replace(record.energy, reason=text, remedy=text),
    )
    written = store.encode(without_names(record)).decode()
    assert "alice" not in written
    assert "wonderland" not in written


@pytest.mark.parametrize("record", [a_record(), a_failed_record(), a_language_record()])
def test_a_record_without_names_stays_what_it_is(record: object) -> None:
    """Nothing is changed, and what is written is as sound as before."""
    assert without_names(record) == record  # type: ignore[arg-type]
    assert not list(checks.faults(without_names(record)))  # type: ignore[arg-type]


def test_a_title_names_no_folder_of_this_machine() -> None:
    found = without_names(a_record(title="Net in /home/alice/x")).model.title
    assert found == "Net in ~/x"


def test_what_a_suite_says_stays() -> None:
    """A model may be called what its user is called, and a link may hold the name."""
    record = a_record(model="alice", title="Model of alice")
    model = replace(record.model, homepage="https://example.org/alice/model")
    record = replace(record, model=model)
    assert without_names(record) == record


@pytest.mark.parametrize("name", ["root", "user", "ubuntu"])
def test_common_words_are_no_names(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Neither by themselves nor within others; the home folder is one all the same."""
    monkeypatch.setattr(redact.getpass, "getuser", lambda: name)
    monkeypatch.setattr(redact.socket, "gethostname", lambda: name)
    monkeypatch.setenv("HOME", f"/{name}")
    record = a_record()
    text = f"the square {name} of x, {name}s, /{name}fs/y"
    record = replace(record, energy=replace(record.energy, reason=text, remedy=f"see /{name}/x"))
    cleaned = without_names(record)
    assert cleaned.energy == replace(record.energy, remedy="see ~/x")


SECRET = "hf_exampleExample"  # noqa: S105


@pytest.mark.parametrize("name", ["HF_TOKEN", "PIP_PASSWORD", "AWS_SECRET", "my_api_key"])
@pytest.mark.parametrize("text", ["401 for Authorization: Bearer hf_exampleExample", SECRET])
def test_a_secret_of_the_environment_is_in_no_record(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    """Within a message, and as a word by itself."""
    monkeypatch.setenv(name, SECRET)
    record = a_record()
    record = replace(record, energy=replace(record.energy, reason=text))
    assert SECRET.encode() not in store.encode(without_names(record))


def test_what_stands_before_the_host_of_an_address_is_a_secret() -> None:
    """As in the settings of pip for a private index."""
    found = redact.redacted("no such file at https://alice:pass-word@pypi.example/simple, sorry")
    assert found == "no such file at https://<secret>@pypi.example/simple, sorry"
    assert redact.redacted("see https://example.org/a@b") == "see https://example.org/a@b"


def test_every_field_about_the_machine_is_told() -> None:
    """Whoever adds one says so where `--dry-run` and the guide list what a record keeps."""
    told = {field for fields in KEPT.values() for field in fields}
    parts = {"machine": Machine, "software": Software, "device": Device}
    fields = {f"{name}.{one}" for name, part in parts.items() for one in part.__struct_fields__}
    assert {field for field in told if field.partition(".")[0] in parts} == fields
    assert {field.partition(".")[0] for field in told} <= set(Record.__struct_fields__)


def test_the_guide_lists_the_same() -> None:
    guide = Path(__file__).parents[2] / "templates/prose/guide/records.md"
    lines = guide.read_text("utf-8").splitlines()
    assert [line.removeprefix("- ") for line in lines if line.startswith("- ")] == [
        *KEPT,
        *NEVER_KEPT,
    ]
