"""One exclusive Slurm job for each target: it runs `ovreport collect`, whose records are kept.

    jobs = Jobs(targets, options, out)
    jobs.submit()               what is not measured yet, and not under way
    jobs.outcomes()             how far each target is

A target is a node, or a constraint that one of several nodes fulfils. What was submitted is kept in
the user's state folder, so the same command finds its jobs again, whether it waited for them or
not. A job that Slurm stops for its time limit or another's sake is queued again by submitit, and
its collect goes on where it was: each target, and each choice of options, has a state folder of its
own. So one target may have several suites, side by side or one after the other.

The state folder, the folder of records and the Python environment must be the same on all nodes.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from ovreport import paths
from ovreport.errors import EXIT_CODES, InputError, disk_errors, one_line
from ovreport.store import record_files

State = Literal["measured", "failed", "waiting", "running"]
_NODE = re.compile(r"\w[\w.-]*")
_CONSTRAINT = re.compile(r"\w[\w.&|()!*-]*")
_WAITING = {"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "SUSPENDED", "RESIZING"}
_RUNNING = {"RUNNING", "COMPLETING", "STAGE_OUT", "SIGNALING"}
_FINISHED = (0, 1)
"""Exit codes of a collect that is over: all was measured, or some cases failed and say why."""
_BROKE_OFF = -1
"""In place of a collect's exit code: it could not be started, or reached its time limit too often,
as the log says."""
_TIMES_QUEUED_AGAIN = 3
"""At its time limit; after that the job counts as failed, and the same command submits another."""
_FORGOTTEN = "Invalid job id"
"""What squeue says of a job that ended long ago; of all else that fails, the job knows nothing."""
_TAIL_BYTES = 4000


@dataclass(frozen=True)
class Target:
    """Where one collect is to run. InputError for a name that no cluster has."""

    kind: Literal["node", "constraint"]
    name: str

    def __post_init__(self) -> None:
        """Refuse what would end the line of a batch script, or lead out of a folder."""
        pattern = _NODE if self.kind == "node" else _CONSTRAINT
        if not pattern.fullmatch(self.name):
            raise InputError(
                f"“{one_line(self.name)}” is not the name of a {self.kind}",
                where=f"--{self.kind}",
                remedy="sinfo --Node --format='%N %f' lists nodes and their features.",
            )

    @property
    def slug(self) -> str:
        """Its name for files."""
        return re.sub(r"[^\w.-]", "-", self.name)


@dataclass(frozen=True)
class Limits:
    """What a job may use."""

    minutes: int
    partition: str = ""


@dataclass(frozen=True)
class Outcome:
    """How far a target is."""

    target: Target
    state: State
    job: str
    """Number of its job; empty where there is none."""
    records: int
    """Files in its folder."""
    why: str = ""
    """Of a failure: what Slurm or the end of the log says; of a wait: Slurm's reason."""


class _Submitted(Struct, frozen=True):
    """What is remembered of a job."""

    job: str
    """Its number; empty where Slurm took none."""
    command: list[str]
    """For people who look there."""
    refused: str = ""
    """Why Slurm took no job."""


class Collect:
    """What a job does; submitit calls it on the node."""

    def __call__(self, command: list[str], environment: dict[str, str]) -> int:
        """Run a collect to its end, and return its exit code."""
        return subprocess.run(command, env=os.environ | environment, check=False).returncode

    def checkpoint(self, command: list[str], environment: dict[str, str]) -> Any:  # noqa: ANN401
        """Return what a job that Slurm stops is queued again with: the same, which goes on."""
        return _submitit().helpers.DelayedSubmission(self, command, environment)


@dataclass(frozen=True)
class Jobs:
    """A collect on each of several targets, with the same options."""

    targets: Sequence[Target]
    options: Sequence[str]
    """Of `ovreport collect`."""
    out: Path
    """Folder of records; each target's are in a folder of its own in it."""
    limits: Limits

    def submit(self, *, again: bool = False) -> dict[Target, str]:
        """Submit a job for each target that has none yet, or whose job failed: return its number.

        `again`: also where it is measured already. A job that Slurm refuses has no number, and its
        target's outcome says why; others are submitted.
        """
        wanted = [one for one in self.targets if self._is_wanted(one, again=again)]
        return {target: self._submit(target) for target in wanted}

    def outcomes(self) -> list[Outcome]:
        """Return how far each target is."""
        return [self._outcome(target) for target in self.targets]

    def _is_wanted(self, target: Target, *, again: bool) -> bool:
        if self._submitted(target) is None:
            return True
        state = self._outcome(target).state
        return state == "failed" or (again and state == "measured")

    def _submit(self, target: Target) -> str:
        folder, submitit = self._folder(target), _submitit()
        with disk_errors("cannot be written", where=folder, remedy="Name another OVREPORT_STATE."):
            paths.make_folder(folder)
        executor = submitit.SlurmExecutor(
            folder=folder / "jobs", max_num_timeout=_TIMES_QUEUED_AGAIN
        )
        wanted = {"nodelist" if target.kind == "node" else "constraint": target.name}
        wanted |= {"partition": self.limits.partition} if self.limits.partition else {}
        executor.update_parameters(
            job_name=f"ovreport-{target.slug}"[:60],
            time=self.limits.minutes,
            nodes=1,
            ntasks_per_node=1,
            # All of the node's memory and processors, and nobody else on it.
            exclusive=True,
            mem="0",
            srun_args=["--cpu-bind=none", "--mem=0"],
            **wanted,
        )
        command = self._command(target)
        try:
            job = executor.submit(Collect(), command, {"OVREPORT_STATE": str(folder / "state")})
            remembered = _Submitted(str(job.job_id), command)
        except submitit.core.utils.FailedJobError as error:
            said = _last_line(str(error))
            remembered = _Submitted("", command, f"Slurm takes no job: {said}. See sinfo")
        self._file(target).write_bytes(msgspec.json.encode(remembered))
        return remembered.job

    def _outcome(self, target: Target) -> Outcome:
        submitted = self._submitted(target)
        records = self._records(target)
        if submitted is None:
            return Outcome(target, "failed", "", records, "not submitted")
        if submitted.refused:
            return Outcome(target, "failed", "", records, submitted.refused)
        job, code = submitted.job, self._exit_code(target, submitted.job)
        if code is not None and code != _BROKE_OFF:
            is_over = code in _FINISHED and records > 0
            why = "" if code == 0 else f"exit code {code}: {EXIT_CODES.get(code, 'a crash')}"
            why = why if is_over else f"{why} {self._log_end(target, job)}".strip()
            return Outcome(target, "measured" if is_over else "failed", job, records, why)
        # A job that asks Slurm to queue it again may be ended by that before it can say so: what it
        # left then looks like a failure.
        state, reason = _state(job)
        if state in _WAITING:
            return Outcome(target, "waiting", job, records, reason)
        if state in _RUNNING:
            return Outcome(target, "running", job, records)
        ended = "the job broke off" if code == _BROKE_OFF else "Slurm ended it"
        why = f"{ended}: {state.lower() or 'it is not known any more'}"
        why = f"{why}. {self._log_end(target, job)}".strip()
        return Outcome(target, "failed", job, records, why)

    def _command(self, target: Target) -> list[str]:
        python = [sys.executable, "-m", "ovreport"]
        return [*python, "collect", *self.options, "--out", str(self._records_folder(target))]

    def _exit_code(self, target: Target, job: str) -> int | None:
        """Return the exit code of a collect that ended; None where it has not, or was killed."""
        submitit = _submitit()
        found = submitit.SlurmJob(folder=self._folder(target) / "jobs", job_id=job)
        if not found.paths.result_pickle.exists():
            return None
        try:
            return int(found.result())
        except (submitit.core.utils.FailedJobError, submitit.core.utils.UncompletedJobError):
            return _BROKE_OFF

    def _log_end(self, target: Target, job: str) -> str:
        """Return the last line of a job's errors that says what, not what to do about it."""
        for path in sorted((self._folder(target) / "jobs").glob(f"{job}_*_log.err")):
            with path.open("rb") as file:
                file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
                lines = file.read().decode("utf-8", "replace").splitlines()
                return _last_line("\n".join(one for one in lines if not one.startswith("  →")))
        return ""

    def _submitted(self, target: Target) -> _Submitted | None:
        try:
            return msgspec.json.decode(self._file(target).read_bytes(), type=_Submitted)
        except (OSError, msgspec.DecodeError):
            return None

    def _records(self, target: Target) -> int:
        folder = self._records_folder(target)
        return sum(1 for _ in record_files(folder)) if folder.is_dir() else 0

    def _records_folder(self, target: Target) -> Path:
        return self.out.absolute() / target.slug

    def _file(self, target: Target) -> Path:
        return self._folder(target) / "submitted.json"

    def _folder(self, target: Target) -> Path:
        command = "\0".join(self._command(target))
        name = hashlib.sha256(command.encode()).hexdigest()[:12]
        return paths.state() / "fleet" / f"{target.kind}-{target.slug}" / name


def _state(job: str) -> tuple[str, str]:
    """Return Slurm's state of a job and the reason; empty where it has forgotten the job.

    Where Slurm does not answer, such as while it is restarted, the job may well run: it is pending.
    """
    command = ["squeue", "--noheader", "--states=all", "--format=%T|%r", "--jobs", job]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise _no_slurm() from error
    if done.returncode and _FORGOTTEN not in done.stderr:
        return "PENDING", f"Slurm does not answer: {_last_line(done.stderr)}"
    state, _, reason = done.stdout.strip().partition("|")
    return state, "" if reason == "None" else reason


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return one_line(lines[-1]) if lines else ""


def _submitit() -> Any:  # noqa: ANN401 (a module)
    """Return the library that submits; InputError where it, or Slurm, is missing."""
    try:
        import submitit
    except ImportError as error:
        raise InputError(
            "submitit is not installed", remedy="pip install 'ovreport[fleet]'"
        ) from error
    return submitit


def _no_slurm() -> InputError:
    return InputError(
        "Slurm's commands are not on the PATH",
        where="squeue, sbatch",
        remedy="Run this on a machine from which jobs are submitted.",
    )
