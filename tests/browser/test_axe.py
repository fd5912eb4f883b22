"""What axe, a checker of accessibility, finds on a page of every kind: nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import LOOKS, Whole

pytestmark = pytest.mark.browser

_WITH_COLOURS = {(1280, "light"), (390, "dark")}
"""Looks in which contrast is checked: it takes longest, and `check_looks` checks it in all."""


_RUN = """options => axe.run({resultTypes: ["violations"], ...options}).then(found =>
  found.violations.flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.target}`)))"""


@pytest.fixture(scope="module")
def script() -> str:
    """Return axe, which comes with the extra `test`."""
    api = pytest.importorskip(
        "axe_playwright_python.sync_playwright",
        reason="axe-playwright-python is not installed: extra `test`",
    )
    return str(api.Axe().axe_script)


def test_axe_finds_nothing(watch: Any, whole: Whole, script: str) -> None:
    """In both themes, wide and narrow, with everything open that opens."""
    watched = watch()
    page = watched.page
    found: dict[str, set[str]] = {}
    for name in whole.kinds:
        watched.open(f"{whole.address}/{name}")
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        page.evaluate(script)  # once: most of the time of a run by the package's own function
        for width, theme in LOOKS:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=theme)
            rules = {"color-contrast": {"enabled": (width, theme) in _WITH_COLOURS}}
            found.setdefault(name, set()).update(page.evaluate(_RUN, {"rules": rules}))
    assert {name: faults for name, faults in found.items() if faults} == {}
