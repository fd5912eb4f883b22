"""Which record files a workflow of GitHub has attested: the results of `gh attestation verify`.

    gh attestation verify FILE --repo OWNER/NAME --format json > DIR/ANY-NAME.json

That command checks signatures; here is only read what it printed, so the folder has to be written
by who builds the site, and never by who sends records. The shape, of GitHub's command line:
https://cli.github.com/manual/gh_attestation_verify
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from msgspec import Struct

from ovreport.errors import InputError, one_line


@dataclass(frozen=True)
class Attestation:
    """The workflow in which a file was attested."""

    workflow: str
    """OWNER/NAME/.github/workflows/FILE, without where it is hosted."""
    commit: str
    """Of the workflow's file: a checksum in hexadecimal."""

    def __str__(self) -> str:
        return f"{self.workflow}@{self.commit[:12]}"


@dataclass(frozen=True)
class Attestations:
    """What is attested, and what could not be read."""

    by_checksum: Mapping[bytes, Attestation] = field(default_factory=dict)
    """SHA-256 of a file → its attestation."""
    unread: tuple[str, ...] = ()
    """A sentence for each document that says nothing."""


class _Digest(Struct):
    sha256: str = ""


class _Subject(Struct):
    digest: _Digest


class _Statement(Struct):
    subject: list[_Subject]


class _Certificate(Struct):
    workflow: str = msgspec.field(name="buildSignerURI")
    commit: str = msgspec.field(name="buildSignerDigest")


class _Signature(Struct):
    certificate: _Certificate


class _VerificationResult(Struct, rename="camel"):
    statement: _Statement
    signature: _Signature


class _Verified(Struct, rename="camel"):
    """One of the attestations that the command found and verified."""

    verification_result: _VerificationResult


_DECODER = msgspec.json.Decoder(list[_Verified])
_WORKFLOW = re.compile(r"https://[\w.-]+/([\w.-]+/[\w.-]+/\.github/workflows/[\w.-]+)@\S+")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def read(folder: Path, foreign: Sequence[Path]) -> Attestations:
    """Return what the documents in a folder (`*.json`) attest; a bad one is told and left out.

    `foreign`: folders that others write into, such as that of the records; so they do into the Git
    checkout that one is in. InputError where the folder is in one of them, holds one or is missing:
    then anybody could say what is attested.
    """
    if not folder.is_dir():
        raise InputError(
            "no such folder", where=str(folder), remedy="Make it; it may be empty: mkdir DIR."
        )
    here, others = folder.resolve(), [one.resolve() for one in foreign]
    for other in [*others, *filter(None, map(_checkout, others))]:
        if here.is_relative_to(other) or other.is_relative_to(here):
            raise InputError(
                f"lies together with {other}, which holds what others send",
                where=str(folder),
                remedy="Have the attestations written to a folder outside of the project.",
            )
    found: dict[bytes, Attestation] = {}
    unread: list[str] = []
    for path in sorted(folder.glob("*.json")):
        try:
            for one in _DECODER.decode(path.read_bytes()):
                attestation = _attestation(one.verification_result.signature.certificate)
                for subject in one.verification_result.statement.subject:
                    if _SHA256.fullmatch(subject.digest.sha256):
                        found.setdefault(bytes.fromhex(subject.digest.sha256), attestation)
        except (OSError, UnicodeDecodeError, msgspec.DecodeError, ValueError) as error:
            place = one_line(str(path), limit=1000)
            unread.append(f"{place}: attests nothing: {one_line(str(error))}")
    return Attestations(found, tuple(unread))


def _checkout(folder: Path) -> Path | None:
    """Return the Git checkout that a folder is in; None where it is in none."""
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), None)


def _attestation(certificate: _Certificate) -> Attestation:
    """Return what a certificate says; ValueError where that is no workflow at a commit."""
    workflow = _WORKFLOW.fullmatch(certificate.workflow)
    if workflow is None or not _COMMIT.fullmatch(certificate.commit):
        raise ValueError("the certificate names no workflow and its commit")
    return Attestation(workflow[1], certificate.commit)
