"""A real headless Chromium, or a message why these tests were skipped."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ovreport.store import write
from ovreport_sitegen.build import build
from tests.language_factories import language_records
from tests.sitegen.conftest import a_collection

_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


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


@pytest.fixture(scope="session")
def site_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a built site of every kind of result, under a sub-path of what is served."""
    base = tmp_path_factory.mktemp("browser")
    for record in (*a_collection(), *language_records()):
        write(record, base / "site" / "records")
    return build(base / "site", [], base / "served" / "sub" / "bench", cache=base / "charts").out


@pytest.fixture(scope="session")
def address(site_folder: Path) -> Iterator[str]:
    """Serve the site under a sub-path, as Pages does; return its address."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    root = site_folder.parent.parent
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/sub/bench"
    server.shutdown()
