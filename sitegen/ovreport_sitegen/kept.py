"""Pages that are kept between builds, and what the checks found in them.

A page is found under its template, the checksum of what all pages have in common (templates, frame,
names of static files), and the checksum of all that it shows; the cache's file is of one edition of
our code. The one thing in a page that other records change is the address of the search's index: it
is not kept, but filled in.
"""

from __future__ import annotations

import msgspec

from ovreport_sitegen.data.cache import Cache
from ovreport_sitegen.pages.page import DetailPage
from ovreport_sitegen.publish import Looked, looked_at
from ovreport_sitegen.render import Renderer

_PLACE = b'data-source="<search>"'
"""In place of the index's address: text on a page has neither quotes nor brackets as they are."""


class _Page(msgspec.Struct, frozen=True, array_like=True):
    html: bytes
    looked: Looked


_pack = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(_Page)


class KeptPages:
    """The pages of a site that are kept."""

    def __init__(self, cache: Cache, renderer: Renderer, search: str) -> None:
        """Take the cache; `search`: the address of the search's index."""
        self._cache = cache
        self._renderer = renderer
        self._search = f'data-source="{search}"'.encode()

    def page(self, detail: DetailPage, parent: str) -> tuple[bytes, Looked]:
        """Return a page and what is in it, from the cache where nothing that it shows changed."""
        kind = f"{detail.template} {self._renderer.checksum}"
        kept = self._cache.get(kind, detail.made_of)
        if kept is not None:
            found = _decoder.decode(kept)
            return found.html.replace(_PLACE, self._search), found.looked
        html = self._renderer.page(detail.template, detail.view(), detail.file, parent)
        looked = looked_at(detail.file, html)
        page = _Page(html.replace(self._search, _PLACE), looked)
        self._cache.put(kind, detail.made_of, _pack(page))
        return html, looked
