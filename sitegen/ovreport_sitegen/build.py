"""Build a site: load the records, render every page, check the result, publish it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import starmap
from pathlib import Path
from typing import Protocol

from markupsafe import Markup

from ovreport import paths as folders
from ovreport.errors import ConfigError, InputError, OvreportError, RecordError, StoreError
from ovreport_sitegen import attestations as attested
from ovreport_sitegen import (
    badges,
    config,
    content,
    crawlers,
    culprits,
    downloads,
    feed,
    preview,
    publish,
    search,
)
from ovreport_sitegen.answer import data as answer_data
from ovreport_sitegen.attestations import Attestations
from ovreport_sitegen.charts import Drawer
from ovreport_sitegen.content import OwnPage
from ovreport_sitegen.data import catalogue as catalogues
from ovreport_sitegen.data import collection as collections
from ovreport_sitegen.data.cache import Cache
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.collection import Collection, Entry
from ovreport_sitegen.garbage import without_garbage_collection, without_leftovers
from ovreport_sitegen.kept import KeptPages
from ovreport_sitegen.pages import DETAIL_PAGES, PAGES, changes, overview
from ovreport_sitegen.pages.data import shared_id
from ovreport_sitegen.pages.page import Head
from ovreport_sitegen.render import NavEntry, Renderer

_INDEX, _NOT_FOUND = "index.html", "404.html"


@dataclass(frozen=True)
class Built:
    """Result of a build."""

    out: Path
    pages: int
    results: int
    older: int
    faults: tuple[RecordError, ...]
    doubts: tuple[RecordError, ...]
    """The first fault of each record that is shown though `ovreport validate` refuses it."""
    charts_drawn: int
    shared_ids: tuple[str, ...] = ()
    """A sentence for each id that several models have."""
    unread: tuple[str, ...] = ()
    """A sentence for each attestation that could not be read."""


@dataclass(frozen=True)
class ContentView:
    """A page of the site's own text."""

    head: Head
    html: Markup


def build(
    site: Path,
    records: Sequence[Path],
    out: Path,
    *,
    cache: Path | None = None,
    attestations: Path | None = None,
) -> Built:
    """Build the site in `site`, from its records and those in further folders, into `out`.

    `attestations`: folder with what `gh attestation verify` said of records.

    Raises InputError where there is nothing to build from, or attestations lie where records do;
    ConfigError for bad settings, StoreError where the disk refuses. The old site is whole after any
    of them.
    """
    publish.refuse_foreign(out)
    read = attested.read(attestations, [site, *records]) if attestations else Attestations()
    with without_garbage_collection():
        built = _build(site, records, out, cache, read)
    return replace(built, unread=read.unread)


def _build(
    site: Path, records: Sequence[Path], out: Path, cache: Path | None, read: Attestations
) -> Built:
    settings = config.load(site)
    caches = _Caches(cache, cache) if cache else _caches()
    with closing(Cache(caches.records)) as kept:
        loaded = _load(site, records, kept)

        def make(entries: Sequence[Entry], *, final: bool = False) -> Built:
            some = replace(loaded, entries=list(entries))
            found = _catalogue(settings, some, read)
            return _make(site, found, caches.charts, out, final=final)

        return _without_culprits(loaded, make)


class _Make(Protocol):
    def __call__(self, entries: Sequence[Entry], *, final: bool = False) -> Built:
        """Make a site of some records, and publish the final one."""


def _without_culprits(loaded: Collection, make: _Make) -> Built:
    """Build the site of all records but those of which none can be made, which become faults."""
    try:
        return make(loaded.entries, final=True)
    except (InputError, StoreError):
        raise
    except Exception:
        broken = culprits.found(loaded.entries, make)
        if not broken:
            raise
    loaded.faults += [culprits.fault(*one) for one in broken]
    left_out = {one.path for one, _ in broken}
    return make([one for one in loaded.entries if one.path not in left_out], final=True)


def _make(site: Path, found: Catalogue, drawings: Path | None, out: Path, *, final: bool) -> Built:
    """Make the site of some records, check it, and publish it where it is the final one.

    ConfigError for a fault of the site's own words, OvreportError for any other.
    """
    pages = content.read(site / "content", _taken(found))
    drawer = Drawer(drawings)
    with publish.new_site(out) as new:
        _write(found, pages, drawer, new)
        wrong = new.faults()
        content.refuse(pages, wrong, list(new.sizes))
        if wrong:
            raise OvreportError(
                "the site has faults:\n  " + "\n  ".join(map(str, wrong[:20])),
                where=str(site),
                remedy="This is a fault of ovreport: please report it. The old site is untouched.",
            )
        if final:
            new.publish()
    return Built(
        out=out,
        pages=new.pages,
        results=len(found.everything),
        older=len(found.older),
        faults=found.faults,
        doubts=found.doubts,
        charts_drawn=drawer.drawn,
        shared_ids=tuple(starmap(shared_id, found.shared_ids.items())),
    )


@dataclass(frozen=True)
class _Caches:
    """Where what was computed of records, and drawings, are kept between builds."""

    records: Path | None
    charts: Path | None


def _caches() -> _Caches:
    """Return the user's folders; none for a user without a home."""
    try:
        return _Caches(folders.cache() / "records", folders.cache() / "charts")
    except StoreError:
        return _Caches(None, None)


def _load(site: Path, records: Sequence[Path], cache: Cache) -> Collection:
    own = site / "records"
    folders = [*([own] if own.is_dir() else []), *records]
    loaded = collections.read(folders, cache)
    if not loaded.entries:
        names = ", ".join(map(str, folders)) or str(own)
        bad = f", {len(loaded.faults)} unusable ones (`ovreport validate` names them)"
        raise InputError(
            f"no record found{bad if loaded.faults else ''}",
            where=names,
            remedy="Measure first: ovreport collect. Records from elsewhere: --records DIR.",
        )
    return loaded


def _catalogue(settings: config.Config, loaded: Collection, read: Attestations) -> Catalogue:
    found = catalogues.of_collection(settings, loaded, read.by_checksum)
    if not found.results and not found.language:
        raise InputError(
            "no record of OpenVINO found, only of native frameworks",
            remedy="Measure OpenVINO too: ovreport collect --engine openvino --engine native.",
        )
    return found


def _taken(records: Catalogue) -> set[str]:
    """Return the names of all pages that a site of these records has."""
    taken = {page.file for page in PAGES} | {_INDEX, _NOT_FOUND}
    return taken.union(*(page.files(records) for page in DETAIL_PAGES))


def _write(
    found: Catalogue, pages: Mapping[str, OwnPage], drawer: Drawer, new: publish.NewSite
) -> None:
    """Write every file of the site."""
    existing = [page for page in PAGES if page.when(found)]
    entries = tuple(
        NavEntry(page.key, page.label, page.file if i else _INDEX)
        for i, page in enumerate(existing)
    )
    nav = tuple(e for page, e in zip(existing, entries, strict=True) if not page.parent)
    own_pages = (
        *[entry for entry in entries if entry.key == changes.PAGE.key],
        *[NavEntry("", page.title, name) for name, page in pages.items()],
    )
    _write_downloads(found, new)
    for name, data in badges.files(found).items():
        new.add(name, data)
    if (news := feed.feed(found)) is not None:
        new.add(feed.FILE, news)
    scripts, addresses = answer_data.files(found)
    every = [*entries, *(NavEntry("", page.title, name) for name, page in pages.items())]
    name, index = search.file(found, ((entry.label, entry.file) for entry in every))
    scripts[name], addresses[search.NAME] = index, name
    renderer = Renderer(found.config, drawer, nav, own_pages, new.sizes, addresses)
    for name, data in (scripts | renderer.assets).items():
        new.add(name, data)
    for page, entry in zip(existing, entries, strict=True):
        current = page.parent or page.key
        html = renderer.page(page.key, page.view(found), entry.file, current, sets_aside=True)
        new.add(entry.file, html, renderer.asides)
    kept = KeptPages(found.collection.cache, renderer, addresses[search.NAME])
    for detail in DETAIL_PAGES:
        for page_of in without_leftovers(detail.pages(found)):
            if page_of.made_of:
                html, looked = kept.page(page_of, detail.parent)
                new.add(page_of.file, html, looked=looked)
            else:
                view, file = page_of.view(), page_of.file
                html = renderer.page(page_of.template, view, file, detail.parent, sets_aside=True)
                new.add(file, html, renderer.asides)
    for name, own in pages.items():
        text = ContentView(Head(own.title, ""), _html(own, renderer))
        new.add(name, renderer.page("content", text, name))
    new.add(_NOT_FOUND, renderer.not_found(_NOT_FOUND))
    new.add(".nojekyll", b"")
    if found.config.site_url:
        new.add(preview.FILE, preview.png(found.config.title, *overview.in_short(found)))
    pages_there = [one for one in new.sizes if one.endswith(".html") and one != _NOT_FOUND]
    for name, data in crawlers.files(found.config.site_url, pages_there):
        new.add(name, data)


def _html(own: OwnPage, renderer: Renderer) -> Markup:
    try:
        return renderer.content(own.body)
    except RecursionError as error:
        raise ConfigError(
            "lists or quotations too deep in each other",
            where=str(own.path),
            remedy="Write it flatter.",
        ) from error


def _write_downloads(found: Catalogue, new: publish.NewSite) -> None:
    for name, data in downloads.small_files().items():
        new.add(name, data)
    for name, parts in downloads.by_address(found):
        new.add_parts(name, parts)
