"""`ovreport compare` of releases that one run measured in turn: what is found, and what is not."""

import json

import msgspec
import pytest

from ovreport import store
from ovreport.compare_command import compare
from ovreport.errors import IncompleteError, InputError
from tests.releases import a_matrix


@pytest.fixture
def run(capsys):
    """Return a function that runs the command: what it printed."""

    def call(*arguments):
        compare.main([str(one) for one in arguments], standalone_mode=False)
        return capsys.readouterr().out

    return call


@pytest.fixture
def folder(tmp_path):
    for record in a_matrix(again="2025.4.1"):
        store.write(record, tmp_path)
    return tmp_path


def worse(printed):
    changes = json.loads(printed)["changes"]
    return {(c["model"], c["metric"]) for c in changes if c["direction"] == "worse"}


def pairs_of_latency(printed):
    changes = json.loads(printed)["changes"]
    return {change["pairs"] for change in changes if change["metric"] == "latency_ms"}


def test_the_known_changes_are_found_and_no_others(run, folder):
    """Though the machine moves every round by far more than 8 %: all releases alike."""
    printed = run(f"{folder}@2025.4", "@2026.4", "--json")
    found = json.loads(printed)
    assert worse(printed) == {
        ("slower", "latency_ms"),
        ("slower", "throughput_ips"),
        ("inaccurate", "top1"),
    }
    assert not any(change["direction"] == "better" for change in found["changes"])
    latency = {c["model"]: c for c in found["changes"] if c["metric"] == "latency_ms"}["slower"]
    assert latency["pairs"] == 7
    assert latency["value"] == pytest.approx(1 / 1.08, rel=0.01)
    (failed,) = found["newly_failed"]
    assert failed["model"] == "failing"
    assert "SIGSEGV" in failed["reason"]
    (precision,) = found["other_precision"]
    assert (precision["before"], precision["after"]) == ("f32", "bf16")


def test_a_limit_for_ci(run, folder):
    """Between the releases without a change it holds."""
    run(f"{folder}@2024.6", "@2025.4", "--fail-if-slower", "5%")
    with pytest.raises(IncompleteError, match="slower") as error:
        run(f"{folder}@2025.4", "@2026.4", "--fail-if-slower", "5%")
    assert "same-1" not in str(error.value)


def test_a_release_against_itself_only_where_it_is_asked_for(run, folder):
    """By the name of the arm; a release alone never takes it."""
    printed = run(f"{folder}@2025.4.1", "@2025.4.1-again", "--json")
    assert not worse(printed)
    assert {c["pairs"] for c in json.loads(printed)["changes"] if c["metric"] == "latency_ms"} == {
        7
    }
    again = [record for record in a_matrix(again="2025.4.1", hours=9) if record.arm.kind == "again"]
    for record in again:
        store.write(record, folder)
    times = {
        c["measured_at"][0]
        for c in json.loads(run(f"{folder}@2025.4", "@2026.4", "--json"))["changes"]
    }
    assert all(time < "2026-11-28T12" for time in times)
    with pytest.raises(InputError, match=r"2025\.4\.1-again"):
        run(f"{folder}@2025.4.1", "@nothing")


def test_pairs_of_one_run_count_before_newer_runs_apart(run, folder):
    """A release that was measured again alone is compared in the run that had both."""
    for record in a_matrix(("2025.4.1",), run="fedcba9876543210", hours=5):
        store.write(record, folder)
    assert pairs_of_latency(run(f"{folder}@2025.4", "@2026.4", "--json")) == {7}
    assert "different times" in run(f"{folder}@2026.4", "@2026-11-28T16")


def test_of_a_run_without_a_name_the_newest_release_counts(run, tmp_path):
    """Whichever of its releases was measured last."""
    releases = {"before": ("2024.6.0",), "after": ("2026.4.1", "2025.4.1")}
    for hours, (name, ones) in enumerate(releases.items()):
        for record in a_matrix(ones, hours=hours, run=f"{hours:016x}"):
            store.write(record, tmp_path / name)
    found = json.loads(run(tmp_path / "before", tmp_path / "after", "--json"))
    (openvino,) = (c for c in found["conditions"] if c["what"] == "OpenVINO")
    assert openvino["after"].startswith("2026.4")


def test_a_wheel_of_the_same_release_has_a_name_of_its_own(run, tmp_path):
    """Its OpenVINO says no other build than the release beside which it was measured."""
    for record in a_matrix(("2026.4.1", "2026.4.1+mine-1")):
        is_wheel = "mine" in record.arm.name
        arm = msgspec.structs.replace(record.arm, kind="wheel" if is_wheel else "release")
        software = msgspec.structs.replace(record.software, openvino="2026.4.1-17-abc")
        store.write(msgspec.structs.replace(record, arm=arm, software=software), tmp_path)
    printed = run(f"{tmp_path}@2026.4.1", "@2026.4.1+mine-1", "--json")
    assert ("slower", "latency_ms") in worse(printed)
    assert pairs_of_latency(printed) == {7}
