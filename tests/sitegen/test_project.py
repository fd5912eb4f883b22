"""The project that `ovreport init` writes around a site: what runs in it, and what has drifted."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from ovreport.errors import ConfigError, InputError
from ovreport.store import write
from ovreport_sitegen import config, project
from ovreport_sitegen.commands import init
from ovreport_sitegen.start import start
from tests.factories import a_record

ROOT = Path(__file__).parent.parent.parent
WORKFLOWS = ("check", "comment", "pages")
WRITES = {"comment": {"actions": "read", "pull-requests": "write"}}
WRITES |= {"deploy": {"pages": "write", "id-token": "write"}}
"""Jobs that may do more than read; none of them runs anything of the project or of a request."""
READS = {"build": {"attestations": "read", "contents": "read"}}


def workflow(folder: Path, name: str) -> dict:
    return yaml.safe_load((folder / f".github/workflows/{name}.yml").read_text(encoding="utf-8"))


def run(
    script: str, folder: Path, environment: Mapping[str, str] = os.environ, words: str = ""
) -> None:
    """Run a shell's words as a runner of GitHub does; they have to succeed."""
    bash = shutil.which("bash") or "bash"
    command = [bash, "-e", "-o", "pipefail", "-c", script]
    subprocess.run(command, input=words, text=True, cwd=folder, env=environment, check=True)


def test_a_project_is_written_once_and_nothing_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    started = start(tmp_path, "Our machines")
    assert started.left == [tmp_path / "README.md"]
    assert (tmp_path / "README.md").read_text() == "mine"
    assert {path.name for path in started.written} >= {"check.yml", "pages.yml", ".gitignore"}
    lines = (tmp_path / "requirements.txt").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == [project.requirement()]


def test_another_site_in_a_project_that_is_there_leaves_the_project_alone(tmp_path: Path) -> None:
    """Such as a clone of ovreport, whose workflows install what is in the clone."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "ovreport.toml").touch()
    start(tmp_path, "Mine", replace=True)
    assert {path.name for path in tmp_path.iterdir()} == {"site", "site-before"}


def test_a_new_project_has_not_drifted(tmp_path: Path) -> None:
    start(tmp_path, "Our machines")
    assert not project.drift(tmp_path)
    done = CliRunner().invoke(init, ["--check", str(tmp_path)])
    assert (done.exit_code, done.output) == (0, "")


def test_what_has_drifted_is_a_patch_that_git_takes(tmp_path: Path) -> None:
    """A changed file, one without a last line end, and one that is not there."""
    start(tmp_path, "Our machines")
    pages, check = (tmp_path / f".github/workflows/{name}.yml" for name in ("pages", "check"))
    pages.write_text(pages.read_text(encoding="utf-8").replace("minutes: 15", "minutes: 99"))
    check.unlink()
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("ovreport==0.0.1")
    done = CliRunner().invoke(init, ["--check", str(tmp_path)])
    assert done.exit_code == 1
    assert "-    timeout-minutes: 99" in done.output
    run("git init --quiet && git apply", tmp_path, words=done.output)
    assert not project.drift(tmp_path)
    assert config.load(tmp_path / "site").title == "Our machines"


def test_a_site_that_is_published_without_actions_has_not_drifted(tmp_path: Path) -> None:
    """Its README says to delete that workflow."""
    start(tmp_path, "Our machines")
    (tmp_path / ".github/workflows/pages.yml").unlink()
    assert not project.drift(tmp_path)


@pytest.mark.parametrize("name", ["empty", "missing"])
def test_where_there_is_no_project_nothing_has_drifted(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    done = CliRunner().invoke(init, ["--check", str(tmp_path / name)])
    assert isinstance(done.exception, InputError)
    assert not done.output


@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflows_do_no_more_than_they_may(tmp_path: Path, name: str) -> None:
    """Actions by commit, no foreign words in a script, reading only but where it is needed."""
    start(tmp_path, "x")
    flow = workflow(tmp_path, name)
    assert flow["permissions"] in ({"contents": "read"}, {})
    for key, job in flow["jobs"].items():
        assert job["timeout-minutes"] <= 15
        assert job.get("permissions") == (WRITES | READS).get(key)
        used = [step["uses"] for step in job["steps"] if "uses" in step]
        assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", one) for one in used)
        assert not any("${{" in step.get("run", "") for step in job["steps"])
        if key in WRITES:
            assert not any("checkout" in one for one in used)
            assert not any("ovreport" in step.get("run", "") for step in job["steps"])
    assert "pull_request_target" not in flow[True]


def test_actions_are_pinned_as_in_this_repository(tmp_path: Path) -> None:
    """One that both use is of one commit."""
    start(tmp_path, "x")
    pinned = re.compile(r"uses: ([\w/-]+)@([0-9a-f]{40})")
    folders = tmp_path / ".github/workflows", ROOT / ".github/workflows"
    texts = [path.read_text(encoding="utf-8") for each in folders for path in each.iterdir()]
    found = {pin for text in texts for pin in pinned.findall(text)}
    assert len({action for action, _ in found}) == len(found)


@pytest.mark.parametrize("name", ["check", "pages"])
def test_what_workflows_run_works(tmp_path: Path, name: str) -> None:
    """In a clean clone with a new record, but for the installation, which needs a release."""
    folder = tmp_path / "project"
    start(folder, "Our machines")
    git = "git -c user.name=x -c user.email=x@y"
    commit = f"git init --quiet && git add . && {git} commit --quiet -m"
    run(f"{commit} begun", folder)
    write(a_record(), folder / "site" / "records")
    run(f"{commit} measured", folder)
    jobs = workflow(folder, name)["jobs"].values()
    steps = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    assert steps[0] == "bash .github/install"
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "OVREPORT_CACHE": str(tmp_path / "cache"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "said.md"),
        "RUNNER_TEMP": str(tmp_path / "runner"),
    }
    for step in steps[1:]:
        run(step, folder, environment)
    assert (folder / "_site" / "index.html").is_file()
    assert name != "check" or "new records: 1" in (tmp_path / "said.md").read_text("utf-8")


@pytest.mark.parametrize(("artifact", "said"), [("cp given", "faster"), ("exit 1", "broke off")])
def test_a_summary_is_shown_at_the_pull_request_of_its_commit(
    tmp_path: Path, artifact: str, said: str
) -> None:
    """Also of a check that broke off before it had one. A program stands for GitHub's client."""
    if not shutil.which("jq"):
        pytest.skip("jq is not installed; runners of GitHub have it")
    start(tmp_path, "x")
    (tmp_path / "given").write_text("Two results get faster.")
    pulls = '[{"number": 1, "head": {"sha": "old"}}, {"number": 2, "head": {"sha": "new"}}]'
    (tmp_path / "bin").mkdir()
    gh = tmp_path / "bin/gh"
    gh.write_text(
        f"#!/bin/sh\ncase $1 in\nrun) {artifact} summary/summary.md;;\n"
        f"api) echo '{pulls}';;\npr) echo \"$*\" > said;;\nesac\n"
    )
    gh.chmod(0o755)
    environment = os.environ | {"PATH": f"{gh.parent}{os.pathsep}{os.environ['PATH']}"}
    environment |= {"RUN": "7", "REPOSITORY": "me/marks", "COMMIT": "new", "HEAD": "you:branch"}
    (job,) = workflow(tmp_path, "comment")["jobs"].values()
    for step in job["steps"]:
        run(step["run"], tmp_path, environment)
    assert (tmp_path / "said").read_text().startswith("pr comment 2 --repo me/marks")
    assert said in (tmp_path / "comment.md").read_text()


@pytest.mark.parametrize("is_locked", [False, True])
def test_with_a_lock_packages_are_installed_by_their_checksums(
    tmp_path: Path, is_locked: bool
) -> None:
    """And nothing but those; ovreport itself after them. Here a program stands for pip."""
    folder = tmp_path / "project"
    start(folder, "Our machines")
    pip, said = tmp_path / "pip", tmp_path / "said"
    pip.write_text(f'#!/bin/sh\necho "$*" >> "{said}"\n')
    pip.chmod(0o755)
    if is_locked:
        (folder / "requirements.lock").write_text("x==1 --hash=sha256:0\n")
    run(f'bash .github/install "{pip}"', folder)
    *locked, last = said.read_text().splitlines()
    assert ("--no-deps" in last) == is_locked
    assert last.endswith("-r requirements.txt")
    assert len(locked) == is_locked
    assert all("--require-hashes" in one and "requirements.lock" in one for one in locked)


@pytest.mark.parametrize("requirement", ["ovreport==1.0", "ovreport @ git+https://x.org/x@0"])
def test_the_readme_says_how_a_lock_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, requirement: str
) -> None:
    """An ovreport from Git has no checksum: it is left out, and what builds it is in."""
    monkeypatch.setattr(project, "requirement", lambda: requirement)
    start(tmp_path, "x")
    readme = (tmp_path / "README.md").read_text("utf-8")
    assert "--generate-hashes" in readme
    assert ("--no-emit-package ovreport" in readme) == ("git+" in requirement)


def test_records_keep_their_bytes_in_git(tmp_path: Path) -> None:
    """Also where it is set to change the ends of lines: names hold a checksum."""
    start(tmp_path / "project", "x")
    path = write(a_record(), tmp_path / "project/site/records")
    git = "git -c user.name=x -c user.email=x@y -c core.autocrlf=true"
    run(f"git init --quiet && {git} add . && {git} commit --quiet -m x", tmp_path / "project")
    run("git -c core.autocrlf=true clone --quiet project clone", tmp_path)
    cloned = tmp_path / "clone" / path.relative_to(tmp_path / "project")
    assert cloned.read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("repository", "site_url"),
    [
        ("https://github.com/Me/marks", "https://me.github.io/marks/"),
        ("https://github.com/me/me.github.io.git", "https://me.github.io/"),
        ("https://example.org/me/marks", ""),
    ],
)
def test_the_repository_gives_addresses(tmp_path: Path, repository: str, site_url: str) -> None:
    start(tmp_path, "x", repository=repository)
    settings = config.load(tmp_path / "site")
    assert settings.repository == repository.removesuffix(".git")
    assert settings.site_url == site_url


def test_a_repository_that_is_no_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="web address"):
        start(tmp_path, "x", repository="javascript:alert(1)")
    with pytest.raises(ConfigError, match="address of a repository"):
        start(tmp_path, "x", repository="https://github.com/me/marks/tree/main")
    assert not list(tmp_path.iterdir())


def test_a_token_in_an_address_is_refused_and_not_repeated(tmp_path: Path) -> None:
    """Pages link to the repository."""
    with pytest.raises(ConfigError) as caught:
        start(tmp_path, "x", repository="https://me:s3cret@github.com/me/marks")
    assert "s3cret" not in f"{caught.value} {caught.value.remedy}"
    assert not list(tmp_path.iterdir())
