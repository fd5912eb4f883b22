"""Badges: a small picture of a model's latency on a device, for a README elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from ovreport.metrics import METRICS, MetricValue
from ovreport_sitegen.answer.cells import ran_words
from ovreport_sitegen.answer.choice import choose
from ovreport_sitegen.answer.state import KEPT
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.names import grouped
from ovreport_sitegen.data.result import ModelRef, Result

_METRIC = "latency_ms"
_CHARACTER, _ROOM, _HEIGHT = 6.6, 7, 20
"""Width of a character at 11 px, room beside a text, and height, in pixels."""
_LEFT, _RIGHT, _DOUBT = "#444d56", "#0068b5", "#6a737d"
"""Colours of the name, of a value, and of one that is unreliable."""


@dataclass(frozen=True)
class Badge:
    """A badge, and what shows it elsewhere."""

    file: str
    """Address in the site."""
    alt: str
    device: str
    markdown: str
    """Code for a README; empty where the settings have no `site_url`."""
    width: int
    """In pixels."""
    svg: bytes


def badges(catalogue: Catalogue, model: ModelRef) -> Iterator[Badge]:
    """Yield the badge of a model for each device: the number that the overview's table has.

    Where no result is known to keep the accuracy: of the published file, default precision.
    """
    for results in grouped((r.device, r) for r in catalogue.of_model(model)).values():
        default = [r for r in results if r.is_published and r.requested == "default"]
        for result in (choose(results, _METRIC, KEPT), *default):
            if result and (latency := result.metric_value(_METRIC)):
                yield _badge(result, latency, catalogue.config.site_url)
                break


def files(catalogue: Catalogue) -> dict[str, bytes]:
    """Return every badge of a site by its address."""
    found = (badge for model in catalogue.models for badge in badges(catalogue, model))
    return {badge.file: badge.svg for badge in found}


def _badge(result: Result, latency: MetricValue, site_url: str) -> Badge:
    is_sure = latency.verdict.level != "unreliable"
    label = f"{result.model.title} on OpenVINO"
    text = f"{'' if is_sure else '≈ '}{METRICS[_METRIC].format_unit(latency.value)}"
    text += f", {ran_words(result)}, {result.device.label}"
    alt = f"{label}: {text}"
    file = f"badges/{result.model.slug}__{result.device.slug}.svg"
    base = site_url.rstrip("/")
    code = f"[![{_plain(alt)}]({base}/{file})]({base}/{result.model.href})" if base else ""
    colour = _RIGHT if is_sure else _DOUBT
    return Badge(
        file=file,
        alt=alt,
        device=result.device.label,
        markdown=code,
        width=round(_width(label) + _width(text)),
        svg=svg(label, text, colour).encode(),
    )


def svg(label: str, text: str, colour: str = _RIGHT) -> str:
    """Return a badge of two texts, escaped."""
    left, right = _width(label), _width(text)
    width = left + right
    name = escape(f"{label}: {text}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{_HEIGHT}" '
        f'viewBox="0 0 {width:.0f} {_HEIGHT}" role="img" aria-label="{name}"><title>{name}</title>'
        f'<rect width="{width:.0f}" height="{_HEIGHT}" rx="3" fill="{_LEFT}"/>'
        f'<path d="M{left:.0f} 0h{right - 3:.0f}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-{right - 3:.0f}z" '
        f'fill="{colour}"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f"{_text(_ROOM, left, label)}{_text(left + _ROOM, right, text)}</g></svg>\n"
    )


def _width(text: str) -> float:
    return len(text) * _CHARACTER + 2 * _ROOM


def _text(x: float, width: float, text: str) -> str:
    return (
        f'<text x="{x:.0f}" y="14" textLength="{width - 2 * _ROOM:.0f}">'
        f"{escape(text, quote=False)}</text>"
    )


def _plain(text: str) -> str:
    """Return text that ends no alternative text in Markdown."""
    return "".join(c for c in text if c not in "[]()<>`\\!*_|")
