"""About a model: why it is in the suite, its source, licence, size, inputs and outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ovreport.metrics import significant
from ovreport.record import Converted, Optimized, Original, Port, SourceFile
from ovreport_sitegen.data.result import ModelRef, Result
from ovreport_sitegen.text import line, megabytes, safe_url

_FILES = 12
"""Of a model that are named."""

_WITHOUT_SIZES: Mapping[bool | None, str] = {
    True: "shape depends on the data",
    False: "scalar",
    None: "scalar or of unknown shape",
}
"""Whether the shape depends on the data → what is said of one without sizes."""


@dataclass(frozen=True)
class About:
    """What a model's page says about the model, of whatever kind it is."""

    why: str
    homepage: str | None
    homepage_text: str
    facts: tuple[tuple[str, str], ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    id: str = ""
    namesakes: tuple[ModelRef, ...] = ()
    """Other models that have the same id."""


def about(results: Sequence[Result], namesakes: Sequence[ModelRef] = ()) -> About:
    """Return what the newest record of the published file has on the model."""
    as_published = [r for r in results if r.is_published] or results
    newest = max((r.record for r in as_published), key=lambda r: r.measured_at).model
    sums = sorted({r.record.model.sha256 for r in as_published})
    return About(
        why=line(newest.why, 1000),
        homepage=safe_url(newest.homepage),
        homepage_text=line(newest.homepage, 120),
        facts=(
            ("Id", newest.id),
            ("Licence", line(newest.licence, 200)),
            ("Source", line(newest.source, 300)),
            ("SHA-256", ", ".join(sums[:4])),
            *_files(newest.files),
            *_conversion(newest.origin),
            ("Size", megabytes(newest.size_bytes)),
            ("Parameters", _parameters(newest.parameters, as_published)),
            *_weights(newest.weights),
        ),
        inputs=tuple(map(port_text, newest.inputs[:20])),
        outputs=tuple(map(port_text, newest.outputs[:20])),
        id=newest.id,
        namesakes=tuple(namesakes),
    )


def _parameters(counted: int, results: Sequence[Result]) -> str:
    """Return the number of weights, or that there are none, or that nobody counted them."""
    if counted:
        return count_text(counted)
    return "none" if all(r.variant == "none" for r in results) else "not counted"


def _weights(weights: Mapping[str, int]) -> list[tuple[str, str]]:
    """Return the types that the file stores its weights in, the most frequent first."""
    by_size = sorted(weights.items(), key=lambda one: -one[1])[:4]
    texts = [f"{line(dtype, 20)} {count_text(n)}" for dtype, n in by_size if n]
    return [("Weights in the file", ", ".join(texts))] if texts else []


def _files(files: Sequence[SourceFile]) -> list[tuple[str, str]]:
    """Return the files of a model that has several, with their sizes."""
    if len(files) < 2:
        return []
    named = [f"{line(one.name, 80)} ({megabytes(one.size_bytes)})" for one in files[:_FILES]]
    more = [f"{len(files) - _FILES:,} more"] if len(files) > _FILES else []
    return [("Files", ", ".join([*named, *more]))]


def _conversion(origin: Original | Converted | Optimized) -> list[tuple[str, str]]:
    """Return how the published weights were converted, where they were."""
    if not isinstance(origin, Converted):
        return []
    software = ", ".join(f"{line(p, 40)} {line(v, 40)}" for p, v in origin.software.items())
    return [("Converted", f"to OpenVINO IR, by {line(origin.converter)} ({software})")]


def count_text(n: int) -> str:
    """Return a large count in millions or thousands."""
    for limit, word in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if n >= limit:
            return f"{significant(n / limit)} {word}"
    return str(n)


def port_text(port: Port) -> str:
    """Return an input or output as `name: type, shape`; `any` is a dynamic dimension."""
    sizes = ("any" if size < 0 else str(size) for size in port.shape[:12])
    shape = " × ".join(sizes) or _WITHOUT_SIZES[port.sized_by_data]
    return f"{line(port.name, 80)}: {line(port.dtype, 20)}, {shape}"
