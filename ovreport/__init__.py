"""ovreport: performance benchmarks of OpenVINO that a reader can trust.

In Python: `load` reads records; `Results` and `Figure` are what comes of it. All else is the
command line. The types are in `__init__.pyi`.
"""

from importlib import import_module

__version__ = "0.1.0"

_LAZY = {"Figure": "figures", "RecordWarning": "results", "Results": "results", "load": "results"}
"""Name → its module, imported when it is asked for: `ovreport --help` needs none of them."""


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_LAZY])
