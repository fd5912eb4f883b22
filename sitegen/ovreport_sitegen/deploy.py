"""Push a built site to a branch of a Git repository that a host such as GitHub Pages serves.

ghp-import makes the commit, in a repository of its own that is deleted afterwards: the user's is
never touched, and need not be there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ovreport import __version__
from ovreport.errors import InputError, OvreportError, disk_errors, one_line
from ovreport_sitegen.publish import MARKER

BRANCH = "gh-pages"
_KEPT = ".ovreport-kept"
"""A file of the branch: which assets are there only for pages of the site before."""
_HASHED = re.compile(r"(assets|data)/[\w./-]+-[0-9a-f]{10}\.\w+")
_TREE_LINE = re.compile(r"(\d{6}) blob [0-9a-f]+\t(.*)")
_REGULAR = "100644"
_NO_SUCH_BRANCH = 2
"""What `git ls-remote --exit-code` returns for it."""


@dataclass(frozen=True)
class Deployed:
    """A site that was pushed."""

    remote: str
    """Where to, without a password."""
    files: int
    kept: int
    """Of these, the assets of the site before."""


def deploy(site: Path, remote: str, branch: str = BRANCH) -> Deployed:
    """Push a built site as the next commit of a branch of a remote; the branch may be new.

    Hosts let browsers keep pages for minutes, so assets that pages of the site before load stay for
    one more deployment; so does the file in which GitHub keeps a domain.

    Raises InputError for a folder that holds no built site, for an address or a branch of no use,
    and for a branch that holds something else; OvreportError where Git fails.
    """
    if not (site / MARKER).is_file():
        raise InputError("no built site", where=str(site), remedy="Build it: ovreport build")
    url = address(remote)
    with (
        disk_errors("cannot be copied", where=site, remedy="Free space in the temporary folder."),
        tempfile.TemporaryDirectory(prefix="ovreport-publish-") as temporary,
    ):
        git = _Git(Path(temporary) / "repository", url)
        staged = Path(temporary) / "site"
        shutil.copytree(site, staged)
        kept = _keep(git, staged, branch) if git.fetch(branch) else []
        (staged / _KEPT).write_text("".join(f"{name}\n" for name in kept), encoding="utf-8")
        git.push(staged, branch)
        files = sum(path.is_file() for path in staged.rglob("*"))
    return Deployed(_without_password(url), files, len(kept))


def address(remote: str) -> str:
    """Return the address of a remote that may be given by its name here, or by a path.

    InputError where there is none.
    """
    if not remote or remote.startswith("-") or "\n" in remote:
        raise InputError(
            f"not a Git remote: {remote!r}" if remote else "no Git remote to push to",
            remedy="Name one: --remote https://github.com/ME/BENCHMARKS, or set `repository` in "
            "site/ovreport.toml.",
        )
    if Path(remote).exists():
        return str(Path(remote).resolve())
    named = _run(["git", "remote", "get-url", "--push", remote])
    if named.returncode:
        return remote
    url = named.stdout.strip()
    # A path is one from the top of the repository that names it.
    path = Path(_run(["git", "rev-parse", "--show-toplevel"]).stdout.strip(), url)
    return str(path.resolve()) if path.exists() else url


def _keep(git: _Git, staged: Path, branch: str) -> list[str]:
    """Copy from the branch's tip what its pages may still load; return the names of the assets."""
    listed = git("ls-tree", "-r", "-z", "FETCH_HEAD").split("\0")
    found = [match for line in listed if (match := _TREE_LINE.fullmatch(line))]
    there = {match[2] for match in found if match[1] == _REGULAR}
    if found and MARKER not in there:
        raise InputError(
            "holds files that are not a site published by ovreport, and would be replaced",
            where=f"the branch {branch}",
            remedy="Name another one with --branch, or delete it.",
        )
    outlived = git("show", f"FETCH_HEAD:{_KEPT}").splitlines() if _KEPT in there else []
    assets = {name for name in there - set(outlived) if _HASHED.fullmatch(name)}
    kept = sorted(name for name in assets if not (staged / name).exists())
    wanted = [*kept, *(["CNAME"] if "CNAME" in there else [])]
    if wanted:
        git(f"--work-tree={staged}", "checkout", "FETCH_HEAD", "--", *wanted)
    return kept


class _Git:
    """A new bare repository, and its one remote."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder, self._url = folder, url
        # ghp-import takes who commits from there, or writes a commit of nobody.
        self._environment = {
            "GIT_COMMITTER_NAME": _configured("user.name") or "ovreport",
            "GIT_COMMITTER_EMAIL": _configured("user.email") or "ovreport@localhost",
        }
        folder.mkdir()
        self("init", "--quiet", "--bare")
        self("config", "core.autocrlf", "false")
        self("remote", "add", "origin", url)

    def __call__(self, *arguments: str) -> str:
        """Run a Git command and return what it prints; OvreportError where it fails."""
        return self._checked(_run(["git", *arguments], self._folder)).stdout

    def fetch(self, branch: str) -> bool:
        """Fetch the last commit of a branch; False where the remote has no such branch."""
        if _run(["git", "check-ref-format", "--branch", branch]).returncode:
            raise InputError(f"not a branch: {branch!r}", remedy=f"For example: --branch {BRANCH}")
        reference = f"refs/heads/{branch}"
        listed = _run(["git", "ls-remote", "--exit-code", "origin", reference], self._folder)
        if listed.returncode == _NO_SUCH_BRANCH:
            return False
        self._checked(listed)
        tracked = f"+{reference}:refs/remotes/origin/{branch}"
        self("fetch", "--quiet", "--no-tags", "--depth=1", "origin", tracked)
        return True

    def push(self, staged: Path, branch: str) -> None:
        """Commit a folder on top of what was fetched, and push it."""
        command = [sys.executable, "-m", "ghp_import", "--no-jekyll", "--push", "--branch", branch]
        command += ["--message", f"Site built by ovreport {__version__}", str(staged)]
        self._checked(_run(command, self._folder, self._environment))

    def _checked(self, done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
        if done.returncode == 0:
            return done
        shown = _without_password(self._url)
        said = done.stderr.replace(self._url, shown).strip().splitlines()
        faults = [line for line in said if line.startswith(("fatal:", "error:", "remote:"))]
        raise OvreportError(
            "; ".join(one_line(line) for line in (faults or said[-1:])[:3]) or "Git failed",
            where=shown,
            remedy="Is the address right, and may you push there? For access by SSH: "
            "--remote git@github.com:ME/BENCHMARKS.git",
        )


def _run(
    command: list[str], folder: Path | None = None, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, free of what a hook of Git says of another repository."""
    ours = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"}
    inherited = {key: value for key, value in os.environ.items() if key not in ours}
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env=inherited | (environment or {}),
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError as error:
        raise OvreportError(
            f"{command[0]} is not installed", remedy="Install Git, for example: apt install git"
        ) from error


def _configured(key: str) -> str:
    return _run(["git", "config", key]).stdout.strip()


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or "@" not in parts.netloc:
        return url
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
