"""What makes a suite unusable: its structure first, then its meaning, every fault at once."""

from __future__ import annotations

from ovreport_collector.suite_check.faults import Fault, raise_all
from ovreport_collector.suite_check.meaning import meaning
from ovreport_collector.suite_check.structure import structure

__all__ = ["Fault", "meaning", "raise_all", "structure"]
