"""What a page is, what stands at its top, and when it exists; the build knows no more of pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, Protocol, TypeVar

from ovreport.metrics import HEADLINES
from ovreport.metrics.reasons import REASONS
from ovreport_sitegen.components.cells import reason_words
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import listed


@dataclass(frozen=True)
class Head:
    """What stands at the top of a page."""

    title: str
    lede: str
    """One or two sentences under the title."""
    warning: str = ""
    """Shown above everything else; empty: none."""


def warning(results: Sequence[Result], measurement: str, what: str = "on this page") -> str:
    """Return the warning of a page without a stable result; empty where it has one.

    `what`: where the results are, as in "No latency result on this page is stable".
    """
    verdicts = [v for r in results if (v := r.verdict(measurement))]
    if not verdicts or any(v.level == "stable" for v in verdicts):
        return ""
    total, unreliable = len(verdicts), sum(v.level == "unreliable" for v in verdicts)
    every = f"all {total} are" if total > 1 else "the only one is"
    levels = {0: f"{every} noisy", total: f"{every} unreliable"}
    mixed = f"{unreliable} of {total} are unreliable, the others noisy"
    counts = Counter(reason.code for v in verdicts for reason in v.reasons)
    most = counts.most_common(3)
    common = [reason_words(code, n, total) for code, n in most]
    headlines = [h for r in results if (h := r.metric_value(HEADLINES[measurement]))]
    ratios = (
        " Ratios of cases measured in one run are more reliable; each has its own interval."
        if any(headline.rounds > 1 for headline in headlines)  # one round has no interval
        else ""
    )
    return (
        f"No {measurement.replace('_', '-')} result {what} is stable: "
        f"{levels.get(unreliable, mixed)}. Why: {listed(common)}. "
        f"Absolute numbers may be off.{ratios}{_remedy([code for code, _ in most])}"
    )


def _remedy(codes: Sequence[str]) -> str:
    """Return what to do about the first of these reasons that anything is known of."""
    remedies = (REASONS[code].remedy for code in codes if code in REASONS)
    return next((f" What to do: {text[0].lower()}{text[1:]}" for text in remedies), "")


# ---------------------------------------------------------------- pages


class View(Protocol):
    """What a template gets under the name `view`: each page has a frozen dataclass of its own."""

    @property
    def head(self) -> Head:
        """Title, lede and warning of the page."""


class HasAddress(Protocol):
    """A model, a device or a result."""

    @property
    def href(self) -> str:
        """File name of its page."""


Item = TypeVar("Item", bound=HasAddress)


def always(_: Catalogue) -> bool:
    """Return that every site has the page."""
    return True


def has_results(catalogue: Catalogue) -> bool:
    """Return whether OpenVINO measured a model that is not a language model."""
    return bool(catalogue.results)


def has_values(catalogue: Catalogue) -> bool:
    """Return whether any of those ran, so that there are numbers to show."""
    return any(result.completed for result in catalogue.results)


def has_language_models(catalogue: Catalogue) -> bool:
    """Return whether a language model was measured."""
    return bool(catalogue.language)


@dataclass(frozen=True)
class Page:
    """A page that a site has once."""

    key: str
    """Names its template, `templates/pages/KEY.html`, and its file."""
    label: str
    """Text of its entry in the navigation."""
    view: Callable[[Catalogue], View]
    """Computes what the template shows."""
    when: Callable[[Catalogue], bool] = always
    """Whether a site of these records has the page."""
    parent: str = ""
    """Key of the page whose entry the navigation marks as current; empty: it has its own."""

    @property
    def file(self) -> str:
        """Its file, unless it is the first page of a site: that one is `index.html`."""
        return f"{self.key}.html"


@dataclass(frozen=True)
class DetailPage:
    """A page of one model, device or result."""

    template: str
    file: str
    view: Callable[[], View]
    made_of: bytes
    """Checksum of everything that it shows; empty: it is not kept between builds."""


@dataclass(frozen=True)
class PageOfEach(Generic[Item]):
    """A page of every model, device or result; the navigation leads to a list of them."""

    key: str
    """Names the template of all of them, `templates/pages/KEY.html`."""
    parent: str
    """Key of the page whose entry the navigation marks as current."""
    items: Callable[[Catalogue], Sequence[Item]]
    """Those that have a page."""
    view: Callable[[Catalogue, Item], View]
    """Computes what the template shows of one of them."""

    made_of: Callable[[Catalogue, Item], bytes] | None = None
    """Checksum of everything that a page shows, for those that are kept between builds."""

    def files(self, catalogue: Catalogue) -> set[str]:
        """Return the file names of all of them."""
        return {item.href for item in self.items(catalogue)}

    def pages(self, catalogue: Catalogue) -> Iterator[DetailPage]:
        """Yield all of them; each view is computed when it is asked for."""
        for item in self.items(catalogue):
            made_of = self.made_of(catalogue, item) if self.made_of else b""
            view = partial(self.view, catalogue, item)
            yield DetailPage(self.key, item.href, view, made_of)
