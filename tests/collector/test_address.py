"""Addresses and wheel names: what is accepted is safe, what is not is refused with a remedy."""

from __future__ import annotations

import contextlib
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovreport_collector.sources.address import InWheel, Local, Remote, parse
from ovreport_collector.sources.wheel import AddressError, normalised, parse_wheel

HOSTILE = st.text(alphabet="ab./\\!:=@ \0\n-_0", max_size=30)
SEGMENT = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_ .-]{0,10}[A-Za-z0-9_]", fullmatch=True)
PATH = st.lists(SEGMENT, min_size=1, max_size=4).map("/".join)
NAME = st.from_regex(r"[a-z][a-z0-9]{0,8}([-_.][a-z0-9]{1,5})?", fullmatch=True)
VERSION = st.from_regex(
    r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}((a|b|rc|\.post|\.dev)[0-9])?", fullmatch=True
)
INTERPRETER = st.from_regex(r"(cp|py|pp)[23][0-9]{0,2}", fullmatch=True)
ABI = st.sampled_from(["none", "abi3", "cp312", "cp313t", "pypy310_pp73"])
PLATFORM = st.sampled_from(
    ["any", "win_amd64", "macosx_11_0_arm64", "manylinux_2_24_x86_64", "manylinux2014_aarch64"]
)


def tags(one: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    """Return sets of tags."""
    return st.lists(one, min_size=1, max_size=3, unique=True)


@given(name=NAME, version=VERSION, path=PATH)
def test_an_address_in_a_wheel_is_read_as_written(name: str, version: str, path: str) -> None:
    assert parse(f"pypi:{name}=={version}/{path}") == InWheel(f"{name}=={version}", path)


@given(name=NAME, version=VERSION, path=PATH, inner=PATH)
def test_an_address_in_an_inner_archive(name: str, version: str, path: str, inner: str) -> None:
    found = parse(f"pypi:{name}=={version}/{path}.zip!/{inner}")
    assert found == InWheel(f"{name}=={version}", f"{path}.zip", inner)
    assert found.name == inner.rsplit("/", 1)[-1]


@given(prefix=st.sampled_from(["pypi:a==1/", "pypi:a==1", "https://", "file:", ""]), text=HOSTILE)
def test_what_is_accepted_stays_where_it_starts(prefix: str, text: str) -> None:
    try:
        found = parse(prefix + text)
    except AddressError:
        return
    if isinstance(found, Remote):
        paths = [found.name]
    elif isinstance(found, Local):
        paths = [found.path.lstrip("/").removeprefix("./")]
    else:
        paths = [found.member or "whole", found.inner or "whole"]
    for path in paths:
        assert path
        assert ".." not in PurePosixPath(path).parts
        assert not path.startswith("/")
        assert not set(path) & set("\\\0\n")


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(AddressError):
        parse(text)


def test_a_wheel_itself_and_local_files() -> None:
    assert parse("pypi:a-b==1.0/") == InWheel("a-b==1.0", "")
    assert parse("file:net.onnx") == Local("net.onnx")
    assert parse("file:./sub/net.onnx") == Local("./sub/net.onnx")
    assert parse("file:/data/net.onnx") == parse("file:///data/net.onnx") == Local("/data/net.onnx")
    assert parse("https://example.org/a/net.onnx?x=1").name == "net.onnx"


@given(
    name=NAME,
    version=VERSION,
    interpreters=tags(INTERPRETER),
    abis=tags(ABI),
    platforms=tags(PLATFORM),
)
def test_a_wheel_name_is_read_as_written(
    name: str, version: str, interpreters: list[str], abis: list[str], platforms: list[str]
) -> None:
    sets = [".".join(part) for part in (interpreters, abis, platforms)]
    distribution = name.replace("-", "_")
    found = parse_wheel(f"{distribution}-{version}-{'-'.join(sets)}.whl")
    assert found.fits(f"{name}=={version}")
    assert not found.fits(f"{name}=={version}1")
    assert len(found.tags) == len(interpreters) * len(abis) * len(platforms)
    options = found.pip_target()
    target = dict(zip(options[::2], options[1::2], strict=True))
    assert target["--platform"] in platforms
    assert target["--abi"] in abis
    wanted = target["--implementation"] + target["--python-version"].replace(".", "")
    assert wanted in interpreters


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("a-1-py3-none-any.whl", ["any", "3", "py", "none"]),
        ("a-1-py2.py3-none-any.whl", ["any", "3", "py", "none"]),
        ("a-1-cp39-cp39-win_amd64.whl", ["win_amd64", "3.9", "cp", "cp39"]),
        (
            "a-1-cp312-abi3-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl",
            ["manylinux_2_27_x86_64", "3.12", "cp", "abi3"],
        ),
        ("a-1-3-cp310-abi3-macosx_11_0_arm64.whl", ["macosx_11_0_arm64", "3.10", "cp", "abi3"]),
    ],
)
def test_pip_is_given_the_tags_of_the_wheel(file: str, expected: list[str]) -> None:
    """Pip gets the tags that the wheel's name has."""
    assert parse_wheel(file).pip_target()[1::2] == expected


@given(st.one_of(st.text(max_size=60), HOSTILE.map(lambda text: f"{text}.whl")))
def test_any_text_is_a_wheel_name_or_refused(text: str) -> None:
    try:
        found = parse_wheel(text)
    except AddressError:
        return
    assert "/" not in text
    assert found.pip_target()


def test_names_compare_as_the_index_does() -> None:
    assert normalised("Scikit_Image") == normalised("scikit-image") == normalised("scikit.--image")
