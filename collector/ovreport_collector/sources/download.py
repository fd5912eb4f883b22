"""Fetching over the network: wheels by pip, other files by pooch.

Nothing here is trusted: what arrives is checked against its pin before anyone uses it.
"""

from __future__ import annotations

import time
from pathlib import Path

from ovreport.errors import SourceError
from ovreport_collector.sources import pip
from ovreport_collector.sources.address import Remote
from ovreport_collector.sources.pip import offline_remedy
from ovreport_collector.sources.wheel import parse_wheel
from ovreport_collector.suite.model import Wheel

PATIENCE_S = 300.0
SLOWEST_BYTES_S = 50_000
"""pip is given PATIENCE_S, and the time the wheel takes at this rate."""
CONNECT_S, READ_S = 10.0, 60.0
TRIES = 3
PAUSE_S = 1.0


def wheel(pin: str, pinned: Wheel, into: Path) -> Path:
    """Fetch the wheel of `NAME==VERSION` with pip's own download, and return its path.

    So the user's indexes, mirrors, proxies and certificates hold. The same file is fetched
    on every platform, since only its data files are used: it is neither built nor installed.
    """
    requirement = into / "requirements.txt"
    requirement.write_text(f"{pin} --hash=sha256:{pinned.sha256}\n", encoding="utf-8")
    target = ["--require-hashes", *parse_wheel(pinned.file).pip_target()]
    arrived = into / "arrived"
    _run_pip(pinned, [*target, "--requirement", str(requirement), "--dest", str(arrived)])
    found = arrived / pinned.file
    if not found.is_file():
        names = ", ".join(sorted(entry.name for entry in arrived.iterdir())) or "nothing"
        raise SourceError(
            f"pip fetched {names} instead",
            where=pinned.file,
            remedy="write the wheel's file name in the suite as the index has it",
        )
    return found


def any_wheel(pin: str, into: Path) -> Path:
    """Fetch the wheel of `NAME==VERSION` that pip takes on this machine, to find out its pins."""
    arrived = into / "arrived"
    _run_pip(Wheel(file=pin, sha256="", size_bytes=0), ["--dest", str(arrived), pin])
    return next(arrived.iterdir())


def _run_pip(pinned: Wheel, options: list[str]) -> None:
    command = [
        *("download", "--progress-bar", "off"),
        *("--no-deps", "--only-binary=:all:", "--ignore-requires-python"),
        *options,
    ]
    limit_s = PATIENCE_S + pinned.size_bytes / SLOWEST_BYTES_S
    failed = pip.run(command, what=pinned.file, limit_s=limit_s)
    if failed is not None:
        raise _pip_error(pinned, failed)


def _pip_error(pinned: Wheel, lines: list[str]) -> SourceError:
    if any("DO NOT MATCH THE HASHES" in line for line in lines):
        got = next((line.split()[-1] for line in lines if line.startswith("Got ")), "unknown")
        return SourceError(
            f"not what the suite pins: sha256 is {got}, expected {pinned.sha256}",
            where=pinned.file,
            remedy="do not use it; if the file was changed on purpose, pin the new checksum",
        )
    return SourceError(
        f"pip could not fetch it: {pip.cause(lines)[:600]}",
        where=pinned.file,
        remedy=offline_remedy(),
    )


def url(address: Remote, to: Path) -> Path:
    """Fetch a file from a web server to `to`, from the start again where it breaks off.

    SourceError where it cannot be had.
    """
    import pooch  # slow to import, and rarely needed

    fetch = pooch.HTTPDownloader(timeout=(CONNECT_S, READ_S), progressbar=False)
    for attempt in range(1, TRIES + 1):
        try:
            fetch(address.url, str(to), None)
        except OSError as error:  # what requests raises is one, without an errno
            if error.errno is not None:
                raise  # the disk's
            if attempt == TRIES or _is_final(error):
                raise SourceError(
                    f"could not be fetched: {error}", where=address.url, remedy=offline_remedy()
                ) from None
            time.sleep(PAUSE_S)
        else:
            break
    return to


def _is_final(error: OSError) -> bool:
    """Return whether the server refused, so that asking again is of no use."""
    status = getattr(getattr(error, "response", None), "status_code", 0)
    return 400 <= status < 500 and status not in (408, 429)
