"""What the collector makes is what checks of records take for its own."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import pytest

from ovreport.checks import CHECKS, rounds, text, tiers
from ovreport.checks.pins import PINNED
from ovreport.record import Latency, Record, Repeat
from ovreport_collector import suite
from ovreport_collector.plan import load_suite
from ovreport_collector.plan.tiers import TIERS
from tests.factories import a_record, histogram

replace = msgspec.structs.replace
BUILT_IN = Path(suite.__file__).parent / "builtin"


@pytest.mark.parametrize("name", TIERS)
def test_every_tier_is_its_own(name: str) -> None:
    """Numbers of tiers may be tuned; records of them stay sound."""
    assert not list(tiers.demands(a_record(tier=TIERS[name])))


@pytest.mark.parametrize("name", TIERS)
def test_no_tier_passes_for_another(name: str) -> None:
    """Unless it is marked as custom."""
    for other in TIERS.keys() - {name}:
        forged = replace(TIERS[name], name=other)
        assert list(tiers.demands(a_record(tier=forged)))
        marked = replace(forged, is_custom=True)
        assert not list(tiers.demands(a_record(tier=marked)))


@pytest.mark.parametrize(("measured", "claimed"), list(pairwise(TIERS)))
def test_loops_of_a_tier_do_not_pass_for_those_of_the_next(measured: str, claimed: str) -> None:
    """Not even the shortest ones, of a tier whose numbers are all in order."""
    record, tier = a_record(), TIERS[measured]
    assert isinstance(record.latency, Latency)
    loops = [
        replace(
            one,
            duration_s=tier.min_seconds,
            n=tier.min_inferences,
            histogram=histogram(np.full(tier.min_inferences, one.median_ms)),
        )
        for one in record.latency.rounds
    ]
    record = replace(record, latency=replace(record.latency, rounds=loops))

    def refused(name: str) -> list[str]:
        found = rounds.tier(replace(record, tier=TIERS[name]))
        return [one.path for one in found if one.path.startswith("$.latency.rounds[")]

    assert not refused(measured)
    assert len(refused(claimed)) >= len(loops)


def of_suite(name: str) -> Record:
    """Return a record whose command names a suite."""
    command = shlex.join(["ovreport", "collect", "--suite", name])
    return a_record(repeat=Repeat(ovreport=command, benchmark_app=""))


@pytest.mark.parametrize(
    "name", ["quick", "bench(1).toml", "my,suite.toml", "a@b.toml", "mine 2.toml", "größe.toml"]
)
def test_the_file_of_a_suite_may_have_any_name(tmp_path: Path, name: str) -> None:
    """The command has it as a record calls it: without its folder."""
    path = name if name in load_suite.builtin() else str(tmp_path / name)
    assert not list(text.commands(of_suite(load_suite.name_of(path))))


@pytest.mark.parametrize("name", ["/tmp/x.toml", "../x.toml", "-x", "--out"])
def test_a_suite_is_neither_a_folder_nor_an_option(name: str) -> None:
    assert list(text.commands(of_suite(name)))


def pins() -> Iterator[tuple[str, str]]:
    """Yield address and checksum of every model's file that a built-in suite pins."""
    for path in BUILT_IN.glob("*.toml"):
        for model in msgspec.toml.decode(path.read_bytes())["models"]:
            if model["file"]["uri"].startswith("pypi:"):
                yield model["file"]["uri"], model["file"]["sha256"]


def test_checksums_of_built_in_suites_are_known() -> None:
    """Who adds a model to a suite adds its pin: a record of it with another checksum is refused."""
    found = dict(pins())
    assert len(found) > 10
    assert {uri: PINNED.get(uri) for uri in found} == found


def test_every_check_says_what_it_demands_and_why() -> None:
    """Whoever is refused is owed a reason."""
    assert all(check.demand.endswith(".") and check.why.endswith(".") for check in CHECKS)
