"""ovreport: performance benchmarks of OpenVINO that a reader can trust."""

__version__ = "0.1.0"
