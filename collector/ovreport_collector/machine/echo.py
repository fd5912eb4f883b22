"""The other process of `core_to_core`: stays on one processor, and hands a byte back at once.

Run as a script, without the package: `python echo.py FILE PROCESSOR`. It answers from each byte on
standard input on until it is told that it is over, and ends with its input.
"""

from __future__ import annotations

import mmap
import os
import sys
import time
from pathlib import Path

ANSWERED, ASKED, OVER = 0, 1, 2
"""What the shared byte says."""
_LOOKS = 1000
_LIMIT_S = 0.2
"""Of one call: it never keeps a processor busy for longer, whatever becomes of the caller."""


def answer(shared: mmap.mmap) -> None:
    """Hand the byte back whenever it is handed over, until it is over."""
    end = time.monotonic() + _LIMIT_S
    while time.monotonic() < end:
        for _ in range(_LOOKS):
            said = shared[0]
            if said == ASKED:
                shared[0] = ANSWERED
            elif said == OVER:
                return


def main(file: str, processor: str) -> None:
    """Answer until the caller is gone."""
    os.sched_setaffinity(0, {int(processor)})
    with Path(file).open("r+b") as opened:
        shared = mmap.mmap(opened.fileno(), 1)
    os.write(1, b".")
    while os.read(0, 1):
        answer(shared)


if __name__ == "__main__":
    main(*sys.argv[1:])
