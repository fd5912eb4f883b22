"""A plain web server for looking at a built site; not for the open internet."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from ovreport.errors import InputError


class _Handler(SimpleHTTPRequestHandler):
    """Serves files without caching."""

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing: a preview is not a log."""


def serve(out: Path, host: str, port: int, say: Callable[[str], object]) -> None:
    """Serve a folder until interrupted, which is told by the exit code as for every command.

    Raises InputError where there is no site, or where the address is taken.
    """
    if not (out / "index.html").is_file():
        raise InputError("no website here", where=str(out), remedy="Build one: ovreport build")
    try:
        server = ThreadingHTTPServer((host, port), partial(_Handler, directory=str(out)))
    except (OSError, OverflowError) as error:
        raise InputError(
            f"cannot listen: {error}", where=f"{host}:{port}", remedy="Try another --port."
        ) from error
    with server:
        shown = f"[{host}]" if ":" in host else host
        say(f"http://{shown}:{server.server_address[1]}/  (Ctrl-C stops)")
        server.serve_forever()
