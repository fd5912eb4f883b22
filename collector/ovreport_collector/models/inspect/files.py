"""The files that a model consists of: weights may lie beside the one that names it."""

from __future__ import annotations

import contextlib
from pathlib import Path

from ovreport.errors import SuiteError
from ovreport_collector.tasks.text import onnx_metadata


def files_of(path: Path) -> list[Path]:
    """Return the file and those beside it that hold its weights, as far as they are there.

    That is the .bin of an OpenVINO IR, and the external data of an ONNX file.
    """
    others: list[Path] = []
    if path.suffix == ".xml":
        others = [path.with_suffix(".bin")]
    elif path.suffix == ".onnx":
        with contextlib.suppress(SuiteError):  # no ONNX file: whoever reads it says so
            others = [path.parent / name for name in onnx_metadata.external_data(path)]
    return [path, *(other for other in others if other.is_file())]
