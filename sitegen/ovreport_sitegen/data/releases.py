"""OpenVINO's releases on a device, compared case by case: in one run where there is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from ovreport.change import Run
from ovreport.changes import Changes, against_itself, changes
from ovreport.engines import ENGINES
from ovreport.history import CaseKey, release_numbers
from ovreport.pairing import best_pair, in_turn
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.collection import Collection, Entry
from ovreport_sitegen.data.names import grouped
from ovreport_sitegen.data.result import DeviceKey
from ovreport_sitegen.text import release

MOST_RELEASES = 5
"""Of a device that are compared: the newest."""
_KEPT = 16
"""Comparisons in memory: those of one device's pages."""


@dataclass(frozen=True, eq=False)
class DeviceReleases:
    """What several releases did on one device."""

    device: DeviceKey
    releases: tuple[str, ...]
    """From old to new; two at least."""
    cases: Mapping[CaseKey, Mapping[str, Sequence[Entry]]]
    """Release → the records of the case, from old to new."""
    again: Mapping[str, Sequence[Entry]]
    """Release → records of runs that measured it twice: of both, all cases."""
    collection: Collection

    @property
    def entries(self) -> Iterator[Entry]:
        """Every record that it is made of."""
        for by_release in (*self.cases.values(), self.again):
            yield from chain.from_iterable(by_release.values())

    def compared(self, before: str, after: str) -> Changes:
        """Return what changed from one release to another."""
        return _compared(self, before, after)

    def against_itself(self, of: str) -> Changes | None:
        """Return what differs between a release and itself; None where no run measured it twice."""
        return _against_itself(self, of) if of in self.again else None

    def run(self, entry: Entry) -> Run:
        """Return a record of it with its metric values."""
        return Run(self.collection.past(entry), self.collection.values(entry))


@lru_cache(maxsize=1)
def of_devices(catalogue: Catalogue) -> tuple[DeviceReleases, ...]:
    """Return each device that several releases were measured on, in the order of the devices.

    Devices with language models alone come last.
    """
    by_device = grouped(
        (entry.summary.device, entry)
        for entry in catalogue.collection.entries
        if ENGINES[entry.summary.engine].kind != "native" and not entry.summary.had_no_file
    )
    order = {device.key: i for i, device in enumerate(catalogue.devices)}
    found = [
        one
        for key in sorted(by_device, key=lambda key: (order.get(key, len(order)), key))
        if (one := _of_device(key, by_device[key], catalogue.collection))
    ]
    return tuple(found)


def _of_device(
    device: DeviceKey, entries: Sequence[Entry], collection: Collection
) -> DeviceReleases | None:
    by_age = sorted(entries, key=lambda entry: (entry.summary.measured_at, entry.name))
    results = [entry for entry in by_age if entry.summary.is_result]
    if not any(entry.summary.completed for entry in results):
        return None
    by_case = grouped((entry.summary.case, entry) for entry in results)
    of_case = [set(map(_release, found)) for found in by_case.values()]
    several = {name for names in of_case if len(names) > 1 for name in names}
    releases = sorted(several, key=lambda of: (release_numbers(of), of))[-MOST_RELEASES:]
    if len(releases) < 2:
        return None
    cases = {
        case: grouped((of, entry) for entry in found if (of := _release(entry)) in releases)
        for case, found in by_case.items()
    }
    again = {
        (e.summary.run, _release(e)) for e in by_age if e.summary.arm and e.summary.arm.is_again
    }
    twice = grouped((_release(e), e) for e in by_age if (e.summary.run, _release(e)) in again)
    return DeviceReleases(device, tuple(releases), cases, twice, collection)


def _release(entry: Entry) -> str:
    return release(entry.summary.openvino)


@lru_cache(maxsize=_KEPT)
def _compared(of: DeviceReleases, before: str, after: str) -> Changes:
    first, second = [], []
    for by_release in of.cases.values():
        earlier, later = by_release.get(before, []), by_release.get(after, [])
        if earlier and later:
            pair = best_pair(earlier, later, lambda a, b: _are_paired(of, a, b))
            earlier, later = [pair[0]], [pair[1]]
        first += [of.run(entry) for entry in earlier[-1:]]
        second += [of.run(entry) for entry in later[-1:]]
    return changes(first, second)


@lru_cache(maxsize=_KEPT)
def _against_itself(of: DeviceReleases, release_: str) -> Changes | None:
    return against_itself(map(of.run, of.again[release_]))


def _are_paired(of: DeviceReleases, one: Entry, other: Entry) -> bool:
    """Return whether two records were measured in turn, without reading what cannot have been."""
    a, b = one.summary, other.summary
    if a.run != b.run or a.started[0] > b.started[1] or b.started[0] > a.started[1]:
        return False
    return in_turn(of.collection.past(one), of.collection.past(other))
