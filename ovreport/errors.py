"""Everything ovreport raises on purpose.

    OvreportError                exit code 1
    ├── InputError               2   the user gave something that cannot be used
    │   ├── RecordError              a record does not follow the contract
    │   ├── SuiteError               a suite, or a source named in one, is unusable
    │   └── ConfigError              site/ovreport.toml is unusable
    ├── SourceError              1   a model or data file could not be fetched or verified
    ├── StoreError               1   the disk refused: full, read-only, not there
    └── IncompleteError          1   the work was done, but some cases or records failed

Every message says what went wrong, where (`suite.toml: $.models[3].sha256`) and what to do
now. Only `ovreport.cli` turns an error into an exit code.
"""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterable, Iterator
from pathlib import Path

EXIT_CODES: dict[int, str] = {
    0: "Done.",
    1: "Something failed: a case, a download, a record, the disk, a limit such as "
    "--fail-if-slower. The message says what.",
    2: "Bad input, such as an unknown option or an unusable suite: nothing was done.",
    129: "Hung up (SIGHUP): the terminal went away.",
    130: "Interrupted by Ctrl-C (SIGINT).",
    143: "Terminated (SIGTERM).",
}
"""What the exit code of a command means. After a signal, the same command goes on where it was."""


class OvreportError(Exception):
    """Base of all errors that are reported without a traceback."""

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        located = f"{self.where}: {self.what}" if self.where else self.what
        return f"{located}\n  → {self.remedy}" if self.remedy else located


def one_line(text: str, limit: int = 300) -> str:
    """Return foreign text fit for a terminal and a line of output.

    Control, line-breaking and direction-changing characters are escaped; the rest is cut.
    """
    shown = "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode()
        for c in text[: limit + 1]
    )
    return shown if len(text) <= limit else shown[:limit] + "…"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `did you mean "x"? ` for the known name that is closest to a mistyped one.

    It goes before a list of all names; empty where none is close. Case does not count.
    """
    by_case = {one.casefold(): one for one in known}
    found = difflib.get_close_matches(name.casefold(), by_case, n=1)
    return f'did you mean "{by_case[found[0]]}"? ' if found else ""


class InputError(OvreportError):
    """The user gave something that cannot be used; nothing was done."""

    exit_code = 2


def forbidden(error: PermissionError) -> InputError:
    """Return the error for a file or folder, named by the user, that this user may not use."""
    return InputError(
        "this user may not read or write it",
        where=one_line(str(error.filename or "")),
        remedy="give permission to it and to the folders above it, or name another",
    )


class RecordError(InputError):
    """A record does not follow the contract."""


class SuiteError(InputError):
    """A suite, or a source named in one, is unusable."""


class ConfigError(InputError):
    """The site's configuration is unusable."""


class SourceError(OvreportError):
    """A model or data file could not be fetched, or is not what was pinned."""


class StoreError(OvreportError):
    """The disk refused a read or a write; what was there before is intact."""


class IncompleteError(OvreportError):
    """The work was done, but some cases or records failed."""


@contextlib.contextmanager
def disk_errors(what: str, *, where: Path, remedy: str) -> Iterator[None]:
    """Raise StoreError where the disk refuses something: `what`, and the system's reason."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{what}: {error.strerror or error}", where=str(where), remedy=remedy
        ) from error
