"""Which machine was measured last, which others stand beside it, and whose results they all are."""

from __future__ import annotations

from dataclasses import dataclass

from ovreport.words import plural
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.machines import MachineRef
from ovreport_sitegen.data.names import grouped
from ovreport_sitegen.data.timeline import has_history
from ovreport_sitegen.text import day, listed

_MOST = 3
"""Other machines that are named; of more, their number is given."""


@dataclass(frozen=True)
class Whose:
    """What the overview says before any number."""

    last: str
    """Name of the machine that was measured last."""
    href: str
    """Address of the page that describes it."""
    last_words: str
    """Its size, the day, the tier and the release."""
    others: tuple[tuple[str, str, str], ...]
    """Other machines: name, address of a page if there is one, size and day."""
    more: int
    """So many more are not named."""
    owners: str
    """Whose results they are."""
    counts: str
    """Results by the engine that they are of; the sum is what the build says."""
    has_changes: bool
    """Whether the site has the page that compares runs."""


def whose(catalogue: Catalogue) -> Whose:
    """Return the machine measured last, the others, and whose results they are."""
    last, *others = catalogue.machines
    newest = max(catalogue.of_machine(last), key=lambda r: r.record.measured_at)
    words = (last.size, newest.day, newest.tier, f"OpenVINO {newest.release}")
    return Whose(
        last=last.label,
        href=_page(catalogue, last),
        last_words=", ".join(words),
        others=tuple(
            (m.label, _page(catalogue, m), f"{m.size}, {day(m.measured_at)}")
            for m in others[:_MOST]
        ),
        more=max(len(others) - _MOST, 0),
        owners=_owners(catalogue),
        counts=_counts(catalogue),
        has_changes=has_history(catalogue),
    )


def _page(catalogue: Catalogue, machine: MachineRef) -> str:
    """Return the page that describes a machine; one of language models only has none."""
    return next((d.href for d in machine.devices if d in catalogue.devices), "")


def _owners(catalogue: Catalogue) -> str:
    """Return whose results they are, those of the machine measured last first."""
    here = "on this site" if catalogue.config.site_url else "in this folder"
    by_owner = grouped((machine.owner, machine) for machine in catalogue.machines)
    parts = [
        f"{f'of {owner}' if owner else here}: {plural(len(machines), 'machine')}"
        for owner, machines in by_owner.items()
    ]
    return f"Results {'; '.join(parts)}."


def _counts(catalogue: Catalogue) -> str:
    kinds = (
        ("of OpenVINO", catalogue.results),
        ("of native frameworks", catalogue.native),
        ("of language models", catalogue.language),
    )
    total = plural(len(catalogue.everything), "result")
    found = [f"{len(results):,} {words}" for words, results in kinds if results]
    return f"{total}: {listed(found)}." if len(found) > 1 else f"{total}."
