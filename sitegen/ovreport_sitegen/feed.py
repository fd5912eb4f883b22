"""The Atom feed (RFC 4287): new results, and what changed with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from ovreport.changes import Changes
from ovreport.changes_text import words
from ovreport.store import slug
from ovreport.words import plural
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.names import grouped
from ovreport_sitegen.data.timeline import since_the_run_before
from ovreport_sitegen.text import day, line, listed, release

FILE = "feed.xml"
MOST_ENTRIES = 50
_NAMED = 30
"""Changes that an entry names; of more, their number is given."""
_ATOM = "http://www.w3.org/2005/Atom"


@dataclass(frozen=True)
class FeedEntry:
    """One entry."""

    id: str
    """Unique in the feed, and the same in every build of the same records."""
    title: str
    updated: str
    text: str
    page: str
    """Address in the site."""


def feed(catalogue: Catalogue) -> bytes | None:
    """Return the feed; None where the settings do not say where the site is published."""
    base = catalogue.config.site_url.rstrip("/")
    if not base:
        return None
    entries = sorted((*_results(catalogue), *_changes(catalogue)), key=lambda e: e.updated)
    ET.register_namespace("", _ATOM)
    root = _element("feed")
    _add(root, "id", f"{base}/{FILE}")
    _add(root, "title", line(catalogue.config.title))
    _add(root, "updated", entries[-1].updated)
    author = _element("author")
    _add(author, "name", line(catalogue.config.owner or catalogue.config.title))
    root.append(author)
    root.append(_element("link", rel="self", href=f"{base}/{FILE}"))
    root.append(_element("link", href=f"{base}/"))
    for entry in reversed(entries[-MOST_ENTRIES:]):
        one = _element("entry")
        _add(one, "id", f"{base}/{FILE}#{entry.id}")
        _add(one, "title", entry.title)
        _add(one, "updated", entry.updated)
        one.append(_element("link", href=f"{base}/{entry.page}"))
        _add(one, "summary", entry.text)
        root.append(one)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _results(catalogue: Catalogue) -> Iterator[FeedEntry]:
    """Yield an entry for what was measured on a machine in a day with a release."""
    labels = {machine.id: machine.label for machine in catalogue.machines}
    every = (entry.summary for entry in catalogue.collection.entries)
    records = [about for about in every if about.is_result]
    groups = grouped(((r.machine, r.measured_at[:10], release(r.openvino)), r) for r in records)
    for (machine, date, of), found in groups.items():
        where = labels.get(machine, machine)
        models = sorted({line(record.title, 60) for record in found})
        updated = max(record.measured_at for record in found)
        yield FeedEntry(
            id=slug(f"results-{machine}-{date}-{of}"),
            title=f"{plural(len(found), 'new result')}: {where}, OpenVINO {of}",
            updated=updated,
            text=f"{day(updated)}. {listed(models[:_NAMED])}.",
            page="index.html",
        )


def _changes(catalogue: Catalogue) -> Iterator[FeedEntry]:
    """Yield an entry for what differs between the newest run of each case and the one before."""
    found = since_the_run_before(catalogue)
    texts = _clear(found)
    if texts:
        updated = max(case.after.measured_at for case in found.cases)
        more = f" And {len(texts) - _NAMED} more." if len(texts) > _NAMED else ""
        yield FeedEntry(
            id=slug(f"changes-{updated}"),
            title=f"{plural(len(texts), 'clear change')} since the run before",
            updated=updated,
            text="; ".join(texts[:_NAMED]) + "." + more,
            page="changes.html",
        )


def _clear(found: Changes) -> Sequence[str]:
    return [
        f"{line(case.after.model.title, 60)} {case.after.case.variant} "
        f"{case.after.case.precision} on {line(case.after.case.device, 40)}: "
        f"{change.metric.label.lower()} {words(change)[0]}"
        for case, change in found.every
        if change.outcome == "different"
    ]


def _element(name: str, **attributes: str) -> ET.Element:
    return ET.Element(f"{{{_ATOM}}}{name}", attributes)


def _add(parent: ET.Element, name: str, text: str) -> None:
    one = _element(name)
    one.text = text
    parent.append(one)
