"""Build a site: load the records, render every page, check the result, publish it."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import starmap
from pathlib import Path

from markupsafe import Markup

from ovreport import paths as folders
from ovreport.errors import ConfigError, InputError, OvreportError, RecordError
from ovreport_sitegen import config, downloads, publish
from ovreport_sitegen.answer import data as answer_data
from ovreport_sitegen.charts import Drawer
from ovreport_sitegen.data import catalogue as catalogues
from ovreport_sitegen.data import collection as collections
from ovreport_sitegen.data.cache import Cache
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.pages import DETAIL_PAGES, PAGES
from ovreport_sitegen.pages.data import shared_id
from ovreport_sitegen.pages.page import Head
from ovreport_sitegen.render import NavEntry, Renderer

_MAX_CONTENT = 1_000_000
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


def _build(site: Path, records: Sequence[Path], out: Path, cache: Path | None) -> Built:
    settings = config.load(site)
    kept = Cache(build_cache() if cache is None else cache)
    drawer = Drawer(chart_cache() if cache is None else cache)
    with closing(kept):
        found = _load(site, records, settings, kept)
        content = _content(site, found)
        with publish.new_site(out) as new:
            _write(found, content, drawer, new)
            _refuse_faults(new, out)
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


def _refuse_faults(new: publish.NewSite, out: Path) -> None:
    wrong = new.faults()
    if wrong:
        raise OvreportError(
            "the site has faults:\n  " + "\n  ".join(wrong[:20]),
            where=str(out),
            remedy="Correct the links in site/content. Anything else is a fault of ovreport: "
            "please report it. The old site is untouched.",
        )


def build_cache() -> Path:
    """Return where what was computed of records is kept between builds."""
    return folders.cache() / "records"


def chart_cache() -> Path:
    """Return where drawings are kept between builds."""
    return folders.cache() / "charts"


def _load(site: Path, records: Sequence[Path], settings: config.Config, cache: Cache) -> Catalogue:
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
    found = catalogues.of_collection(settings, loaded)
    if not found.results and not found.language:
        raise InputError(
            "no record of OpenVINO found, only of native frameworks",
            where=", ".join(map(str, folders)),
            remedy="Measure OpenVINO too: ovreport collect --engine openvino --engine native.",
        )
    return found


def _content(site: Path, records: Catalogue) -> dict[str, tuple[str, str]]:
    """Return title and text of every page in the site's `content`, by file name.

    Raises ConfigError where one would take the place of a page of these records.
    """
    taken = {page.file for page in PAGES} | {_INDEX, _NOT_FOUND}
    taken = taken.union(*(page.files(records) for page in DETAIL_PAGES))
    found = {}
    for path in sorted((site / "content").glob("*.md")):
        name = f"{path.stem}.html"
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", path.stem) or name in taken:
            raise ConfigError(
                "this name is taken, or cannot be part of an address",
                where=str(path),
                remedy="Use a-z, 0-9 and hyphens, and no name of a page that the site has anyway.",
            )
        try:
            text = path.read_bytes()[:_MAX_CONTENT].decode()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"cannot be read: {error}", where=str(path), remedy="Save it as UTF-8 text."
            ) from error
        title, _, body = text.partition("\n") if text.startswith("# ") else (path.stem, "", text)
        found[name] = (title.lstrip("# ").strip() or path.stem, body)
    return found


def _write(
    found: Catalogue, content: dict[str, tuple[str, str]], drawer: Drawer, new: publish.NewSite
) -> None:
    """Write every file of the site."""
    existing = [page for page in PAGES if page.when(found)]
    entries = tuple(
        NavEntry(page.key, page.label, page.file if i else _INDEX)
        for i, page in enumerate(existing)
    )
    nav = tuple(e for page, e in zip(existing, entries, strict=True) if not page.parent)
    own_pages = tuple(NavEntry("", title, name) for name, (title, _) in content.items())
    _write_downloads(found, new)
    scripts, addresses = answer_data.files(found)
    renderer = Renderer(
        found.config, drawer, nav, own_pages, new.sizes, addresses, found.collection.cache
    )
    for name, data in (scripts | renderer.assets).items():
        new.add(name, data)
    for page, entry in zip(existing, entries, strict=True):
        html = renderer.page(page.key, page.view(found), entry.file, page.parent or page.key)
        new.add(entry.file, html)
    for detail in DETAIL_PAGES:
        for name, view in detail.views(found):
            new.add(name, renderer.page(detail.key, view, name, detail.parent))
    for name, (title, text) in content.items():
        own = ContentView(Head(title, ""), renderer.content(text))
        new.add(name, renderer.page("content", own, name))
    new.add(_NOT_FOUND, renderer.not_found(_NOT_FOUND))
    new.add(".nojekyll", b"")


def _write_downloads(found: Catalogue, new: publish.NewSite) -> None:
    for name, data in downloads.small_files().items():
        new.add(name, data)
    for name, parts in downloads.by_address(found):
        new.add_parts(name, parts)
