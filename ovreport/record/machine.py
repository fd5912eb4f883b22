"""What a case ran on: software, host and device."""

from __future__ import annotations

from typing import Literal

from ovreport.record.base import Count, Family, Part, Slug, Text

__all__ = ["Device", "Machine", "Software"]


class Software(Part, frozen=True):
    """Versions of everything between the model and the silicon."""

    ovreport: Text
    openvino: Text
    """Full build string; its first three numbers are the release."""
    python: Text
    os: Text
    kernel: Text
    packages: dict[str, Text] = {}
    """Other packages that matter: engine and framework versions."""


class Machine(Part, frozen=True):
    """The host, without anything that names it or its user. `unknown` where not readable."""

    id: Slug
    """Made from the hardware below; the same hardware gives the same id."""
    cpu: Text
    architecture: Text
    sockets: Count
    cores_physical: Count
    cores_logical: Count
    cores_available: Count
    """What affinity and cgroup limits leave to the measuring processes."""
    memory_bytes: Count
    virtualised: Text
    """`no`, or the hypervisor's name."""
    governor: Text
    turbo: Literal["on", "off", "unknown"]
    power_source: Literal["mains", "battery", "unknown"]
    smt: Literal["on", "off", "unknown"] = "unknown"
    """Whether two threads share a core (hyper-threading)."""
    cpu_flags: list[Text] = []
    """Instruction sets that matter to inference: avx2, avx512f, amx_bf16…"""


class Device(Part, frozen=True):
    """One OpenVINO device, as its plugin describes it."""

    name: Text
    """The case's device string."""
    full_name: Text
    family: Family
    driver: Text
    """Driver version, or `built into OpenVINO`."""
    capabilities: list[Text]
    properties: dict[str, Text]
    """Every readable property, as text."""
