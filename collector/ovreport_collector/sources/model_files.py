"""The files that a model consists of: what lies beside the one that names it counts too.

    .xml             the weights, in a .bin file of the same name
    .onnx            external data, by the names that the file gives
    .gguf            the other parts, where it is split
    a pipeline       an IR beside a tokenizer of OpenVINO's: all that is read in this folder

All of them make up a model's checksum and its size, and the keys of what is made of it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from msgspec.structs import replace

from ovreport.errors import SuiteError, one_line
from ovreport.record import SourceFile
from ovreport_collector.sources import onnx_file
from ovreport_collector.sources.address import is_inside
from ovreport_collector.sources.cache import sha256_of

_TOKENIZER = "openvino_tokenizer.xml"
"""What a pipeline needs beside its network, which may have its opposite too."""
_NAMED = 5
"""Missing files that a message names."""
_SPLIT = re.compile(r"(?P<stem>.+)-(?P<part>\d{5})-of-(?P<parts>\d{5})\.gguf")


@dataclass(frozen=True)
class Contents:
    """The files that a published model consists of, and what they were when they were found."""

    paths: tuple[Path, ...]
    files: tuple[SourceFile, ...]

    @property
    def have_changed(self) -> bool:
        """Whether a file is another one by now, or is gone."""
        try:
            return [one.sha256 for one in listed(self.paths)] != [one.sha256 for one in self.files]
        except OSError:
            return True


def contents(main: Path, others: Iterable[Path] = ()) -> Contents:
    """Return what a model consists of now: its main file, what belongs to that, and others.

    Of those, files that are there already under another name are left out.
    """
    first, *found = zip(paths := files_of(main), listed(paths), strict=True)
    for path in others:
        (one,) = listed([path])
        known = [file for _, file in (first, *found)]
        if one.sha256 not in {file.sha256 for file in known}:
            same = sum(PurePosixPath(file.name).name == one.name for file in known)
            name = f"{same + 1}-{one.name}" if same else one.name
            found.append((path, replace(one, name=name)))
    found.sort(key=lambda part: part[1].name)
    return Contents(*map(tuple, zip(first, *found, strict=True)))


def files_of(path: Path) -> list[Path]:
    """Return a model file and those that belong to it, as far as they are there: it comes first."""
    names = [name for name in _names(path) if is_inside(name)]
    found = {path.parent / name for name in names} | set(_of_pipeline(path))
    return [path, *sorted(one for one in found if one.is_file())]


def missing_from(path: Path, *, language: bool = False) -> list[str]:
    """Return the names of files that a model cannot do without, and that are not beside it.

    A name that leads out of the folder is one: such a file is never read. `language`: of a language
    model, whose tokenizer is a part of it.
    """
    names = [*_names(path), *(_names_of_tokenizers(path) if language and _is_ir(path) else ())]
    return [name for name in names if not (is_inside(name) and (path.parent / name).is_file())]


REMEDY = (
    "put it in the folder of the model; in a suite, name files that are to be fetched below "
    "[models.files], the .bin of an OpenVINO IR as weights"
)
"""What to do where files are missing."""


def what_is_missing(names: Sequence[str]) -> str:
    """Return that these files of a model are missing, in words."""
    shown = ", ".join(one_line(name, limit=200) for name in names[:_NAMED])
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return f"a part of the model is missing: {shown}{more}"


def pipeline_files(network: Path) -> list[Path]:
    """Return the files beside a network that its pipeline reads: tokenizer, settings, template."""
    others = (f for f in network.parent.iterdir() if f.is_file() and f.stem != network.stem)
    return sorted(
        f for f in others if f.name.startswith("openvino_") or f.suffix in {".json", ".jinja"}
    )


def listed(paths: Sequence[Path]) -> list[SourceFile]:
    """Return names, checksums and sizes of a model's files, whose main one is the first.

    They are hashed once in a process, and again when they change.
    """
    return [_listed(path, paths[0].parent) for path in paths]


def _listed(path: Path, folder: Path) -> SourceFile:
    is_below = path.is_relative_to(folder)
    found = path.stat()
    return SourceFile(
        name=path.relative_to(folder).as_posix() if is_below else path.name,
        sha256=_sha256_at(path, found.st_size, found.st_mtime_ns, found.st_ino),
        size_bytes=found.st_size,
    )


@functools.cache
def _sha256_at(path: Path, _size_bytes: int, _changed_ns: int, _inode: int) -> str:
    return sha256_of(path)


def _names(path: Path) -> list[str]:
    """Return the names, below its folder, of the files that a model file needs beside it."""
    suffix = path.suffix.lower()
    if suffix == ".xml":
        return [path.with_suffix(".bin").name]
    if suffix == ".onnx":
        try:
            return [str(PurePosixPath(name)) for name in onnx_file.external_data(path)]
        except SuiteError:  # no ONNX file: whoever reads it says so
            return []
    if suffix == ".gguf" and (split := _SPLIT.fullmatch(path.name)):
        total = int(split["parts"])
        every = (f"{split['stem']}-{part:05}-of-{total:05}.gguf" for part in range(1, total + 1))
        return [name for name in every if name != path.name]
    return []


def _names_of_tokenizers(network: Path) -> Iterator[str]:
    yield _TOKENIZER
    for name in (_TOKENIZER, "openvino_detokenizer.xml"):
        if (found := network.parent / name).is_file():
            yield from _names(found)


def _of_pipeline(path: Path) -> list[Path]:
    """Return what a pipeline reads beside a network; empty where there is no tokenizer."""
    is_pipeline = _is_ir(path) and (path.parent / _TOKENIZER).is_file()
    return pipeline_files(path) if is_pipeline else []


def _is_ir(path: Path) -> bool:
    return path.suffix.lower() == ".xml"
