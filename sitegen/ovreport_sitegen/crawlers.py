"""What search engines read: the list of pages, and that they may read all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import quote

from markupsafe import escape

_FIRST = "index.html"
_MOST_PAGES = 50_000  # of a sitemap


def files(site_url: str, pages: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file; `pages` are names of the site's pages.

    Without an address there is no list of pages: it has to name them in full.
    """
    if site_url:
        yield "sitemap.xml", _sitemap(site_url, pages)
    yield "robots.txt", _robots(site_url)


def _sitemap(site_url: str, pages: Iterable[str]) -> bytes:
    """Return the list of pages for search engines (sitemaps.org, 0.9)."""
    base = site_url.rstrip("/") + "/"
    shown = ["" if name == _FIRST else name for name in sorted(pages)[:_MOST_PAGES]]
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">',
        *(f"<url><loc>{escape(base + quote(name))}</loc></url>" for name in shown),
        "</urlset>",
    ]
    return "\n".join(lines).encode("utf-8", "xmlcharrefreplace")


def _robots(site_url: str) -> bytes:
    """Return what search engines may read: everything (RFC 9309)."""
    lines = ["User-agent: *", "Allow: /"]
    if site_url:
        lines.append(f"Sitemap: {site_url.rstrip('/')}/sitemap.xml")
    return ("\n".join(lines) + "\n").encode("utf-8", "xmlcharrefreplace")
