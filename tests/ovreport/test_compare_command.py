"""`ovreport compare`: two sets of records of known difference."""

import json

import click
import msgspec
import pytest

from ovreport import store
from ovreport.compare_command import compare
from ovreport.errors import IncompleteError, InputError
from tests.factories import a_failed_record, a_record

MODELS = ("one", "two", "three", "four")


@pytest.fixture
def run(capsys):
    """Return a function that runs the command: what it printed."""

    def call(*arguments):
        compare.main([str(one) for one in arguments], standalone_mode=False)
        return capsys.readouterr().out

    return call


def write(folder, records):
    for record in records:
        store.write(record, folder)
    return folder


def models(factor=1.0, **changes):
    """Return a record of each model, one of which takes longer."""
    return [
        a_record(model=model, median_ms=5 * (factor if model == "two" else 1), **changes)
        for model in MODELS
    ]


@pytest.fixture
def slower(tmp_path):
    """Return two folders, in the second of which one of four models is 20 % slower."""
    return write(tmp_path / "a", models()), write(tmp_path / "b", models(1.25, seed=2))


def of_metric(printed, metric="latency_ms"):
    return {c["model"]: c for c in json.loads(printed)["changes"] if c["metric"] == metric}


def test_what_is_slower_is_told_and_nothing_else_is(run, slower):
    """By the ratio, with its interval."""
    found = of_metric(run(*slower, "--json"))
    assert found["two"]["direction"] == "worse"
    assert found["two"]["value"] == pytest.approx(0.8, rel=0.03)
    assert found["two"]["low"] < 0.8 < found["two"]["high"]
    assert {found[m]["outcome"] for m in MODELS if m != "two"} == {"no clear difference"}
    assert "two" in run(*slower)
    assert "| two fp32 f32 |" in run(*slower, "--markdown")


def test_a_limit_decides_the_exit_code(run, slower):
    """Only what is clearly worse than the limit, and only where B is."""
    run(*slower, "--fail-if-slower", "30%")
    with pytest.raises(IncompleteError, match="two") as error:
        run(*slower, "--fail-if-slower", "5")
    assert error.value.exit_code == 1
    assert "three" not in str(error.value)
    run(*reversed(slower), "--fail-if-slower", "5%")
    with pytest.raises(click.BadParameter):
        run(*slower, "--fail-if-slower", "fast")


def test_a_limit_without_anything_to_compare_is_bad_input(run, tmp_path):
    """A check that checks nothing must not pass; the reason is told."""
    one = write(tmp_path / "a", models())
    other = write(tmp_path / "b", models(machine="other-machine"))
    assert json.loads(run(one, other, "--json"))["no_comparison"][0]["reason"].startswith(
        "other machine"
    )
    with pytest.raises(InputError):
        run(one, other, "--fail-if-slower", "5%")


def test_a_limit_whose_own_metrics_cannot_be_compared_is_bad_input(run, tmp_path):
    """Memory that can be compared says nothing of speed."""
    one, other = (
        write(tmp_path / name, [a_record(rounds=2, seed=seed)])
        for name, seed in (("a", 1), ("b", 2))
    )
    with pytest.raises(InputError):
        run(one, other, "--fail-if-slower", "5%")
    run(one, other, "--fail-if-less-accurate", "50%")


def test_what_may_be_beyond_a_limit_is_listed(slower, tmp_path, capsys):
    """A regression that is not known well enough breaks no limit, and is not hidden either."""
    wide = [
        a_record(model="wide", median_ms=ms, noise=0.3, seed=seed) for ms, seed in ((5, 1), (6, 2))
    ]
    for folder, record in zip(slower, wide, strict=True):
        store.write(record, folder)
    store.write(a_record(model="gone"), slower[0])
    compare.main([*map(str, slower), "--fail-if-slower", "30%"], standalone_mode=False)
    told = capsys.readouterr().err
    assert "wide fp32 f32" in told
    assert "1 case: only in A" in told
    assert "three fp32" not in told


def test_records_are_never_compared_with_themselves(run, tmp_path):
    """However they are named; a folder that has others besides is compared in those."""
    records = models()
    one = write(tmp_path / "a", records)
    for other in (one, one / ".." / "a", f"{one}@2026"):
        with pytest.raises(InputError):
            run(one, other)
    write(tmp_path / "b", [*records[1:], a_record(model="one", seed=9)])
    found = json.loads(run(one, tmp_path / "b", "--json"))
    assert {change["model"] for change in found["changes"]} == {"one"}


def test_the_path_that_is_missing_is_named(run, slower):
    with pytest.raises(InputError, match="nowhere"):
        run(slower[0], "nowhere")


def test_a_case_that_fails_since_breaks_a_limit(run, tmp_path):
    """It is no speed, and worse than any."""
    one = write(tmp_path / "a", models())
    other = write(tmp_path / "b", [a_failed_record(model="one"), a_record(model="two")])
    printed = json.loads(run(one, other, "--json"))
    assert [case["model"] for case in printed["newly_failed"]] == ["one"]
    assert len(printed["only_before"]) == 2
    with pytest.raises(IncompleteError, match="one"):
        run(one, other, "--fail-if-slower", "5%")


def test_three_answers_that_are_none_are_kept_apart(run, tmp_path):
    """No clear difference, insufficient data, no comparison: each with its reason."""
    few = a_record(model="few", rounds=1)
    other_file = a_record(model="file")
    model = msgspec.structs.replace(other_file.model, sha256="a" * 64)
    after = msgspec.structs.replace(other_file, model=model, measured_at="2026-11-24T00:00:00Z")
    a = write(tmp_path / "a", [*models(), few, other_file])
    b = write(tmp_path / "b", [*models(seed=3), a_record(model="few", rounds=1), after])
    printed = run(a, b, "--json")
    found = of_metric(printed)
    assert found["one"]["outcome"] == "no clear difference"
    assert of_metric(printed, "peak_memory_bytes")["few"]["outcome"] == "insufficient data"
    assert [c["reason"] for c in json.loads(printed)["no_comparison"]] == ["other model file"]


def test_less_accurate(run, tmp_path):
    """By its own limit, a share of the accuracy."""
    a = write(tmp_path / "a", [a_record(top1=0.97)])
    b = write(tmp_path / "b", [a_record(top1=0.60)])
    with pytest.raises(IncompleteError, match="accuracy"):
        run(a, b, "--fail-if-less-accurate", "1%")
    run(a, b, "--fail-if-slower", "1%")
    run(b, a, "--fail-if-less-accurate", "1%")


def test_a_release_or_a_day_of_a_folder(run, tmp_path):
    """After @, without a folder where it is the same one."""
    old, new = models(), models(1.25, seed=2, measured_at="2026-11-24T10:00:00Z")
    software = msgspec.structs.replace(new[0].software, openvino="2026.40.0-1-abc")
    new = [msgspec.structs.replace(one, software=software) for one in new]
    folder = write(tmp_path, [*old, *new])
    for first, second in (("2026.4", "2026.40"), ("2026-11-23", "2026-11-24T10")):
        found = of_metric(run(f"{folder}@{first}", f"@{second}", "--json"))
        assert [m for m in MODELS if found[m]["direction"] == "worse"] == ["two"]
    with pytest.raises(InputError, match="2026-11-24"):
        run(folder, "@2025.1")
    for wrong in ("@last", "nowhere", "nowhere@2026.4"):
        with pytest.raises(InputError):
            run(folder, wrong)
    with pytest.raises(InputError):
        run(folder, folder)


def test_what_records_say_is_never_markup(run, tmp_path):
    """Neither in a terminal nor in Markdown."""
    changes = {"device": "CPU [red]|<b>\x1b[31m", "machine": "m"}
    a = write(tmp_path / "a", [a_record(**changes)])
    b = write(tmp_path / "b", [a_record(**changes)])
    assert "\x1b" not in run(a, b)
    assert "[red]|<b>" in run(a, b)
    assert r"\[red\]\|\<b\>" in run(a, b, "--markdown")
