"""What the answer table shows, and the part of an address that says so."""

from __future__ import annotations

from dataclasses import dataclass, fields
from urllib.parse import urlencode

KEPT, ANY, DEFAULT = "kept", "any", "default"
PUBLISHED = "published"
TASK = "task:"
"""Before the key of a task, where the models of one task are shown."""


@dataclass(frozen=True)
class State:
    """What is shown; the names of its fields are those in addresses and of the controls."""

    metric: str = "latency_ms"
    columns: str = "device"
    """What a column is: a key of `axes.AXES`, or `metric`."""
    precision: str = KEPT
    """`kept`: the best that keeps 99 % of the accuracy; `any`: the best, whatever it costs; else
    the requested precision, such as `f32` or `default`."""
    weights: str = ""
    """`published`, or a variant; empty: all."""
    models: str = ""
    """Slug of a model, or `task:` and the key of a task; empty: all."""
    device: tuple[str, ...] = ()
    """Slugs of devices; empty: all."""
    baseline: str = ""
    """Key of the column that the others are compared with; empty: none."""
    stable: bool = False
    """Whether only stable values are shown."""

    def fragment(self, default: State) -> str:
        """Return the part of an address after `#` that leads from a page's state to this one.

        It names what differs, and is empty where nothing does.
        """
        pairs: list[tuple[str, str]] = []
        for field in fields(self):
            value = getattr(self, field.name)
            if value == getattr(default, field.name):
                continue
            if isinstance(value, tuple):
                pairs += [(field.name, one) for one in value or ("",)]
            elif isinstance(value, bool):
                pairs.append((field.name, "1" if value else ""))
            else:
                pairs.append((field.name, value))
        return urlencode(pairs, safe=":.-_")


DEFAULT_STATE = State()
"""Latency of every model on every device."""
