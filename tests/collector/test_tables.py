"""What a collect prints at its end."""

from __future__ import annotations

import io

import msgspec
import pytest
from rich.console import Console

from ovreport.record import Record
from ovreport_collector.session.result_tables import summaries
from tests.factories import a_record


def shown(records: list[Record], width: int) -> list[str]:
    console = Console(width=width, file=io.StringIO())
    (table,) = summaries(records)
    with console.capture() as captured:
        console.print(table)
    return captured.get().splitlines()


@pytest.mark.parametrize("width", [80, 120])
def test_a_narrow_terminal_shows_numbers_and_verdicts_whole(width: int) -> None:
    """What all cases share is said once: their device."""
    record = a_record(model="blazeface-front")
    title, headings, line = shown([record], width)
    assert record.case.device in title
    assert "verdict" in headings
    assert not any("…" in one for one in (headings, line))


def test_a_device_is_a_word_in_one_line() -> None:
    """Where there are several; a rule once broke it after each letter."""
    cpu = a_record(model="blazeface-front")
    gpu = msgspec.structs.replace(cpu, case=msgspec.structs.replace(cpu.case, device="GPU.0"))
    _, headings, *lines = shown([cpu, gpu], 100)
    assert "device" in headings
    assert [one.split()[1] for one in lines] == ["CPU", "GPU.0"]
