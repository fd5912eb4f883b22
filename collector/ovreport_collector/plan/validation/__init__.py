"""What makes a suite unusable: its structure first, then its meaning, every fault at once."""

from __future__ import annotations

from ovreport_collector.plan.validation.fault import Fault, raise_all
from ovreport_collector.plan.validation.schema import structure
from ovreport_collector.plan.validation.semantics import meaning

__all__ = ["Fault", "meaning", "raise_all", "structure"]
