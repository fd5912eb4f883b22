"""All pages of a site.

A page is a module or package that exports `PAGE`: its key, its label, and the function that
computes from the records what its template `templates/pages/KEY.html` shows. To add one, write both
and name it in `PAGES` below.
"""

from ovreport_sitegen.pages import (
    accuracy,
    changes,
    data,
    device,
    efficiency,
    end_to_end,
    frameworks,
    guide,
    language,
    language_model,
    latency,
    method,
    model,
    models,
    overview,
    result,
    throughput,
)
from ovreport_sitegen.pages.changes import releases, since

PAGES = (
    overview.PAGE,
    latency.PAGE,
    throughput.PAGE,
    accuracy.PAGE,
    efficiency.PAGE,
    end_to_end.PAGE,
    frameworks.PAGE,
    language.PAGE,
    models.PAGE,
    changes.PAGE,
    method.PAGE,
    data.PAGE,
    guide.PAGE,
)
"""In the order of the navigation, which leaves out those with a parent; the first one that a site
has is its `index.html`."""

DETAIL_PAGES = (
    model.PAGE,
    language_model.PAGE,
    device.PAGE,
    result.PAGE,
    releases.PAGE,
    since.PAGE,
)
"""One for every model, device or result."""
