"""From the bytes of a file to a record, or to everything that the contract refuses in it."""

from __future__ import annotations

import msgspec

from ovreport.engines import ENGINES
from ovreport.errors import RecordError, one_line
from ovreport.metrics.accuracy import ACCURACY
from ovreport.record import FORMAT, Accuracy, Record, contract
from ovreport.record.migrations import migrate
from ovreport.variants import VARIANTS

_SCHEMA = "`ovreport schema` prints what a record looks like."
_decoder = msgspec.json.Decoder(Record, strict=True)
_SHOWN = 80
"""Characters that are shown of a name that is in none of our tables."""
_NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def decode(data: bytes, *, where: str) -> Record:
    """Return the record in `data`, migrated to the current format.

    Raises RecordError with the path of the first fault in it. What a record's parts say together
    is checked by `read_all`, not here.
    """
    found = decoded(data, where=where)
    if isinstance(found, Record):
        return found
    raise found[0]


def decoded(data: bytes, *, where: str) -> Record | list[RecordError]:
    """Return the record in `data`, or everything that the contract refuses in it."""
    try:
        # Nearly every record is of the current format: decode it once, straight to its type.
        record = _decoder.decode(data)
    except msgspec.ValidationError as error:
        try:
            found = _slowly(data, error, where=where)
        except RecordError as refused:
            return [refused]
        if isinstance(found, list):
            return found
        record = found
    except _NOT_JSON as error:
        return [_empty(where) if not data.strip() else _not_json(error, where=where)]
    return _unknown_names(record, where=where) or record


def _empty(where: str) -> RecordError:
    return RecordError("the file is empty", where=where, remedy="Delete it, or copy it again.")


def _unknown_names(record: Record, *, where: str) -> list[RecordError]:
    """Return the names in the record that are in none of our tables.

    A result of an unknown engine would stand among OpenVINO's.
    """
    accuracy = record.accuracy
    case = record.case
    named = [
        ("$.case.engine", "engine", case.engine, tuple(ENGINES)),
        ("$.case.variant", "variant", case.variant, tuple(VARIANTS)),
    ]
    if isinstance(accuracy, Accuracy):
        named.append(("$.accuracy.metric", "accuracy metric", accuracy.metric, ACCURACY.keys))
    for index, other in enumerate(record.additional_accuracy):
        path = f"$.additional_accuracy[{index}].metric"
        named.append((path, "accuracy metric", other.metric, ACCURACY.keys))
    return [
        RecordError(
            f"unknown {what} {name[:_SHOWN]!r}; known are {', '.join(known)}",
            where=f"{where}: {path}",
            remedy="Correct the name, or upgrade ovreport: a newer release may know it.",
        )
        for path, what, name, known in named
        if name not in known
    ]


def _slowly(
    data: bytes, first: msgspec.ValidationError, *, where: str
) -> Record | list[RecordError]:
    """Return the record of an older format, or all faults; RecordError where there is no object."""
    try:
        document = msgspec.json.decode(data, type=dict[str, object])
    except msgspec.ValidationError:
        raise _invalid(first, where=where) from first
    except _NOT_JSON as error:
        # A fault in the contract came before the place where the JSON itself breaks.
        raise _not_json(error, where=where) from error
    current = migrate(document, where=where)
    if document.get("format") != FORMAT:
        try:
            return msgspec.convert(current, Record, strict=True)
        except msgspec.ValidationError as error:
            first = error
    found = [
        RecordError(one.what, where=f"{where}: {one.path}", remedy=_SCHEMA)
        for one in contract.faults(current)
    ]
    return found or [_invalid(first, where=where)]


def _not_json(error: Exception, *, where: str) -> RecordError:
    return RecordError(
        f"not JSON: {one_line(str(error))}",
        where=where,
        remedy="It may be truncated: copy it again.",
    )


def _invalid(error: msgspec.ValidationError, *, where: str) -> RecordError:
    # The message quotes the record, unknown field names for one: its last " - at `" is ours.
    what, _, path = str(error).rpartition(" - at `")
    path = path.rpartition("` in `")[2]  # of a key in a mapping, the mapping
    return RecordError(
        one_line(what or path),
        where=f"{where}: {one_line(path.rstrip('`')) if what else '$'}",
        remedy=_SCHEMA,
    )
