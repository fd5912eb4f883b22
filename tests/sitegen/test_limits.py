"""A site of 20 machines, 40 models and 4 releases: what a browser gets before a reader asks."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from ovreport_sitegen.build import build
from tests.benchmarks import build_scale as made

MOST_BYTES, MOST_ELEMENTS = 150_000, 2_000
_MACHINES, _MODELS = 20, 40
_DAYS = range(0, 5 * len(made.RELEASES), 5)
"""Made records have another release every five days."""


def documents() -> Iterator[dict[str, Any]]:
    """Yield every model in two precisions on every machine with every release."""
    patterns = made.patterns()
    for day, machine in itertools.product(_DAYS, range(_MACHINES)):
        for second, (model, precision) in enumerate(
            itertools.product(range(_MODELS), ("f32", "default"))
        ):
            yield made.document(patterns, day, machine, model, precision, second)


class _Elements(HTMLParser):
    """Counts the elements of a page; those that wait in a template are not in it yet."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.count = 0
        self._templates = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Count an element."""
        self._templates += tag == "template"
        self.count += not self._templates

    def handle_endtag(self, tag: str) -> None:
        """Leave a template."""
        self._templates -= tag == "template"


@pytest.mark.slow
def test_no_page_is_large_before_a_reader_asks(tmp_path: Path) -> None:
    """Neither in bytes nor in elements."""
    made.write(documents(), tmp_path / "site" / "records")
    out = build(tmp_path / "site", [], tmp_path / "out", cache=tmp_path / "cache").out
    pages = {path.name: path.read_bytes() for path in out.rglob("*.html")}
    assert len(pages) > _MACHINES * _MODELS
    assert {name: len(data) for name, data in pages.items() if len(data) > MOST_BYTES} == {}
    elements = {name: _Elements(data.decode()).count for name, data in pages.items()}
    assert {name: count for name, count in elements.items() if count > MOST_ELEMENTS} == {}
