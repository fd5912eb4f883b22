"""What is told of a model that was read from its file."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from ovreport.variants import Variant, stored_as

ANY = -1
"""Upper end of a dimension without one."""
_SIDE, _LENGTH = 224, 128
"""Of an image, and of anything else that is not a batch, in examples."""


class Dimension(Struct, frozen=True, array_like=True):
    """One dimension of a shape: a size, or a range of them."""

    low: int
    high: int
    """`ANY` where it has no upper end."""

    @property
    def is_static(self) -> bool:
        """Whether it has one size."""
        return self.low == self.high

    def __str__(self) -> str:
        if self.is_static:
            return str(self.low)
        if self.high == ANY:
            return "?" if self.low <= 1 else f"{self.low}.."
        return f"{self.low}..{self.high}"


class PortDescription(Struct, frozen=True, kw_only=True):
    """An input or an output of a model."""

    name: str
    """As records call it."""
    names: list[str]
    """Every name that it can be addressed by, its position among them: "#0"."""
    dtype: str
    """As OpenVINO calls it: f32, i64, boolean, string…"""
    shape: list[Dimension] | None
    """None: not even the number of dimensions is known."""
    layout: str = ""
    """Of an image, NCHW or NHWC: as the file says, else after its shape; empty: not known."""
    rows: int = 0
    """Of integers that are indices: the rows of the smallest table that they index; 0: none."""

    @property
    def is_static(self) -> bool:
        """Whether its shape is known."""
        return self.shape is not None and all(one.is_static for one in self.shape)

    @property
    def sizes(self) -> list[int]:
        """The static shape; of a dynamic dimension 0."""
        return [one.low if one.is_static else 0 for one in self.shape or ()]

    @property
    def example_shape(self) -> list[int]:
        """A static shape that it may be given."""
        if self.shape is None:
            return [1, 3, _SIDE, _SIDE]
        other = _SIDE if self.layout else _LENGTH
        sizes = [size or (other if i else 1) for i, size in enumerate(self.sizes)]
        return [max(size, one.low) for size, one in zip(sizes, self.shape, strict=True)]

    @property
    def shape_text(self) -> str:
        """The shape for readers: [1, 3, ?, ?]."""
        return "[…]" if self.shape is None else f"[{', '.join(map(str, self.shape))}]"

    def __str__(self) -> str:
        return f"{self.name} {self.dtype} {self.shape_text}"


class Description(Struct, frozen=True, kw_only=True, tag="description"):
    """A model as its file has it, before it is optimized for any device."""

    inputs: list[PortDescription]
    outputs: list[PortDescription]
    weights: dict[str, int]
    """Type, as OpenVINO calls it → number of weights that are stored in it."""
    format: str
    """ONNX, OpenVINO IR, TFLite or TensorFlow, with its version where it has one."""
    opsets: dict[str, int] = {}
    """Domain → version of its operators, of an ONNX file; the empty domain is ONNX's own."""
    size_bytes: int
    """Of all files of the model."""
    misfit: str = ""
    """Why the model cannot be given the shapes that were asked for; empty where it can."""

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return sum(self.weights.values())

    @property
    def variant(self) -> Variant:
        """Weights of the file, as suites call them."""
        return stored_as(self.weights)

    def input(self, name: str) -> PortDescription | None:
        """Return the input that has this name among its names; None if none has."""
        return next((port for port in self.inputs if name in port.names), None)


class Unreadable(Struct, frozen=True, kw_only=True, tag="unreadable"):
    """A file that cannot be read as a model."""

    reason: str
    unsupported: bool = False
    """Whether the file is sound, and has operations that OpenVINO does not know."""


Inspected = Description | Unreadable


def listed(ports: Sequence[PortDescription]) -> str:
    """Return ports for a message: `x f32 [1, 3, ?, ?], k i64 []`."""
    return ", ".join(map(str, ports)) or "none"
