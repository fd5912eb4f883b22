"""Sites of few or bad records: no page shows an empty chart or table, or counts of nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ovreport import record as r
from tests.factories import QUICK, a_failed_record, a_native_record, a_record
from tests.language_factories import (
    a_failed_language_record,
    a_language_record,
    a_made_language_record,
)
from tests.releases import a_matrix

_VOID = frozenset({"meta", "link", "input", "br", "img", "hr", "wbr"})
_UNSEEN = frozenset({"script", "style", "template", "head", "title", "dialog", "desc"})
_DRAWN = frozenset({"path", "rect", "circle", "line", "text", "polyline", "ellipse", "use"})
_WRONG = re.compile(
    r"\b(?:NaN|nan|inf|undefined|Infinity)\b(?!/)|\bNone\b(?! \w)|\b0 of 0\b"
    r"|\bof none\b|\bnone of 0\b"
    r"|(?<![\d.,×–] )(?<![\d.,–−-])\b1 (?:case|model|result|row|value|round|device|record|file"
    r"|machine|run|ratio|layer|process(?:or|e))s\b"
    r"|\b(?:0 of )?1 (?:case|model|result|row|value|device|record) (?:are|have)\b"
)
"""What stands on no page: values that are none, counts of nothing, one of several."""


def _of_two_precisions(**knobs: object) -> list[r.Record]:
    return [
        a_record(seed=1, **knobs),
        a_record(seed=2, precision="default", executed="bf16", top1=0.9, **knobs),
    ]


SITES: dict[str, Callable[[], list[r.Record]]] = {
    "one record": lambda: [a_record()],
    "one quick record": lambda: [a_record(tier=QUICK, rounds=5)],
    "one record in the default precision": lambda: [a_record(precision="default", executed="bf16")],
    "one machine": lambda: _of_two_precisions(model="a", title="A") + _of_two_precisions(),
    "two machines": lambda: _of_two_precisions() + _of_two_precisions(machine="other-cpu-4c"),
    "one failure": lambda: [a_failed_record()],
    "failures": lambda: [
        a_failed_record(model=m, title=m, seed=i, precision=p)
        for m in "ab"
        for i, p in enumerate(("f32", "default"))
    ],
    "failures, twice": lambda: [a_failed_record(seed=i, run=str(i) * 16) for i in (1, 2)],
    "failures in every release": lambda: [
        a_failed_record(seed=i, software=record.software, measured_at=record.measured_at)
        for i, record in enumerate(a_matrix(models=("same-1",)))
    ],
    "one unreliable": lambda: [a_record(noise=0.6, precision="default", executed="bf16")],
    "unreliable": lambda: [
        *_of_two_precisions(noise=0.6, model="a", title="A"),
        *_of_two_precisions(noise=0.6),
    ],
    "one precision": lambda: [a_record(model=m, title=m.upper(), seed=ord(m)) for m in "abc"],
    "models without labelled data": lambda: [a_record(architecture_only=True)],
    "a language model": lambda: [a_language_record()],
    "language models": lambda: [a_language_record(), a_made_language_record()],
    "a failed language model": lambda: [a_failed_language_record()],
    "OpenVINO failed, the framework ran": lambda: [a_failed_record(), a_native_record()],
    "the framework failed": lambda: [a_record(), a_failed_record(engine="onnxruntime")],
    "two releases": lambda: a_matrix(("2025.4.1", "2026.4.1"), models=("slower", "failing")),
}


class _Page(HTMLParser):
    """What a reader without script sees of a page, as a list of events."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.faults: list[str] = []
        self.heading = ""
        """The last one with nothing below it; empty: something followed."""
        self.drawn = self.rows = self.level = 0
        self.feed(html)
        if self.heading:
            self.faults.append(f"nothing below {self.heading}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            return
        self.open.append(tag)
        if tag == "svg":
            self.drawn = 0
        self.drawn += tag in _DRAWN
        size = dict(attrs).get("font-size") or "12px"
        if float(size.removesuffix("px")) < 12:
            self.faults.append(f"letters of {size} in a chart, which a phone shows as they are")
        if tag == "table":
            self.rows = 0
        self.rows += tag == "td"
        if re.fullmatch("h[1-6]", tag):
            if tag > f"h{self.level + 1}":
                self.faults.append(f"from h{self.level} to {tag}")
            self.level = int(tag[1])
            if self.heading and tag <= self.heading:
                self.faults.append(f"nothing between {self.heading} and {tag}")
            self.heading = tag

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass
        if tag == "svg" and not self.drawn:
            self.faults.append("an empty chart")
        if tag == "table" and not self.rows:
            self.faults.append("an empty table")
        if tag == "main" and self.heading:
            self.faults.append(f"nothing below {self.heading}")
            self.heading = ""

    def handle_data(self, data: str) -> None:
        if not data.strip() or _UNSEEN & set(self.open):
            return
        self.texts.append(data)
        if not any(re.fullmatch("h[1-6]", tag) for tag in self.open):
            self.heading = ""


def _pages(out: Path) -> Iterator[tuple[str, _Page]]:
    for path in sorted(out.glob("*.html")):
        if path.name not in {"guide.html", "method.html"}:
            yield path.name, _Page(path.read_text())


def _navigation(out: Path) -> set[str]:
    nav = (out / "index.html").read_text().partition("<nav")[2].partition("</nav>")[0]
    return set(re.findall(r'href="([^"]+)"', nav))


@pytest.mark.parametrize("kind", SITES)
def test_every_page_has_something_to_show(
    kind: str, build_of: Callable[[Sequence[r.Record]], Path]
) -> None:
    """Charts are drawn, tables have rows, headings have content, numbers are numbers.

    Where nothing ran, the navigation leads to what happened and to no page of numbers.
    """
    records = SITES[kind]()
    out = build_of(records)
    found = [
        (name, fault)
        for name, page in _pages(out)
        for fault in (*page.faults, *(t for t in page.texts if _WRONG.search(t)))
    ]
    assert not found
    if not any(isinstance(record.outcome, r.Completed) for record in records):
        assert _navigation(out) == {"index.html", "models.html", "method.html", "data.html"}


def test_two_models_of_one_title_are_told_apart_on_every_page(
    build_of: Callable[[Sequence[r.Record]], Path],
) -> None:
    """By their ids, wherever a name stands: also where one title only looks like the other."""
    twins = _of_two_precisions(model="one", title="A model")
    twins += _of_two_precisions(model="other", title="A m\u200bodel", median_ms=9.0)
    out = build_of(twins)
    for name, page in _pages(out):
        texts = [text for text in page.texts if "A model" in text and name != "data.html"]
        assert all("(one)" in text or "(other)" in text for text in texts), name
    (search,) = (out / "data").glob("search-*.js")
    assert all(f'"A model ({id_})"' in search.read_text() for id_ in ("one", "other"))
