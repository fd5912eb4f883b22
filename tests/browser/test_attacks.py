"""Records from anybody: hostile text in every string does nothing in a real browser."""

from __future__ import annotations

import contextlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ovreport.checks import faults
from ovreport.errors import RecordError
from ovreport.record import Record
from ovreport.store import decode, write
from ovreport_sitegen.build import build
from tests.factories import a_failed_record, a_made_record, a_published_record, a_record

pytestmark = pytest.mark.browser

HIT = "window.hit=1;alert(1)"
ATTACKS = {
    "script": f"<script>{HIT}</script>",
    "end of script": f"</script><script>{HIT}</script><!--<script>",
    "attribute": f"x onmouseover={HIT} onfocus={HIT} autofocus",
    "quotes": f"\" onmouseover=\"{HIT}\" x='\" ' onfocus='{HIT}' autofocus='",
    "image": f"<img src=x onerror={HIT}><svg onload={HIT}>",
    "address": f"javascript:{HIT}",
    "data address": f"data:text/html,<script>{HIT}</script>",
    "template": "{{ 7*191 }}{% raw %}{{ cycler.__init__ }}",
    "markdown": f"[x](javascript:{HIT}) ![x](http://evil.example/a) <details open ontoggle={HIT}>",
    "expression": json.dumps({"expr": HIT, "data": {"url": "http://evil.example/a.json"}}),
    "style": "</style><style>@import 'http://evil.example/a.css';body{display:none}</style>",
    "close": "--></title></textarea></template></table></svg><iframe src=http://evil.example/>",
    "directions": "\u202egnp.exe\u2066 \u200f ]]> \x00\x01\x1b \ufffe",
    "long": "W" * 5_000,
    "long words": "wide " * 1_000,
}

_OPEN = {"properties", "packages", "noise_unreadable", "effective", "requested"}
_OPEN_MADE = {("made", "settings"), ("made", "software")}
"""Tables of a record whose keys are free text too."""


def hostile(record: Record, text: str) -> Record:
    """Return the record with every string that is free text replaced."""
    document = json.loads(msgspec.json.encode(record))
    changed = json.loads(json.dumps(_replaced(document, text)))
    return decode(json.dumps(changed).encode(), where="attack")


def _replaced(value: Any, text: str, path: tuple[str, ...] = ()) -> Any:
    if isinstance(value, dict):
        made = {k: _replaced(v, text, (*path, k)) for k, v in value.items()}
        if path and (path[-1] in _OPEN or path[-2:] in _OPEN_MADE):
            made[text] = text
        return made
    if isinstance(value, list):
        return [_replaced(v, text, path) for v in value]
    return text if isinstance(value, str) and path in free_paths() else value


@cache
def free_paths() -> frozenset[tuple[str, ...]]:
    """Return the places where a sound record may hold any text, found by trying."""
    known: set[tuple[str, ...]] = set()
    for record in (a_record(), a_failed_record(), a_made_record(), a_published_record()):
        document = json.loads(msgspec.json.encode(record))
        _try_strings(document, document, (), known)
    return frozenset(known)


def _try_strings(
    document: Any, value: Any, path: tuple[str, ...], known: set[tuple[str, ...]]
) -> None:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(items):
        here = (*path, key) if isinstance(key, str) else path
        if isinstance(inner, dict | list):
            _try_strings(document, inner, here, known)
        elif isinstance(inner, str) and here not in known:
            value[key] = "<any text>"
            with contextlib.suppress(RecordError):
                if not any(faults(decode(json.dumps(document).encode(), where="trial"))):
                    known.add(here)
            value[key] = inner


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a site of records with one attack each in every string."""
    base = tmp_path_factory.mktemp("attacked")
    records = base / "site" / "records"
    records.mkdir(parents=True)
    for i, text in enumerate(ATTACKS.values()):
        for made in (
            a_published_record(model=f"attack-{i}", seed=i, machine=f"machine-{i}"),
            a_record(model=f"attack-{i}", seed=i, machine=f"machine-{i}", precision="default"),
            a_made_record(model=f"attack-{i}", seed=i, machine=f"machine-{i}"),
            a_failed_record(model=f"failed-{i}", seed=i, machine=f"machine-{i}"),
        ):
            write(hostile(made, text), records)
    (records / "not-a-record.json").write_text(json.dumps({ATTACKS["image"]: 1, "format": 1}))
    (base / "site" / "ovreport.toml").write_text(
        "title = '''" + ATTACKS["script"] + "'''\n"
        "owner = '''" + ATTACKS["image"] + "'''\n"
        "[devices.'" + ATTACKS["script"] + "']\ntdp_w = 3\n"
        "source = '''" + ATTACKS["address"] + "'''\n"
    )
    built = build(base / "site", [], base / "out", cache=base / "charts")
    assert "not-a-record.json" in built.faults[0].where
    return built.out


def test_every_free_string_was_attacked() -> None:
    """The list of strings is found by trying, and holds those that matter most."""
    found = {".".join(path) for path in free_paths()}
    assert len(found) > 40
    assert found >= {
        "device.full_name",
        "model.title",
        "model.why",
        "outcome.reason",
        "outcome.stderr_tail",
        "machine.cpu",
        "model.origin.calibration",
        "model.origin.settings.preset",
        "model.published.source",
    }


def test_attacks_do_nothing(watch: Any, attacked: Path) -> None:
    """No script ran, nothing was asked for elsewhere, no page is wider than the screen."""
    watched = watch()
    page = watched.page
    for path in sorted(attacked.glob("*.html")):
        watched.open(path.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        page.evaluate(
            "document.querySelectorAll('main *').forEach(e => {"
            "for (const t of ['mouseover', 'focus', 'toggle', 'load', 'error'])"
            " e.dispatchEvent(new Event(t, {bubbles: true})); })"
        )
        assert page.evaluate("window.hit") is None, path.name
        assert page.evaluate("document.querySelectorAll('iframe, img, main style').length") == 0
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path.name
        links = page.evaluate("[...document.querySelectorAll('a')].map(a => a.protocol)")
        assert set(links) <= {"file:", "http:", "https:"}, path.name
    assert not watched.errors
    assert not watched.outside


_SHOWN = "document.getElementById('answer').dataset.shown"


@pytest.mark.parametrize(
    "state",
    [
        "metric=throughput_ips&all=1",
        "columns=choice&precision=any&all=1",
        "columns=weights&precision=any&baseline=published",
        f"models={ATTACKS['image']}&metric={ATTACKS['script']}&device={ATTACKS['quotes']}",
    ],
)
def test_the_answer_table_draws_attacks_as_text(watch: Any, attacked: Path, state: str) -> None:
    """What the script draws, and what an address asks it to draw, is text too."""
    watched = watch()
    page = watched.page
    watched.open((attacked / "index.html").as_uri() + f"#{state}")
    page.wait_for_function(f"() => {_SHOWN} !== undefined")
    assert page.locator("#answer-table tbody tr").count() > 0
    page.locator("#answer-table .sort").first.click()
    page.wait_for_function(f"() => {_SHOWN}.includes('sort')")
    assert page.evaluate("window.hit") is None
    assert page.evaluate("document.querySelectorAll('iframe, img, main style').length") == 0
    links = page.evaluate("[...document.querySelectorAll('#answer a')].map(a => a.protocol)")
    assert set(links) <= {"file:", "http:", "https:"}
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert not watched.errors
    assert not watched.outside


def test_attacks_are_shown_as_text(watch: Any, attacked: Path) -> None:
    """What was sent is what is seen: escaped, shortened, and never evaluated."""
    watched = watch()
    watched.open((attacked / "models.html").as_uri())
    text = watched.page.inner_text("main")
    assert "<script>window.hit=1;alert(1)</script>" in text
    assert "{{ 7*191 }}" in text
    assert "1337" not in text
    assert "\u202e" not in text
    assert "W" * 200 not in text
