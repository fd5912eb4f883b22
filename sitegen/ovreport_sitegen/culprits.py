"""Finds the records of which no site can be made, so that they alone are left out of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ovreport.errors import InputError, RecordError, StoreError, one_line
from ovreport_sitegen.data.collection import Entry


def found(
    records: Sequence[Entry], make: Callable[[Sequence[Entry]], object]
) -> list[tuple[Entry, Exception]]:
    """Return the records with each of which alone `make` fails, and what it raised.

    By halves: a few among thousands take a few dozen attempts, each with half as many records. What
    is no fault of a record (nothing to show, bad settings, a full disk) is none here.
    """
    try:
        make(records)
    except (InputError, StoreError):
        return []
    except Exception as error:
        if len(records) == 1:
            return [(records[0], error)]
        middle = len(records) // 2
        return [*found(records[:middle], make), *found(records[middle:], make)]
    return []


def fault(one: Entry, error: Exception) -> RecordError:
    """Return what to say of a record that is left out."""
    return RecordError(
        f"left out, as no page can be made of it: {type(error).__name__}: {one_line(str(error))}",
        where=one_line(str(one.path), limit=1000),
        remedy="`ovreport validate` says what is wrong with it; where it finds nothing, this is a "
        "fault of ovreport: please report it.",
    )
