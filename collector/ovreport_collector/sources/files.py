"""The files of one model, once all of them are on the local disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Files:
    """The fetched and verified files of one model."""

    model: Path
    """The model itself, or the weights that its converter reads."""
    files: Mapping[str, Path]
    """Role → auxiliary file of the model."""
    data: Mapping[str, Path]
    """Role → file of its dataset; for an address ending in `/`, the wheel itself (a zip)."""
