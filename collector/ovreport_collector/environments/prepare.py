"""From releases, wheels and `installed` to environments."""

from __future__ import annotations

from collections.abc import Sequence

from ovreport.errors import InputError
from ovreport_collector.environments.environment import INSTALLED, Environment, Progress, installed


def prepare(
    wanted: Sequence[str], *, also: Sequence[str] = (), progress: Progress | None = None
) -> tuple[Environment, ...]:
    """Return an environment for each build of OpenVINO that is wanted, in that order.

    Each is a release (`2025.4.1`; `2025.4` is the newest of that name), the path of a wheel, or
    `installed`. `also` names further packages that each gets, such as `openvino-genai`, in the
    version that goes with its release. All have the same numpy. What is there from an earlier
    call is used again, without the network. InputError for what cannot be had or does not
    fit together; SourceError where nothing can be fetched; StoreError where the disk refuses.
    """
    for one in wanted:
        if one != INSTALLED:
            raise InputError(f"no environment of {one}", remedy="not there yet")
    return tuple(installed() for _ in wanted)
