"""A reader of the site: what one clicks and how far one scrolls; and records to read of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from tests.factories import a_failed_record, a_native_record
from tests.sitegen.conftest import a_reference, visited
from tests.sitegen.test_answer import on

replace = msgspec.structs.replace
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
TASKS = {"magika-v3.3": "file-type", "ocr": "text-recognition", "faces": "face-detection"}


def records() -> list[Any]:
    """Return three models on two machines, with bf16, INT8, a native framework, a failure."""
    found: list[Any] = []
    for seed, (model, task) in enumerate(TASKS.items()):
        for machine, cpu, ms in (("old-8c", "Old 9", 5.0), ("new-2c", "New 9", 3.0)):
            knobs = {"model": model, "title": model.title(), "task": task}
            common = {"machine": machine, "full_name": cpu, **knobs}
            reference = visited(
                a_reference(**common, rounds=12, median_ms=ms * (1 + seed), seed=10 * seed)
            )
            found += [
                replace(reference, machine=replace(reference.machine, cpu=cpu)),
                on(
                    machine,
                    cpu,
                    **knobs,
                    precision="default",
                    executed="bf16",
                    median_ms=ms * (1 + seed) / 2,
                    top1=0.97 if seed else 0.8,
                    seed=10 * seed + 1,
                ),
                on(
                    machine,
                    cpu,
                    **knobs,
                    variant="int8",
                    executed="i8",
                    median_ms=ms * (1 + seed) / 3,
                    top1=0.9,
                    seed=10 * seed + 2,
                ),
            ]
    return [*found, a_native_record(seed=99), a_failed_record(model="b", title="=1+1", seed=98)]


@dataclass
class Reader:
    """Somebody who clicks and scrolls; choosing from a list is a click, typing is none."""

    page: Any
    clicks: int = 0
    scrolled: float = 0.0
    """In pixels, over all pages."""

    def see(self, found: Any) -> None:
        """Scroll until the top of an element is on the screen, no further."""
        self.page.wait_for_timeout(50)
        box = found.first.bounding_box()
        assert box is not None
        height = self.page.viewport_size["height"]
        end = box["y"] + min(box["height"], 100)
        by = box["y"] if box["y"] < 0 else max(0.0, end - height)
        self.scrolled += abs(by)
        self.page.evaluate("by => scrollBy({top: by, behavior: 'instant'})", by)

    def click(self, found: Any) -> None:
        """Scroll to an element and click it."""
        self.see(found)
        self.clicks += 1
        found.first.click()

    def search(self, words: str, found: str) -> None:
        """Open the search, type, and follow the link that has a text."""
        self.click(self.page.locator("#search-open"))
        self.page.keyboard.type(words)
        self.click(self.page.locator("#search li a", has_text=found))

    def ask(self, label: str) -> None:
        """Follow a comparison, and wait for its table."""
        self.click(self.page.locator(".asks a", has_text=label))
        wait(self.page, "=")

    def check(self) -> None:
        """Assert that two clicks and one screen were enough."""
        assert self.clicks <= 2
        assert self.scrolled <= self.page.viewport_size["height"]


def wait(page: Any, shown: str = "") -> None:
    """Wait until the script has drawn a state."""
    page.wait_for_function(
        "want => { const s = document.getElementById('answer')?.dataset.shown;"
        " return s !== undefined && s.includes(want); }",
        arg=shown,
    )


def rows(page: Any) -> list[list[str]]:
    """Return the texts of all cells as they are on the page, without extra space."""
    return page.evaluate(  # type: ignore[no-any-return]
        "[...document.querySelectorAll('#answer-table tr:not(.group)')].map(r => [...r.cells]"
        ".map(c => c.textContent.replace(/[\\s\u00a0]+/g, ' ').trim()))"
    )


def model_rows(page: Any) -> list[list[str]]:
    """Return the texts of the rows of models."""
    return [row for row in rows(page)[1:] if not row[0].startswith("Geometric mean")]
