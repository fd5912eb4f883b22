"""Making environments, each whole or not at all.

    <cache>/environments/<OpenVINO's version>-<key>/          a virtual environment
                                                    lock.txt   its lock, written when it is whole

It is made beside its place, and moved there when it is whole: an installer outlives an ovreport
that is killed, and goes on writing. ovreport's own packages are links to those that run now:
nothing else of the running environment can be imported, whose OpenVINO would hide the one to be
measured. The key stands for the lock, the interpreter, and where these packages are.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import replace
from pathlib import Path

from filelock import FileLock

import ovreport
import ovreport_collector
from ovreport import paths
from ovreport.errors import SourceError
from ovreport_collector.environments.environment import Environment, Progress, UnusableError, ask
from ovreport_collector.environments.lock import Lock, with_wheel
from ovreport_collector.environments.wanted import Wanted
from ovreport_collector.sources import pip
from ovreport_collector.sources.pip import offline_remedy

LOCK = "lock.txt"
_MAKING = ".making-"
"""In the name of a folder in which an environment is being made, or was when it was interrupted."""
_LIMIT_S = 1800.0
_OWN = tuple(Path(str(package.__file__)).parent for package in (ovreport, ovreport_collector))


def folder() -> Path:
    """Return where all environments are."""
    return paths.cache() / "environments"


def obtain(wanted: Wanted, lock: Lock, progress: Progress) -> Environment:
    """Return the environment of a lock, made first where it is missing or damaged."""
    key = "\n".join([lock.text, sys.base_prefix, *map(str, _OWN)])
    name = f"{lock.version('openvino')}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    place = folder() / name
    place.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(place.parent / f"{name}.lock"):
        if _is_whole(place, lock):
            try:
                return _checked(place, wanted, lock)
            except UnusableError:
                progress(f"the environment of OpenVINO {wanted.name} is damaged: making it anew")
        return _made(place, wanted, lock, progress)


def _is_whole(place: Path, lock: Lock) -> bool:
    try:
        return (place / LOCK).read_text(encoding="utf-8") == lock.text
    except (OSError, ValueError):
        return False


def _made(place: Path, wanted: Wanted, lock: Lock, progress: Progress) -> Environment:
    """Return an environment after making it, whatever was in its place before."""
    for left in place.parent.glob(f"{place.name}{_MAKING}*"):
        shutil.rmtree(left, ignore_errors=True)
    making = place.with_name(f"{place.name}{_MAKING}{secrets.token_hex(4)}")
    _make(making, wanted, lock, progress)
    environment = _checked(making, wanted, lock)
    (making / LOCK).write_text(lock.text, encoding="utf-8")
    if place.exists():
        shutil.rmtree(place)
    making.rename(place)
    return replace(environment, python=_python(place))


def _make(place: Path, wanted: Wanted, lock: Lock, progress: Progress) -> None:
    venv.create(place, symlinks=True)
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(place)}))
    for own in _OWN:
        (packages / own.name).symlink_to(own, target_is_directory=True)
    progress(f"installing OpenVINO {wanted.name}")
    requirements = place / "requirements.txt"
    requirements.write_text(with_wheel(lock, wanted), encoding="utf-8")
    _install(_python(place), requirements, wanted)
    requirements.unlink()


def _install(python: Path, requirements: Path, wanted: Wanted) -> None:
    """Install what a lock names, by uv where it is there, else by pip.

    uv reads no configuration of pip's: where it finds no packages, pip is to try.
    """
    options = ["--no-deps", "--require-hashes", "--requirement", str(requirements)]
    uv = shutil.which("uv")
    if uv is not None:
        command = [uv, "pip", "install", "--quiet", "--python", str(python), *options]
        try:
            subprocess.run(command, capture_output=True, timeout=_LIMIT_S, check=True)
        except (OSError, subprocess.SubprocessError):
            pass
        else:
            return
    # --no-compile, as uv has it: environments must not differ by who made them.
    command = ["--python", str(python), "install", "--no-compile", "--only-binary=:all:", *options]
    failed = pip.run(command, what=f"OpenVINO {wanted.name}", limit_s=_LIMIT_S)
    if failed is not None:
        raise SourceError(
            f"pip could not install it: {pip.cause(failed)[-1500:]}",
            where=f"OpenVINO {wanted.name}",
            remedy=offline_remedy(),
        )


def _checked(place: Path, wanted: Wanted, lock: Lock) -> Environment:
    """Return what the environment holds; UnusableError unless it is what its lock names."""
    found = ask(_python(place), wanted.name, lock.sha256)
    version = lock.version("openvino")
    says = found.packages.get("openvino")
    if says != version or _release(found.openvino) not in ("", _release(version)):
        raise UnusableError(
            f"its environment has OpenVINO {version}, but Python finds {found.openvino} there",
            where=f"OpenVINO {wanted.name}",
            remedy="another OpenVINO is in PYTHONPATH or LD_LIBRARY_PATH (setupvars.sh sets "
            "them): unset both, then run this command again",
        )
    return found


def _release(build: str) -> str:
    """Return the first three numbers of a version or build; empty for one that is named freely.

    Of a wheel's local version, `2026.4.1+mine`, those before the plus.
    """
    numbers = re.split("[-+]", build)[0].split(".")[:3]
    return ".".join(numbers) if len(numbers) == 3 and all(n.isdecimal() for n in numbers) else ""


def _python(place: Path) -> Path:
    return place / "bin" / "python"
