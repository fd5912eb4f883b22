"""What the search of a site finds, as one script file: models, devices, tasks, metrics, pages.

A page that is opened from a disk cannot fetch, so the index is a script that calls a function of
`templates/static/search.js`; it is loaded when a reader begins to search.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ovreport.metrics import GROUPS
from ovreport.store import slug
from ovreport_sitegen.answer import data as answer_data
from ovreport_sitegen.answer.presets import presets
from ovreport_sitegen.answer.state import DEFAULT_STATE, TASK, State
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.text import line

NAME = "search"
"""Of the index among the files that pages load on demand."""
_MOST_COMPARED = 20
"""Devices of which each pair can be found."""


class Entry(NamedTuple):
    """Something that can be found."""

    kind: str
    title: str
    note: str
    """What else it is found by, shown beside the title."""
    href: str
    """From the site's folder."""


def file(catalogue: Catalogue, pages: Iterable[tuple[str, str]]) -> tuple[str, bytes]:
    """Return the address and the content of the index; `pages`: title and file of each."""
    entries: Sequence[Entry] = [
        *(Entry("Page", line(title), "", href) for title, href in pages),
        *_models(catalogue),
        *_devices(catalogue),
        *_tasks(catalogue),
        *_comparisons(catalogue),
        *_presets(catalogue),
        *_metrics(catalogue),
    ]
    text = json.dumps(entries, separators=(",", ":"), ensure_ascii=True)
    script = f"ovreportSearch({text});\n".encode()
    return f"data/{NAME}-{hashlib.sha256(script).hexdigest()[:10]}.js", script


def _models(catalogue: Catalogue) -> Iterator[Entry]:
    for model in (*catalogue.models, *catalogue.language_models):
        yield Entry("Model", model.title, f"{model.task}, {model.id}", model.href)


def _devices(catalogue: Catalogue) -> Iterator[Entry]:
    for device in catalogue.devices:
        note = f"{device.family}, {line(device.key.full_name)}, {device.key.machine}"
        yield Entry("Device", device.label, note, device.href)


def _tasks(catalogue: Catalogue) -> Iterator[Entry]:
    """Yield each task: the answer table of its models on every device."""
    for task in sorted({model.task for model in catalogue.models if model.task}):
        href = f"index.html#models={TASK}{slug(task)}"
        yield Entry("Task", task.capitalize(), "latency on every device", href)


def _comparisons(catalogue: Catalogue) -> Iterator[Entry]:
    """Yield each pair of devices of different machines, those measured last first."""
    newest = sorted(catalogue.devices, key=catalogue.rank, reverse=True)[:_MOST_COMPARED]
    for first, second in itertools.combinations(newest, 2):
        if first.key.machine != second.key.machine:
            state = State(device=(first.slug, second.slug), baseline=second.slug)
            title = f"{first.label} against {second.label}"
            href = f"index.html#{state.fragment(DEFAULT_STATE)}"
            yield Entry("Comparison", title, "compare latency", href)


def _presets(catalogue: Catalogue) -> Iterator[Entry]:
    """Yield the comparisons that the overview offers above its table."""
    for preset in presets(catalogue):
        href = f"index.html#{preset.fragment(DEFAULT_STATE)}"
        yield Entry("Comparison", preset.label, "of every model", href)


def _metrics(catalogue: Catalogue) -> Iterator[Entry]:
    """Yield each metric: the answer table of it where it has values, else what it means."""
    measured = {metric.key for metric in answer_data.metrics(answer_data.every(catalogue))}
    for metric in (metric for group in GROUPS for metric in group.metrics):
        in_table = metric.key in measured
        href = f"index.html#metric={metric.key}" if in_table else f"method.html#metric-{metric.key}"
        yield Entry("Metric", metric.label, line(metric.meaning), href)
