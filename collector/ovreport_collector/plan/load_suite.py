"""Read a suite: a built-in one by its name, or a TOML file.

A suite is refused whole when anything in it cannot be used: all its faults are reported at once,
each with the path into the document and the remedy. Nothing is fetched here. A file
`suite/builtin/NAME.toml` is a built-in suite by being there.
"""

from __future__ import annotations

import importlib.resources
import tomllib
from collections.abc import Sequence
from importlib.resources.abc import Traversable
from pathlib import Path

import msgspec

from ovreport.errors import SuiteError, did_you_mean
from ovreport_collector.plan.validation import files, raise_all, schema, semantics
from ovreport_collector.suite.model import Suite

MAX_BYTES = 1 << 20
"""A suite is written by hand: anything larger is something else."""


def builtin() -> tuple[str, ...]:
    """Return the names of the suites that come with ovreport."""
    entries = _builtin_folder().iterdir()
    return tuple(sorted(e.name.removesuffix(".toml") for e in entries if e.name.endswith(".toml")))


def name_of(path_or_name: str) -> str:
    """Return what a record calls a suite: a built-in name as it is, a file by its name alone."""
    return path_or_name if path_or_name in builtin() else Path(path_or_name).name


def load(path_or_name: str | Path, allowed_outside: Sequence[str | Path] = ()) -> Suite:
    """Return a built-in suite by its name, or the suite of a TOML file.

    `allowed_outside`: files and folders beside the suite's own that it may name.
    SuiteError, with every fault that can be found without fetching, if it cannot be used.
    """
    name = str(path_or_name)
    if name in builtin():
        entry = _builtin_folder() / f"{name}.toml"
        return _parse(entry.read_bytes(), where=f"{name}.toml", folder="")
    path = Path(path_or_name)
    allowed = [str(place) for place in allowed_outside]
    content = _bytes_of(path)
    return _parse(content, where=str(path), folder=str(path.resolve().parent), allowed=allowed)


def _builtin_folder() -> Traversable:
    return importlib.resources.files("ovreport_collector") / "suite" / "builtin"


def _bytes_of(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise SuiteError("this is a folder", where=str(path), remedy="name the .toml file")
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise SuiteError(
            f'there is no suite "{path}"',
            remedy=f"{did_you_mean(str(path), builtin())}use a built-in one "
            f"({', '.join(builtin())}) or the path of a .toml file",
        ) from None
    except (OSError, ValueError) as error:
        raise SuiteError(
            f"cannot be read: {error}",
            where=str(path),
            remedy="check the path and the file's permissions",
        ) from None
    if len(content) > MAX_BYTES:
        raise SuiteError(
            f"larger than {MAX_BYTES >> 20} MiB, which no suite needs",
            where=str(path),
            remedy="name the .toml file, not a model or an archive",
        )
    return content


def _parse(content: bytes, *, where: str, folder: str, allowed: Sequence[str] = ()) -> Suite:
    """Return the checked suite of a document; `folder`: where its relative paths start."""
    try:
        document = tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise SuiteError(
            f"not UTF-8 text, from byte {error.start} on", where=where, remedy="save it as UTF-8"
        ) from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SuiteError(
            f"not valid TOML: {error}", where=where, remedy="correct the line named above"
        ) from None
    raise_all(schema.faults(document), where=where)
    suite = msgspec.structs.replace(
        msgspec.convert(document, Suite), folder=folder, allowed_outside=list(allowed)
    )
    raise_all([*semantics.faults(suite), *files.outside(suite)], where=where)
    return suite
