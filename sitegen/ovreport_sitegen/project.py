"""The files of a site's project beside the site: README, workflows, the ovreport they install."""

from __future__ import annotations

import difflib
import json
import re
import subprocess
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from string import Template
from urllib.parse import unquote, urlsplit

from ovreport import __version__
from ovreport.errors import InputError
from ovreport_sitegen import inventory
from ovreport_sitegen.render import templates_folder

_PAGES = ".github/workflows/pages.yml"
"""Deleted where a site is published without it."""
_KEPT_IN_STEP = {
    ".github/install": "github/install",
    ".github/workflows/check.yml": "github/workflows/check.yml",
    ".github/workflows/comment.yml": "github/workflows/comment.yml",
    _PAGES: "github/workflows/pages.yml",
    "requirements.txt": "requirements.txt",
}
"""File → its template, of those that `drift` compares. All else is its owner's to change."""
_OWN = {"README.md": "README.md", ".gitignore": "gitignore", ".gitattributes": "gitattributes"}
_FILES = _OWN | _KEPT_IN_STEP
_FLEET = ".github/workflows/fleet.yml"
"""Made of the inventory, where a project has one."""


def add(folder: Path, title: str) -> tuple[list[Path], list[Path]]:
    """Write the files of a project into a folder; return those written, and those left as they are.

    With an inventory of machines in the folder, their workflow too; ConfigError for one of no use.
    A file that is there is never changed.
    """
    texts = {name: _text(name, title) for name in _FILES} | _of_fleet(folder)
    written, left = [], []
    for name, text in texts.items():
        path = folder / name
        if path.exists() or path.is_symlink():
            left.append(path)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written, left


def drift(folder: Path) -> str:
    """Return the patch from a project's workflows and requirements to what `add` writes today.

    Empty where nothing differs. `git apply` takes it. A workflow "Pages" that was deleted is not
    missed. InputError where there is no project, for a file that cannot be read, or an inventory of
    no use.
    """
    if not any((folder / name).exists() for name in _KEPT_IN_STEP):
        raise InputError(
            "no project is here", where=str(folder), remedy="Start one: ovreport init FOLDER."
        )
    texts = {name: _text(name, "") for name in _KEPT_IN_STEP} | _of_fleet(folder)
    if not (folder / _PAGES).exists():
        del texts[_PAGES]
    parts: list[str] = []
    for name, text in texts.items():
        path = folder / name
        try:
            there = path.read_text(encoding="utf-8") if path.exists() else None
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(
                f"cannot be read: {error}", where=str(path), remedy="Make it a text file again."
            ) from error
        old = [] if there is None else there.splitlines(keepends=True)
        before = "/dev/null" if there is None else f"a/{name}"
        new = text.splitlines(keepends=True)
        parts += difflib.unified_diff(old, new, before, f"b/{name}")
    # A last line without an end would run into the next.
    return "".join(p if p.endswith("\n") else f"{p}\n\\ No newline at end of file\n" for p in parts)


def _of_fleet(folder: Path) -> dict[str, str]:
    """Return the workflow of the machines in a project's inventory; nothing where it has none."""
    path = folder / inventory.FILE
    if not path.exists():
        return {}
    machines = inventory.load(path)
    return {_FLEET: inventory.workflow(_template("github/workflows/fleet.yml"), machines)}


def _template(name: str) -> str:
    return (templates_folder() / "new-site" / "project" / name).read_text(encoding="utf-8")


def _text(name: str, title: str) -> str:
    text = _template(_FILES[name])
    if name.startswith(".github/"):
        return text  # has ${{ … }} of its own
    return Template(text).substitute(
        title=" ".join(title.split()), requirement=requirement(), lock=_lock_command()
    )


def _lock_command() -> str:
    """Return what writes a project's requirements.lock: every package with its checksums.

    An ovreport from Git is pinned by its commit and has no checksum; what builds it is locked too.
    """
    command = (
        "uv pip compile requirements.txt{} --universal --python-version 3.11 "
        "--generate-hashes{} -o requirements.lock"
    )
    if " @ " not in requirement():
        return command.format("", "")
    return "echo hatchling | " + command.format(" -", " --no-emit-package ovreport")


def requirement() -> str:
    """Return what pip installs this ovreport by: a commit of its repository, else its version.

    The commit is known of an ovreport installed from Git, or from a clone with an origin by https.
    """
    try:
        text = distribution("ovreport").read_text("direct_url.json")
    except PackageNotFoundError:
        text = None
    origin = json.loads(text) if text else {}
    url, commit = origin.get("url", ""), origin.get("vcs_info", {}).get("commit_id", "")
    if url.startswith("file:"):
        clone = Path(unquote(urlsplit(url).path))
        url, commit = _git(clone, "remote", "get-url", "origin"), _git(clone, "rev-parse", "HEAD")
    if re.fullmatch(r"https://[^@\s]+", url) and re.fullmatch(r"[0-9a-f]{40}", commit):
        return f"ovreport @ git+{url}@{commit}"
    return f"ovreport=={__version__}"


def _git(folder: Path, *arguments: str) -> str:
    """Return what git prints; empty where it fails or is not there."""
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def pages_address(repository: str) -> str:
    """Return where GitHub Pages publishes a repository of github.com; empty for any other."""
    found = re.fullmatch(r"https://github\.com/([\w-]+)/([\w.-]+)", repository)
    if not found:
        return ""
    owner, name = found[1].lower(), found[2]
    host = f"{owner}.github.io"
    return f"https://{host}/" if name.lower() == host else f"https://{host}/{name}/"
