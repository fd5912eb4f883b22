"""A folder with records, and a built site, for the tests of the site generator."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ovreport import paths
from ovreport import record as r
from ovreport.store import Loaded, Stored, write
from ovreport_sitegen import downloads
from ovreport_sitegen.build import Built, build
from ovreport_sitegen.config import Config
from ovreport_sitegen.data.catalogue import Catalogue, make
from tests.factories import QUICK, a_failed_record, a_record


def catalogue(*records: r.Record) -> Catalogue:
    """Return a catalogue of records."""
    return make(Config(), Loaded([Stored(record, Path("x.json")) for record in records]))


def figure_rows(found: Catalogue) -> list[dict[str, str]]:
    """Return the rows of all machines' downloads of metric values."""
    parts = dict(downloads.by_address(found))
    texts = [
        gzip.decompress(b"".join(parts[machine.figures_href])).decode()
        for machine in found.machines
    ]
    return [row for text in texts for row in csv.DictReader(io.StringIO(text))]


def visited(record: r.Record, busy: Sequence[int] = ()) -> r.Record:
    """Return a record whose rounds share processes, four each; `busy`: rounds with other load."""

    def shared(measured: Any) -> Any:
        rounds = [
            msgspec.structs.replace(
                one, process=i // 4, readings={"foreign_cpu_share": 0.4 if i in busy else 0.0}
            )
            for i, one in enumerate(measured.rounds)
        ]
        return msgspec.structs.replace(measured, rounds=rounds)

    processes = -(-len(record.noise) // 4)
    return msgspec.structs.replace(
        record,
        latency=shared(record.latency),
        throughput=shared(record.throughput),
        noise=record.noise[:processes],
    )


def a_reference(**knobs: Any) -> r.Record:
    """Return f32 of the published file on the CPU, as it is collected: it has no reference."""
    record = a_record(**{"seed": 1, **knobs})
    assert isinstance(record.accuracy, r.Accuracy)
    none = r.Skipped(reason="this is the reference")
    return msgspec.structs.replace(
        record, accuracy=msgspec.structs.replace(record.accuracy, reference=none)
    )


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep drawings of one test run in one folder, away from the user's."""
    base = tmp_path_factory.getbasetemp() / "chart-cache"
    monkeypatch.setenv(paths.CACHE, str(base))


def a_collection() -> list[r.Record]:
    """Return records of two machines that hold every kind of result there is."""
    gpu = {
        "device": "GPU.0",
        "family": "iGPU",
        "full_name": "Example(R) Graphics",
        "machine": "example-laptop",
    }
    unreliable = a_record(model="minilm", title="MiniLM", noise=0.4, seed=9, further=True)
    return [
        a_record(seed=1),
        a_record(precision="default", median_ms=2.6, top1=0.841, seed=2),
        a_record(**gpu, executed="f16", median_ms=1.2, seed=3),
        a_record(model="resnet-50", title="ResNet-50", architecture_only=True, seed=4),
        a_record(
            model="resnet-50",
            title="ResNet-50",
            architecture_only=True,
            seed=5,
            precision="default",
            median_ms=3,
            tier=QUICK,
            rounds=5,
        ),
        a_failed_record(model="silero", title="Silero VAD", seed=6),
        a_failed_record(
            model="silero",
            title="Silero VAD",
            seed=7,
            precision="default",
            outcome=r.Unsupported(reason="the model does not convert", remedy="Use another."),
        ),
        unreliable,
        a_record(seed=8, measured_at="2026-10-01T00:00:00Z"),
    ]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return the folder of a site with the collection in it."""
    folder = tmp_path / "site"
    for record in a_collection():
        write(record, folder / "records")
    return folder


@pytest.fixture
def build_of(tmp_path: Path) -> Callable[[Sequence[r.Record]], Path]:
    """Return a function that builds a site of records and returns its folder."""

    def made(records: Sequence[r.Record]) -> Path:
        for record in records:
            write(record, tmp_path / "some" / "records")
        built = build(tmp_path / "some", [], tmp_path / "out")
        assert not built.faults
        return built.out

    return made


@pytest.fixture
def built(site: Path, tmp_path: Path) -> Built:
    """Return the built collection."""
    return build(site, [], tmp_path / "_site")
