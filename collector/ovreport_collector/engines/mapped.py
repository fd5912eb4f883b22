"""Samples and outputs that are kept in files, so that they are not in the memory that is measured.

    samples = open_samples(path, seed)           in the order that a seed gives
    request = feeding(compiled, samples)         one sample is in memory while it is fed

A program that uses a model holds the input of each request, and no more: so does a process here.
"""

from __future__ import annotations

import math
import mmap
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, overload

import numpy as np

from ovreport_collector.engines.arrays import Array, Sample, load_samples, order, rotated
from ovreport_collector.engines.base import Compiled, Request

SMALL = 1 << 20
"""Bytes of all samples together that are not worth a file."""
_PAGE = mmap.PAGESIZE


def open_samples(path: Path, seed: int) -> Sequence[Sample]:
    """Return the samples in an `.npz` of arrays [n, …], in the order that a seed gives.

    Large ones stay in a file. OSError if the disk is full.
    """
    if path.stat().st_size <= SMALL or not hasattr(mmap, "MADV_DONTNEED"):
        return rotated(load_samples(path), seed)
    with zipfile.ZipFile(path) as archive:
        columns = {
            name.removesuffix(".npy"): _Column(archive, name, path.parent)
            for name in archive.namelist()
        }
    count = min(column.count for column in columns.values())
    return MappedSamples(columns, order(count, seed))


class MappedSamples(Sequence[Sample]):
    """Samples that take memory from their first use until they are released."""

    def __init__(self, columns: dict[str, _Column], rows: Sequence[int]) -> None:
        self._columns, self._rows = columns, rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> MappedSamples: ...
    def __getitem__(self, index: int | slice) -> Sample | MappedSamples:
        if isinstance(index, slice):
            return MappedSamples(self._columns, self._rows[index])
        row = self._rows[index]
        return {name: column.row(row) for name, column in self._columns.items()}

    def use(self, index: int) -> None:
        """Bring a sample into memory now, and not while an inference is timed."""
        for column in self._columns.values():
            column.touch(self._rows[index])

    def release(self, index: int) -> None:
        """Take a sample out of memory; it can be used again."""
        for column in self._columns.values():
            column.release(self._rows[index])

    def release_all(self) -> None:
        """Take all samples out of memory, whoever used them last."""
        for index in range(len(self)):
            self.release(index)


class _Column:
    """One input of all samples, in a file without a name."""

    def __init__(self, archive: zipfile.ZipFile, name: str, folder: Path) -> None:
        with archive.open(name) as member, tempfile.TemporaryFile(dir=folder) as file:
            version = np.lib.format.read_magic(member)
            header = (
                np.lib.format.read_array_header_1_0
                if version == (1, 0)
                else np.lib.format.read_array_header_2_0
            )
            shape, by_columns, dtype = header(member)
            shutil.copyfileobj(member, file)
            file.truncate(max(file.tell(), 1))  # nothing cannot be mapped
            file.flush()
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        whole: Array = np.frombuffer(self._map, dtype, math.prod(shape)).reshape(
            shape, order="F" if by_columns else "C"
        )
        self.count = len(whole)
        self._whole, self._row_bytes = whole, whole.nbytes // max(1, self.count)

    def row(self, index: int) -> Array:
        """Return one sample's array; it shares the mapped memory."""
        return self._whole[index : index + 1].reshape(self._whole.shape[1:])

    def touch(self, index: int) -> None:
        """Read a byte of each page of a row."""
        start = index * self._row_bytes
        np.frombuffer(self._map, np.uint8, self._row_bytes, start)[::_PAGE].max(initial=0)

    def release(self, index: int) -> None:
        """Give the pages of a row back; those that it shares with its neighbours too."""
        start = index * self._row_bytes // _PAGE * _PAGE
        self._map.madvise(mmap.MADV_DONTNEED, start, (index + 1) * self._row_bytes - start)


class _Feeding:
    """A request that has one of the mapped samples in memory at a time."""

    def __init__(self, request: Request, samples: MappedSamples) -> None:
        self._request, self._samples, self._fed = request, samples, 0
        self.infer, self.outputs = request.infer, request.outputs
        samples.use(0)

    def feed(self, index: int) -> None:
        """Make the sample of that index the next input; outside the timed part."""
        if index != self._fed:
            self._samples.release(self._fed)
            self._samples.use(index)
        self._request.feed(index)
        self._fed = index

    @property
    def runtime_ms(self) -> float:
        """The engine's own duration of the last inference, in ms."""
        return self._request.runtime_ms


def feeding(compiled: Compiled, samples: Sequence[Sample]) -> Request:
    """Return a request that can be fed any of the samples, one of which is in memory."""
    request = compiled.request(samples)
    return _Feeding(request, samples) if isinstance(samples, MappedSamples) else request


def release(samples: Sequence[Sample]) -> None:
    """Take samples that are in a file out of memory: nobody is fed them any more."""
    if isinstance(samples, MappedSamples):
        samples.release_all()


class KeptOutputs:
    """Outputs of samples, in a file: in memory only while they are looked at."""

    def __init__(self, folder: Path) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (kept open)
        self._starts: list[int] = []
        self._each = 0

    def __len__(self) -> int:
        return len(self._starts)

    def append(self, outputs: Sequence[Array]) -> None:
        """Keep the outputs of the next sample."""
        self._starts.append(self._file.seek(0, 2))
        for output in outputs:
            np.lib.format.write_array(self._file, output, allow_pickle=False)
        self._each = len(outputs)

    def __getitem__(self, index: int) -> list[Array]:
        self._file.seek(self._starts[index])
        read = np.lib.format.read_array
        return [read(self._file, allow_pickle=False) for _ in range(self._each)]
