"""Comparisons that readers ask for, each a link to a state of the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ovreport.history import release_numbers
from ovreport.variants import VARIANTS
from ovreport_sitegen.answer import axes
from ovreport_sitegen.answer.state import ANY, PUBLISHED, State
from ovreport_sitegen.answer.table import answer
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import DeviceRef
from ovreport_sitegen.text import release

_FEW_DEVICES = 3


@dataclass(frozen=True)
class Preset:
    """A comparison."""

    label: str
    state: State
    sort: str = ""
    """Key of the column that rows are sorted by, the best first; empty: they stay grouped."""

    def fragment(self, default: State) -> str:
        """Return the part of an address after `#` that leads from a page's state to this."""
        parts = self.state.fragment(default), f"sort={self.sort}" if self.sort else ""
        return "&".join(filter(None, parts))


def presets(catalogue: Catalogue, metric: str = "latency_ms") -> tuple[Preset, ...]:
    """Return the comparisons that these records can answer; `metric`: of those in speed."""
    if not catalogue.results:  # of language models only
        return ()
    return tuple(_on_first(catalogue, preset) for preset in _presets(catalogue, metric))


def first_devices(catalogue: Catalogue) -> tuple[DeviceRef, ...]:
    """Return the device that a table with a row a model and device begins with.

    Empty where there are few devices, or one model: the table is of all of them.
    """
    many = len(catalogue.devices) > _FEW_DEVICES and len(catalogue.models) > 1
    return (catalogue.main_device,) if many else ()


def _on_first(catalogue: Catalogue, preset: Preset) -> Preset:
    """Return a comparison on the first device, where rows are of many and that one has it."""
    devices = first_devices(catalogue)
    if preset.state.columns == "device" or not devices:
        return preset
    state = replace(preset.state, device=tuple(device.slug for device in devices))
    if not answer(catalogue, state).rows:
        return preset
    return replace(preset, state=state)


def _presets(catalogue: Catalogue, metric: str) -> Iterator[Preset]:
    reduced = {s.candidate.executed for s in catalogue.speedups if s.candidate.is_published}
    for ran in sorted(filter(None, reduced - {"f32"})):
        yield Preset(
            f"{ran} against f32", State(metric, "precision", ANY, weights=PUBLISHED, baseline="f32")
        )
    optimized = {s.candidate.variant for s in catalogue.speedups if not s.candidate.is_published}
    if optimized:
        phrase = VARIANTS[min(optimized, key=lambda name: (name != "int8", name))].phrase
        yield Preset(
            f"{phrase} against the published weights: what it buys, what it costs",
            State(metric, "weights", "f32", baseline=PUBLISHED),
        )
    if int8 := [r for r in catalogue.results if r.variant == "int8" and r.completed]:
        most = Counter(r.device.slug for r in int8).most_common(1)[0][0]
        yield Preset(
            "INT8, highest throughput first",
            State("throughput_ips", precision=ANY, weights="int8"),
            sort=most,
        )
    if catalogue.framework_speedups:
        yield Preset(
            "OpenVINO against the native framework",
            State(metric, "engine", "f32", PUBLISHED, baseline=axes.NATIVE),
        )
    if pair := _two_machines(catalogue):
        first, second = pair
        yield Preset(
            f"{first.label} against {second.label}",
            State(metric, device=(first.slug, second.slug), baseline=second.slug),
        )
    if earlier := [r for r in catalogue.earlier_releases if r.completed]:
        builds = (r.record.software.openvino for r in earlier)
        last = release(max(builds, key=release_numbers))
        yield Preset("This release against the last", State(metric, "release", baseline=last))
    yield from _modes(catalogue)


def _modes(catalogue: Catalogue) -> Iterator[Preset]:
    if any(r.metric_value("latency_p90_ms") for r in catalogue.results):
        yield Preset("Median and slow inferences", State("latency_ms", "metric"))
    both = ("peak_memory_latency_bytes", "peak_memory_bytes")
    if any(all(r.metric_value(key) for key in both) for r in catalogue.results):
        yield Preset(
            "Latency mode against throughput mode (memory)",
            State(both[1], "metric", baseline=both[0]),
        )
    if any(r.metric_value("startup_cached_ms") for r in catalogue.results):
        yield Preset("Start-up, cold and cached", State("startup_ms", "metric"))


def _two_machines(catalogue: Catalogue) -> tuple[DeviceRef, DeviceRef] | None:
    """Return the device of the machine that was measured last, and the one to compare it with.

    That is one of another machine, with most models in common; None where none has two.
    """
    first = catalogue.main_device
    models = {r.model.id for r in catalogue.of_device(first) if r.completed}

    def shared(device: DeviceRef) -> int:
        return len(models & {r.model.id for r in catalogue.of_device(device) if r.completed})

    others = [d for d in catalogue.devices if d.key[0] != first.key[0]]
    best = max(others, key=lambda d: (shared(d), catalogue.rank(d)), default=None)
    return (first, best) if best is not None and shared(best) > 1 else None
