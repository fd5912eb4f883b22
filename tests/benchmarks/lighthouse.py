"""Scores of Lighthouse and sizes of pages, as a phone would get the site.

Needs Node.js, Chromium, and `npm install lighthouse` in the folder that --npm names.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from ovreport_sitegen.build import build

ROOT = Path(__file__).resolve().parents[2]
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
TIMES = {
    "largest-contentful-paint": "LCP ms",
    "total-blocking-time": "TBT ms",
    "cumulative-layout-shift": "CLS",
}
KINDS = ("index", "accuracy", "latency", "model-*", "result-*")
"""A page of each kind that is run, by the name of its file."""
PAGE_KB, FIRST_VIEW_KB = 150, 80
"""Goals: of any page but results, uncompressed; of a first view with its assets, compressed."""
_TEXT = {".html", ".css", ".js", ".svg", ".txt", ".xml"}


class _Compressing(SimpleHTTPRequestHandler):
    """Serves files as GitHub Pages does: text compressed, kept for ten minutes."""

    def send_head(self) -> Any:
        """Answer with a compressed file where that is text."""
        path = Path(self.translate_path(self.path))
        if path.suffix not in _TEXT or not path.is_file():
            return super().send_head()
        data = gzip.compress(path.read_bytes(), 6)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        return io.BytesIO(data)

    def end_headers(self) -> None:
        """Add how long a browser may keep it."""
        self.send_header("Cache-Control", "max-age=600")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder below /site/, as project pages are; yield the address of that folder."""
    with tempfile.TemporaryDirectory() as top:
        (Path(top) / "site").symlink_to(folder.resolve())
        (Path(top) / "robots.txt").write_text("User-agent: *\nAllow: /\n")
        handler = partial(_Compressing, directory=top)
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_address[1]}/site"
            server.shutdown()


def run(npm: Path, address: str) -> dict[str, Any]:
    """Return the report of one run with the mobile setting, which is Lighthouse's default."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        subprocess.run(
            [
                npm / "node_modules/.bin/lighthouse",
                address,
                "--quiet",
                "--output=json",
                f"--output-path={report}",
                f"--only-categories={','.join(CATEGORIES)}",
                "--chrome-flags=--headless=new --no-sandbox",
            ],
            check=True,
            env=os.environ | {"CHROME_PATH": _chromium()},
        )
        found: dict[str, Any] = json.loads(report.read_text())
        return found


def _chromium() -> str:
    named = os.environ.get("OVREPORT_CHROMIUM") or shutil.which("chromium")
    return named or shutil.which("google-chrome") or "chromium"


def short_of_full(report: dict[str, Any]) -> set[str]:
    """Return what costs a page points outside of performance: the audits' names."""
    return {
        ref["id"]
        for category in CATEGORIES[1:]
        for ref in report["categories"][category]["auditRefs"]
        if ref["weight"]
        and (report["audits"][ref["id"]]["score"] or 0) < 1
        and report["audits"][ref["id"]]["scoreDisplayMode"] in {"binary", "numeric", "error"}
    }


def scores(site: Path, npm: Path, runs: int) -> bool:
    """Print the median scores of a page of each kind; return whether all are 100."""
    print(
        "page".ljust(12), *(c.rjust(14) for c in CATEGORIES), *(t.rjust(8) for t in TIMES.values())
    )
    good = True
    with served(site) as address:
        for kind in KINDS:
            page = min(site.glob(f"{kind}.html")).name
            reports = [run(npm, f"{address}/{page}") for _ in range(runs)]
            medians = [
                statistics.median(100 * r["categories"][c]["score"] for r in reports)
                for c in CATEGORIES
            ]
            times = [
                statistics.median(r["audits"][t]["numericValue"] for r in reports) for t in TIMES
            ]
            print(
                kind.ljust(12),
                *(f"{m:14.0f}" for m in medians),
                *(f"{t:8.3g}" if t < 1 else f"{t:8.0f}" for t in times),
                flush=True,
            )
            for audit in sorted(set().union(*map(short_of_full, reports))):
                print(f"    {audit}: {reports[0]['audits'][audit]['title']}")
            good &= all(round(m) == 100 for m in medians)
    return good


def sizes(site: Path) -> bool:
    """Print the largest page of each kind, and return whether all keep the goals."""
    print(
        "\nlargest page of a kind".ljust(24), "kB".rjust(6), "first view, compressed kB".rjust(27)
    )
    largest: dict[str, Path] = {}
    for page in site.glob("*.html"):
        kind = page.stem.split("-")[0] if "-" in page.stem else page.stem
        if kind not in largest or page.stat().st_size > largest[kind].stat().st_size:
            largest[kind] = page
    good = True
    for kind, page in sorted(largest.items()):
        text = page.read_text()
        loaded = [a for a in (site / "assets").iterdir() if f"assets/{a.name}" in text]
        view = sum(len(gzip.compress(f.read_bytes())) for f in [page, *loaded])
        print(kind.ljust(23), f"{page.stat().st_size / 1e3:6.0f}", f"{view / 1e3:27.1f}")
        good &= view <= 1e3 * FIRST_VIEW_KB
        good &= kind == "result" or page.stat().st_size <= 1e3 * PAGE_KB
    return good


def main() -> int:
    """Measure; exit code 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--site", type=Path, help="a built site (default: built of this folder)")
    parser.add_argument("--npm", type=Path, default=ROOT, help="where node_modules is")
    parser.add_argument("--runs", type=int, default=5, help="of each page (default: 5)")
    given = parser.parse_args()
    if not (given.npm / "node_modules/.bin/lighthouse").exists():
        print(f"No Lighthouse: run `npm install lighthouse` in {given.npm}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        site = given.site or Path(folder) / "site"
        if not given.site:
            build(ROOT / "site", [], site)
        good = scores(site, given.npm, given.runs)
        return 0 if sizes(site) and good else 1


if __name__ == "__main__":
    raise SystemExit(main())
