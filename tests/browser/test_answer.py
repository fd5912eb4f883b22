"""The answer table in a browser: questions answered by clicks, links, what is taken away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from ovreport.store import Loaded, Stored, write
from ovreport_sitegen.answer.cells import AnswerCell
from ovreport_sitegen.answer.presets import presets
from ovreport_sitegen.answer.state import DEFAULT_STATE, State
from ovreport_sitegen.answer.table import Answer, answer
from ovreport_sitegen.build import build
from ovreport_sitegen.config import Config
from ovreport_sitegen.data.catalogue import Catalogue, make
from tests.factories import a_failed_record, a_native_record
from tests.sitegen.conftest import a_reference
from tests.sitegen.test_answer import on

pytestmark = pytest.mark.browser

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
            reference = a_reference(**common, median_ms=ms * (1 + seed), seed=10 * seed)
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


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a built site of these records."""
    base = tmp_path_factory.mktemp("answer")
    for record in records():
        write(record, base / "site" / "records")
    return build(base / "site", [], base / "out", cache=base / "charts").out


def found() -> Catalogue:
    """Return the catalogue of these records."""
    return make(Config(), Loaded([Stored(record, Path("x.json")) for record in records()]))


@pytest.fixture
def table(watch: Any, site: Path) -> Any:
    """Return a function that opens the first page in a state, and returns the browser's page."""
    opened = []

    def at(fragment: str = "", page: str = "index.html", **options: Any) -> Any:
        watched = watch(**{"viewport": WIDE, **options})
        opened.append(watched)
        watched.open((site / page).as_uri() + (f"#{fragment}" if fragment else ""))
        if fragment:
            wait(watched.page)
        return watched.page

    yield at
    for watched in opened:
        assert not watched.errors
        assert not watched.outside


def wait(page: Any, shown: str = "") -> None:
    """Wait until the script has drawn a state."""
    page.wait_for_function(
        "want => { const s = document.getElementById('answer').dataset.shown;"
        " return s !== undefined && s.includes(want); }",
        arg=shown,
    )


def rows(page: Any) -> list[list[str]]:
    """Return the texts of all cells as they are on the page, without extra space."""
    return page.evaluate(  # type: ignore[no-any-return]
        "[...document.querySelectorAll('#answer-table tr:not(.group)')].map(r => [...r.cells]"
        ".map(c => c.textContent.replace(/[\\s\u00a0]+/g, ' ').trim()))"
    )


def cell_text(cell: AnswerCell | None) -> str:
    """Return the text of a cell as the template has it."""
    if cell is None:
        return "–"
    ratio = f"{cell.ratio.text} {cell.ratio.interval}".strip() if cell.ratio else ""
    ran = f"{cell.ran} {cell.cost.text}".strip()
    text = f"{cell.text} {cell.interval}".strip()
    return "".join((text, ran, ratio)).replace("\u00a0", " ")


def expected(shown: Answer) -> list[list[str]]:
    """Return the texts of the rows of a table, without the first cell."""
    every = [*shown.means, *shown.rows]
    return [[cell_text(cell) for cell in row.cells] for row in every]


# ---------------------------------------------------------------- one table, drawn twice


@pytest.mark.parametrize(
    "state",
    [
        *(preset.state for preset in presets(found())),
        State("throughput_ips", precision="any"),
        State("accuracy", "choice", "any"),
        State("peak_memory_bytes", weights="int8"),
        State(models="task:face-detection", stable=True),
        State("latency_p99_ms", "weights", "f32", baseline="fp32"),
        State(columns="metric", precision="default"),
    ],
    ids=lambda state: state.fragment(DEFAULT_STATE),
)
def test_the_script_draws_what_the_build_would(table: Any, state: State) -> None:
    """Rules, numbers and words are the same in both."""
    page = table(state.fragment(DEFAULT_STATE))
    shown = [row[1:] for row in rows(page)[1:]]
    assert shown == expected(answer(found(), state))


def test_the_first_state_is_whole_without_a_script(table: Any) -> None:
    """And the script draws it no differently."""
    bare = table(java_script_enabled=False)
    written = rows_without_script(bare)
    page = table()
    page.locator("[name=metric]").select_option("throughput_ips")
    wait(page, "throughput")
    page.locator("[type=reset]").click()
    wait(page, "default")
    assert [" ".join(row) for row in rows(page)[1:]] == written


def rows_without_script(page: Any) -> list[str]:
    """Return the texts of all rows; nothing can be evaluated there."""
    found = page.locator("#answer-table tbody tr:not(.group)")
    texts = []
    for i in range(found.count()):
        cells = found.nth(i).locator("th, td")
        parts = (cells.nth(n).text_content() for n in range(cells.count()))
        texts.append(" ".join(" ".join(part.replace("\u00a0", " ").split()) for part in parts))
    return texts
