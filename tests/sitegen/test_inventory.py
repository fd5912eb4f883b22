"""A fleet measured by GitHub Actions: its inventory, and the workflow that is made of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
import yaml

from ovreport.errors import ConfigError, InputError
from ovreport.store import write
from ovreport_sitegen import inventory, project
from ovreport_sitegen.start import start
from tests.factories import a_record
from tests.sitegen.attested import SAID, verified

WORKFLOW = ".github/workflows/fleet.yml"
THREE = """
suite = "standard"
minutes = 90

[[machine]]
name = "lab-1"
labels = ["self-hosted", "lab-1"]
devices = ["CPU", "AUTO:GPU.0,CPU"]

[[machine]]
name = "lab-2"
labels = ["self-hosted", "linux", "lab-2"]

[[machine]]
name = "lab-0"
labels = ["self-hosted", "lab-1"]
available = false
"""
ONE = '[[machine]]\nname = "a"\nlabels = ["self-hosted", "a"]\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a new project with three machines, one of them retired, committed to a repository."""
    given = tmp_path / "given.toml"
    given.write_text(THREE)
    folder = tmp_path / "project"
    start(folder, "Our machines", fleet=given)
    git = "git -c user.name=x -c user.email=x@y"
    run(
        f"git init --quiet --initial-branch main && git add . && {git} commit --quiet -m begun && "
        "git init --quiet --bare ../origin.git && git remote add origin ../origin.git && "
        "git push --quiet origin main",
        folder,
    )
    return folder


def run(script: str, folder: Path, environment: Mapping[str, str] = os.environ) -> None:
    """Run a shell's words as a runner of GitHub does; they have to succeed."""
    bash = shutil.which("bash") or "bash"
    command = [bash, "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]
    subprocess.run(command, cwd=folder, env=environment, check=True)


def jobs(folder: Path) -> dict:
    return yaml.safe_load((folder / WORKFLOW).read_text("utf-8"))["jobs"]


def words(job: dict) -> list[str]:
    """Return what a job runs, but for installations, which need a release."""
    found = [step["run"] for step in job["steps"] if "run" in step]
    return [one for one in found if "pip" not in one and ".github/install" not in one]


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/usr/bin/env bash\nset -e\n{text}")
    path.chmod(0o755)


def test_each_available_machine_has_a_job_of_its_own(folder: Path) -> None:
    measure = jobs(folder)["measure"]
    assert measure["strategy"]["matrix"]["include"] == [
        {"name": "lab-1", "labels": ["self-hosted", "lab-1"], "devices": "CPU AUTO:GPU.0,CPU"},
        {"name": "lab-2", "labels": ["self-hosted", "linux", "lab-2"], "devices": ""},
    ]
    assert measure["timeout-minutes"] == 90
    assert measure["env"]["SUITE"] == "standard"
    assert "matrix.name" in measure["concurrency"]["group"]
    assert measure["concurrency"]["cancel-in-progress"] is False


def test_it_never_runs_for_pull_requests_and_writes_in_one_job(folder: Path) -> None:
    flow = yaml.safe_load((folder / WORKFLOW).read_text("utf-8"))
    assert set(flow[True]) == {"schedule", "workflow_dispatch"}
    assert flow["permissions"] == {"contents": "read"}
    writing = [key for key, job in flow["jobs"].items() if "write" in str(job.get("permissions"))]
    assert writing == ["attest", "commit"]
    for key in writing:
        ran = [step["run"] for step in flow["jobs"][key]["steps"] if "run" in step]
        assert not any(name in one for one in ran for name in ("ovreport", "pip", "bash"))
        assert "self-hosted" not in str(flow["jobs"][key]["runs-on"])
    assert flow["concurrency"]["cancel-in-progress"] is False
    for job in flow["jobs"].values():
        assert not any("${{" in one for one in words(job))
        kept = [step["with"] for step in job["steps"] if "upload-artifact" in step.get("uses", "")]
        assert all(one["retention-days"] <= 30 for one in kept)


def test_a_changed_inventory_is_drift_and_an_unchanged_one_is_none(folder: Path) -> None:
    assert not project.drift(folder)
    (folder / "fleet.toml").write_text(THREE.replace("lab-2", "lab-3"))
    assert '+          - {"name": "lab-3"' in project.drift(folder)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "$"),
        ("machine = []", "$.machine"),
        (ONE + "label = 1", "$.machine[0]"),
        (ONE + 'devices = ["--out=/"]', "$.machine[0].devices[0]"),
        (ONE.replace('"a"', r'"a\n"', 1), "$.machine[0].name"),
        (ONE.replace('"a"]', '"$(reboot)"]'), "$.machine[0].labels[1]"),
        (ONE.replace('"a"]', '"ubuntu-24.04"]'), "$.machine[0].labels"),
        (ONE.replace('"self-hosted", ', ""), "$.machine[0].labels"),
        (ONE + ONE, "$.machine[0].name"),
        (ONE + ONE.replace('name = "a"', 'name = "b"'), "$.machine[0].labels"),
        (ONE + "available = false", "$.machine"),
        ('suite = "a b"\n' + ONE, "$.suite"),
        ("machine = [", ""),
    ],
)
def test_a_fault_is_named_with_its_place(tmp_path: Path, text: str, where: str) -> None:
    """And nothing is written."""
    path = tmp_path / "fleet.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        start(tmp_path / "new", "x", fleet=path)
    assert caught.value.where == (f"{path}: {where}" if where else str(path))
    assert caught.value.remedy
    assert not (tmp_path / "new").exists()


def test_a_project_that_is_there_is_not_given_half_of_a_fleet(folder: Path) -> None:
    with pytest.raises(InputError, match="--check"):
        start(folder, "x", replace=True, fleet=folder / "fleet.toml")


def test_text_of_an_inventory_is_never_yaml_of_its_own(tmp_path: Path) -> None:
    """Lines of machines are JSON, and what is put in is not looked at again."""
    path = tmp_path / "fleet.toml"
    path.write_text(THREE)
    machines = inventory.load(path)
    line = inventory.workflow("$machines", machines).splitlines()[0].strip().removeprefix("- ")
    assert yaml.safe_load(line) == json.loads(line)


@pytest.mark.parametrize(
    ("newest", "by_schedule", "measures"),
    [("2026.4.1", "false", "false"), ("2026.4", "false", "true"), ("2026.4.1", "true", "true")],
)
def test_a_release_is_new_until_the_fleet_has_measured_it(
    folder: Path, tmp_path: Path, newest: str, by_schedule: str, measures: str
) -> None:
    """Whatever records others sent."""
    if not (shutil.which("curl") and shutil.which("jq")):
        pytest.skip("curl or jq is not installed; runners of GitHub have them")
    software = msgspec.structs.replace(a_record().software, openvino="2026.4-22000-abc")
    write(a_record(software=software), folder / "site" / "records")
    (folder / ".github" / "measured-release").write_text("2026.4.1\n")
    index, said = tmp_path / "index.json", tmp_path / "output"
    index.write_text(json.dumps({"info": {"version": newest}}))
    environment = {"INDEX": index.as_uri(), "ANY_CASE": by_schedule, "GITHUB_OUTPUT": str(said)}
    for one in words(jobs(folder)["look"]):
        run(one, folder, os.environ | environment)
    assert said.read_text().split() == [f"release={newest}", f"measure={measures}"]


def test_devices_are_options_of_collect(folder: Path, tmp_path: Path) -> None:
    said = tmp_path / "said"
    program(tmp_path / "venv/bin/ovreport", f'printf "%s\\n" "$@" > "{said}"')
    environment = {"RUNNER_TEMP": str(tmp_path), "SUITE": "standard", "TIER": "quick"}
    (collect,) = words(jobs(folder)["measure"])[-1:]
    run(collect, folder, os.environ | environment | {"DEVICES": "CPU AUTO:GPU.0,CPU"})
    words_given = said.read_text().split()
    assert words_given[0] == "collect"
    assert words_given[-4:] == ["--device", "CPU", "--device", "AUTO:GPU.0,CPU"]
    run(collect, folder, os.environ | environment | {"DEVICES": ""})
    assert "--device" not in said.read_text().split()


def test_records_of_all_machines_are_checked_and_pushed_at_once(
    folder: Path, tmp_path: Path
) -> None:
    """Though somebody pushed meanwhile, on a runner on which Git does not know who commits.

    GitHub's client is replaced by one that copies artifacts from a folder.
    """
    artifacts = tmp_path / "artifacts"
    paths = [
        write(a_record(), artifacts / "measured-lab-1"),
        write(a_record(measured_at="2026-11-02T10:00:00Z"), artifacts / "measured-lab-2"),
    ]
    program(
        tmp_path / "bin/gh",
        'case "$1 $2" in\n'
        f'"run download") mkdir -p "${{@: -1}}"; cp -r "{artifacts}"/$FROM "${{@: -1}}";;\n'
        f'*) echo "$*" >> "{tmp_path}/said";;\nesac\n',
    )
    folders = (str(tmp_path / "bin"), str(Path(sys.executable).parent), os.environ["PATH"])
    environment = os.environ | {
        "PATH": os.pathsep.join(folders),
        "OVREPORT_CACHE": str(tmp_path / "cache"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "GITHUB_RUN_ID": "1",
        "GITHUB_REPOSITORY": "me/marks",
        "RUNNER_TEMP": str(tmp_path / "runner"),
        "BRANCH": "main",
        "RELEASE": "2026.4.1",
    }
    for one in words(jobs(folder)["check"]):
        run(one, folder, environment | {"FROM": "measured-*"})
    assert "new records: 2" in (tmp_path / "summary.md").read_text("utf-8")
    shutil.copytree(folder / "checked", artifacts / "checked")
    git = "git -c user.name=x -c user.email=x@y"
    run(
        f"git clone --quiet --branch main origin.git other && cd other && {git} commit --quiet "
        "--allow-empty -m other && git push --quiet",
        tmp_path,
    )
    run("git config user.useConfigOnly true", folder)
    commit = jobs(folder)["commit"]
    environment |= {key: value for key, value in commit["env"].items() if key.startswith("GIT_")}
    environment |= {"FROM": "checked/*", "GIT_CONFIG_GLOBAL": os.devnull}
    for one in words(commit):
        run(one, folder, environment)
    run("git clone --quiet --branch main origin.git clone", tmp_path)
    run("git -C clone log --format=%s > commits && grep --quiet other commits", tmp_path)
    assert (tmp_path / "clone/.github/measured-release").read_text() == "2026.4.1\n"
    pushed = (tmp_path / "clone/site/records").rglob("*.json")
    assert {one.name: one.read_bytes() for one in pushed} == {
        path.name: path.read_bytes() for path in paths
    }
    assert "workflow run pages.yml" in (tmp_path / "said").read_text()
    (tmp_path / "said").unlink()
    (folder / ".github/workflows/pages.yml").unlink()
    run(words(commit)[-1], folder, environment)
    assert not (tmp_path / "said").exists()


def test_only_the_job_that_attests_can_ask_for_a_signature(folder: Path) -> None:
    """Of what each machine uploaded, file by file; and the commit waits for it, come what may."""
    found = jobs(folder)
    rights = {key: job.get("permissions", {}) for key, job in found.items()}
    assert [key for key, may in rights.items() if "id-token" in may] == ["attest"]
    assert rights["attest"] == {"actions": "read", "attestations": "write", "id-token": "write"}
    assert found["attest"]["strategy"]["matrix"] == found["measure"]["strategy"]["matrix"]
    assert found["attest"]["continue-on-error"] is True
    (action,) = (step for step in found["attest"]["steps"] if "uses" in step)
    assert action["uses"].startswith("actions/attest-build-provenance@")
    assert action["with"] == {"subject-path": "measured/**/*.json"}
    assert "attest" in found["commit"]["needs"]


def test_a_machine_of_the_fleet_cannot_write_into_pages_by_the_cache(folder: Path) -> None:
    """Every job of the main branch may fill its cache: no job uses it where there is a fleet."""
    for path in (folder / ".github/workflows").iterdir():
        for job in yaml.safe_load(path.read_text("utf-8"))["jobs"].values():
            for step in job["steps"]:
                assert "cache" not in step.get("with", {})
                if "actions/cache" in step.get("uses", ""):
                    assert step["if"] == f"hashFiles('{WORKFLOW}') == ''"


def test_the_site_marks_what_github_verified_and_asks_once_for_a_run(
    folder: Path, tmp_path: Path
) -> None:
    """GitHub's client is replaced by one that knows two files of one run and refuses a third."""
    records = folder / "site/records"
    known = [write(a_record(model=name), records) for name in ("one", "two")]
    write(a_record(model="three", measured_at="2026-10-01T10:00:00Z"), records)
    document, said = tmp_path / "document.json", tmp_path / "said"
    document.write_text(json.dumps(verified(*known)))
    names = "|".join(f"*/{path.name}" for path in known)
    program(
        tmp_path / "bin/gh",
        f'echo "$*" >> "{said}"\ncase "$3" in {names}) cat "{document}";; *) exit 1;; esac\n',
    )
    folders = (str(tmp_path / "bin"), str(Path(sys.executable).parent), os.environ["PATH"])
    environment = os.environ | {
        "PATH": os.pathsep.join(folders),
        "OVREPORT_CACHE": str(tmp_path / "cache"),
        "GITHUB_REPOSITORY": "example/marks",
        "RUNNER_TEMP": str(tmp_path / "runner"),
    }
    pages = yaml.safe_load((folder / ".github/workflows/pages.yml").read_text("utf-8"))
    for one in words(pages["jobs"]["build"]):
        run(one, folder, environment)
    asked = said.read_text().splitlines()
    assert len(asked) == 2
    assert all(one.startswith("attestation verify site/records/") for one in asked)
    assert all("--signer-workflow example/marks/" + WORKFLOW in one for one in asked)
    shown = {path: SAID in path.read_text() for path in folder.glob("_site/result-*.html")}
    assert sorted(shown.values()) == [False, True, True]


def test_github_is_asked_a_limited_number_of_times(folder: Path, tmp_path: Path) -> None:
    """Of the newest files, in whichever folder; names are words, whatever they look like."""
    records, said = folder / "site/records", tmp_path / "said"
    names = [f"{20260000 + i}-a b\n$(exit 9)\\-{i}.json" for i in range(205)]
    for i, name in enumerate(names):
        (records / f"m{i % 2}").mkdir(exist_ok=True)
        (records / f"m{i % 2}" / name).write_text(name)
    program(tmp_path / "bin/gh", f'printf "%s\\0" "$3" >> "{said}"\nexit 1\n')
    environment = os.environ | {
        "PATH": os.pathsep.join((str(tmp_path / "bin"), os.environ["PATH"])),
        "GITHUB_REPOSITORY": "example/marks",
        "RUNNER_TEMP": str(tmp_path),
    }
    pages = yaml.safe_load((folder / ".github/workflows/pages.yml").read_text("utf-8"))
    (ask,) = (one for one in words(pages["jobs"]["build"]) if "attestation verify" in one)
    run(ask, folder, environment)
    asked = [Path(one).name for one in said.read_text().split("\0")[:-1]]
    assert asked == names[:-201:-1]
    assert not list((tmp_path / "attestations").iterdir())
