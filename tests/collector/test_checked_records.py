"""What the collector makes is what checks of records take for its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from ovreport.checks import CHECKS, tiers
from ovreport.checks.pins import PINNED
from ovreport_collector import suite
from ovreport_collector.plan.tiers import TIERS
from tests.factories import a_record

BUILT_IN = Path(suite.__file__).parent / "builtin"


@pytest.mark.parametrize("name", TIERS)
def test_every_tier_is_its_own(name: str) -> None:
    """Numbers of tiers may be tuned; records of them stay sound."""
    assert not list(tiers.demands(a_record(tier=TIERS[name])))


@pytest.mark.parametrize("name", TIERS)
def test_no_tier_passes_for_another(name: str) -> None:
    """Unless it is marked as custom."""
    for other in TIERS.keys() - {name}:
        forged = msgspec.structs.replace(TIERS[name], name=other)
        assert list(tiers.demands(a_record(tier=forged)))
        marked = msgspec.structs.replace(forged, is_custom=True)
        assert not list(tiers.demands(a_record(tier=marked)))


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
