"""How layers are counted, whichever engine ran them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ovreport.record import LayerCount

COMPUTE = (
    "conv",
    "fullyconnected",
    "matmul",
    "gemm",
    "fully_connected",
    "rnn",
    "lstm",
    "gru",
    "attention",
    "mha",
    "einsum",
)
"""Layer types that do the arithmetic, as parts of the names that engines give them."""


def computes(kind: str) -> bool:
    """Return whether a layer of this type does arithmetic that counts."""
    name = kind.lower().replace("convert", "")  # which moves data, whatever its name begins with
    return any(part in name for part in COMPUTE)


def counted(counts: Counter[tuple[str, str, bool]]) -> list[LayerCount]:
    """Return counts by device, precision and whether the layer computes, in order."""
    return [
        LayerCount(device=device, precision=precision, compute=compute, count=count)
        for (device, precision, compute), count in sorted(counts.items())
    ]


def main_precision(layers: Sequence[LayerCount]) -> str:
    """Return the precision of over half of the compute layers (of all, where none compute)."""
    counts: Counter[str] = Counter()
    for layer in [layer for layer in layers if layer.compute] or layers:
        counts[layer.precision] += layer.count
    if not counts:
        return "unknown"
    precision, count = counts.most_common(1)[0]
    return precision if 2 * count > counts.total() else "mixed"
