"""The table of engines: whole, tied to the package's extras, and closed to what is not in it."""

from __future__ import annotations

import ast
import dataclasses
import re
import tomllib
from importlib.util import find_spec
from pathlib import Path

import msgspec
import pytest

from ovreport import store
from ovreport.engines import ENGINES, of_kind
from ovreport.errors import RecordError
from ovreport.record import json_schema
from tests.factories import a_record

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("engine", ENGINES.values(), ids=str)
def test_an_engine_is_complete(engine) -> None:
    """Its id can be a part of a file name, and nothing that a reader sees is empty."""
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]*", engine.id)
    required = {f.name for f in dataclasses.fields(engine)} - {"extra"}
    assert all(getattr(engine, name) for name in required)
    assert all(suffix.startswith(".") for suffix in engine.suffixes)


@pytest.mark.parametrize("engine", ENGINES.values(), ids=str)
def test_an_adapter_creates_its_engine(engine) -> None:
    """Found without being imported: its engine need not be installed here."""
    spec = find_spec(engine.adapter)
    assert spec is not None
    assert spec.origin
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert "create" in functions


def test_extras_are_those_of_the_package() -> None:
    """The command that installs an engine works."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    for engine in ENGINES.values():
        if engine.extra:
            assert any(r.startswith(engine.package) for r in extras[engine.extra])
            assert engine.install == f"pip install 'ovreport[{engine.extra}]'"


def test_one_engine_is_openvino() -> None:
    """Native frameworks are compared with it, and language models never are."""
    assert [engine.id for engine in of_kind("openvino")] == ["openvino"]


def test_a_record_of_an_unknown_engine_is_refused_by_name() -> None:
    """It would otherwise stand among OpenVINO's results."""
    document = msgspec.to_builtins(a_record())
    document["case"]["engine"] = "tvm"
    with pytest.raises(RecordError) as caught:
        store.decode(msgspec.json.encode(document), where="x.json")
    assert "tvm" in caught.value.what
    assert caught.value.where == "x.json: $.case.engine"
    assert "upgrade" in caught.value.remedy.lower()


def test_the_schema_lists_the_engines() -> None:
    """Whoever writes records by another tool sees what is accepted."""
    engine = json_schema()["$defs"]["Case"]["properties"]["engine"]
    assert engine["enum"] == list(ENGINES)
