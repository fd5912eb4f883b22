"""The conversions that a suite can name: published weights become a network that engines read.

Nothing of a file of weights is ever executed, and no framework is needed: each network is built
of OpenVINO's operations, as its architecture says.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Converter:
    """One conversion. Its function builds `ov.Model` of (weights, files, shapes)."""

    where: str
    """module:function, below this package; imported in the process that converts."""
    version: int
    """Raised when the network that comes out changes: what was made before is made again."""
    suffixes: tuple[str, ...]
    """Of the files of weights it reads."""
    files: tuple[str, ...] = ()
    """Roles of auxiliary files that it needs."""

    def build(
        self, weights: Path, files: Mapping[str, Path], shapes: Mapping[str, list[int]]
    ) -> Any:  # noqa: ANN401 (openvino ships no types)
        """Return the network as `openvino.Model`.

        ValueError where the files are not what the converter reads.
        """
        module, _, name = self.where.partition(":")
        function = getattr(importlib.import_module(f"{__package__}.{module}"), name)
        return function(weights, files, shapes)


CONVERTERS: Mapping[str, Converter] = {
    "bert-encoder": Converter("bert:encoder", 1, (".safetensors",), ("config",)),
    "efficientnet-lite0": Converter("efficientnet:lite0", 1, (".pth",)),
}
"""Name, as a suite gives it → conversion."""
