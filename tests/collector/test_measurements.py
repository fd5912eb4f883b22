"""The registry of measurements, and what is derived from it."""

from __future__ import annotations

import msgspec
import pytest
from click.testing import CliRunner

from ovreport.record import MEASUREMENTS, Record
from ovreport_collector.cli.collect import collect
from ovreport_collector.measurements import registry
from ovreport_collector.measurements.base import Measurement
from ovreport_collector.plan.tiers import TIERS
from ovreport_collector.process.job import JobFailed, result_type


@pytest.fixture(params=registry.MEASUREMENTS, ids=lambda one: one.name)
def measurement(request: pytest.FixtureRequest) -> Measurement:
    """Return each measurement."""
    return request.param


def test_each_is_a_part_of_the_record(measurement: Measurement) -> None:
    """A field of its name, or a mode of the memory."""
    assert measurement.is_field == (measurement.name in Record.__struct_fields__)
    assert measurement.is_field == (measurement.name in MEASUREMENTS)
    assert measurement.is_field or measurement.memory_mode


def test_each_has_a_result_that_a_journal_can_hold(measurement: Measurement) -> None:
    """It is told apart from a failure."""
    failure = JobFailed(reason="it broke", cause="error")
    kind = result_type(type(measurement))
    assert msgspec.json.decode(msgspec.json.encode(failure), type=kind) == failure


def test_a_failure_alone_is_the_records_reason(measurement: Measurement) -> None:
    """Its cause and its last words are kept; what an engine cannot do is unsupported."""
    crash = JobFailed(reason="SIGSEGV", cause="crash", stderr_tail="oh")
    assert measurement.part([crash]) == crash.outcome()
    lacking = JobFailed(reason="not implemented", cause="error", unsupported=True)
    assert measurement.part([lacking]) == lacking.outcome()


@pytest.mark.parametrize("tier", TIERS.values(), ids=lambda tier: tier.name)
def test_each_is_done_in_some_rounds_of_every_tier(measurement: Measurement, tier) -> None:
    """At most in all of them."""
    assert 1 <= measurement.rounds(tier) <= tier.max_processes
    assert measurement.seconds(tier) >= 0


def test_each_can_be_skipped() -> None:
    """And has its own name."""
    assert len(set(registry.SKIPPABLE)) == len(registry.MEASUREMENTS) + 2
    shown = CliRunner().invoke(collect, ["--help"], terminal_width=200).output
    assert all(name in shown for name in registry.SKIPPABLE)
