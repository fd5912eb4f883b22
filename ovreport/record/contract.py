"""Everything in a document that the contract refuses, each with its path.

    faults(document)     [("$.case.precision", "'f64' is none of 'bf16', 'default', 'f16', 'f32'")]

msgspec stops at the first fault, and an unknown field comes before one that is missing. This walks
the types that it decodes by: first all that is missing, then wrong values, unknown fields last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Annotated, Any

import msgspec
from msgspec import inspect

from ovreport.errors import one_line
from ovreport.record.record import Record

_DEEPEST = 64
"""A record is a dozen levels deep."""


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


def _faults(value: object, kind: inspect.Type, path: str) -> Iterator[ContractFault]:
    if path.count(".") + path.count("[") > _DEEPEST:
        yield ContractFault(path[:200], "deeper than any record")
        return
    match kind:
        case inspect.Metadata():
            yield from _faults(value, kind.type, path)
        case inspect.StructType():
            yield from _of_struct(value, kind, path)
        case inspect.UnionType():
            yield from _of_union(value, kind, path)
        case inspect.ListType() if isinstance(value, list):
            inside = [f for i, one in enumerate(value) for f in _of_item(one, kind, path, i)]
            yield from inside or _of_value(value, kind, path)
        case inspect.DictType() if isinstance(value, dict):
            for key, one in value.items():
                yield from _faults(key, kind.key_type, path)
                yield from _faults(one, kind.value_type, f"{path}.{one_line(str(key), 80)}")
        case inspect.LiteralType():
            if not any(value == known and type(value) is type(known) for known in kind.values):
                yield ContractFault(path, f"{_quoted(value)} is none of {_all(kind.values)}")
        case _:
            yield from _of_value(value, kind, path)


def _of_item(
    value: object, kind: inspect.ListType, path: str, index: int
) -> Iterator[ContractFault]:
    return _faults(value, kind.item_type, f"{path}[{index}]")


def _of_struct(value: object, kind: inspect.StructType, path: str) -> Iterator[ContractFault]:
    if not isinstance(value, dict):
        yield ContractFault(path, f"an object is expected, not {_quoted(value)}")
        return
    fields = {field.encode_name: field for field in kind.fields}
    tag = {kind.tag_field} if kind.tag_field else set()
    found = [
        ContractFault(f"{path}.{name}", "this required field is missing", Kind.MISSING)
        for name, field in fields.items()
        if field.required and name not in value
    ]
    for name, one in value.items():
        if name in fields:
            found += _faults(one, fields[name].type, f"{path}.{name}")
        elif name not in tag:
            what = f"there is no field {_quoted(name)} in an object of this kind"
            found.append(ContractFault(path, what, Kind.UNKNOWN))
    if found:
        yield from found
        return
    # Its parts are sound: what is left is what they say together.
    yield from _of_value(value, kind, path)


def _of_union(value: object, kind: inspect.UnionType, path: str) -> Iterator[ContractFault]:
    structs = [one for one in kind.types if isinstance(one, inspect.StructType)]
    if len(structs) < 2:
        yield from _of_value(value, kind, path)
        return
    if not isinstance(value, dict):
        yield ContractFault(path, f"an object is expected, not {_quoted(value)}")
        return
    tags = {one.tag: one for one in structs}
    name = structs[0].tag_field or ""
    tag = value.get(name)
    if name not in value:
        what = f"this required field is missing: one of {_all(tags)}"
        yield ContractFault(f"{path}.{name}", what, Kind.MISSING)
    elif not isinstance(tag, str) or tag not in tags:
        yield ContractFault(f"{path}.{name}", f"{_quoted(tag)} is none of {_all(tags)}")
    else:
        yield from _of_struct(value, tags[tag], path)


def _of_value(value: object, kind: inspect.Type, path: str) -> Iterator[ContractFault]:
    """Yield what msgspec itself says of a value, which has no faults further down."""
    try:
        msgspec.convert(value, _python(kind), strict=True)
    except msgspec.ValidationError as error:
        what, _, deeper = str(error).rpartition(" - at `")
        inside = deeper.rpartition("` in `")[2].rstrip("`").removeprefix("$") if what else ""
        yield ContractFault(path + one_line(inside), one_line(what or str(error)))


def _python(kind: inspect.Type) -> Any:  # noqa: ANN401
    """Return the annotation that a leaf of the contract's types was made of."""
    bounds: dict[str, Any] = {
        name: bound
        for name in ("min_length", "max_length", "pattern", "gt", "ge", "lt", "le")
        if (bound := getattr(kind, name, None)) is not None
    }
    match kind:
        case inspect.Metadata():
            return _python(kind.type)
        case inspect.StructType():
            return kind.cls
        case inspect.UnionType():
            whole: Any = None
            for one in kind.types:
                whole = _python(one) if whole is None else whole | _python(one)
            return whole
        case inspect.TupleType():
            return tuple.__class_getitem__(tuple(_python(one) for one in kind.item_types))
        case inspect.ListType():
            plain: Any = list  # its items were looked at one by one
        case inspect.NoneType():
            return None
        case _:
            plain = _PLAIN[type(kind)]
    return Annotated[plain, msgspec.Meta(**bounds)] if bounds else plain


_PLAIN: Mapping[type[inspect.Type], Any] = {
    inspect.AnyType: Any,
    inspect.StrType: str,
    inspect.FloatType: float,
    inspect.IntType: int,
    inspect.BoolType: bool,
    inspect.DictType: dict,
}


def _quoted(value: object) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if value is None:
        return "null"
    return one_line(repr(value), 80)


def _all(values: object) -> str:
    return ", ".join(repr(value) for value in values)  # type: ignore[attr-defined]
