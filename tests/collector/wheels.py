"""Wheels that tests make, for a pip that must not use the network."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import sysconfig
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path


def write_wheel(
    folder: Path, name: str, version: str, files: Mapping[str, str], requires: Sequence[str] = ()
) -> Path:
    """Write a wheel of text files, and return its path."""
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {one}" for one in requires]
    tags = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    written = {**files, f"{info}/METADATA": "\n".join(lines) + "\n", f"{info}/WHEEL": tags}
    rows = [f"{file},{_checksum(text)},{len(text.encode())}" for file, text in written.items()]
    written[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,", ""])
    path = folder / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as wheel:
        for file, text in written.items():
            wheel.writestr(file, text)
    return path


def write_linked_wheel(folder: Path, name: str, version: str = "") -> Path:
    """Write a wheel of a package that is installed here, by links to it; it may say any version."""
    distribution = importlib.metadata.distribution(name)
    links = folder / "linked" / name
    links.mkdir(parents=True, exist_ok=True)
    installed = Path(sysconfig.get_path("purelib"))
    for part in {file.parts[0] for file in distribution.files or ()}:
        if not part.endswith((".dist-info", "..")) and not (links / part).exists():
            (links / part).symlink_to(installed / part)
    content = {f"linked_{name.replace('-', '_')}.pth": f"{links}\n"}
    return write_wheel(folder, name, version or distribution.version, content)


def _checksum(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256={base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"
