"""A measuring process must not outlive the collect that started it: it would disturb the next."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with(parent: int) -> None:
    """Have the kernel kill this process once the process `parent`, which started it, ends.

    prctl(2): the signal follows the thread that made this process, which is the parent's main one.
    It can be asked for by the child only, so a parent that ended before is looked for afterwards.
    Where there is no prctl a killed collect's child lives on until its job is done.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the collect that wanted this is gone")
