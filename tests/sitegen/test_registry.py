"""What the site takes from the registry of metrics: all of it, and nothing beside it."""

from __future__ import annotations

import re

from ovreport.metrics import METRICS
from ovreport_sitegen.build import Built


def test_the_glossary_has_every_metric(built: Built) -> None:
    """Each once, with its meaning, whether or not a record of the site has a value of it."""
    page = (built.out / "method.html").read_text()
    assert sorted(re.findall(r'id="metric-([^"]+)"', page)) == sorted(METRICS)
