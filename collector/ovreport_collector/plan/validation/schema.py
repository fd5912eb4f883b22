"""Rules for fields and types: whether a document can be read as a suite at all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from ovreport_collector.plan.validation import Fault
from ovreport_collector.suite.model import Dataset, Model, Suite, Wheel

_LOCATED = re.compile(r"(?P<what>.*) - at `\$(?P<path>.*)`", re.DOTALL)
_FIELD = re.compile(r"(?:unknown|missing required) field `(?P<name>.*)`", re.DOTALL)
_NOT_IN_A_DOCUMENT = ("folder", "user_datasets")
"""Fields of `Suite` that are set after loading."""


def faults(document: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield unknown, missing and wrongly typed fields.

    msgspec stops at the first fault, so each model, wheel and dataset is checked on its own.
    """
    for name in _NOT_IN_A_DOCUMENT:
        if name in document:
            yield Fault(f"$.{name}", f"unknown field `{name}`", "remove it")
            return
    parts = {"models": list, "wheels": dict, "datasets": dict}
    emptied = {key: kind() for key, kind in parts.items() if isinstance(document.get(key), kind)}
    yield from _converted({**document, **emptied}, Suite, "$")
    yield from _each(document.get("models"), Model, "$.models[{}]")
    yield from _each(document.get("wheels"), Wheel, '$.wheels."{}"')
    yield from _each(document.get("datasets"), Dataset, "$.datasets.{}")


def _each(part: object, kind: type, path: str) -> Iterator[Fault]:
    if isinstance(part, list):
        for index, item in enumerate(part):
            yield from _converted(item, kind, path.format(index))
    elif isinstance(part, dict):
        for key, item in part.items():
            yield from _converted(item, kind, path.format(key))


def _converted(item: object, kind: type, path: str) -> Iterator[Fault]:
    try:
        msgspec.convert(item, kind)
    except msgspec.ValidationError as error:
        message = str(error)
        located = _LOCATED.fullmatch(message)
        what = located["what"] if located else message
        at = f"{path}{located['path']}" if located else path
        field = _FIELD.search(what)
        yield Fault(f"{at}.{field['name']}" if field else at, what, _remedy(what))


def _remedy(what: str) -> str:
    if "unknown field" in what:
        return "check its spelling, or remove it"
    if "missing required" in what:
        return "add it"
    return "write a value of the expected type"
