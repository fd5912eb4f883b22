"""Marks: how a value looks, and what each mark beside it means.

The one place that decides how far a reader can rely on what is shown: cells, charts, rankings and
sentences ask here. A mark is a button that opens its explanation, which stands once on each page
that uses it: by mouse, keyboard and touch, without a script.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from ovreport.metrics import MetricValue
from ovreport.metrics.verdict import NOISY_HALF_WIDTH, STABLE_HALF_WIDTH
from ovreport.record import Level
from ovreport.stats.comparison import MIN_DIFFERENCE, MIN_PAIRS, Comparison
from ovreport.stats.intervals import Interval
from ovreport_sitegen.charts import Row

APPROXIMATE = "≈"
"""Stands in front of a number that tells only the order of magnitude."""
_STABLE, _NOISY, _DIFFERENCE = (
    f"{100 * share:g} %" for share in (STABLE_HALF_WIDTH, NOISY_HALF_WIDTH, MIN_DIFFERENCE)
)


@dataclass(frozen=True)
class Mark:
    """What a mark means."""

    title: str
    meaning: str
    sign: str = ""
    """What is seen of it beside a value, where that is not its title."""


MARKS = {
    "stable": Mark(
        "stable",
        f"The 95 % interval is within ±{_STABLE} of the value, and nothing was "
        "noticed that speaks against it.",
        "✓",
    ),
    "noisy": Mark(
        "noisy",
        f"The 95 % interval is wider than ±{_STABLE}, or something disturbed the "
        "measurement; the reasons stand beside the badge. Compare cases of one run by their "
        "ratios: those hold better than absolute numbers.",
        "?",
    ),
    "unreliable": Mark(
        "unreliable",
        f"The 95 % interval is wider than ±{_NOISY}, or there was only one round. "
        "The number tells the order of magnitude; its interval tells what is possible. It is shown "
        "in grey, and as an outline in charts.",
        APPROXIMATE,
    ),
    "observed": Mark(
        "observed",
        "Fewer than three processes, or too few of them, had quiet rounds that agree: this is the "
        "median over all rounds, disturbed ones included.",
    ),
    "hollow": Mark(
        "outline",
        "An outlined mark in a chart is a value to be careful with. In charts of values: noisy, "
        "unreliable or observed. In charts of ratios: unreliable, no clear difference, or "
        "insufficient data. "
        f"With {APPROXIMATE} in front of its number: only the order of magnitude is known.",
        "○",
    ),
    "no-clear-difference": Mark(
        "no clear difference",
        f"The 95 % interval of the ratio includes 1, or the ratio is within {_DIFFERENCE} "
        "of 1. This does not show that both are equally fast: the interval tells what is possible.",
    ),
    "insufficient-data": Mark(
        "insufficient data",
        f"Fewer than {MIN_PAIRS} rounds of both were measured alternately in one run, or one of "
        "the two values has no interval: too little to compare them.",
    ),
    "no-comparison": Mark(
        "no comparison",
        "One of the two was not measured; they are of other model files, inputs or methods; or no "
        "rounds of the two alternated in one run, and their values bear no comparison. Nothing is "
        "known of which is better: this is neither a difference nor the lack of one.",
    ),
    "runs-apart": Mark(
        "runs apart",
        "Not paired: the ratio of two undisturbed values of different runs on the same machine and "
        "release. Its 95 % interval follows from theirs; what changed on the machine between the "
        "runs is not in it. No ranking, mean or finding rests on it.",
    ),
    "too-few-samples": Mark(
        "too few samples",
        "A percentile or rate is shown only if enough inferences and rounds stand behind it that "
        "a repetition would hardly exceed it. Measure longer (a higher tier) to get it.",
    ),
    "precision": Mark(
        "default precision",
        "Before the arrow: the precision that was requested; “default” leaves the choice to the "
        "device, as most programs do. After the arrow: the precision that ran, read back from the "
        "compiled model. On processors with bf16 instructions, f32 models run in bf16 by default.",
    ),
    "quick": Mark(
        "quick",
        "Measured with the quick tier: short rounds, for a first look. Measure with "
        "--tier standard for numbers to share.",
    ),
    "architecture-only": Mark(
        "architecture only",
        "The model has its real layers but constant weights: its speed and memory are real, and it "
        "has no accuracy.",
    ),
    "limited-processors": Mark(
        "limited processors",
        "The measuring processes could use only some of the machine’s processors: a container’s "
        "quota, or the processors that they were bound to (affinity). Compare it only with results "
        "of as many processors; it takes the place of none that had more or fewer.",
    ),
    "rendered": Mark(
        "rendered", "The samples were drawn or synthesised, so their labels are known exactly."
    ),
    "published": Mark(
        "published", "A result that others published: it was not measured here, and ranks nowhere."
    ),
}
"""By key, in the order in which a page lists them."""

_USED = re.compile(r'popovertarget="mark-([a-z-]+)"')


def used(*html: str) -> list[tuple[str, Mark]]:
    """Return the marks that some markup uses, with their keys, in the order of `MARKS`."""
    found = {key for part in html for key in _USED.findall(part)}
    return [(key, mark) for key, mark in MARKS.items() if key in found]


def named(keys: Iterable[str]) -> list[tuple[str, Mark]]:
    """Return the marks with these keys."""
    return [(key, MARKS[key]) for key in keys]


def key_of(words: str) -> str:
    """Return the key of the mark that explains some words; empty where none does."""
    key = words.replace(" ", "-")
    return key if key in MARKS else ""


@cache
def sign(key: str) -> str:
    """Return the markup of a mark as its sign, which opens its explanation."""
    mark = MARKS[key]
    return (
        f'<button type="button" class="sign" popovertarget="mark-{key}" aria-label="{mark.title}">'
        f"{mark.sign}</button>"
    )


def explained(key: str, inner: str) -> str:
    """Return the markup of a mark: `inner`, itself markup, opens the explanation."""
    return f'<button type="button" popovertarget="mark-{key}">{inner}</button>'


# ---------------------------------------------------------------- how a value looks


@dataclass(frozen=True)
class Look:
    """How a value is shown, wherever it is."""

    is_approximate: bool = False
    """In grey, with ≈ in front."""
    is_hollow: bool = False
    """In a chart, as an outline."""
    is_observed: bool = False
    """Marked: there is no undisturbed value."""

    @property
    def is_uncertain(self) -> bool:
        """Whether no sentence may call it larger or smaller than another by itself."""
        return self.is_approximate or self.is_observed

    def text(self, shown: str) -> str:
        """Return a number as a sentence or a chart's label has it."""
        return f"{APPROXIMATE}\N{NO-BREAK SPACE}{shown}" if self.is_approximate else shown

    @property
    def sign(self) -> str:
        """Key of the mark in front of a cell's text."""
        return "unreliable" if self.is_approximate else ""

    @property
    def marks(self) -> tuple[str, ...]:
        """The words beside a cell's text."""
        return ("observed",) if self.is_observed else ()

    @property
    def tone(self) -> str:
        """The class of a cell."""
        return "unreliable" if self.is_approximate else ""


PLAIN = Look()
"""How a stable value looks in a cell."""


def look(value: MetricValue) -> Look:
    """Return how a metric's value looks."""
    found = look_of_level(value.verdict.level)
    observed = value.kind == "observed"
    return Look(found.is_approximate, found.is_hollow or observed, observed)


@cache
def look_of_level(level: Level) -> Look:
    """Return how a value with that verdict looks."""
    return Look(is_approximate=level == "unreliable", is_hollow=level != "stable")


def look_of_interval(interval: Interval) -> Look:
    """Return how a value looks of which only the interval is known."""
    wide = interval.half_width > NOISY_HALF_WIDTH
    return look_of_level("unreliable" if wide else "stable")


def look_of_ratio(comparison: Comparison) -> Look:
    """Return how a ratio looks."""
    wide = comparison.ratio.half_width > NOISY_HALF_WIDTH
    return Look(is_approximate=wide, is_hollow=wide or not comparison.significant)


def of_rows(
    rows: Sequence[Row], *, precision: bool = False, quick: bool = False
) -> tuple[str, ...]:
    """Return the keys of the marks that a chart of these rows needs.

    `precision`: it is of the default precision. `quick`: something in it is of the quick tier.
    """
    return tuple(
        key
        for key, needed in (
            ("hollow", any(row.faint for row in rows)),
            ("unreliable", any(row.is_approximate for row in rows)),
            ("precision", precision),
            ("quick", quick),
        )
        if needed
    )
