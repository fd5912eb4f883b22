"""The round trip of a byte between two processors, really measured."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from ovreport_collector.machine import echo
from ovreport_collector.machine.core_to_core import CoreToCore

needs_two = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="needs two processors and Linux",
)


@needs_two
def test_a_round_trip_is_measured_and_nothing_is_left_behind() -> None:
    """Some time between a cache line's and a system call's, wherever it is not too busy to tell."""
    allowed = os.sched_getaffinity(0)
    with CoreToCore() as cores:
        found = [cores.round_trip_ns() for _ in range(5)]
        assert os.sched_getaffinity(0) == allowed
    assert all(ns is None or ns > 10 for ns in found)
    assert cores.round_trip_ns() is None


@needs_two
def test_a_round_trip_can_be_measured_again_and_again() -> None:
    """The other process waits in between, and answers again; a busy machine may hide some."""
    with CoreToCore() as cores:
        for _ in range(3):
            assert any(cores.round_trip_ns() is not None for _ in range(100))
            time.sleep(0.01)


def test_there_is_none_before_it_was_started() -> None:
    """Nor on one processor, where no other could answer."""
    assert CoreToCore().round_trip_ns() is None


@needs_two
def test_one_processor_has_no_other() -> None:
    """The reading is left out, and nothing else is lost."""
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        with CoreToCore() as cores:
            assert cores.round_trip_ns() is None
    finally:
        os.sched_setaffinity(0, allowed)


@needs_two
def test_the_other_process_ends_with_its_caller(tmp_path) -> None:
    """Even one that is killed while it waits."""
    file = tmp_path / "byte"
    file.write_bytes(bytes([echo.ASKED]))
    processor = str(min(os.sched_getaffinity(0)))
    with subprocess.Popen(
        [sys.executable, "-I", "-S", echo.__file__, str(file), processor],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdin
        assert other.stdout
        assert other.stdout.read(1) == b"."
        other.stdin.write(b".")
        other.stdin.flush()
        while file.read_bytes() != bytes([echo.ANSWERED]):
            time.sleep(0.001)
        other.stdin.close()  # it was never told that it is over: it gives up by itself
        assert other.wait() == 0
