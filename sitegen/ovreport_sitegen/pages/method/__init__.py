"""The method page: how results were measured, the rules for verdicts, and every metric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from ovreport.metrics import GROUPS, Group, verdict
from ovreport.metrics.percentiles import TOO_FEW
from ovreport.metrics.reasons import REASONS, ReasonText
from ovreport.record import Tier, VerdictName
from ovreport.stats import comparison, percentile_bounds
from ovreport_sitegen.components.accuracy_cells import ELIGIBLE
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.pages.method import overhead, simulation
from ovreport_sitegen.pages.page import Head, Page
from ovreport_sitegen.text import line, percent


@dataclass(frozen=True)
class MethodView:
    """Everything the template of the page needs."""

    head: Head
    tiers: tuple[tuple[Tier, int], ...]
    """Every tier that occurs, with the number of its results."""
    reasons: tuple[tuple[str, ReasonText, int], ...]
    """Code, text, and the number of results with that reason."""
    glossary: tuple[Group, ...]
    """Every metric, group by group."""
    limits: dict[str, str]
    """Numbers of the rules, for the prose."""
    releases: tuple[str, ...]
    simulation: simulation.SimulationView
    """Whether the statistics hold what they promise."""
    overhead: overhead.OverheadView
    """What measuring costs."""


def view(catalogue: Catalogue) -> MethodView:
    """Return the view of the page."""
    tiers: dict[str, tuple[Tier, int]] = {}
    counts: dict[str, int] = {}
    results = catalogue.everything
    for r in results:
        tier = r.record.tier
        tiers[repr(tier)] = (tier, tiers.get(repr(tier), (tier, 0))[1] + 1)
        verdicts = [r.verdict(name) for name in get_args(VerdictName)]
        for code in {reason.code for v in verdicts if v for reason in v.reasons}:
            counts[code] = counts.get(code, 0) + 1
    head = Head(
        "How it was measured",
        "What was run and for how long, what the verdicts mean, and what each metric means.",
    )
    return MethodView(
        head=head,
        tiers=tuple(sorted(tiers.values(), key=lambda t: t[0].min_seconds)),
        reasons=tuple((code, text, counts.get(code, 0)) for code, text in REASONS.items()),
        glossary=GROUPS,
        limits=_limits(),
        releases=tuple(sorted({line(r.record.software.openvino, 80) for r in results})),
        simulation=simulation.section(simulation.load()),
        overhead=overhead.section(catalogue),
    )


def _limits() -> dict[str, str]:
    return {
        "stable": percent(verdict.STABLE_HALF_WIDTH),
        "noisy": percent(verdict.NOISY_HALF_WIDTH),
        "pairs": str(comparison.MIN_PAIRS),
        "difference": percent(comparison.MIN_DIFFERENCE),
        "eligible": percent(ELIGIBLE),
        "too_few": TOO_FEW,
        "percentile": percent(1 - percentile_bounds.PERCENTILE_RISK),
    }


PAGE = Page("method", "Method", view)
