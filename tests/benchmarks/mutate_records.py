"""Mutation test of records: no contradiction is accepted, and nothing makes a traceback.

    python tests/benchmarks/mutate_records.py                       20,000 random changes, all kinds
    python tests/benchmarks/mutate_records.py --random 500 --each 1

Every kind of `tests/contradictions.py` is tried on records of this repository, and must be refused
by what `ovreport validate` and `ovreport build` read records with. Random changes may leave a sound
record: of all of those sites are built, each of which must show all of its records. Of those that
are refused, but can be read, sites are built too: a record may be left out there, by its name. The
exit code is 1 where a contradiction was accepted, or where anything but a refusal came out.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ovreport import store
from ovreport.errors import OvreportError, RecordError
from ovreport.record import Record
from ovreport_sitegen.build import build

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a script, it sees only its own folder
from tests.contradictions import KINDS, Document, changed, mutate
from tests.factories import a_native_record, a_record
from tests.language_factories import a_language_record

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Outcome:
    """What came of the changes so far."""

    tried: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    accepted: list[Record] = field(default_factory=list)
    """Records that a random change left sound."""
    readable: list[Record] = field(default_factory=list)
    """Records that are refused, and follow the contract all the same."""
    built: int = 0
    """Records of which sites were built."""
    left_out: int = 0
    """Of those, by name."""

    def add(self, other: Outcome) -> None:
        """Add what came of other changes; the records themselves are only counted."""
        self.tried += other.tried
        self.refused += other.refused
        self.broken += other.broken
        self.built += other.built
        self.left_out += other.left_out

    broken: list[str] = field(default_factory=list)
    """Tracebacks."""


def sources(count: int) -> Iterator[Document]:
    """Yield documents of sound records, of the current format: real ones, and made ones."""
    real = sorted((ROOT / "site" / "records").rglob("*.json"))
    step = max(1, len(real) // count)
    for path in real[::step][:count]:
        yield msgspec.json.decode(store.encode(store.read(path)))
    for record in (a_record(), a_native_record(), a_language_record()):
        yield msgspec.json.decode(store.encode(record))


def examined(
    document: Document, folder: Path, readable: list[Record] | None = None
) -> Record | list[RecordError]:
    """Return what `validate` makes of a document under the name that its content gives it.

    What it refuses, and `build` can read all the same, is added to `readable`.
    """
    data = msgspec.json.encode(document) + b"\n"
    decoded = None
    try:
        decoded = store.decode(data, where="")
        path = folder / store.file_name(decoded, data)
    except RecordError:
        path = folder / "changed.json"
    path.write_bytes(data)
    try:
        loaded = store.read_all([path], check=True)
        if loaded.faults and decoded and readable is not None:
            readable.append(decoded)
        return loaded.faults or loaded.records[0]
    finally:
        path.unlink()


def contradict(
    outcome: Outcome,
    documents: Sequence[Document],
    each: int,
    folder: Path,
    kinds: Sequence[str] = tuple(KINDS),
) -> None:
    """Try every kind on every document, so many times."""
    rng = random.Random(7)
    for name in kinds:
        for document in documents:
            for _ in range(each):
                made = changed(document, name, rng)
                if made is not None:
                    outcome.tried[name] += 1
                    found = examined(made, folder, outcome.readable)
                    outcome.refused[name] += isinstance(found, list)


def change_at_random(
    outcome: Outcome, documents: Sequence[Document], count: int, folder: Path, seed: int = 11
) -> None:
    """Make so many random changes; keep what is accepted."""
    rng = random.Random(seed)
    for _ in range(count):
        made = mutate(rng.choice(documents), rng)
        outcome.tried["random"] += 1
        try:
            found = examined(made, folder, outcome.readable)
        except Exception:  # what this script looks for
            outcome.broken.append(traceback.format_exc())
            continue
        if isinstance(found, Record):
            outcome.accepted.append(found)
        else:
            outcome.refused["random"] += 1


def build_all(outcome: Outcome, folder: Path, most: int, at_once: int = 200) -> None:
    """Build sites of all that was accepted, and of so many that were refused.

    Records of the same case get machines of their own, so that each is the newest of its case.
    """
    rng = random.Random(13)
    refused = rng.sample(outcome.readable, min(most, len(outcome.readable)))
    groups = [(True, group) for group in _batches(outcome.accepted, at_once)]
    groups += [(False, group) for group in _batches(refused, at_once)]
    for number, (is_sound, group) in enumerate(groups):
        site, seen = folder / f"site-{number}", Counter[object]()
        for record in group:
            key = (record.model.id, record.case, record.device.name)
            machine = msgspec.structs.replace(record.machine, id=f"machine-{seen[key]}")
            seen[key] += 1
            store.write(msgspec.structs.replace(record, machine=machine), site / "records")
        try:
            built = build(site, [], folder / "out", cache=folder / "charts")
        except OvreportError as error:
            if "no record" not in str(error):
                outcome.broken.append(str(error))
        except Exception:  # what this script looks for
            outcome.broken.append(traceback.format_exc())
        else:
            outcome.built += len(group)
            outcome.left_out += len(built.faults)
            if is_sound:
                outcome.broken += map(str, (*built.faults, *built.doubts))


def _batches(records: Sequence[Record], size: int) -> list[Sequence[Record]]:
    return [records[start : start + size] for start in range(0, len(records), size)]


def table(outcome: Outcome) -> Iterator[str]:
    """Yield the table: kind, tried, refused, accepted."""
    yield f"{'kind':58} {'tried':>6} {'refused':>8} {'accepted':>9}"
    for name in [*KINDS, "random"]:
        tried, refused = outcome.tried[name], outcome.refused[name]
        yield f"{name:58} {tried:6,} {refused:8,} {tried - refused:9,}"


def share(number: int, chosen: argparse.Namespace) -> Outcome:
    """Do one of so many shares of the work."""
    outcome, documents, shares = Outcome(), list(sources(chosen.records)), chosen.jobs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kinds = list(KINDS)[number::shares]
        contradict(outcome, documents, chosen.each, folder, kinds)
        change_at_random(outcome, documents, chosen.random // shares, folder, seed=11 + number)
        build_all(outcome, folder, chosen.build // shares)
    outcome.accepted, outcome.readable = [], []
    return outcome


def main() -> int:
    """Run, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--random", type=int, default=20_000, help="random changes")
    parser.add_argument("--each", type=int, default=3, help="tries of a kind on a record")
    parser.add_argument("--records", type=int, default=20, help="real records to change")
    parser.add_argument("--build", type=int, default=3000, help="refused records to build of")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    chosen = parser.parse_args()
    outcome = Outcome()
    with ProcessPoolExecutor(chosen.jobs) as pool:
        for one in pool.map(share, range(chosen.jobs), [chosen] * chosen.jobs):
            outcome.add(one)
    print(*table(outcome), sep="\n")
    missed = [k for k in KINDS if outcome.refused[k] < outcome.tried[k]]
    untried = [k for k in KINDS if not outcome.tried[k]]
    print(f"{len(KINDS)} kinds. Sites were built of {outcome.built:,} records: all that a random")
    print(
        f"change left sound, and refused ones, of which {outcome.left_out:,} were left out by name."
    )
    print(f"{len(outcome.broken)} tracebacks, or sound records that no site shows")
    for text in (*(f"accepted: {k}" for k in missed), *(f"not tried: {k}" for k in untried)):
        print(text)
    print(*outcome.broken[:3], sep="\n")
    return int(bool(missed or untried or outcome.broken))


if __name__ == "__main__":
    sys.exit(main())
