"""What GitHub's client prints of files that a workflow attested."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

WORKFLOW = "example/marks/.github/workflows/fleet.yml"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
SAID = f"{WORKFLOW}@{COMMIT[:12]}"


def verified(*files: Path, workflow: str = WORKFLOW, commit: str = COMMIT) -> list[dict[str, Any]]:
    """Return what `gh attestation verify FILE --format json` prints of a run's files.

    Of the shape that its manual and sigstore's sources give; what is not read is cut short.
    """
    uri = f"https://github.com/{workflow}@refs/heads/main"
    certificate = {
        "certificateIssuer": "CN=sigstore-intermediate,O=sigstore.dev",
        "subjectAlternativeName": uri,
        "issuer": "https://token.actions.githubusercontent.com",
        "buildSignerURI": uri,
        "buildSignerDigest": commit,
        "runnerEnvironment": "github-hosted",
        "sourceRepositoryURI": "https://github.com/example/marks",
        "sourceRepositoryDigest": commit,
        "sourceRepositoryRef": "refs/heads/main",
        "runInvocationURI": "https://github.com/example/marks/actions/runs/1/attempts/1",
    }
    digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": file.name, "digest": {"sha256": digest}}
            for file, digest in zip(files, digests, strict=True)
        ],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {"buildDefinition": {}, "runDetails": {}},
    }
    result = {
        "mediaType": "application/vnd.dev.sigstore.verificationresult+json;version=0.1",
        "statement": statement,
        "signature": {"certificate": certificate},
        "verifiedTimestamps": [{"type": "Tlog", "timestamp": "2026-11-01T11:00:00Z"}],
        "verifiedIdentity": {"issuer": {}, "runnerEnvironment": "github-hosted"},
    }
    return [{"attestation": {"bundle": {}}, "verificationResult": result}]
