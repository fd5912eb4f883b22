"""`ovreport publish`: a built site becomes the tip of a branch, and works where it is served."""

from __future__ import annotations

import http.server
import re
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urljoin

import pytest
from click.testing import CliRunner

from ovreport.errors import InputError, OvreportError
from ovreport.store import write
from ovreport_sitegen.commands import init, publish
from ovreport_sitegen.deploy import BRANCH, deploy
from ovreport_sitegen.publish import MARKER, new_site
from tests.factories import a_record

pytest.importorskip("ghp_import", reason="a dependency of ovreport: install it again")


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """Return a repository to push to, as a host has it."""
    git(tmp_path, "init", "--quiet", "--bare", "bare.git")
    return tmp_path / "bare.git"


def a_site(folder: Path, style: str, **more: bytes) -> Path:
    """Return a site with one asset, whose name holds a checksum."""
    page = f'<link rel="stylesheet" href="assets/site-{style}.css">'.encode()
    with new_site(folder) as new:
        for name, data in {"index.html": page, f"assets/site-{style}.css": b"a{}", **more}.items():
            new.add(name, data)
        new.publish()
    return folder


def names(bare: Path, branch: str = BRANCH) -> set[str]:
    return set(git(bare, "ls-tree", "-r", "--name-only", branch).split())


FIRST, SECOND, THIRD = "a" * 10, "b" * 10, "c" * 10


def test_assets_outlive_one_deployment(tmp_path: Path, bare: Path) -> None:
    """A page that a browser kept finds its style still; pages that are gone go at once."""
    out = tmp_path / "_site"
    deploy(a_site(out, FIRST, **{"old.html": b"", "data.csv": b"1"}), str(bare))
    done = deploy(a_site(out, SECOND), str(bare))
    assert done.kept == 1
    assert {f"assets/site-{FIRST}.css", f"assets/site-{SECOND}.css"} <= names(bare)
    assert not {"old.html", "data.csv"} & names(bare)
    deploy(a_site(out, THIRD), str(bare))
    assert f"assets/site-{FIRST}.css" not in names(bare)
    assert {f"assets/site-{SECOND}.css", f"assets/site-{THIRD}.css"} <= names(bare)
    assert len(git(bare, "rev-list", BRANCH).split()) == 3
    assert not (out / f"assets/site-{SECOND}.css").exists()


def test_a_domain_of_ones_own_stays(tmp_path: Path, bare: Path) -> None:
    """GitHub keeps it in a file of the branch."""
    out, clone = a_site(tmp_path / "_site", FIRST), tmp_path / "clone"
    deploy(out, str(bare))
    git(tmp_path, "clone", "--quiet", "--branch", BRANCH, str(bare), str(clone))
    (clone / "CNAME").write_text("example.org\n")
    git(clone, "add", "CNAME")
    git(clone, "-c", "user.name=x", "-c", "user.email=x@y", "commit", "--quiet", "-m", "domain")
    git(clone, "push", "--quiet")
    deploy(out, str(bare))
    assert git(bare, "show", f"{BRANCH}:CNAME") == "example.org\n"


def test_a_branch_with_something_else_is_refused(tmp_path: Path, bare: Path) -> None:
    work = tmp_path / "work"
    git(tmp_path, "init", "--quiet", "--initial-branch", "main", str(work))
    (work / "code.py").write_text("")
    git(work, "add", ".")
    git(work, "-c", "user.name=x", "-c", "user.email=x@y", "commit", "--quiet", "-m", "code")
    git(work, "push", "--quiet", str(bare), "main")
    with pytest.raises(InputError, match="not a site"):
        deploy(a_site(tmp_path / "_site", FIRST), str(bare), "main")
    assert names(bare, "main") == {"code.py"}


def test_a_link_in_the_branch_is_not_followed(tmp_path: Path, bare: Path) -> None:
    """Whoever can write to the branch cannot have a file of this machine published."""
    out, clone = a_site(tmp_path / "_site", FIRST), tmp_path / "clone"
    (tmp_path / "secret").write_text("secret")
    deploy(out, str(bare))
    git(tmp_path, "clone", "--quiet", "--branch", BRANCH, str(bare), str(clone))
    link = f"assets/site-{SECOND}.css"
    (clone / link).symlink_to(tmp_path / "secret")
    git(clone, "add", link)
    git(clone, "-c", "user.name=x", "-c", "user.email=x@y", "commit", "--quiet", "-m", "link")
    git(clone, "push", "--quiet")
    assert deploy(out, str(bare)).kept == 0
    assert link not in names(bare)


@pytest.mark.parametrize("remote", ["", "--upload-pack=touch x", "a\nb"])
def test_an_address_of_no_use_is_refused(tmp_path: Path, remote: str) -> None:
    with pytest.raises(InputError, match="remote"):
        deploy(a_site(tmp_path / "_site", FIRST), remote)


@pytest.mark.parametrize("branch", ["", "-x", "a..b", "a b"])
def test_a_branch_of_no_use_is_refused(tmp_path: Path, bare: Path, branch: str) -> None:
    with pytest.raises(InputError, match="branch"):
        deploy(a_site(tmp_path / "_site", FIRST), str(bare), branch)


def test_a_remote_that_is_not_there_is_told_without_its_password(tmp_path: Path) -> None:
    remote = "http://me:hunter2@127.0.0.1:9/x.git"
    with pytest.raises(OvreportError) as caught:
        deploy(a_site(tmp_path / "_site", FIRST), remote)
    assert "127.0.0.1" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_remote_by_its_name_may_be_a_path(
    tmp_path: Path, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One from the top of the repository, as Git understands it, wherever the command is run."""
    git(tmp_path, "init", "--quiet", "project")
    git(tmp_path / "project", "remote", "add", "origin", "../bare.git")
    (tmp_path / "project/deep").mkdir()
    monkeypatch.chdir(tmp_path / "project/deep")
    assert deploy(a_site(tmp_path / "_site", FIRST), "origin").remote == str(bare)
    assert "index.html" in names(bare)


def test_only_a_built_site_is_pushed(tmp_path: Path, bare: Path) -> None:
    (tmp_path / "home").mkdir()
    with pytest.raises(InputError, match="no built site"):
        deploy(tmp_path / "home", str(bare))
    assert MARKER not in git(bare, "for-each-ref")


def test_a_push_that_is_refused_is_told(tmp_path: Path, bare: Path) -> None:
    hook = bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no entry >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(OvreportError, match="no entry"):
        deploy(a_site(tmp_path / "_site", FIRST), str(bare))


# ---------------------------------------------------------------- from init to a served site


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """Yield a folder, and its address."""
    folder = tmp_path / "www"
    folder.mkdir()
    handler = partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_a_published_site_works_below_a_path(
    tmp_path: Path, bare: Path, served: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Init, a record, publish; then every link of the first page, and the style of the 404 page."""
    monkeypatch.chdir(tmp_path)
    begun = CliRunner().invoke(init, ["--repository", "https://github.com/Me/marks.git"])
    assert begun.exit_code == 0, begun.output
    write(a_record(), Path("site/records"))
    done = CliRunner().invoke(publish, ["--remote", str(bare)])
    assert done.exit_code == 0, done.output
    assert "https://me.github.io/marks/" in done.output

    folder, address = served
    git(tmp_path, "clone", "--quiet", "--branch", BRANCH, str(bare), str(folder / "marks"))
    assert (folder / "marks" / ".nojekyll").is_file()
    root = urljoin(address, "marks/")
    first = urllib.request.urlopen(root).read()  # noqa: S310
    links = re.findall(r'(?:href|src)="([^"#]+)', first.decode())
    ours = {link for link in links if not link.startswith("http")}
    assert len(ours) > 5
    for link in ours:
        assert urllib.request.urlopen(urljoin(root, link)).status == 200, link  # noqa: S310
    lost = (folder / "marks" / "404.html").read_text(encoding="utf-8")
    style = next(f"marks/{path}" for path in ours if re.match(r"assets/site-.*css", path))
    assert f'href="/{style}"' in lost
    sitemap = (folder / "marks" / "sitemap.xml").read_text(encoding="utf-8")
    assert "<loc>https://me.github.io/marks/</loc>" in sitemap
    assert "404.html" not in sitemap
    picture = re.search(
        r'property="og:image" content="https://me.github.io/([^"]+)"', first.decode()
    )
    assert picture
    assert (folder / picture[1]).read_bytes().startswith(b"\x89PNG")
    robots = (folder / "marks" / "robots.txt").read_text(encoding="utf-8")
    assert "Sitemap: https://me.github.io/marks/sitemap.xml" in robots
