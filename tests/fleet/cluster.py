"""A Slurm cluster of one node, this machine: Debian's slurmctld, slurmd and munge, all on loopback.

    with cluster(tmp_path) as slurm:
        subprocess.run(["sinfo"], env=os.environ | slurm.environment)

It needs root, because slurmd starts jobs as their users. Files and logs are in the folder that is
given; nothing is left running.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

NODE = "bench"
_PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue")
_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
_START_S = 60

_CONFIGURATION = """
ClusterName=ovreport
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={daemon}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
ReturnToService=2
MpiDefault=none
NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 CPUs={cpus} Feature=here State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


@dataclass(frozen=True)
class Cluster:
    """A cluster that is up."""

    environment: dict[str, str]
    """What Slurm's commands need to find it."""

    def run(self, *command: str) -> str:
        """Run one of Slurm's commands, and return what it prints."""
        environment = os.environ | self.environment
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        return done.stdout


def why_not() -> str:
    """Return why no cluster can be started here; empty where one can."""
    missing = [name for name in _PROGRAMS if not shutil.which(name, path=_PATH)]
    if missing:
        return f"not installed: {', '.join(missing)} (Debian: slurmctld slurmd slurm-client munge)"
    return "" if os.geteuid() == 0 else "slurmd needs root"


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Yield a cluster whose files are in a folder; it is gone afterwards."""
    # Slurm and munge ask that others cannot write to the folders of their sockets.
    folder.chmod(0o755)
    for name in ("state", "spool"):
        (folder / name).mkdir()
    configuration = folder / "slurm.conf"
    configuration.write_text(_configured(folder))
    environment = {"SLURM_CONF": str(configuration), "PATH": _PATH}
    with contextlib.ExitStack() as stack:
        for command in _daemons(folder):
            stack.enter_context(_running(command, folder, environment))
        _wait_until_idle(environment)
        yield Cluster(environment)


def _configured(folder: Path) -> str:
    controller, daemon = _free_ports(2)
    return _CONFIGURATION.format(
        folder=folder,
        host=socket.gethostname().partition(".")[0],
        controller=controller,
        daemon=daemon,
        node=NODE,
        cpus=len(os.sched_getaffinity(0)),
    )


def _daemons(folder: Path) -> list[list[str]]:
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(1024))
    key.chmod(0o600)
    places = {"key-file": key, "socket": folder / "munge.socket", "pid-file": folder / "munge.pid"}
    places |= {"log-file": folder / "munge.log", "seed-file": folder / "munge.seed"}
    return [
        ["munged", "--foreground", "--force", *(f"--{k}={v}" for k, v in places.items())],
        ["slurmctld", "-D", "-i"],
        ["slurmd", "-D", "-N", NODE],
    ]


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@contextlib.contextmanager
def _running(command: list[str], folder: Path, environment: dict[str, str]) -> Iterator[None]:
    with (folder / f"{command[0]}.out").open("wb") as output:
        process = subprocess.Popen(
            command, env=os.environ | environment, stdout=output, stderr=output
        )
        try:
            time.sleep(0.5)  # each needs the one before
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_idle(environment: dict[str, str]) -> None:
    command = ["sinfo", "--noheader", "--format=%t"]
    deadline = time.monotonic() + _START_S
    said = ""
    while time.monotonic() < deadline:
        done = subprocess.run(
            command, env=os.environ | environment, capture_output=True, text=True, check=False
        )
        said = done.stdout + done.stderr
        if done.stdout.strip() == "idle":
            return
        time.sleep(0.5)
    raise TimeoutError(f"the cluster did not come up: {said}")
