"""Collects on the nodes of a Slurm cluster: a real one, of this machine alone."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ovreport import store
from ovreport.errors import InputError
from ovreport_fleet.slurm import Jobs, Limits, Target
from tests.collector import models
from tests.fleet import cluster

SHORT = ("--rounds", "3", "--time", "0.05", "--precision", "f32")
SHORT += ("--skip", "curve", "--skip", "open_loop")


@pytest.mark.parametrize("kind", ["node", "constraint"])
@pytest.mark.parametrize("name", ["", "n1\n#SBATCH -n 9", "a b", "../n1", "-n1", "n1;x", "$(x)"])
def test_names_that_no_cluster_has_are_refused(kind: Any, name: str) -> None:
    with pytest.raises(InputError, match="sinfo"):
        Target(kind, name)


@pytest.mark.parametrize("name", ["n1", "node-1.example.org", "gpu_07"])
def test_names_of_nodes(name: str) -> None:
    assert Target("node", name).slug == name


def test_features_as_slurm_writes_them() -> None:
    assert Target("constraint", "avx512|amx&bench*2").slug == "avx512-amx-bench-2"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "no node is named"),
        (("--node", "n1", "--node", "n1"), "named twice: n1"),
        (("--node", "n1", "--", "--out", "x"), "--out"),
        (("--node", "n1", "--", "--dry-run"), "--dry-run"),
    ],
)
def test_bad_requests_are_refused_before_anything_runs(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = fleet(tmp_path, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(("state", "expected"), [("PENDING", "waiting"), ("FAILED", "failed")])
def test_a_job_that_was_ended_while_it_queued_itself_again_is_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str, expected: str
) -> None:
    """Slurm ends its processes before they can say so: they leave what looks like a failure."""
    pytest.importorskip("submitit", reason="submitit is in the extra `fleet`")
    for name, says in (("sbatch", "Submitted batch job 8"), ("squeue", f"{state}|BeginTime")):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\necho '{says}'\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("OVREPORT_STATE", str(tmp_path / "state"))
    jobs = Jobs([Target("node", "n1")], (), tmp_path / "records", Limits(5))
    jobs.submit()
    (submitted,) = tmp_path.glob("state/fleet/node-n1/*/jobs/8_submitted.pkl")
    submitted.with_name("8_0_result.pkl").write_bytes(pickle.dumps(("error", "ended by SIGTERM")))
    assert [outcome.state for outcome in jobs.outcomes()] == [expected]
    assert len(jobs.submit()) == (expected == "failed")


def test_a_slurm_that_does_not_answer_has_not_ended_the_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as while its controller is restarted: the job is not submitted once more.

    Programs stand for Slurm's. One that it has forgotten failed.
    """
    pytest.importorskip("submitit", reason="submitit is in the extra `fleet`")
    (tmp_path / "bin").mkdir()
    why = "slurm_load_jobs error: Unable to contact slurm controller (connect failure)"
    for name, words in {
        "sbatch": "echo Submitted batch job 7",
        "srun": "exit 0",
        "sacct": "exit 0",
        "squeue": f"cat {tmp_path}/why >&2; exit 1",
    }.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{words}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "why").write_text(why)
    for said in ("1 submitted", "0 submitted; 1 measured or under way"):
        done = fleet(tmp_path, "--node", "n1", "--detach", "--json")
        assert said in done.stderr
        assert outcomes(done)["n1"]["state"] == "waiting"
        assert "connect failure" in outcomes(done)["n1"]["why"]
    (tmp_path / "why").write_text("slurm_load_jobs error: Invalid job id specified")
    assert "1 submitted" in fleet(tmp_path, "--node", "n1", "--detach", "--json").stderr


# ---------------------------------------------------------------- a real cluster


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[cluster.Cluster]:
    if missing := cluster.why_not():
        pytest.skip(missing)
    pytest.importorskip("submitit", reason="submitit is in the extra `fleet`")
    with cluster.cluster(tmp_path_factory.mktemp("slurm")) as found:
        yield found


def fleet(
    folder: Path, *arguments: str, slurm: cluster.Cluster | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `ovreport fleet slurm` in a folder, with a state folder of its own."""
    environment = os.environ | {"OVREPORT_STATE": str(folder / "state")}
    environment |= slurm.environment if slurm else {}
    command = [sys.executable, "-m", "ovreport", "fleet", "slurm", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def outcomes(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    return {one["target"]: one for one in json.loads(done.stdout)}


@pytest.mark.slow
@pytest.mark.alone
def test_a_real_job_delivers_records_once(slurm: cluster.Cluster, tmp_path: Path) -> None:
    """Its records are like others; the same command again measures nothing."""
    model = models.save(models.classifier(), tmp_path / "small.xml")
    wanted = ("--node", cluster.NODE, "--json", "--", str(model), *SHORT)
    first = fleet(tmp_path, *wanted, slurm=slurm)
    assert first.returncode == 0, first.stderr
    (outcome,) = outcomes(first).values()
    assert (outcome["state"], outcome["why"]) == ("measured", "")
    records = store.read_all([tmp_path / "fleet-records"], check=True)
    assert not records.faults
    assert len(records.stored) == outcome["records"] == 1

    again = fleet(tmp_path, *wanted, slurm=slurm)
    assert "0 submitted; 1 measured" in again.stderr
    assert outcomes(again)[cluster.NODE]["job"] == outcome["job"]

    detached = ("--detach", *wanted, "--seed", "7")
    other = outcomes(fleet(tmp_path, *detached, slurm=slurm))[cluster.NODE]
    assert other["state"] in ("waiting", "running")
    assert outcomes(fleet(tmp_path, *wanted, slurm=slurm))[cluster.NODE]["state"] == "measured"
    waited = outcomes(fleet(tmp_path, *wanted, "--seed", "7", slurm=slurm))[cluster.NODE]
    assert (waited["job"], waited["state"], waited["records"]) == (other["job"], "measured", 2)


@pytest.mark.slow
@pytest.mark.alone
def test_what_failed_says_why_and_is_submitted_again(
    slurm: cluster.Cluster, tmp_path: Path
) -> None:
    """A detached job that somebody cancels, and one whose options collect refuses."""
    model = models.save(models.classifier(), tmp_path / "small.xml")
    wanted = ("--constraint", "here", "--json", "--detach", "--", str(model), *SHORT)
    detached = fleet(tmp_path, *wanted, slurm=slurm)
    assert detached.returncode == 0, detached.stderr
    job = outcomes(detached)["here"]["job"]
    slurm.run("scancel", job)
    while slurm.run("squeue", "--noheader", "--me").strip():  # it takes a moment to end
        time.sleep(0.2)
    waited = fleet(tmp_path, *(a for a in wanted if a != "--detach"), slurm=slurm)
    assert waited.returncode == 0, waited.stderr
    assert outcomes(waited)["here"]["job"] != job

    refused = fleet(tmp_path, "--constraint", "here", "--json", "--", "--model", "no", slurm=slurm)
    assert refused.returncode == 1
    assert outcomes(refused)["here"]["state"] == "failed"
    assert "Bad input" in outcomes(refused)["here"]["why"]
    suite = fleet(tmp_path, "--constraint", "here", "--json", "--", "--suite", "no", slurm=slurm)
    assert 'no suite "no"' in outcomes(suite)["here"]["why"]


@pytest.mark.slow
@pytest.mark.alone
def test_a_node_that_is_not_there(slurm: cluster.Cluster, tmp_path: Path) -> None:
    """It is told, and the others are measured."""
    model = models.save(models.classifier(), tmp_path / "small.xml")
    wanted = ("--node", "no-such-node", "--node", cluster.NODE, "--json", "--", str(model), *SHORT)
    done = fleet(tmp_path, *wanted, slurm=slurm)
    assert done.returncode == 1
    assert "not measured: no-such-node" in done.stderr
    assert outcomes(done)[cluster.NODE]["state"] == "measured"
    assert outcomes(done)["no-such-node"]["state"] == "failed"
    assert "Invalid node name" in outcomes(done)["no-such-node"]["why"]
    assert "Traceback" not in done.stderr


# ---------------------------------------------------------------- elsewhere


def test_the_job_for_kubernetes_is_what_it_reads(tmp_path: Path) -> None:
    """YAML of a Job, whose command our command line takes."""
    root = Path(__file__).parent.parent.parent
    guide = (root / "templates/prose/guide/fleets.md").read_text(encoding="utf-8")
    job = yaml.safe_load(guide.partition("```yaml\n")[2].partition("```")[0])
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "Job")
    (container,) = job["spec"]["template"]["spec"]["containers"]
    program, *arguments = container["command"]
    assert program == "ovreport"
    # A collect that is over is not begun again, one that was stopped is.
    (rule,) = job["spec"]["podFailurePolicy"]["rules"]
    assert (rule["action"], rule["onExitCodes"]["operator"]) == ("FailJob", "In")
    assert rule["onExitCodes"]["values"] == [1, 2]
    command = [sys.executable, "-m", "ovreport", *arguments, "--dry-run"]
    environment = os.environ | {one["name"]: str(tmp_path) for one in container["env"]}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
