"""Text from records, cleaned before it is shown: anybody may have written it.

Escaping is done by the templates (autoescape) and by `components.table`; here it is about
characters that mislead a reader, about length, and about addresses.
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections.abc import Callable, Hashable, Iterable
from datetime import datetime
from functools import lru_cache
from typing import TypeVar
from urllib.parse import urlsplit

from ovreport.metrics import significant
from ovreport.store import slug
from ovreport.words import plural

SHOWN = 120
"""Characters shown of a text where there is no room for more."""

_HIDDEN = re.compile(
    r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0]"
    r"|[\U000e0000-\U000e0fff]"
)
"""Characters that nobody sees, besides those of category Cf: fillers and variation selectors.

Unicode's Default_Ignorable_Code_Point (UAX #44), and the blank Braille pattern.
"""
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SIMILAR = str.maketrans("i1|0", "lllo")
_KEPT_CONTROLS = frozenset("\n\t")
_MARKS = re.compile(r"\((?:R|TM|C)\)|[®™©]", re.IGNORECASE)
_FILLERS = re.compile(r"\b(?:CPU|Processor)\b(?= @|$)|@ [\d.]+ ?GHz", re.IGNORECASE)

Key = TypeVar("Key", bound=Hashable)


def clean(text: str) -> str:
    """Return text without the characters that a reader does not see, or that mislead one.

    Those are controls, marks that turn the direction, zero-width characters, tags and fillers. A
    surrogate or a private character cannot be written as UTF-8 or means nothing to a reader.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c for c in text if c in _KEPT_CONTROLS or _shows(c))


def _shows(c: str) -> bool:
    return unicodedata.category(c) not in _HIDDEN_CATEGORIES and not _HIDDEN.match(c)


@lru_cache(maxsize=1 << 16)
def line(text: str, limit: int = SHOWN) -> str:
    """Return text on one line, cut with an ellipsis beyond the limit."""
    flat = " ".join(clean(text).split())
    return flat if len(flat) <= limit else flat[: limit - 1].rstrip() + "…"


def short_name(full_name: str) -> str:
    """Return a device's full name without trade marks and clock."""
    bare = " ".join(_FILLERS.sub("", _MARKS.sub("", clean(full_name))).split())
    return line(bare or full_name, 60) or "unnamed device"


def alike(name: str) -> str:
    """Return what a name has in common with others that look like it.

    Case, spaces, accents, and what l, I, 1 and |, or O and 0, look like do not count (after the
    skeletons of UTS #39). Other scripts have letters that look like Latin ones: see `is_plain`.
    """
    decomposed = unicodedata.normalize("NFKD", clean(name)).casefold()
    return "".join(c for c in decomposed.translate(_SIMILAR) if c.isalnum())


def is_plain(name: str) -> bool:
    """Return whether a name is of the characters that drivers name devices with.

    Others can look like these: the Cyrillic А, fullwidth Ａ.
    """
    return name.rstrip("…").isascii()


def safe_url(text: str) -> str | None:
    """Return an address that may become a link: http or https with a host, else None."""
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        return None
    good = parts.scheme in {"http", "https"} and parts.netloc and text.isprintable()
    return text.strip() if good and not re.search(r'[\s<>"]', text.strip()) else None


def unique_slugs(keys: Iterable[Key], name: Callable[[Key], str]) -> dict[Key, str]:
    """Return a slug for each key; those that would share one get a part of a checksum."""
    wanted: dict[str, list[Key]] = {}
    for key in keys:
        same = wanted.setdefault(slug(name(key)), [])
        if key not in same:
            same.append(key)

    def marked(text: str, key: Key) -> str:
        return f"{text}-{hashlib.sha256(repr(key).encode()).hexdigest()[:8]}"

    found = [(text, same, key) for text, same in wanted.items() for key in same]
    slugs = {key: marked(text, key) if len(same) > 1 else text for text, same, key in found}
    if len(set(slugs.values())) < len(slugs):  # somebody named a thing like a marked slug
        slugs = {key: marked(text, key) for text, _, key in found}
    return slugs


def day(measured_at: str) -> str:
    """Return the day of a UTC time, as 23 Nov 2026."""
    moment = datetime.fromisoformat(measured_at)
    return f"{moment.day} {moment:%b %Y}"


def release(build: str) -> str:
    """Return the release of a full OpenVINO build string: its first three numbers.

    Of any other string its beginning, which no reader takes for a release.
    """
    match = re.match(r"\d{1,6}\.\d{1,6}(?:\.\d{1,6})?(?!\d)", build, re.ASCII)
    return match[0] if match else line(build, 30) or "unknown"


def how_many_are(n: int, total: int, one: str) -> str:
    """Return how many of a kind are what the sentence goes on to say.

    For example `3 of 4 results are`, `none of 4 results is`, `the only result is not`.
    """
    if total == 1:
        return f"the only {one} is" if n else f"the only {one} is not"
    count = f"{n:,}" if n else "none"
    return f"{count} of {plural(total, one)} {'are' if n > 1 else 'is'}"


def sentence_case(text: str) -> str:
    """Return text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def percent(share: float, decimals: int = 0) -> str:
    """Return a share in per cent."""
    return f"{100 * share:.{decimals}f} %"


def megabytes(size_bytes: int) -> str:
    """Return the size of a file."""
    return f"{significant(size_bytes / 1e6)} MB"


def listed(items: Iterable[str]) -> str:
    """Return items as a list in a sentence."""
    found = list(items)
    if len(found) < 2:
        return "".join(found)
    return f"{', '.join(found[:-1])} and {found[-1]}"


def interval_details(
    low: float, high: float, rounds: int, show: Callable[[float], str] = significant
) -> str:
    """Return an interval in full words; one round has none."""
    if rounds == 1 and not math.isfinite(high):
        return "one round: no interval"
    return f"95 % interval {show(low)} to {show(high)}"


def interval_note(low: str, high: str, unit: str = "", *, named: bool = True) -> str:
    """Return an interval in brackets, as it follows a number in a sentence.

    `named`: says what interval it is, once in a sentence.
    """
    text = f"{low}–{high}{unit}"
    return f" (95\N{NO-BREAK SPACE}% interval {text})" if named else f" ({text})"
