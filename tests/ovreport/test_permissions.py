"""Files and folders that this user may not look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from ovreport.cli import run as cli


@pytest.mark.parametrize(
    "command",
    [
        ("validate", "{}"),
        ("init", "{}"),
        ("build", "--out", "{}"),
        ("inspect", "{}"),
        ("collect", "{}.onnx"),
    ],
)
def test_what_is_locked_is_bad_input(
    command: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It is neither missing nor a crash."""
    locked = tmp_path / "locked"
    usual = Path.stat

    def stat(path: Path, *, follow_symlinks: bool = True) -> object:
        if path.is_relative_to(locked):
            raise PermissionError(13, "Permission denied", str(path))
        return usual(path, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "stat", stat)
    assert cli([word.format(locked / "it") for word in command]) == 2
    said = capsys.readouterr().err
    assert str(locked) in said or "it.onnx" in said
    assert "permission" in said
