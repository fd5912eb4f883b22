"""Python environments that hold other builds of OpenVINO, for measuring several in one run.

    prepare(["2025.4.1", "2026.4.1"])     one `Environment` each, in this order

See `prepare` for what can be asked for.
"""

from ovreport_collector.environments.environment import INSTALLED, Environment
from ovreport_collector.environments.prepare import prepare

__all__ = ["INSTALLED", "Environment", "prepare"]
