"""Hostile text in every string of records: what leaves ovreport as text, a table or a picture."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from ovreport.record import json_schema
from tests.attacks import free_paths, samples


def test_every_free_string_was_attacked() -> None:
    """The list of strings is found by trying, and holds those that matter most."""
    found = {".".join(path) for path in free_paths()}
    assert len(found) > 40
    assert found >= {
        "device.full_name",
        "model.title",
        "model.why",
        "outcome.reason",
        "outcome.stderr_tail",
        "machine.cpu",
        "model.origin.calibration",
        "model.origin.settings.preset",
        "model.published.source",
    }


_SAME_KIND = {
    *(f"additional_accuracy.reference.{name}" for name in ("reason", "remedy", "stderr_tail")),
    *(f"generation.perplexity.published.{name}" for name in ("reason", "remedy", "stderr_tail")),
    *(f"generation.perplexity.reference.{name}" for name in ("reason", "remedy", "stderr_tail")),
    *("arm.prepared_with", "failed_rounds.reason", "model.files.name", "outcome.remedy"),
}
"""Strings that no sample has: parts of records that samples have elsewhere, and of rare ones."""


def test_every_string_of_the_schema_was_tried() -> None:
    """A new field of a record is attacked too, or its sample is missing here."""
    tried: set[str] = set()
    for record in samples():
        _add_strings(json.loads(msgspec.json.encode(record)), (), tried)
    assert set(_schema_strings(json_schema(), ())) - tried == _SAME_KIND


def _add_strings(value: Any, path: tuple[str, ...], found: set[str]) -> None:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        here = (*path, key) if isinstance(key, str) else path
        if isinstance(inner, dict | list):
            _add_strings(inner, here, found)
        elif isinstance(inner, str | None):
            found.add(".".join(here))


def _schema_strings(
    node: dict[str, Any], path: tuple[str, ...], within: frozenset[str] = frozenset()
) -> Iterator[str]:
    """Yield the places of free text in a schema; tables with keys of their own are left out."""
    if name := node.get("$ref", "").rpartition("/")[2]:
        if name not in within:
            yield from _schema_strings(json_schema()["$defs"][name], path, within | {name})
        return
    if node.get("type") == "string" and not {"pattern", "enum", "format"} & set(node):
        yield ".".join(path)
    for key, inner in node.get("properties", {}).items():
        yield from _schema_strings(inner, (*path, key), within)
    several = [inner for key in ("anyOf", "oneOf", "prefixItems") for inner in node.get(key, ())]
    items = node.get("items")
    for inner in [*several, *([items] if isinstance(items, dict) else [])]:
        yield from _schema_strings(inner, path, within)
