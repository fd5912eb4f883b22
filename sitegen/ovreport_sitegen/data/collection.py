"""All records of a site, of which only what tells them apart is in memory.

A site may have a hundred thousand records, and shows a few thousand of them. Each file is read
once a build; what is derived of it is taken from the cache by the file's checksum. Records that
pages show are read again, by `Collection.record`.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct, structs

from ovreport import checks, store
from ovreport.decoding import decode
from ovreport.errors import RecordError, StoreError, one_line
from ovreport.figures import Figure, case_of, rows_of
from ovreport.history import Moment, release_numbers
from ovreport.metrics import METRICS, MetricValues, metric_values
from ovreport.record import Record
from ovreport.store import Duplicate, Loaded
from ovreport_sitegen.data.cache import Cache
from ovreport_sitegen.data.lean import Shared, packed, unpacked
from ovreport_sitegen.data.summary import ALIKE, Summary, summary_of

T = TypeVar("T")

FOLLOWED = (
    "latency_ms",
    "throughput_ips",
    "time_to_first_token_ms",
    "time_per_output_token_ms",
    "tokens_per_s",
)
"""Metrics that pages show of every record of a case, over time."""


class _Derived(Struct, frozen=True, array_like=True):
    """What is computed of a record alone."""

    case: Figure
    """The columns that all of its figures share."""
    values: MetricValues


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A record of the collection, which is on the disk."""

    folder: Path
    name: str
    """Of its file."""
    checksum: bytes
    """Of the file."""
    summary: Summary

    @property
    def path(self) -> Path:
        """Where its file is."""
        return self.folder / self.name

    @property
    def moment(self) -> Moment:
        """What tells whether it is the newest of its case."""
        about = self.summary
        return Moment(
            about.case,
            about.measured_at,
            about.min_seconds,
            about.had_no_file,
            self.path,
            release_numbers(about.openvino),
            about.arm,
        )


@dataclass
class Collection:
    """Every record below some folders, and what could not be used."""

    cache: Cache
    entries: list[Entry] = field(default_factory=list)
    faults: list[RecordError] = field(default_factory=list)
    """Of files that were left out; one file may have several."""
    doubts: list[RecordError] = field(default_factory=list)
    """Of records that were kept though the check refuses them: the first fault of each."""
    duplicates: list[Duplicate] = field(default_factory=list)
    _seen: dict[bytes, Entry] = field(default_factory=dict)
    _shared: Shared = field(default_factory=Shared)
    _held: dict[bytes, Record] = field(default_factory=dict)
    """Records that are in no file, by what stands for a checksum."""

    def record(self, entry: Entry) -> Record:
        """Return the record of an entry; StoreError where its file was changed meanwhile."""
        held = self._held.get(entry.checksum)
        return decode(self._bytes(entry), where=str(entry.path)) if held is None else held

    def shown(self, entry: Entry) -> Record:
        """Return the record of an entry as pages need it: without the samples of timed loops."""
        held = self._held.get(entry.checksum)
        return self._shared.record(self._without_samples(entry)) if held is None else held

    def past(self, entry: Entry) -> Record:
        """Return the record of an entry that is compared and not shown: `Shared.past`."""
        held = self._held.get(entry.checksum)
        return self._shared.past(self._without_samples(entry)) if held is None else held

    def _without_samples(self, entry: Entry) -> Record:
        data = self.cache.get("shown", entry.checksum)
        if data is not None:
            return unpacked(data)
        record = self.record(entry)
        self.cache.put("shown", entry.checksum, packed(record))
        return record

    def line(self, entry: Entry) -> bytes:
        """Return the record of an entry as a line of JSON, in the current format."""
        if entry.summary.is_current_format and entry.checksum not in self._held:
            return self._bytes(entry)
        return store.encode(self.record(entry))

    def values(self, entry: Entry) -> MetricValues:
        """Return the metric values of an entry."""
        return self._shared.values(self._derived(entry).values)

    def followed(self, entry: Entry) -> MetricValues:
        """Return those metric values of an entry that are followed over time."""
        found = _unpacked(self.cache.get("followed", entry.checksum), _VALUES)
        return _followed(self.values(entry)) if found is None else found

    def figures(self, entry: Entry, *, current: bool) -> Iterator[Figure]:
        """Yield the metric values of an entry as rows of a table."""
        derived = self._derived(entry)
        return rows_of(structs.replace(derived.case, current=current), derived.values)

    def add(self, path: Path) -> None:
        """Add the record of a file, or what is wrong with it."""
        data = store.content(path)
        if isinstance(data, RecordError):
            self.faults.append(data)
            return
        checksum = _checksum(data)
        summary = _unpacked(self.cache.get("summary", checksum), _SUMMARY)
        if summary is None:
            record, wrong = store.examined(path, data, check=False)
            if record is None:
                self.faults += wrong
                return
            derived = _derived_of(record)
            found = list(checks.faults(record, derived.values)) if derived else []
            if derived is None or any(fault.spoils_others for fault in found):
                self.faults += store.examined(path, data, check=True)[1]
                return
            summary = summary_of(record, data, checksum, found[0] if found else None)
            self.cache.put("summary", checksum, _PACK(summary))
            self.cache.put("derived", checksum, _PACK(derived))
            self.cache.put("followed", checksum, _PACK(_followed(derived.values)))
        self._add(path, checksum, summary)

    def _bytes(self, entry: Entry) -> bytes:
        data = store.content(entry.path)
        if isinstance(data, bytes) and _checksum(data) == entry.checksum:
            return data
        raise StoreError(
            "the record was changed or removed while the site was built",
            where=str(entry.path),
            remedy="Build again.",
        )

    def _derived(self, entry: Entry) -> _Derived:
        found = _unpacked(self.cache.get("derived", entry.checksum), _DERIVED)
        if found is not None and found.values.keys() <= METRICS.keys():
            return found
        packed = _PACK(_derived_of(self.record(entry)))
        self.cache.put("derived", entry.checksum, packed)
        return _DERIVED.decode(packed)  # as from the cache: a whole number comes back as a float

    def hold(self, record: Record, path: Path) -> None:
        """Add a record that is in memory; `path` names it where something is wrong with it."""
        data = store.encode(record)
        summary = summary_of(record, data, _checksum(data), None)
        self._held[summary.identity] = record
        self.entries.append(Entry(path.parent, path.name, summary.identity, summary))

    def _add(self, path: Path, checksum: bytes, summary: Summary) -> None:
        first = self._seen.get(summary.identity)
        if first is not None:
            self.duplicates.append(Duplicate(path, first.path))
        entry = Entry(
            folder=self._shared.same(path.parent),
            name=summary.name if path.name == summary.name else path.name,
            checksum=checksum,
            summary=self._shared.texts(summary, ALIKE),
        )
        self.doubts += itertools.islice(_doubts(entry), 1)
        if first is None:
            self._seen[summary.identity] = entry
            self.entries.append(entry)


def read(folders: Sequence[Path], cache: Cache) -> Collection:
    """Read every record below some folders; a bad one never stops the rest."""
    found = Collection(cache)
    for path in store.files(folders, found.faults):
        found.add(path)
    return found


def in_memory(loaded: Loaded) -> Collection:
    """Return a collection of records that were read before."""
    found = Collection(Cache(None), faults=loaded.faults, doubts=loaded.doubts)
    for one in loaded.stored:
        found.hold(one.record, one.path)
    return found


def _doubts(entry: Entry) -> Iterator[RecordError]:
    """Yield why `ovreport validate` refuses a record that can be read."""
    yield from store.misnamed(entry.path, entry.summary.name)
    if entry.summary.contradiction:
        what, where, remedy = entry.summary.contradiction
        place = one_line(str(entry.path), limit=1000)
        yield RecordError(what, where=f"{place}: {where}", remedy=remedy)


# ---------------------------------------------------------------- to and from the cache

_PACK = msgspec.msgpack.Encoder().encode
_SUMMARY = msgspec.msgpack.Decoder(Summary)
_DERIVED = msgspec.msgpack.Decoder(_Derived)
_VALUES = msgspec.msgpack.Decoder(MetricValues)


def _derived_of(record: Record) -> _Derived | None:
    """Return what is computed of a record; None where no figures follow from it."""
    try:
        return _Derived(case_of(record, current=False), metric_values(record))
    except (ArithmeticError, ValueError, LookupError):  # `checks.figures` says which
        return None


def _followed(values: MetricValues) -> MetricValues:
    return {key: values[key] for key in FOLLOWED if key in values}


def _unpacked(data: bytes | None, decoder: msgspec.msgpack.Decoder[T]) -> T | None:
    """Return what was packed; None where there is nothing, or something else."""
    try:
        return None if data is None else decoder.decode(data)
    except msgspec.DecodeError:
        return None


def _checksum(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
