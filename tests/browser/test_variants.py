"""Variants in a real browser: pages of several variants fit, are quiet and can be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ovreport.store import write
from ovreport_sitegen.build import build
from tests.factories import a_made_record, a_published_record, a_record

pytestmark = pytest.mark.browser

PAGES = (
    "accuracy.html",
    "model-magika-v3.3.html",
    "device-example-cpu-9000-example-cpu-9000-8c.html",
)


@pytest.fixture(scope="module")
def variants_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a site of one model in five variants and both precisions."""
    base = tmp_path_factory.mktemp("variants")
    records = [
        a_published_record(seed=1),
        a_record(seed=2, precision="default", median_ms=3, top1=0.841),
    ]
    for seed, variant in enumerate(("fp16", "int8", "int8-accuracy", "int8-weights"), start=3):
        records.append(a_made_record(variant, seed=seed, median_ms=seed))
        records.append(a_made_record(variant, seed=seed + 9, precision="default", median_ms=seed))
    for record in records:
        write(record, base / "site" / "records")
    return build(base / "site", [], base / "out", cache=base / "charts").out


def test_pages_of_variants_fit_and_are_quiet(watch: Any, variants_site: Path) -> None:
    """No horizontal scroll, no error, enough contrast, shapes and words for the best."""
    watched = watch()
    page = watched.page
    for name in PAGES:
        watched.open((variants_site / name).as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        watched.check_looks(name)
    assert not watched.errors
    watched.open((variants_site / PAGES[0]).as_uri())
    assert page.locator("[id='tradeoff-magika-v3.3'] svg").first.is_visible()
    watched.open((variants_site / PAGES[1]).as_uri())
    assert page.locator("td.best").count() > 0
    assert not watched.outside


def test_a_table_is_filtered_by_variant(watch: Any, variants_site: Path) -> None:
    """A select of variants stands where there are several."""
    watched = watch()
    watched.open((variants_site / PAGES[2]).as_uri())
    watched.page.select_option("[name=weights]", "int8")
    watched.page.wait_for_selector('#answer[data-shown="weights=int8"]')
    shown = watched.page.locator("#answer-table thead th").all_inner_texts()[1:]
    assert shown
    assert all("int8" in head for head in shown)
