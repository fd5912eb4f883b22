"""A real headless Chromium, or a message why these tests were skipped."""

from __future__ import annotations

import contextlib
import fnmatch
import os
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ovreport.store import write
from ovreport_sitegen.build import build
from tests.browser import reader
from tests.factories import a_made_record, a_native_record, a_published_record, a_record, energy
from tests.language_factories import language_records
from tests.releases import a_matrix
from tests.sitegen.conftest import a_collection

_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


LOOKS = [(width, theme) for width in (1280, 390) for theme in ("light", "dark")]
_CONTRAST = """
() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const kept = new Map();
  const parse = (c) => {
    if (!kept.has(c)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = c; canvas.fillRect(0, 0, 1, 1);
      kept.set(c, [...canvas.getImageData(0, 0, 1, 1).data]);
    }
    return kept.get(c);
  };
  const light = ([r, g, b]) => { const f = (v) => { v /= 255;
    return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; };
    return .2126 * f(r) + .7152 * f(g) + .0722 * f(b); };
  const ground = (e) => { for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; }
    return parse(getComputedStyle(document.body).backgroundColor); };
  const bad = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !e.checkVisibility()) continue;
    const svg = e.closest("svg");
    const colour = getComputedStyle(e)[svg ? "fill" : "color"];
    if (colour === "none") continue;
    const [a, b] = [light(parse(colour)), light(ground(svg ? svg.parentElement : e))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 5.5) bad.add(`${ratio.toFixed(2)} <${e.tagName} class=${e.className}> ${colour}`);
  }
  return [...bad];
}
"""
"""Return the texts that stand out too little from what is behind them."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Return a running browser: OVREPORT_CHROMIUM, one on the path, or playwright's own."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    named = os.environ.get("OVREPORT_CHROMIUM")
    found = named or next((p for name in _PROGRAMS if (p := shutil.which(name))), None)
    with api.sync_playwright() as playwright:
        try:
            running = playwright.chromium.launch(executable_path=found, args=_ARGUMENTS)
        except api.Error as error:
            if named or os.environ.get("OVREPORT_NEED_CHROMIUM"):
                raise
            first = str(error).strip().splitlines()[0]
            pytest.skip(
                f"no Chromium (set OVREPORT_CHROMIUM, or `playwright install chromium`): {first}"
            )
        yield running
        running.close()


@dataclass
class Watched:
    """A page, and everything that must not happen on it."""

    page: Any
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, address: str) -> None:
        """Open a page and wait until it is quiet."""
        self.page.goto(address, wait_until="load")

    def check_looks(self, where: str) -> None:
        """Show the page wide and narrow, light and dark: it fits, and has enough contrast."""
        for width, theme in LOOKS:
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.emulate_media(color_scheme=theme)
            shown = f"{where}, {width} px, {theme}"
            assert self.page.evaluate("document.documentElement.scrollWidth") <= width, shown
            assert self.page.evaluate(_CONTRAST) == [], shown

    @property
    def outside(self) -> list[str]:
        """Requests to anything but files and this machine."""
        return [
            url
            for url in self.requests
            if not url.startswith(("file:", "data:", "http://127.0.0.1:"))
        ]


@pytest.fixture
def watch(browser: Any) -> Iterator[Any]:
    """Return a function that opens a context and returns its watched page."""
    contexts = []

    def opened(**options: Any) -> Watched:
        context = browser.new_context(**options)
        contexts.append(context)
        watched = Watched(context.new_page())
        page = watched.page
        page.on(
            "console",
            lambda message: (
                watched.errors.append(message.text)
                if message.type in {"error", "warning"}
                else None
            ),
        )
        page.on("pageerror", lambda error: watched.errors.append(str(error)))
        page.on("request", lambda request: watched.requests.append(request.url))
        page.on("dialog", lambda dialog: (watched.errors.append("a dialog"), dialog.dismiss()))
        return watched

    yield opened
    for context in contexts:
        context.close()


@dataclass(frozen=True)
class Whole:
    """A site with a page of every kind."""

    folder: Path
    address: str
    """Where it is served, under a sub-path."""

    @property
    def kinds(self) -> list[str]:
        """The names of pages: of those of models, devices and so on a few that differ."""
        names = sorted(path.name for path in self.folder.glob("*.html"))
        families = {name: _FAMILY.match(name) for name in names}
        alone = [name for name in names if not families[name]]
        return [*alone, *(fnmatch.filter(names, pattern)[0] for pattern in _FEW)]


_FAMILY = re.compile(r"(changes|device|model|result)-")
_FEW = (
    *("changes-*", "device-*", "model-magika*", "model-silero*", "model-smollm2*"),
    *("result-magika*-fp32-f32-*", "result-minilm*", "result-silero*-f32-*", "result-smollm2*"),
)
_SETTINGS = """site_url = "https://example.org/a/b/"
repository = "https://example.org/sources"
[devices."Example CPU 9000"]
tdp_w = 100
price = 500
currency = "EUR"
source = "https://example.org/data-sheet"
"""
_CONTENT = "# About us\n\n[Latency](latency.html)\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n    code\n"


@pytest.fixture(scope="session")
def site_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a built site of every kind of result, under a sub-path of what is served."""
    base = tmp_path_factory.mktemp("browser")
    for record in (*a_collection(), *language_records()):
        write(record, base / "site" / "records")
    return build(base / "site", [], base / "served" / "sub" / "bench", cache=base / "charts").out


@pytest.fixture(scope="session")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a built site of three models on two machines, in bf16 and INT8 too."""
    base = tmp_path_factory.mktemp("answers")
    for record in reader.records():
        write(record, base / "site" / "records")
    return build(base / "site", [], base / "out", cache=base / "charts").out


@pytest.fixture(scope="session")
def address(site_folder: Path) -> Iterator[str]:
    """Serve the site under a sub-path, as Pages does; return its address."""
    with _served(site_folder.parent.parent) as root:
        yield f"{root}/sub/bench"


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """Return a site with a page of every kind that knows its address, and serve it there."""
    base = tmp_path_factory.mktemp("whole")
    content = base / "site" / "content"
    content.mkdir(parents=True)
    content.joinpath("about.md").write_text(_CONTENT)
    content.with_name("ovreport.toml").write_text(_SETTINGS)
    for record in (
        *a_collection(),
        *language_records(),
        *a_matrix(),
        a_native_record(seed=40),
        a_record(model="powered", title="Powered", energy=energy(), seed=41),
        a_published_record(model="published", title="Published", seed=42),
        a_made_record(seed=43),
    ):
        write(record, base / "site" / "records")
    out = build(base / "site", [], base / "served" / "a" / "b", cache=base / "charts").out
    with _served(base / "served") as root:
        yield Whole(out, f"{root}/a/b")


@contextlib.contextmanager
def _served(root: Path) -> Iterator[str]:
    """Serve a folder with the page that it has for addresses that lead nowhere, as Pages does."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

        def send_error(self, code: int, *args: Any, **more: Any) -> None:
            found = (folder / "404.html" for folder in Path(self.translate_path(self.path)).parents)
            page = next((path for path in found if path.is_file()), None)
            if code != HTTPStatus.NOT_FOUND or page is None:
                return super().send_error(code, *args, **more)
            self.send_response(code)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.read_bytes())
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(root)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
