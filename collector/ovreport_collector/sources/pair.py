"""A model of several files: they must stand beside each other, under the names that it knows.

<cache>/pairs/<checksum of all names>/<stem>.xml, <stem>.bin, and what else belongs to the model
(the tokenizer of a language model, which its pipeline looks for there)
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from ovreport import paths


def together(network: Path, weights: Path, others: Sequence[Path] = ()) -> Path:
    """Return the network in a folder of the cache where its weights stand beside it.

    So do `others`, under their own names. All lie in the cache under their checksums, and were
    checked there. They are linked, not copied, where the disk can.
    """
    beside = _folder_of((network, weights, *others)) / network.name
    _link(weights, beside.with_suffix(".bin"))
    return in_folder(network, others, beside.parent)


def in_folder(network: Path, others: Sequence[Path], folder: Path | None = None) -> Path:
    """Return the network in a folder of the cache where the others are too, under their names."""
    folder = folder or _folder_of((network, *others))
    for other in (*others, network):
        _link(other, folder / other.name)
    return folder / network.name


def beside(network: Path, parts: Mapping[str, Path]) -> Path:
    """Return the network in a folder of the cache where its parts are, under the names given.

    Names are paths below the folder, and safe ones.
    """
    folder = _folder_of((network, *parts.values()))
    for name, part in parts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        _link(part, folder / name)
    return in_folder(network, (), folder)


def _folder_of(parts: Sequence[Path]) -> Path:
    names = "\n".join(map(str, parts))
    folder = paths.cache() / "pairs" / hashlib.sha256(names.encode()).hexdigest()[:32]
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _link(source: Path, to: Path) -> None:
    if to.exists() and to.samefile(source):
        return
    temporary = to.with_name(f".{to.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    try:
        os.link(source, temporary)
    except OSError:
        shutil.copyfile(source, temporary)
    temporary.replace(to)
