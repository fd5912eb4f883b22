"""The page of one language model: its generation, and a list of its results."""

from __future__ import annotations

from dataclasses import dataclass

from ovreport.words import plural
from ovreport_sitegen.components.about import About, about
from ovreport_sitegen.components.card import Card
from ovreport_sitegen.components.generation import MEASUREMENT, generation_of
from ovreport_sitegen.components.listed import Listed, listed
from ovreport_sitegen.components.table import Table
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import ModelRef
from ovreport_sitegen.pages import language
from ovreport_sitegen.pages.language import conversion, variants
from ovreport_sitegen.pages.language.charts import cards
from ovreport_sitegen.pages.language.tables import results_table
from ovreport_sitegen.pages.model import optimization
from ovreport_sitegen.pages.page import Head, PageOfEach, warning


@dataclass(frozen=True)
class LanguageModelView:
    """Everything the template of a language model's page needs."""

    head: Head
    about: About
    findings: tuple[str, ...]
    cards: tuple[Card, ...]
    table: Table
    conversion: Table | None
    """Perplexity from the published file to what runs; None where no file is converted."""
    weights: Table | None
    """Variants by the size of their weights; None where there is only one."""
    optimizations: tuple[optimization.OptimizationView, ...]
    """How each file that is not the published one was optimized or converted."""
    texts: tuple[tuple[str, str], ...]
    """What the outputs are evaluated on, in words."""
    results: tuple[Listed, ...]
    """Each with a link to its page."""


def view(catalogue: Catalogue, model: ModelRef) -> LanguageModelView:
    """Return the view of a language model's page."""
    results = catalogue.language_of(model)
    head = Head(
        model.title,
        f"{model.task.capitalize()} · {plural(len(results), 'result')} on "
        f"{plural(len({r.device.key for r in results}), 'device')}.",
        warning=warning(results, MEASUREMENT, "of this model"),
    )
    shown = [r for r in results if generation_of(r)]
    spoken_of = [r for r in shown if r.is_published] or shown
    return LanguageModelView(
        head=head,
        about=about(results, catalogue.namesakes(model)),
        findings=(
            *(
                f"{language.speed_sentence(r)} {language.quality_sentence(r)}".strip()
                for r in spoken_of[:4]
            ),
            *conversion.findings(results),
            *variants.findings(results),
        ),
        cards=tuple(cards(results)),
        table=results_table(catalogue, results),
        conversion=conversion.table(results),
        weights=variants.size_table(results),
        optimizations=optimization.optimizations(results),
        texts=tuple(language.texts(shown)),
        results=listed(results),
    )


PAGE = PageOfEach(
    "language-model", "language-models", lambda catalogue: catalogue.language_models, view
)
