"""When Python looks for garbage during a build: hardly ever, since little of it is any."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

_COLLECTED = 500
"""Pages after which garbage is collected."""


@contextmanager
def without_garbage_collection(*, for_good: bool = False) -> Iterator[None]:
    """Pause garbage collection.

    Most of what a build creates lives to its end; collecting garbage would take a sixth of the
    time. What pages leave behind is collected by `without_leftovers`. `for_good`: objects are not
    collected at the exit of Python either, which saves a tenth.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if for_good:
            gc.freeze()
        else:
            gc.unfreeze()
        if was_on:
            gc.enable()


def without_leftovers(pages: Iterable[T]) -> Iterator[T]:
    """Yield pages, and now and then collect what rendering them left behind: 100 kB a page.

    What was there before is not looked at: records and results, which are most of all objects.
    """
    gc.freeze()
    for number, page in enumerate(pages, 1):
        yield page
        if number % _COLLECTED == 0:
            gc.collect()
