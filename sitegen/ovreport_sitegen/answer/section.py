"""The answer table as a part of a page: the table, its controls, and comparisons as links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ovreport_sitegen.answer.axes import AXES
from ovreport_sitegen.answer.controls import Choices, Controls, Option, controls
from ovreport_sitegen.answer.presets import Preset, presets
from ovreport_sitegen.answer.state import ANY, DEFAULT_STATE, State
from ovreport_sitegen.answer.table import Answer, answer
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.names import grouped
from ovreport_sitegen.data.result import DeviceRef, ModelRef, Result


@dataclass(frozen=True)
class Link:
    """A comparison as a link."""

    label: str
    href: str


@dataclass(frozen=True)
class Section:
    """What the partial `answer.html` shows."""

    title: str
    answer: Answer
    controls: Controls
    asks: tuple[Link, ...]
    is_of_model: bool = False
    """Of one model: rows are named by their devices."""
    device: str = ""
    """Slug of the only device that it is of; empty: of all."""

    @property
    def part(self) -> str:
        """Which of many devices the table begins with; empty where it has all."""
        every, table = self.controls.device, self.answer
        chosen = [device.label for device in every if device.is_chosen]
        if table.more_columns and table.state.columns == "device":
            return f"{len(table.columns)} of {len(chosen)} devices, those measured last."
        if len(chosen) == 1 < len(every):
            return f"Only {chosen[0]}, one of {len(every)} devices."
        return ""


def section(catalogue: Catalogue, title: str, state: State = DEFAULT_STATE) -> Section:
    """Return the answer table of a page, in its first state."""
    table = answer(catalogue, state)
    links = _links(catalogue, state, presets(catalogue))
    return Section(title, table, controls(catalogue, state, table.columns), links)


def section_of_model(catalogue: Catalogue, model: ModelRef) -> Section | None:
    """Return the answer table of one model, a row a device; None where OpenVINO never ran it."""
    part = catalogue.part(model)
    if not part.results:
        return None
    base = _shared_baseline(part.results)
    state = State(columns=_CHOICE, precision=ANY, models=model.slug, baseline=base)
    found = section(part, f"{model.title}: every choice on every device", state)
    only = (Choices("", (Option(model.slug, model.title, is_chosen=True),)),)
    return replace(found, controls=replace(found.controls, models=only), is_of_model=True)


def section_of_device(catalogue: Catalogue, device: DeviceRef) -> Section | None:
    """Return the answer table of one device, a row a model; None where OpenVINO never used it."""
    part = catalogue.part(device)
    if not part.results:
        return None
    state = State(columns=_CHOICE, precision=ANY, device=(device.slug,))
    found = section(part, f"Every model on {device.label}", state)
    return replace(found, device=device.slug)


_CHOICE = "choice"


def _shared_baseline(results: Sequence[Result]) -> str:
    """Return the column of the baseline where every device has it and something to compare."""
    place = AXES[_CHOICE].place
    base = {place(r).key for r in results if r.is_baseline and r.completed}
    columns = grouped((r.device, place(r).key) for r in results)
    is_shared = len(base) == 1 and all(base < set(keys) for keys in columns.values())
    return base.pop() if is_shared else ""


def _links(catalogue: Catalogue, state: State, found: Sequence[Preset]) -> tuple[Link, ...]:
    """Return comparisons as links from a page whose table begins with a state.

    They stay with the model or the device that the page is of; the rows of one model need no order.
    """
    fixed = [
        replace(
            preset,
            state=replace(
                preset.state,
                models=state.models or preset.state.models,
                device=state.device if len(catalogue.devices) == 1 else preset.state.device,
            ),
        )
        for preset in found
        if not (state.models and preset.sort)
    ]
    there = [preset for preset in fixed if preset.state != state]
    return tuple(Link(preset.label, f"#{preset.fragment(state)}") for preset in there)
