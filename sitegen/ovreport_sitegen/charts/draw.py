"""Charts as inline SVG: drawn once, kept by the checksum of what was drawn.

Beside the drawings their specifications are kept, compiled to Vega, by which form of chart they are
of: importing Altair and compiling takes as long as drawing a hundred charts. The keys of both hold
our code of charts and the versions of the libraries beneath.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import re
import tempfile
from collections.abc import Iterator
from functools import cache
from html import escape
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
from markupsafe import Markup

from ovreport_sitegen.charts import plane, rows
from ovreport_sitegen.charts.axes import AXIS_TITLE
from ovreport_sitegen.charts.model import ChartSpec, Plane
from ovreport_sitegen.charts.rows import Axis, Filled

Spec = dict[str, Any]
_NOISE = re.compile(
    r' (?:font-family|role|class|pointer-events|aria-[a-z]+|xmlns:xlink)="[^"]*"'
    r'| (?:opacity|fill-opacity|stroke-width)="1"| text-anchor="start"| font-weight="normal"'
)
"""What pages say already, and what holds unless something else is said: a tenth of a drawing."""
_EMPTY = re.compile(
    r'<path d="(?:M0,0h0v0h0Z)?"(?: display="none")?/>'
    r'|<path d="M[\d.,-]+h0v[\d.-]+h0Z"[^<>]*><title></title></path>'
    r"|<text[^<>]*/>"
)
"""What is drawn and cannot be seen: bars without width and hover text, and texts without words."""
_NUMBER = re.compile(r"-?\d+\.\d{2,}")
_PLACED = re.compile(r' (?:d|transform|x|y|x1|x2|y1|y2)="[^"]*"')
_LABELLED = re.compile(r"<(path|line|rect)((?:[^<>])*?) aria-label=\"([^\"]*)\"([^<>]*?)/>")
_QUOTED = re.compile(r'>[^<>]*"[^<>]*<')
_IDS = re.compile(r'(\bid="|url\(#|href="#)([A-Za-z][\w-]*)')


class Drawer:
    """Draws charts, and keeps the drawings in a folder that several builds may share."""

    def __init__(self, cache_dir: Path | None) -> None:
        self._cache = cache_dir
        self._count = itertools.count(1)
        self._specifications: dict[str, Spec] = {}
        self.drawn = 0
        """Charts that were not in the cache."""

    def begin_page(self) -> None:
        """Count charts anew: their ids are unique in a page, whatever other pages show."""
        self._count = itertools.count(1)

    def svg(self, chart: ChartSpec) -> Markup:
        """Return the chart as an `<svg>` element, named and described, ids unique in the page."""
        filled = plane.fill(chart) if isinstance(chart, Plane) else rows.fill(chart)
        name = f"{_key(_form(chart), filled)}.svg"
        raw = self._kept(name)
        # A file that was cut short, or that is not ours, is drawn again.
        if raw is None or not (raw.startswith("<svg") and raw.endswith("</svg>")):
            raw = _draw(self._specification(chart), filled)
            self._keep(name, raw)
            self.drawn += 1
        return Markup(_finish(raw, chart, f"chart-{next(self._count)}"))  # noqa: S704 - escaped there

    def _specification(self, chart: ChartSpec) -> Spec:
        """Return the Vega specification of a form of chart, without data."""
        form = _form(chart)
        if form not in self._specifications:
            name = f"{_key(form)}.json"
            try:
                found = msgspec.json.decode(self._kept(name) or "", type=dict[str, Any])
            except msgspec.DecodeError:
                found = _compiled(chart)
                self._keep(name, msgspec.json.encode(found).decode())
            self._specifications[form] = found
        return self._specifications[form]

    def _kept(self, name: str) -> str | None:
        try:
            return (self._cache / name).read_text("utf-8") if self._cache else None
        except (OSError, UnicodeDecodeError):
            return None

    def _keep(self, name: str, text: str) -> None:
        if self._cache is None:
            return
        try:
            self._cache.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self._cache, prefix=".writing-")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(temporary).replace(self._cache / name)
        except OSError:
            self._cache = None  # a cache that cannot be written is no reason to stop


def _form(chart: ChartSpec) -> str:
    """Return which compiled drawing a chart is filled into."""
    if isinstance(chart, Plane):
        return f"plane-{plane.height(chart)}-{'log' if chart.tolerance is None else 'linear'}"
    return chart.kind


@cache
def _edition() -> bytes:
    """Return what decides how the same values are drawn: our code and the libraries beneath."""
    ours = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    libraries = f"{version('altair')} {version('vl-convert-python')}"
    return hashlib.sha256(ours + libraries.encode()).digest()


def _key(form: str, filled: Filled | None = None) -> str:
    """Return the checksum of a drawing; without values, of its specification."""
    return hashlib.sha256(_edition() + msgspec.json.encode([form, filled])).hexdigest()


def _compiled(chart: ChartSpec) -> Spec:
    with _some_home():
        from ovreport_sitegen.charts import plane_spec, rows_spec

    return (
        plane_spec.compiled(plane.height(chart), log=chart.tolerance is None)
        if isinstance(chart, Plane)
        else rows_spec.compiled(chart.kind)
    )


def _draw(specification: Spec, filled: Filled) -> str:
    import vl_convert

    spec = dict(specification)
    axes = {"x": filled.x, "y": filled.y}
    spec["data"] = [
        {**source, "values": filled.rows} if source["name"] == "rows" else source
        for source in spec["data"]
    ]
    spec["scales"] = [
        {**scale, "domain": list(axis.domain)} if (axis := axes.get(scale["name"])) else scale
        for scale in spec["scales"]
    ]
    spec["axes"] = [_axis(axis, axes[axis["scale"]]) for axis in spec["axes"]]
    return str(vl_convert.vega_to_svg(spec, allowed_base_urls=[]))


@contextlib.contextmanager
def _some_home() -> Iterator[None]:
    """Let Altair be imported by a user without a home: it asks for one, and keeps nothing there."""
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = tempfile.gettempdir()
        try:
            yield
        finally:
            del os.environ["HOME"]
    else:
        yield


def _axis(drawn: dict[str, Any], axis: Axis | None) -> dict[str, Any]:
    if axis is None:
        return drawn
    changed = {**drawn, "values": axis.ticks}
    if drawn.get("title") == AXIS_TITLE:
        changed["title"] = axis.title
    return changed


def _finish(raw: str, chart: ChartSpec, name: str) -> str:
    """Name the chart, shorten it, and make hover texts of the marks' labels."""
    text = _PLACED.sub(lambda m: _NUMBER.sub(_rounded, m[0]), raw)
    text = _LABELLED.sub(r"<\1\2\4><title>\3</title></\1>", text)
    text = _EMPTY.sub("", _NOISE.sub("", text))
    # The check of finished pages relies on this: a bare quote is found inside tags only.
    text = _QUOTED.sub(lambda m: m[0].replace('"', "&quot;"), text)
    text = _renumbered(text, name)
    head, _, body = text.partition(">")
    title, description = escape(chart.title), escape(chart.description)
    return (
        f'{head} class="chart" role="img" aria-labelledby="{name}-t {name}-d">'
        f'<title id="{name}-t">{title}</title><desc id="{name}-d">{description}</desc>{body}'
    )


def _renumbered(text: str, name: str) -> str:
    """Return a drawing with ids of its own: the library's tell what else its process had drawn."""
    numbers: dict[str, int] = {}

    def renamed(match: re.Match[str]) -> str:
        return f"{match[1]}{name}-{numbers.setdefault(match[2], len(numbers) + 1)}"

    return _IDS.sub(renamed, text)


def _rounded(match: re.Match[str]) -> str:
    return f"{float(match[0]):.1f}"
