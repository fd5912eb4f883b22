"""From views to HTML: one environment, everything escaped, anything undefined an error."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jinja2
import markdown
import nh3
from markupsafe import Markup, escape

from ovreport import __version__
from ovreport_sitegen import preview
from ovreport_sitegen.charts import Drawer
from ovreport_sitegen.components import marks
from ovreport_sitegen.components.table import Table, TableRow
from ovreport_sitegen.config import Config
from ovreport_sitegen.pages.page import Head, View
from ovreport_sitegen.text import line

_INLINE = {"a", "strong", "em", "code", "br", "small"}
_BLOCKS = {"p", "h2", "h3", "h4", "ul", "ol", "li", "pre", "blockquote", "hr", "dl", "dt", "dd"}
_TABLES = {"table", "thead", "tbody", "tr", "th", "td"}
_TAG_OR_QUOTE = re.compile(r'<(?:[^<>"]|"[^"]*")*>|"')
_ATTRIBUTES = {"a": {"href"}, "h2": {"id"}, "h3": {"id"}, "th": {"scope"}}


@dataclass(frozen=True)
class NavEntry:
    """A link in the frame of every page."""

    key: str
    label: str
    file: str


@dataclass(frozen=True)
class Aside:
    """A table of which the later rows are in a file of their own, for a script to add."""

    first: tuple[TableRow, ...]
    file: str


@dataclass(frozen=True)
class Site:
    """What every page's frame needs."""

    title: str
    version: str
    repository: str
    canonical: str
    nav: tuple[NavEntry, ...]
    own_pages: tuple[NavEntry, ...]
    """Those of the site's own content."""


def templates_folder() -> Path:
    """Return where the templates are: in the installed package, or in a checkout."""
    here = Path(__file__).resolve().parent
    installed = here / "templates"
    return installed if installed.is_dir() else here.parents[1] / "templates"


class Renderer:
    """Renders the pages of one site from their views."""

    def __init__(
        self,
        config: Config,
        drawer: Drawer,
        nav: Sequence[NavEntry],
        own_pages: Sequence[NavEntry] = (),
        sizes: Mapping[str, int] | None = None,
        data: Mapping[str, str] | None = None,
    ) -> None:
        """Take the frame of all pages.

        `sizes`: bytes of each download. `data`: address of each file for the answer table's script.
        """
        self._folder = templates_folder()
        self._drawer = drawer
        self.asides: dict[str, tuple[bytes, bytes]] = {}
        """Of the last page: address of each file → the script, and the rows in it as HTML."""
        self._sets_aside = False
        self._markdown = markdown.Markdown(extensions=["tables", "fenced_code"])
        self.assets, self._names = _assets(self._folder / "static", config)
        canonical = config.site_url.rstrip("/") + "/" if config.site_url else ""
        self._site = Site(
            line(config.title),
            __version__,
            config.repository,
            canonical,
            tuple(nav),
            tuple(own_pages),
        )
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(self._folder),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,  # templates do not change while a site is built
        )
        self._environment.globals |= {
            "preview": {"FILE": preview.FILE, "WIDTH": preview.WIDTH, "HEIGHT": preview.HEIGHT},
            "svg": drawer.svg,
            "marks_in": marks.used,
            "named_marks": marks.named,
            "prose": self._prose,
            "rows_aside": self._rows_aside,
            "size_of": lambda name: size_words((sizes or {})[name]),
            "data_of": lambda name: (data or {})[name],
        }
        self._environment.filters |= {"line": line, "ticks": ticks}

    @cached_property
    def checksum(self) -> str:
        """Checksum of what all pages have in common: templates, frame and static files."""
        digest = hashlib.sha256(repr((self._site, self._names)).encode())
        for path in sorted(self._folder.rglob("*.html")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()

    def page(
        self,
        template: str,
        view: View,
        file: str,
        current: str = "",
        root: str = "",
        *,
        sets_aside: bool = False,
    ) -> bytes:
        """Return a page as HTML, the same whatever pages were rendered before it.

        `current` is the key of the navigation's current entry; `root` leads from the page to the
        site's folder. `sets_aside`: the later rows of long tables are in `asides` afterwards, files
        that the page needs, and not in the page.
        """
        self._drawer.begin_page()
        self.asides, self._sets_aside = {}, sets_aside
        html = self._environment.get_template(f"pages/{template}.html").render(
            view=view,
            head=view.head,
            file=file,
            current=current,
            site=self._site,
            assets=self._names,
            root=root,
        )
        return html.encode("utf-8", "xmlcharrefreplace")

    def not_found(self, file: str) -> bytes:
        """Return the page for wrong addresses, which a server shows at any depth of folders."""
        head = Head("There is no such page", "It may have been renamed.")
        return self.page("notfound", _Bare(head), file, root=urlsplit(self._site.canonical).path)

    def content(self, text: str) -> Markup:
        """Return markdown of anybody's as clean HTML: scripts, images and odd links removed."""
        html = nh3.clean(
            self._markdown.reset().convert(text),
            tags=_INLINE | _BLOCKS | _TABLES,
            attributes=_ATTRIBUTES,
            url_schemes={"http", "https"},
            link_rel="noopener noreferrer nofollow",
        )
        # The check of finished pages relies on this: a bare quote is found inside tags only.
        html = _TAG_OR_QUOTE.sub(lambda m: "&quot;" if m[0] == '"' else m[0], html)
        html = html.replace("<pre>", '<pre tabindex="0">')  # may scroll, also by keyboard
        return Markup(html)  # noqa: S704 - cleaned after the markdown was converted, not before

    def _rows_aside(self, table: Table, few: bool) -> Aside | None:
        """Return where the later rows of a table are; None where the page has all of them."""
        first = table.first(few=few)
        rest = table.rows[len(first) :]
        if not self._sets_aside or not rest:
            return None
        html = "".join(row.html for row in rest)
        script = f"ovreportRows({json.dumps(table.id)},{json.dumps(html)});\n".encode()
        file = f"data/rows/{table.id}-{hashlib.sha256(script).hexdigest()[:10]}.js"
        self.asides[file] = script, html.encode()
        return Aside(first, file)

    def _prose(self, name: str, view: View) -> Markup:
        return self.content(self._environment.get_template(f"prose/{name}").render(view=view))


def ticks(text: str) -> Markup:
    """Return text as HTML, with `code` between backticks."""
    parts = [
        Markup("<code>{}</code>").format(part) if i % 2 else escape(part)
        for i, part in enumerate(text.split("`"))
    ]
    return Markup("").join(parts)


def size_words(n: int) -> str:
    """Return a size in bytes as text."""
    return f"{n / 1e6:.1f} MB" if n >= 1e6 else f"{max(n / 1e3, 0.1):.1f} kB"


@dataclass(frozen=True)
class _Bare:
    head: Head


_STATIC = {
    "css": "site.css",
    "js": "site.js",
    "search_js": "search.js",
    "icon": "icon.svg",
    "answer_css": "answer.css",
    "answer_data_js": "answer-data.js",
    "answer_js": "answer.js",
}
"""Static files by what templates call them."""


def _assets(folder: Path, config: Config) -> tuple[dict[str, bytes], Mapping[str, Any]]:
    """Return the static files under names with a checksum, and those names by kind."""
    files, names = {}, {}
    for kind, name in _STATIC.items():
        data = (folder / name).read_bytes()
        if kind == "css" and config.accent:
            accent = f"light-dark({config.accent}, color-mix(in srgb, {config.accent} 45%, white))"
            data += f":root {{ --accent: {accent}; }}\n".encode()
        stem, _, suffix = name.partition(".")
        path = f"assets/{stem}-{hashlib.sha256(data).hexdigest()[:10]}.{suffix}"
        files[path], names[kind] = data, path
    return files, names
