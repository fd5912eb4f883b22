"""Environments that hold other builds of OpenVINO."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ovreport import paths
from ovreport.errors import InputError, SourceError
from ovreport_collector.environments import Environment, prepare
from ovreport_collector.environments.lock import MEASURING
from tests.collector.wheels import write_linked_wheel, write_wheel

NUMPYS = ("2.1.3", "2.2.6", "2.4.6")


def _openvino(
    folder: Path, version: str, requires: str = "numpy>=2.0", *, code: str = "", says: str = ""
) -> Path:
    """Write a wheel whose `openvino` knows nothing but its build."""
    code = code or f"def get_version():\n    return '{says or version}-17-abc-releases/x'\n"
    return write_wheel(folder, "openvino", version, {"openvino/__init__.py": code}, [requires])


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of wheels that are all that pip finds: four releases and what they need."""
    folder = tmp_path / "index"
    for name in MEASURING:
        write_linked_wheel(folder, name)
    for version in NUMPYS:
        write_linked_wheel(folder, "numpy", version)
    _openvino(folder, "2024.6.0", "numpy>=1.16.6,<2.2.0")
    _openvino(folder, "2025.4.0", "numpy>=1.16.6,<2.4.0")
    _openvino(folder, "2025.4.1", "numpy>=1.16.6,<2.4.0")
    _openvino(folder, "2026.4.1", "numpy>=1.16.6,<2.6.0; python_version>='3.8'")
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")  # no uv
    monkeypatch.setenv(paths.CACHE, str(tmp_path / "cache"))
    return folder


def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", "")


def _run(environment: Environment, code: str) -> str:
    command = [str(environment.python), "-P", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_each_release_has_its_own_in_the_order_asked(index: Path) -> None:
    wanted = ("2026.4.1", "2025.4.1", "2026.4.1")
    found = prepare(wanted)
    assert [one.wanted for one in found] == list(wanted)
    assert [one.openvino.partition("-")[0] for one in found] == list(wanted)
    assert found[0] == found[2]
    assert found[0].python != found[1].python
    assert found[0].lock_sha256 != found[1].lock_sha256
    for one in found:
        assert one.packages["openvino"] == one.wanted
        assert one.packages["msgspec"] == importlib.metadata.version("msgspec")


def test_numpy_is_the_newest_that_all_allow(index: Path) -> None:
    assert [one.packages["numpy"] for one in prepare(["2026.4.1"])] == ["2.4.6"]
    found = prepare(["2026.4.1", "2025.4.1"])
    assert [one.packages["numpy"] for one in found] == ["2.2.6"] * 2
    found = prepare(["2026.4.1", "2024.6.0", "2025.4.1"])
    assert [one.packages["numpy"] for one in found] == ["2.1.3"] * 3


def test_releases_without_a_common_numpy_are_refused_with_what_each_needs(index: Path) -> None:
    _openvino(index, "2027.0.0", "numpy>=2.3")
    with pytest.raises(InputError, match=r"numpy") as refused:
        prepare(["2024.6.0", "2027.0.0"])
    assert "openvino 2024.6.0" in str(refused.value)
    assert "openvino 2027.0.0" in str(refused.value)


def test_what_was_made_is_used_again_without_the_network(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = prepare(["2025.4.1", "2024.6.0"])
    _offline(monkeypatch)
    told: list[str] = []
    assert prepare(["2024.6.0", "2025.4.1"], progress=told.append) == first[::-1]
    assert not told


def test_a_newer_dependency_does_not_change_an_environment_that_is_there(index: Path) -> None:
    first = prepare(["2025.4.1"])
    write_linked_wheel(index, "numpy", "2.3.5")
    assert prepare(["2025.4.1"]) == first


def test_a_short_name_is_the_newest_release_of_that_name(index: Path) -> None:
    (found,) = prepare(["2025.4"])
    assert (found.wanted, found.packages["openvino"]) == ("2025.4", "2025.4.1")
    _openvino(index, "2025.4.2", "numpy<2.4")
    (found,) = prepare(["2025.4"])
    assert found.packages["openvino"] == "2025.4.2"


def test_a_wheel_of_ones_own_by_its_checksum(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A release has the same version: the file that was named is taken.
    wheel = _openvino(tmp_path / "my build", "2026.4.1", says="2026.4.1-mine")
    (first,) = prepare([str(wheel)])
    assert (first.wanted, first.openvino.partition("-17")[0]) == (wheel.name, "2026.4.1-mine")
    assert prepare(["2026.4.1"])[0].openvino != first.openvino
    _openvino(tmp_path / "my build", "2026.4.1", says="2026.4.1-changed")
    (second,) = prepare([str(wheel)])
    assert "changed" in second.openvino
    assert second.lock_sha256 != first.lock_sha256


def test_a_wheel_with_a_local_version(index: Path, tmp_path: Path) -> None:
    """Repacked, it still says what release it was built as."""
    wheel = _openvino(tmp_path, "2026.4.1+mine", says="2026.4.1")
    (found,) = prepare([str(wheel)])
    assert found.openvino.startswith("2026.4.1-")
    assert found.packages["openvino"] == "2026.4.1+mine"


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x05\x06" + bytes(18)])
def test_a_file_that_is_no_wheel_is_refused(index: Path, tmp_path: Path, content: bytes) -> None:
    wheel = tmp_path / "openvino-2026.4.1-py3-none-any.whl"
    wheel.write_bytes(content)
    with pytest.raises(InputError, match="wheel"):
        prepare([str(wheel)])


@pytest.mark.parametrize("tags", ["cp27-cp27m-linux_x86_64", "py3-none-win_arm64"])
def test_a_wheel_for_another_python_or_platform_is_refused(
    index: Path, tmp_path: Path, tags: str
) -> None:
    wheel = _openvino(tmp_path, "2026.4.1")
    other = wheel.rename(tmp_path / f"openvino-2026.4.1-{tags}.whl")
    with pytest.raises(InputError, match="platform"):
        prepare([str(other)])


@pytest.mark.parametrize(
    "wanted",
    ["latest", "2025.4.1; rm", "openvino", "", "-r x", "../x.whl", "numpy-2.0-py3-none-any.whl"],
)
def test_anything_else_is_refused_with_what_can_be_named(index: Path, wanted: str) -> None:
    with pytest.raises(InputError) as refused:
        prepare([wanted])
    assert refused.value.remedy


def test_a_release_that_does_not_exist_is_named_with_those_that_do(index: Path) -> None:
    with pytest.raises(InputError, match=r"2025\.4\.1") as refused:
        prepare(["2025.4.1", "2025.9.0"])
    assert "2025.9.0" in str(refused.value)


def test_without_network_and_environment_the_error_says_so(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _offline(monkeypatch)
    with pytest.raises(SourceError, match="network"):
        prepare(["2025.4.1"])


def test_a_half_made_environment_is_made_anew(index: Path) -> None:
    (found,) = prepare(["2025.4.1"])
    place = found.python.parents[1]
    (place / "lock.txt").unlink()  # the last that is written
    package = next(place.glob("lib/*/site-packages/openvino/__init__.py"))
    package.write_text("")
    assert prepare(["2025.4.1"]) == (found,)
    assert "get_version" in package.read_text()


@pytest.mark.slow
def test_killed_while_it_is_made_it_is_made_anew(index: Path) -> None:
    """At any moment, with an installer that goes on: what is used is whole."""
    code = "from ovreport_collector.environments import prepare; prepare(['2025.4.1', '2026.4.1'])"
    for moment in range(8):
        process = subprocess.Popen([sys.executable, "-c", code])
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.4 + 0.5 * moment)
        process.kill()
        process.wait()
    found = prepare(["2025.4.1", "2026.4.1"])
    assert [one.openvino.partition("-")[0] for one in found] == ["2025.4.1", "2026.4.1"]
    whole = {lock.parent for lock in (index.parent / "cache").glob("environments/*/lock.txt")}
    assert whole == {one.python.parents[1] for one in found}


def test_a_damaged_environment_is_made_anew(index: Path) -> None:
    (found,) = prepare(["2025.4.1"])
    package = next(found.python.parents[1].glob("lib/*/site-packages/openvino/__init__.py"))
    package.unlink()
    told: list[str] = []
    assert prepare(["2025.4.1"], progress=told.append) == (found,)
    assert told


def test_a_build_that_cannot_be_imported_is_named_with_the_reason(index: Path) -> None:
    _openvino(index, "2025.4.3", code="raise ImportError('libtbb.so.12 is missing')")
    with pytest.raises(SourceError, match=r"2025\.4\.3.*libtbb"):
        prepare(["2025.4.3"])


def test_a_build_that_crashes_python_is_named_with_the_signal(index: Path, tmp_path: Path) -> None:
    wheel = _openvino(tmp_path, "2026.4.1", code="import os\nos.abort()")
    with pytest.raises(SourceError, match="SIGABRT"):
        prepare([str(wheel)])


def test_another_openvino_on_the_path_is_noticed(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    (other / "openvino").mkdir(parents=True)
    code = "def get_version():\n    return '2020.1.0-1'\n"
    (other / "openvino" / "__init__.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", f"{other}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    with pytest.raises(SourceError, match="PYTHONPATH"):
        prepare(["2025.4.1"])


def test_the_running_environment_as_it_is(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _offline(monkeypatch)
    (found,) = prepare(["installed"])
    assert found.packages["openvino"] == importlib.metadata.version("openvino")
    assert found.lock_sha256 == ""


def test_the_running_environment_settles_numpy(index: Path) -> None:
    version = importlib.metadata.version("numpy")
    write_linked_wheel(index, "numpy", version)
    _openvino(index, "2027.0.0", "numpy>=2.0")
    write_linked_wheel(index, "numpy", "2.99")
    assert prepare(["2027.0.0"])[0].packages["numpy"] == "2.99"
    found = prepare(["installed", "2027.0.0"])
    assert [one.packages["numpy"] for one in found] == [version] * 2


def test_measuring_processes_find_all_that_they_import_and_nothing_else(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    (found,) = prepare(["2025.4.1"])
    modules = _run(
        found,
        "import importlib, pkgutil, ovreport_collector.measurements as package\n"
        "found = pkgutil.walk_packages(package.__path__, package.__name__ + '.')\n"
        "print(len([importlib.import_module(module.name) for module in found]))",
    )
    assert int(modules) > 10
    code = "import importlib.util as u; print(u.find_spec('tokenizers'), u.find_spec('click'))"
    assert _run(found, code) == "None None"


def test_where_uv_fails_pip_installs(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uv = tmp_path / "bin" / "uv"
    uv.parent.mkdir()
    uv.write_text(f"#!/bin/sh\necho \"$@\" > '{tmp_path}/asked'\nexit 2\n")
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", f"{uv.parent}:{os.environ['PATH']}")
    (found,) = prepare(["2025.4.1"])
    assert "--require-hashes" in (tmp_path / "asked").read_text()
    assert found.packages["openvino"] == "2025.4.1"


@pytest.mark.network
def test_real_releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(paths.CACHE, str(tmp_path))
    found = prepare(["2024.6.0", "2026.0.0"])
    assert [one.openvino.partition("-")[0] for one in found] == ["2024.6.0", "2026.0.0"]
    assert len({one.packages["numpy"] for one in found}) == 1
    code = (
        "from ovreport_collector.engines.openvino import devices; print(devices.probe(['CPU'], {}))"
    )
    for one in found:
        assert one.openvino in _run(one, code)
