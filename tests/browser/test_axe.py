"""What axe, a checker of accessibility, finds on a page of every kind: nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import LOOKS, Whole

pytestmark = pytest.mark.browser

_COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}


@pytest.fixture(scope="module")
def axe() -> Any:
    """Return axe, which comes with the extra `test`."""
    api = pytest.importorskip(
        "axe_playwright_python.sync_playwright",
        reason="axe-playwright-python is not installed: extra `test`",
    )
    return api.Axe()


def test_axe_finds_nothing(watch: Any, whole: Whole, axe: Any) -> None:
    """In both themes, wide and narrow, with everything open that opens."""
    watched = watch()
    page = watched.page
    found: dict[str, set[str]] = {}
    for name in whole.kinds:
        watched.open(f"{whole.address}/{name}")
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        for width, theme in LOOKS:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=theme)
            rules = {} if theme == "light" else _COLOURS  # nothing else differs
            results = axe.run(page, options={"resultTypes": ["violations"], **rules})
            for violation in results.response["violations"]:
                targets = (str(node["target"]) for node in violation["nodes"])
                found.setdefault(name, set()).update(f"{violation['id']} {t}" for t in targets)
    assert found == {}
