"""Build a site: load the records, render every page, check the result, publish it."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import starmap
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup, escape

from ovreport import paths as folders
from ovreport.errors import ConfigError, InputError, OvreportError, RecordError, StoreError
from ovreport.store import Loaded, Stored, read_all
from ovreport_sitegen import badges, config, content, culprits, downloads, feed, publish
from ovreport_sitegen.answer import data as answer_data
from ovreport_sitegen.charts import Drawer
from ovreport_sitegen.content import OwnPage
from ovreport_sitegen.data import catalogue as catalogues
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.pages import DETAIL_PAGES, PAGES, changes
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


@dataclass(frozen=True)
class ContentView:
    """A page of the site's own text."""

    head: Head
    html: Markup


def build(site: Path, records: Sequence[Path], out: Path, *, cache: Path | None = None) -> Built:
    """Build the site in `site`, from its records and those in further folders, into `out`.

    Raises InputError where there is nothing to build from, ConfigError for bad settings,
    StoreError where the disk refuses. The old site is whole after any of them.
    """
    publish.refuse_foreign(out)
    with without_garbage_collection():
        return _build(site, records, out, cache)


@contextmanager
def without_garbage_collection(*, for_good: bool = False) -> Iterator[None]:
    """Pause garbage collection.

    What a build creates lives to its end; collecting garbage would take a sixth of the time.
    `for_good`: objects are not collected at the exit of Python either, which saves a tenth.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if for_good:
            gc.freeze()
        if was_on:
            gc.enable()


@dataclass(frozen=True)
class _Made:
    """A site that is not written yet."""

    catalogue: Catalogue
    files: dict[str, bytes]
    charts_drawn: int


def _build(site: Path, records: Sequence[Path], out: Path, cache: Path | None) -> Built:
    settings = config.load(site)
    loaded = _load(site, records)
    drawings = chart_cache() if cache is None else cache

    def make(stored: Sequence[Stored]) -> _Made:
        return _make(site, settings, replace(loaded, stored=list(stored)), drawings)

    made = _without_culprits(loaded, make)
    publish.replace(out, made.files)
    found = made.catalogue
    pages = sum(name.endswith(".html") for name in made.files)
    return Built(
        out=out,
        pages=pages,
        results=len(found.everything),
        older=len(found.older),
        faults=found.faults,
        doubts=found.doubts,
        charts_drawn=made.charts_drawn,
        shared_ids=tuple(starmap(shared_id, found.shared_ids.items())),
    )


def _without_culprits(loaded: Loaded, make: Callable[[Sequence[Stored]], _Made]) -> _Made:
    """Return the site of all records but those of which none can be made, which become faults."""
    try:
        return make(loaded.stored)
    except (InputError, StoreError):
        raise
    except Exception:
        broken = culprits.found(loaded.stored, make)
        if not broken:
            raise
    loaded.faults += [culprits.fault(*one) for one in broken]
    left_out = {one.path for one, _ in broken}
    return make([one for one in loaded.stored if one.path not in left_out])


def _make(site: Path, settings: config.Config, loaded: Loaded, drawings: Path | None) -> _Made:
    """Return the site of some records, checked.

    ConfigError for a fault of the site's own words, OvreportError for any other.
    """
    found = _catalogue(settings, loaded)
    pages = content.read(site / "content", _taken(found))
    drawer = Drawer(drawings)
    files = _render(found, pages, drawer)
    wrong = publish.faults(files)
    content.refuse(pages, wrong, list(files))
    if wrong:
        raise OvreportError(
            "the site has faults:\n  " + "\n  ".join(map(str, wrong[:20])),
            where=str(site),
            remedy="This is a fault of ovreport: please report it. The old site is untouched.",
        )
    return _Made(found, files, drawer.drawn)


def chart_cache() -> Path | None:
    """Return where drawings are kept between builds; None for a user without a home."""
    try:
        return folders.cache() / "charts"
    except StoreError:
        return None


def _load(site: Path, records: Sequence[Path]) -> Loaded:
    own = site / "records"
    folders = [*([own] if own.is_dir() else []), *records]
    loaded = read_all(folders, check=True, keep=True)
    if not loaded.stored:
        names = ", ".join(map(str, folders)) or str(own)
        bad = f", {len(loaded.faults)} unusable ones (`ovreport validate` names them)"
        raise InputError(
            f"no record found{bad if loaded.faults else ''}",
            where=names,
            remedy="Measure first: ovreport collect. Records from elsewhere: --records DIR.",
        )
    return loaded


def _catalogue(settings: config.Config, loaded: Loaded) -> Catalogue:
    found = catalogues.make(settings, loaded)
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


def _render(found: Catalogue, pages: Mapping[str, OwnPage], drawer: Drawer) -> dict[str, bytes]:
    """Return every file of the site by its name."""
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
    files = downloads.all_files(found)
    files |= badges.files(found)
    if (news := feed.feed(found)) is not None:
        files[feed.FILE] = news
    sizes = {name: len(data) for name, data in files.items()}
    scripts, addresses = answer_data.files(found)
    renderer = Renderer(found.config, drawer, nav, own_pages, sizes, addresses)
    files |= scripts | renderer.assets
    for page, entry in zip(existing, entries, strict=True):
        files[entry.file] = renderer.page(
            page.key, page.view(found), entry.file, page.parent or page.key
        )
    for detail in DETAIL_PAGES:
        for name, view in detail.views(found).items():
            files[name] = renderer.page(detail.key, view, name, detail.parent)
    for name, own in pages.items():
        view = ContentView(Head(own.title, ""), _html(own, renderer))
        files[name] = renderer.page("content", view, name)
    files[_NOT_FOUND] = renderer.not_found(_NOT_FOUND)
    files[".nojekyll"] = b""
    if found.config.site_url:
        files["sitemap.xml"] = _sitemap(found.config.site_url, files)
    return files


def _sitemap(site_url: str, files: Mapping[str, bytes]) -> bytes:
    """Return the list of pages for search engines (sitemaps.org, 0.9: at most 50,000)."""
    base = site_url.rstrip("/") + "/"
    pages = sorted(name for name in files if name.endswith(".html") and name != _NOT_FOUND)
    shown = ["" if name == _INDEX else name for name in pages[:50_000]]
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">',
        *(f"<url><loc>{escape(base + quote(name))}</loc></url>" for name in shown),
        "</urlset>",
    ]
    return "\n".join(lines).encode("utf-8", "xmlcharrefreplace")


def _html(own: OwnPage, renderer: Renderer) -> Markup:
    try:
        return renderer.content(own.body)
    except RecursionError as error:
        raise ConfigError(
            "lists or quotations too deep in each other",
            where=str(own.path),
            remedy="Write it flatter.",
        ) from error
