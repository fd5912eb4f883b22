"""Everything in a document that the contract refuses, each with its path.

    faults(document)     [("$.case.precision", "'f64' is none of 'bf16', 'default', 'f16', 'f32'")]

msgspec stops at the first fault, and an unknown field comes before one that is missing. This walks
the types that it decodes by: first all that is missing, then wrong values, unknown fields last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, reduce
from operator import or_
from types import GenericAlias
from typing import Annotated, Any, Literal

import msgspec
from msgspec import inspect

from ovreport.errors import one_line
from ovreport.record.record import Record


class Kind(IntEnum):
    """What is wrong, in the order in which it is best put right."""

    MISSING = 0
    WRONG = 1
    UNKNOWN = 2


@dataclass(frozen=True)
class ContractFault:
    """One place where a document does not follow the contract."""

    path: str
    what: str
    kind: Kind = Kind.WRONG


def faults(document: object) -> list[ContractFault]:
    """Return all faults of a document of the current format, what is missing first."""
    return sorted(_faults(document, _record_type(), "$"), key=lambda fault: fault.kind)


@cache
def _record_type() -> inspect.Type:
    return inspect.type_info(Record)


def _faults(value: object, kind: inspect.Type, path: str) -> list[ContractFault]:
    """Return the faults of a value, as deep inside it as they lie."""
    try:
        msgspec.convert(value, _annotation(kind), strict=True)
    except msgspec.ValidationError as error:
        # Where its parts are sound, the fault is in what they say together.
        return list(_inside(value, kind, path)) or [_told(error, path)]
    return []


def _inside(value: object, kind: inspect.Type, path: str) -> Iterator[ContractFault]:
    """Yield the faults of a value's parts; none of a value without parts."""
    match kind:
        case inspect.Metadata():
            yield from _inside(value, kind.type, path)
        case inspect.StructType() if isinstance(value, dict):
            yield from _of_fields(value, kind, path)
        case inspect.UnionType():
            yield from _of_tagged(value, kind, path)
        case inspect.ListType() if isinstance(value, list):
            for index, one in enumerate(value):
                yield from _faults(one, kind.item_type, f"{path}[{index}]")
        case inspect.DictType() if isinstance(value, dict):
            for key, one in value.items():
                yield from _faults(key, kind.key_type, path)
                yield from _faults(one, kind.value_type, f"{path}.{one_line(str(key), 80)}")
        case inspect.LiteralType():
            yield ContractFault(path, f"{_quoted(value)} is none of {_all(kind.values)}")


def _of_fields(
    value: dict[str, object], kind: inspect.StructType, path: str
) -> Iterator[ContractFault]:
    fields = {field.encode_name: field for field in kind.fields}
    for name, field in fields.items():
        if field.required and name not in value:
            what = "this required field is missing"
            yield ContractFault(f"{path}.{name}", what, Kind.MISSING)
    for name, one in value.items():
        if name in fields:
            yield from _faults(one, fields[name].type, f"{path}.{name}")
        elif name != kind.tag_field:
            what = f"there is no field {_quoted(name)} in an object of this kind"
            yield ContractFault(path, what, Kind.UNKNOWN)


def _of_tagged(value: object, kind: inspect.UnionType, path: str) -> Iterator[ContractFault]:
    """Yield the faults of an object of one of several kinds, which a field of it names."""
    kinds = {one.tag: one for one in kind.types if isinstance(one, inspect.StructType)}
    name = next((one.tag_field for one in kinds.values() if one.tag_field), None)
    if name is None or not isinstance(value, dict):
        return
    tag = value.get(name)
    if name not in value:
        what = f"this required field is missing: one of {_all(kinds)}"
        yield ContractFault(f"{path}.{name}", what, Kind.MISSING)
    elif not isinstance(tag, str) or tag not in kinds:
        yield ContractFault(f"{path}.{name}", f"{_quoted(tag)} is none of {_all(kinds)}")
    else:
        yield from _faults(value, kinds[tag], path)


def _told(error: msgspec.ValidationError, path: str) -> ContractFault:
    """Return what msgspec says of a value, which may be of a place further down."""
    what, _, deeper = str(error).rpartition(" - at `")
    inside = deeper.rpartition("` in `")[2].rstrip("`").removeprefix("$") if what else ""
    return ContractFault(path + one_line(inside), one_line(what or str(error)))


_annotations: dict[int, Any] = {}
"""Of the types of a record, which live as long as this module, by their ids."""


def _annotation(kind: inspect.Type) -> Any:  # noqa: ANN401
    """Return the annotation that a type was made of."""
    if id(kind) not in _annotations:
        _annotations[id(kind)] = _annotated(kind)
    return _annotations[id(kind)]


def _annotated(kind: inspect.Type) -> Any:  # noqa: ANN401
    plain: Any
    match kind:
        case inspect.Metadata():
            return _annotation(kind.type)
        case inspect.StructType():
            return kind.cls
        case inspect.UnionType():
            return reduce(or_, map(_annotation, kind.types))
        case inspect.LiteralType():
            return Literal[tuple(kind.values)]
        case inspect.TupleType():
            return GenericAlias(tuple, tuple(_annotation(one) for one in kind.item_types))
        case inspect.ListType():
            plain = GenericAlias(list, (_annotation(kind.item_type),))
        case inspect.DictType():
            plain = GenericAlias(dict, (_annotation(kind.key_type), _annotation(kind.value_type)))
        case _:
            plain = _PLAIN[type(kind)]
    bounds: dict[str, Any] = {
        name: bound
        for name in ("min_length", "max_length", "pattern", "gt", "ge", "lt", "le")
        if (bound := getattr(kind, name, None)) is not None
    }
    return Annotated[plain, msgspec.Meta(**bounds)] if bounds else plain


_PLAIN: Mapping[type[inspect.Type], Any] = {
    inspect.StrType: str,
    inspect.FloatType: float,
    inspect.IntType: int,
    inspect.BoolType: bool,
    inspect.NoneType: None,
}


def _quoted(value: object) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if value is None:
        return "null"
    return one_line(repr(value), 80)


def _all(values: object) -> str:
    return ", ".join(repr(value) for value in values)  # type: ignore[attr-defined]
