"""The OpenVINO runtime, imported without the model converter that `import openvino` brings along.

The converter is half of the time of that import, and on import it sends a telemetry event from a
process of its own: both beside, and sometimes during, what a measuring process times. OpenVINO
goes on without it where it is not installed; it can still be imported by its name afterwards.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

_CONVERTER = "openvino.tools.ovc"


@contextlib.contextmanager
def _not_installed(name: str) -> Iterator[None]:
    """Have the import of a module fail as if it were not there (None: see importlib's docs)."""
    known = sys.modules.get(name)
    sys.modules[name] = None  # type: ignore[assignment]  # that is how it is said
    try:
        yield
    finally:
        del sys.modules[name]
        if known is not None:
            sys.modules[name] = known


with _not_installed(_CONVERTER):
    import openvino

__all__ = ["openvino"]
