"""The registry of pages: templates, navigation and files of a site belong together."""

from __future__ import annotations

import re
from pathlib import Path

from ovreport_sitegen.build import Built
from ovreport_sitegen.pages import DETAIL_PAGES, PAGES
from ovreport_sitegen.render import templates_folder

WITHOUT_RECORDS = {"content", "notfound"}
"""Templates of pages that show no records."""


def _navigation(html: str) -> list[str]:
    return re.findall(r'<a href="([^"]+)"', html.partition("<nav")[2].partition("</nav>")[0])


def test_every_page_has_a_template_and_every_template_a_page() -> None:
    """A page without its template, or a forgotten template, is a mistake in the registry."""
    keys = [page.key for page in (*PAGES, *DETAIL_PAGES)]
    templates = {path.stem for path in (templates_folder() / "pages").glob("*.html")}
    assert sorted(keys) == sorted(templates - WITHOUT_RECORDS)


def test_pages_of_one_thing_belong_to_an_entry_of_the_navigation() -> None:
    """A reader of a model's page sees which list it comes from."""
    parents = {page.parent for page in (*PAGES, *DETAIL_PAGES)} - {""}
    assert parents <= {page.key for page in PAGES if not page.parent}


def test_the_navigation_leads_to_pages_that_exist(built: Built) -> None:
    """Every page has the same navigation, and marks where one is."""
    pages = sorted(built.out.glob("*.html"))
    entries = _navigation((built.out / "index.html").read_text())
    assert entries[0] == "index.html"
    assert len(entries) == len(set(entries))
    assert all((built.out / entry).is_file() for entry in entries)
    for page in pages:
        html = page.read_text()
        if page.name != "404.html":
            assert _navigation(html) == entries
            assert html.count('aria-current="page"') == 1
            assert page.name not in entries or f'"{page.name}" aria-current' in html


def test_a_page_exists_only_for_records_that_it_is_about(built: Built) -> None:
    """Without a language model there is no page of language models."""
    names = {Path(entry).stem for entry in _navigation((built.out / "index.html").read_text())}
    missing = {page.key for page in PAGES if not page.parent} - names - {PAGES[0].key}
    assert missing == {"language-models", "frameworks"}
