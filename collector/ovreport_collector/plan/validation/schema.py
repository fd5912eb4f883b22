"""Rules for fields and types: whether a document can be read as a suite at all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import msgspec

from ovreport.errors import did_you_mean
from ovreport.variants import Variant
from ovreport_collector.plan.validation import Fault
from ovreport_collector.suite.model import Dataset, File, Model, Published, Suite, Wheel

_LOCATED = re.compile(r"(?P<what>.*) - at `\$(?P<path>.*)`", re.DOTALL)
_FIELD = re.compile(r"(?:unknown|missing required) field `(?P<name>.*)`", re.DOTALL)
_NOT_IN_A_DOCUMENT = ("folder", "user_datasets", "allowed_outside")
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
        name = field["name"] if field else ""
        yield Fault(f"{at}.{name}" if name else at, what, _remedy(what, name))


_KEYS = tuple(
    dict.fromkeys(
        name
        for kind in (Suite, Model, File, Wheel, Dataset, Published)
        for name in kind.__struct_fields__
        if name not in _NOT_IN_A_DOCUMENT or kind is not Suite
    )
)
"""Every key that a suite can have somewhere."""


def _remedy(what: str, name: str) -> str:
    if "unknown field" in what:
        return f"{did_you_mean(name, _KEYS)}check its spelling, or remove it"
    if "missing required" in what:
        return "add it"
    if "enum value" in what:  # the only ones are those of variants
        return f"use one of: {', '.join(get_args(Variant))}"
    return "write a value of the expected type"
