"""The converters that a suite can name: published weights become a network that engines read.

Nothing in a file of weights is ever executed, and no framework is needed: each network is built
of OpenVINO's operations, as its architecture says. A new converter is a module in this package
and an entry in `CONVERTERS`; it is imported in the process that converts.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Converter:
    """A converter of one architecture."""

    function: str
    """module:function, below this package: (weights, files, shapes) → `openvino.Model`."""
    version: int
    """Raised when the network that comes out changes, so that cached ones are built again."""
    suffixes: tuple[str, ...]
    """Of the files of weights that it reads."""
    files: tuple[str, ...] = ()
    """Roles of auxiliary files that it needs."""

    def build(
        self, weights: Path, files: Mapping[str, Path], shapes: Mapping[str, list[int]]
    ) -> Any:  # noqa: ANN401 (openvino ships no types)
        """Return the network as `openvino.Model`, with static shapes by input name.

        `files` are paths by role. ValueError where the files are not what the converter reads.
        """
        module, _, name = self.function.partition(":")
        function = getattr(importlib.import_module(f"{__package__}.{module}"), name)
        return function(weights, files, shapes)


CONVERTERS: Mapping[str, Converter] = {
    "bert-encoder": Converter("bert:encoder", 1, (".safetensors",), ("config",)),
    "efficientnet-lite0": Converter("efficientnet:lite0", 1, (".pth",)),
}
"""Name in suites → converter."""
