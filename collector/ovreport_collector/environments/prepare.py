"""From releases, wheels and `installed` to environments."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Mapping, Sequence

from ovreport import paths
from ovreport.errors import disk_errors
from ovreport_collector.environments import lock as locks
from ovreport_collector.environments.build import folder, obtain
from ovreport_collector.environments.environment import (
    INSTALLED,
    Environment,
    Progress,
    installed,
    silent,
)
from ovreport_collector.environments.lock import Lock
from ovreport_collector.environments.wanted import Wanted, parse


def prepare(wanted: Sequence[str], *, progress: Progress = silent) -> tuple[Environment, ...]:
    """Return an environment for each build of OpenVINO that is wanted, in that order.

    Each is a release (`2025.4.1`; `2025.4` is the newest of that name), the path of a wheel, or
    `installed`. All have the same numpy. What is there from an earlier call is used again, without
    the network where every build is named in full.

    InputError for what cannot be had here, or does not fit together; SourceError where it cannot
    be fetched, or not be imported; StoreError where the disk refuses.
    """
    remedy = f"make room or mend its rights, or set {paths.CACHE} to another folder"
    with disk_errors("environments cannot be kept there", where=folder(), remedy=remedy):
        return _prepare(wanted, progress)


def _prepare(wanted: Sequence[str], progress: Progress) -> tuple[Environment, ...]:
    builds = {text: parse(text) for text in dict.fromkeys(wanted) if text != INSTALLED}
    has_installed = INSTALLED in wanted
    pins = locks.pins(importlib.metadata.version("numpy") if has_installed else None)
    found = _locks(list(builds.values()), pins, progress)
    made = {
        text: obtain(build, lock, progress)
        for (text, build), lock in zip(builds.items(), found, strict=True)
    }
    if has_installed:
        made[INSTALLED] = installed()
    return tuple(made[text] for text in wanted)


def _locks(builds: Sequence[Wanted], pins: Mapping[str, str], progress: Progress) -> list[Lock]:
    """Return a lock for each; the same as last time for the same builds."""
    if not builds:
        return []
    asked = [sorted((one.name, one.wheel_sha256) for one in builds), pins]
    key = hashlib.sha256(json.dumps([asked, locks.interpreter()]).encode()).hexdigest()
    kept = folder() / "locks" / f"{key}.json"
    names = [one.name for one in builds]
    if all(one.is_fixed for one in builds):
        try:
            texts = json.loads(kept.read_bytes())
            return [locks.parse(texts[name]) for name in names]
        except (OSError, ValueError, KeyError):
            pass  # not there yet, or damaged
    progress(f"choosing packages for OpenVINO {', '.join(names)}")
    found = locks.resolve(builds, pins)
    kept.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({name: lock.text for name, lock in zip(names, found, strict=True)})
    aside = kept.with_suffix(".writing")
    aside.write_text(text, encoding="utf-8")
    aside.replace(kept)
    return list(found)
