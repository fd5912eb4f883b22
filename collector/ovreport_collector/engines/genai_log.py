"""What a pipeline of OpenVINO GenAI says of the network that it compiled.

A pipeline has no function for its properties. Where `OPENVINO_LOG_LEVEL` is 3 or more it prints
those of every network that it compiles (openvino.genai, "Debug log"): `Model: NAME`, then a line a
property. That is the only way to know what is in force in the very pipeline that is timed: the
same network compiled by itself has another attention, and may keep keys and values otherwise.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

_LEVEL = "OPENVINO_LOG_LEVEL"
_INFO = "3"
_NAME, _INDENT = "Model: ", "  "
_TOKENIZER = "tokenizer"
"""In the names of the networks that are none of the language model: they are compiled too."""
_MOST = 100
"""Properties that are read."""


class Told:
    """What was printed meanwhile."""

    text = ""

    @property
    def properties(self) -> dict[str, str]:
        """The properties of the language model; empty where they were not printed."""
        return properties(self.text)


@contextmanager
def told() -> Iterator[Told]:
    """Have the properties of compiled networks printed within the block, and catch them.

    What is printed goes to the real standard output only if the block raises.
    """
    found, before = Told(), os.environ.get(_LEVEL)
    sys.stdout.flush()
    kept = os.dup(1)
    os.environ[_LEVEL] = _INFO
    try:
        with tempfile.TemporaryFile() as file:
            os.dup2(file.fileno(), 1)
            try:
                yield found
            except BaseException:
                os.dup2(kept, 1)
                os.write(1, _content(file.fileno()))
                raise
            found.text = _content(file.fileno()).decode("utf-8", errors="replace")
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.environ.pop(_LEVEL)
        if before is not None:
            os.environ[_LEVEL] = before


def properties(text: str) -> dict[str, str]:
    """Return the properties of the language model among those that were printed."""
    for block in text.split(_NAME)[1:]:
        name, *lines = block.splitlines() or [""]
        pairs = (line.strip().partition(":") for line in lines if line.startswith(_INDENT))
        found = {key: value.strip() for key, _, value in pairs}
        if found and _TOKENIZER not in name.lower():
            return dict(list(found.items())[:_MOST])
    return {}


def _content(descriptor: int) -> bytes:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with os.fdopen(os.dup(descriptor), "rb") as file:
        return file.read()
