"""A device's page: the machine, its properties, and all results on it."""

from __future__ import annotations

from dataclasses import dataclass

from ovreport.metrics import significant
from ovreport.words import plural
from ovreport_sitegen.answer.section import Section, section_of_device
from ovreport_sitegen.components import speedups
from ovreport_sitegen.components.table import Table
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import DeviceRef, Result
from ovreport_sitegen.pages.accuracy.choices import device_table
from ovreport_sitegen.pages.page import Head, PageOfEach, warning
from ovreport_sitegen.text import line

Facts = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class DeviceView:
    """Everything the template of a device's page needs."""

    head: Head
    device: DeviceRef
    full_name: str
    facts: Facts
    machine: Facts
    properties: Facts
    finding: str
    choices: Table | None
    """The optimal choices for each model; None where no model has a choice."""
    section: Section | None
    """None where OpenVINO ran nothing on it."""


def view(catalogue: Catalogue, device: DeviceRef) -> DeviceView:
    """Return the view of a device's page."""
    results = catalogue.of_device(device)
    newest = catalogue.newest_of(device)
    models = len({r.model.id for r in results})
    head = Head(
        device.label,
        f"{device.family} · {plural(len(results), 'result')} of {plural(models, 'model')}.",
        warning=warning(results, "latency", "of this device"),
    )
    default = catalogue.default_results(device)
    choices = device_table(catalogue, device)
    described = newest.record.device
    return DeviceView(
        head=head,
        device=device,
        full_name=line(described.full_name, 300),
        facts=(
            ("Device string", line(described.name, 80)),
            ("Driver", line(described.driver, 120)),
            ("Capabilities", line(", ".join(described.capabilities), 400)),
        ),
        machine=(
            *_machine(newest),
            ("Measured last", newest.day),
            ("Results of", line(catalogue.config.owner_of(device.key.machine))),
        ),
        properties=tuple(
            (line(k, 80), line(v, 400)) for k, v in sorted(described.properties.items())[:200]
        ),
        finding=speedups.speedup_finding(catalogue, default, "latency") if default else "",
        choices=choices if choices.rows else None,
        section=section_of_device(catalogue, device),
    )


def _machine(result: Result) -> Facts:
    m, software = result.record.machine, result.record.software
    return (
        ("Machine", m.id),
        ("Processor", line(m.cpu, 120)),
        (
            "Cores",
            f"{m.cores_physical} physical, {m.cores_logical} logical, "
            f"{m.cores_available:g} available, {plural(m.sockets, 'socket')}",
        ),
        ("Memory", f"{significant(m.memory_bytes / 1024**3)} GiB"),
        ("Architecture", line(m.architecture, 40)),
        ("Instruction sets", line(", ".join(m.cpu_flags), 300)),
        ("Virtualised", line(m.virtualised, 60)),
        ("Governor", line(m.governor, 60)),
        ("Turbo", m.turbo),
        ("Hyper-threading", m.smt),
        ("Power source", m.power_source),
        ("System", line(f"{software.os}, kernel {software.kernel}", 160)),
        ("OpenVINO", line(software.openvino, 120)),
    )


PAGE = PageOfEach("device", "models", lambda catalogue: catalogue.devices, view)
