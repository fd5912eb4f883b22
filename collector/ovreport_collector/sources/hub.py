"""Fetching from the model hub, or a mirror of it, with the hub's own client.

So the user's settings hold: HF_ENDPOINT (a mirror), HF_TOKEN or a login (gated models),
HF_HUB_OFFLINE (take only what the hub's own cache has), HF_HOME. What arrives is checked against
its pin by the caller before anyone uses it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import TypeVar

from ovreport.errors import SourceError
from ovreport_collector.sources.address import OnHub, is_inside
from ovreport_collector.sources.pip import offline_remedy

Answer = TypeVar("Answer")


def fetch(address: OnHub, to: Path) -> Path:
    """Fetch a file of a repository to `to`; SourceError where it cannot be had."""
    return _kept(_downloaded(address).resolve(), to)


def fetch_and_tell(address: OnHub, to: Path) -> str:
    """Fetch a file to `to`, and return the commit that its branch or tag is at now."""
    found = _downloaded(address)
    _kept(found.resolve(), to)
    # The client keeps a file below snapshots/<commit>/.
    return found.parts[-1 - len(PurePosixPath(address.path).parts)]


USED = (".xml", ".bin", ".json", ".txt", ".model", ".jinja")
"""What a pipeline may read beside a network. Code that a repository carries is never fetched."""


def names_beside(address: OnHub) -> list[str]:
    """Return the names of what a pipeline may read in the folder of a file, itself left out."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import OfflineModeIsEnabled

    own = PurePosixPath(address.path)

    def look() -> list[str]:
        api = HfApi(endpoint=os.environ.get("HF_ENDPOINT"))
        try:
            return api.list_repo_files(address.repository, revision=address.revision)
        except OfflineModeIsEnabled:  # what the client's own cache has of this commit
            kept = _downloaded(address).parent.iterdir()
            return [str(own.with_name(path.name)) for path in kept]

    paths = map(PurePosixPath, _requested(address, look))
    inside = (path for path in paths if path.parent == own.parent and path != own)
    return sorted(path.name for path in inside if path.suffix in USED and is_inside(path.name))


def _downloaded(address: OnHub) -> Path:
    """Return the file in the client's own cache; SourceError where it cannot be had."""
    # Slow to import, and it reads the user's settings when it is imported.
    from huggingface_hub import hf_hub_download

    def download() -> Path:
        found = hf_hub_download(
            address.repository,
            address.path,
            revision=address.revision,
            endpoint=os.environ.get("HF_ENDPOINT"),
        )
        return Path(found)

    return _requested(address, download)


def _requested(address: OnHub, ask: Callable[[], Answer]) -> Answer:
    """Return what the hub says; SourceError, with the remedy, where it says nothing."""
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        return ask()
    except (LocalEntryNotFoundError, OfflineModeIsEnabled) as error:
        raise _error(address, _first_line(error), offline_remedy()) from None
    except GatedRepoError:
        raise _error(
            address,
            "the hub gives it only to those who accepted its terms",
            "accept them on the repository's page, then log in: hf auth login (or set HF_TOKEN)",
        ) from None
    except (RepositoryNotFoundError, RevisionNotFoundError, EntryNotFoundError) as error:
        raise _error(
            address,
            f"the hub does not have it: {_first_line(error)}",
            "check owner, name, commit and path; a private one needs HF_TOKEN",
        ) from None
    except (HfHubHTTPError, OSError) as error:
        if getattr(error, "errno", None) is not None and not isinstance(error, ConnectionError):
            raise  # the disk's
        raise _error(
            address, f"could not be fetched: {_first_line(error)}", offline_remedy()
        ) from None


def _kept(found: Path, to: Path) -> Path:
    """Give the file of the hub's cache a second name, without a second copy where that works."""
    to.unlink(missing_ok=True)
    try:
        os.link(found, to)
    except OSError:
        shutil.copyfile(found, to)
    return to


def _error(address: OnHub, what: str, remedy: str) -> SourceError:
    return SourceError(what, where=address.uri, remedy=remedy)


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines or [type(error).__name__])[0][:400]
