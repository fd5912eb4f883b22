"""The job that asks OpenVINO for its devices; the environments of other releases do it too."""

from __future__ import annotations

from msgspec import field

from ovreport_collector.engines.types import ProbeResult
from ovreport_collector.process.job import Job


class ProbeJob(Job[ProbeResult], frozen=True, kw_only=True):
    """Ask OpenVINO for its devices, and for the named ones."""

    devices: list[str]
    """Device strings to describe; empty: every one that is available."""
    plugins: dict[str, str] = field(default_factory=dict)

    def run(self) -> ProbeResult:
        """Describe the devices."""
        from ovreport_collector.engines.openvino import devices

        return devices.probe(self.devices, self.plugins)
