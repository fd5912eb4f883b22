"""`ovreport serve`: the site as it is, until a signal ends it."""

from __future__ import annotations

import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_serves_until_a_signal_which_the_exit_code_tells(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    (tmp_path / "index.html").write_text("<h1>Here</h1>")
    command = [sys.executable, "-c", "from ovreport.cli import main; main()"]
    options = ["serve", "--out", str(tmp_path), "--port", "0"]
    with subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[0]
        with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310 - our own
            assert b"Here" in answer.read()
        process.send_signal(number)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in stderr
