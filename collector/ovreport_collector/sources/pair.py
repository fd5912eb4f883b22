"""An OpenVINO IR is two files that must stand beside each other, under one stem.

<cache>/pairs/<checksum of both names>/<stem>.xml, <stem>.bin
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from ovreport import folders


def together(network: Path, weights: Path) -> Path:
    """Return the network in a folder of the cache where its weights stand beside it.

    Both lie in the cache under their checksums, and were checked there. They are linked, not
    copied, where the disk can.
    """
    both = hashlib.sha256(f"{network}\n{weights}".encode()).hexdigest()[:32]
    folder = folders.cache() / "pairs" / both
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / network.name
    _link(weights, beside.with_suffix(".bin"))
    _link(network, beside)
    return beside


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
