"""From views to HTML: one environment, everything escaped, anything undefined an error."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import jinja2
import markdown
import nh3
from markupsafe import Markup, escape

from ovreport import __version__
from ovreport_sitegen.charts import Drawer
from ovreport_sitegen.components.page import Page
from ovreport_sitegen.config import Config
from ovreport_sitegen.text import line

NAV = (
    ("index", "Overview", "index.html"),
    ("latency", "Latency", "latency.html"),
    ("throughput", "Throughput", "throughput.html"),
    ("accuracy", "Accuracy", "accuracy.html"),
    ("efficiency", "Efficiency", "efficiency.html"),
    ("end-to-end", "End to end", "end-to-end.html"),
    ("frameworks", "Frameworks", "frameworks.html"),
    ("language", "Language models", "language-models.html"),
    ("models", "Models", "models.html"),
    ("method", "Method", "method.html"),
    ("data", "Data", "data.html"),
)
ALWAYS = frozenset({"models", "method", "data"})
"""Entries of the navigation that a site has whatever its records are of."""
_TAGS = frozenset(
    {
        "a",
        "p",
        "h2",
        "h3",
        "h4",
        "ul",
        "ol",
        "li",
        "strong",
        "em",
        "code",
        "pre",
        "blockquote",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "br",
        "hr",
        "dl",
        "dt",
        "dd",
        "small",
    }
)
_ATTRIBUTES = {"a": {"href"}, "h2": {"id"}, "h3": {"id"}, "th": {"scope"}}


class HasPage(Protocol):
    """Any view."""

    @property
    def page(self) -> Page:
        """Head of the page."""


@dataclass(frozen=True)
class Site:
    """What every page's frame needs."""

    title: str
    version: str
    repository: str
    canonical: str
    nav: tuple[tuple[str, str, str], ...]
    extra: tuple[tuple[str, str], ...]
    """Title and file of pages from the site's own content."""


def templates_folder() -> Path:
    """Return where the templates are: in the installed package, or in a checkout."""
    here = Path(__file__).resolve().parent
    installed = here / "templates"
    return installed if installed.is_dir() else here.parents[1] / "templates"


class Renderer:
    """Renders the pages of one site."""

    def __init__(
        self,
        config: Config,
        drawer: Drawer,
        extra: tuple[tuple[str, str], ...] = (),
        nav: tuple[tuple[str, str, str], ...] = NAV,
    ) -> None:
        self._folder = templates_folder()
        self._markdown = markdown.Markdown(extensions=["tables"])
        self.assets, self._names = _assets(self._folder / "static", config)
        canonical = config.site_url.rstrip("/") + "/" if config.site_url else ""
        self._site = Site(line(config.title), __version__, config.repository, canonical, nav, extra)
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(self._folder),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,  # templates do not change while a site is built
        )
        self._environment.globals |= {"svg": drawer.svg, "prose": self._prose}
        self._environment.filters |= {"line": line, "ticks": ticks}

    def page(self, template: str, view: HasPage, root: str = "") -> bytes:
        """Return a page; `root` leads from it to the site's folder."""
        text = self._environment.get_template(f"pages/{template}.html").render(
            view=view, page=view.page, site=self._site, assets=self._names, root=root
        )
        return text.encode("utf-8", "xmlcharrefreplace")

    def not_found(self) -> tuple[HasPage, str]:
        """Return the view of the page for wrong addresses, which may be asked for at any depth."""
        page = Page("404.html", "There is no such page", "It may have been renamed.")
        path = urlsplit(self._site.canonical).path
        return _Bare(page), path

    def content(self, text: str) -> Markup:
        """Return markdown of anybody's as clean HTML: scripts, images and odd links removed."""
        html = self._markdown.reset().convert(text)
        return Markup(  # noqa: S704 - cleaned after the markdown was converted, not before
            nh3.clean(
                html,
                tags=set(_TAGS),
                attributes=_ATTRIBUTES,
                url_schemes={"http", "https"},
                link_rel="noopener noreferrer nofollow",
            )
        )

    def _prose(self, name: str, view: HasPage) -> Markup:
        return self.content(self._environment.get_template(f"prose/{name}").render(view=view))


def ticks(text: str) -> Markup:
    """Return text with what stands between backticks as code."""
    parts = [
        Markup("<code>{}</code>").format(part) if i % 2 else escape(part)
        for i, part in enumerate(text.split("`"))
    ]
    return Markup("").join(parts)


@dataclass(frozen=True)
class _Bare:
    page: Page


def _assets(folder: Path, config: Config) -> tuple[dict[str, bytes], Mapping[str, Any]]:
    """Return the static files under names with a checksum, and those names by kind."""
    files, names = {}, {}
    for kind, name in (("css", "site.css"), ("js", "site.js"), ("icon", "icon.svg")):
        data = (folder / name).read_bytes()
        if kind == "css" and config.accent:
            accent = f"light-dark({config.accent}, color-mix(in srgb, {config.accent} 45%, white))"
            data += f":root {{ --accent: {accent}; }}\n".encode()
        stem, _, suffix = name.partition(".")
        path = f"assets/{stem}-{hashlib.sha256(data).hexdigest()[:10]}.{suffix}"
        files[path], names[kind] = data, path
    return files, names
