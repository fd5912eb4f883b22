"""Types and keys: what a document must have to be a suite at all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from ovreport_collector.plan.validation.fault import Fault
from ovreport_collector.suite.model import Dataset, Model, Suite, Wheel

_LOCATED = re.compile(r"(?P<what>.*) - at `\$(?P<path>.*)`", re.DOTALL)
_FIELD = re.compile(r"(?:unknown|missing required) field `(?P<name>.*)`", re.DOTALL)


def structure(document: Mapping[str, Any]) -> list[Fault]:
    """Return the faults of types and keys; each model, wheel and dataset is tried by itself."""
    for ours in ("folder", "user_datasets"):
        if ours in document:
            return [Fault(f"$.{ours}", f"unknown field `{ours}`", "remove it")]
    parts = {"models": list, "wheels": dict, "datasets": dict}
    emptied = {key: kind() for key, kind in parts.items() if isinstance(document.get(key), kind)}
    return [
        *_converted({**document, **emptied}, Suite, "$"),
        *_each(document.get("models"), Model, "$.models[{}]"),
        *_each(document.get("wheels"), Wheel, '$.wheels."{}"'),
        *_each(document.get("datasets"), Dataset, "$.datasets.{}"),
    ]


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
        return "remove it, or check its spelling"
    if "missing required" in what:
        return "add it"
    return "write a value of the kind that is expected"
