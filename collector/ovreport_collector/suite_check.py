"""What makes a suite unusable: its structure first, then its meaning, every fault at once."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import msgspec

from ovreport.errors import SuiteError
from ovreport.metrics import METRICS
from ovreport_collector import tasks
from ovreport_collector.language import is_language
from ovreport_collector.making import variants
from ovreport_collector.making.converters import CONVERTERS
from ovreport_collector.sources.address import (
    Address,
    AddressError,
    InWheel,
    Local,
    OnHub,
    is_pin,
    is_sha256,
    parse,
    parse_wheel,
)
from ovreport_collector.suite import Dataset, File, Model, Published, Suite, Wheel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MODEL_FORMATS = (".onnx", ".xml", ".tflite")
LANGUAGE_FORMATS = (".gguf", ".xml")
"""Of a language model: a GGUF file, or an OpenVINO IR with its tokenizer in the same folder."""
MAX_ELEMENTS = 1 << 31
"""Of one input. More is a slip of the pen, and would fill the memory."""
MAX_TEXT = 2_000

_SLUG = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")
_LOCATED = re.compile(r"(?P<what>.*) - at `\$(?P<path>.*)`", re.DOTALL)
_FIELD = re.compile(r"(?:unknown|missing required) field `(?P<name>.*)`", re.DOTALL)


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, where, and what to do about it."""

    path: str
    what: str
    remedy: str


def raise_all(faults: Iterable[Fault], *, where: str) -> None:
    """Raise one SuiteError that tells of every fault; do nothing when there is none."""
    found = [Fault(_plain(f.path), _plain(f.what), _plain(f.remedy)) for f in faults]
    if not found:
        return
    if len(found) == 1:
        (fault,) = found
        raise SuiteError(fault.what, where=f"{where}: {fault.path}", remedy=fault.remedy)
    lines = "\n".join(f"  {f.path}: {f.what}\n    → {f.remedy}" for f in found)
    raise SuiteError(f"{len(found)} faults\n{lines}", where=where)


def structure(document: Mapping[str, Any]) -> list[Fault]:
    """Return the faults of types and keys; each model, wheel and dataset is tried by itself."""
    for ours in ("folder", "brought"):
        if ours in document:
            return [Fault(f"$.{ours}", f"unknown field `{ours}`", "remove it")]
    parts = {"models": list, "wheels": dict, "datasets": dict}
    emptied = {key: kind() for key, kind in parts.items() if isinstance(document.get(key), kind)}
    return [
        *_converted({**document, **emptied}, Suite, "$"),
        *_each(document.get("models"), Model, "$.models[{}]"),
        *_each(document.get("wheels"), Wheel, '$.wheels."{}"'),
        *_each(document.get("datasets"), Dataset, "$.datasets.{}"),
    ]


def meaning(suite: Suite) -> Iterator[Fault]:
    """Yield the faults of a well-formed suite: names, pins, addresses, shapes."""
    yield from _slug("$.id", suite.id)
    yield from _texts("$", title=suite.title)
    if not suite.models:
        yield Fault("$.models", "no model", "add at least one [[models]]")
    for pin, wheel in suite.wheels.items():
        yield from _wheel(f'$.wheels."{pin}"', pin, wheel)
    for name, dataset in suite.datasets.items():
        yield from _dataset(f"$.datasets.{name}", name, dataset, suite)
    seen: set[str] = set()
    for index, model in enumerate(suite.models):
        path = f"$.models[{index}]"
        if model.id in seen:
            yield Fault(f"{path}.id", f'"{model.id}" is used twice', "give each model its own id")
        seen.add(model.id)
        yield from _model(path, model, suite)


def _plain(text: str) -> str:
    """Return text that a terminal shows as it is, whatever a suite's names hold."""
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text[:400])
    return shown if len(text) <= 400 else f"{shown}…"


def _each(part: object, kind: type, path: str) -> Iterator[Fault]:
    if isinstance(part, list):
        for index, item in enumerate(part):
            yield from _converted(item, kind, path.format(index))
    elif isinstance(part, dict):
        for key, item in part.items():
            yield from _converted(item, kind, path.format(key))


def _converted(item: object, kind: type, path: str) -> Iterator[Fault]:
    try:
        msgspec.convert(item, kind)
    except msgspec.ValidationError as error:
        message = str(error)
        located = _LOCATED.fullmatch(message)
        what = located["what"] if located else message
        at = f"{path}{located['path']}" if located else path
        field = _FIELD.search(what)
        yield Fault(f"{at}.{field['name']}" if field else at, what, _remedy(what))


def _remedy(what: str) -> str:
    if "unknown field" in what:
        return "remove it, or check its spelling"
    if "missing required" in what:
        return "add it"
    return "write a value of the kind that is expected"


def _model(path: str, model: Model, suite: Suite) -> Iterator[Fault]:
    yield from _slug(f"{path}.id", model.id)
    yield from _texts(path, title=model.title, licence=model.licence, why=model.why)
    yield from _homepage(f"{path}.homepage", model.homepage)
    names = tasks.names()
    if model.task not in names:
        known = f"use one of: {', '.join(names)}"
        yield Fault(f"{path}.task", f'unknown task "{model.task}"', known)
    if model.data and model.data not in suite.datasets:
        known = ", ".join(suite.datasets) or "there is none yet"
        remedy = f"use one of [datasets] ({known}), or leave data out"
        yield Fault(f"{path}.data", f'unknown dataset "{model.data}"', remedy)
    yield from _variants(f"{path}.variants", model)
    if is_language(model):
        yield from _of_language(path, model)
    else:
        yield from _shapes(f"{path}.shapes", model.shapes)
    yield from _file(f"{path}.file", model.file, suite)
    yield from _network(f"{path}.file.uri", model, suite)
    for role, file in model.files.items():
        yield from _slug(f"{path}.files.{role}", role)
        yield from _file(f"{path}.files.{role}", file, suite)
    for index, figure in enumerate(model.published):
        yield from _published(f"{path}.published[{index}]", figure)


def _published(path: str, figure: Published) -> Iterator[Fault]:
    yield from _texts(path, variant=figure.variant, source=figure.source, note=figure.note)
    known = [key for key, metric in METRICS.items() if metric.aspect == "accuracy"]
    if figure.metric not in known:
        what = f'"{figure.metric}" is no metric of accuracy'
        yield Fault(f"{path}.metric", what, f"use one of: {', '.join(known)}")
    if not -1 <= figure.value <= 1:
        what = f"{figure.value:g} is no share and no coefficient"
        yield Fault(f"{path}.value", what, "write 0.751 for 75.1 %")
    if not (figure.url.startswith("https://") and figure.url.isprintable()):
        remedy = "write the https:// address where a reader finds the figure"
        yield Fault(f"{path}.url", f'"{figure.url[:80]}" is not an address', remedy)
    if not figure.source:
        yield Fault(f"{path}.source", "no source", "say what publishes the figure")


def _of_language(path: str, model: Model) -> Iterator[Fault]:
    if model.shapes:
        remedy = "leave shapes out: prompts have lengths of their own"
        yield Fault(f"{path}.shapes", "a language model has no static shapes", remedy)
    if not model.data:
        remedy = "name one of [datasets] whose file has the role text"
        yield Fault(f"{path}.data", "no text to take prompts from", remedy)


def _variants(path: str, model: Model) -> Iterator[Fault]:
    possible = variants.possible(model)
    if model.variants and not possible:
        what = f"the published file is {model.variant} already"
        yield Fault(path, what, "leave variants out: only fp32 models are optimised")
    elif unfit := sorted(set(model.variants) - set(possible)):
        what = f"a language model cannot be made {unfit[0]}"
        yield Fault(path, what, f"use {' or '.join(possible)}")
    for name in {n for n in model.variants if model.variants.count(n) > 1}:
        yield Fault(path, f'"{name}" is named twice', "name each variant once")


def _dataset(path: str, name: str, dataset: Dataset, suite: Suite) -> Iterator[Fault]:
    yield from _slug(path, name)
    yield from _texts(path, title=dataset.title, licence=dataset.licence)
    yield from _homepage(f"{path}.homepage", dataset.homepage)
    if not dataset.files and not dataset.layout:
        remedy = "name at least one, with its role; or a layout, where users bring the data"
        yield Fault(f"{path}.files", "no file", remedy)
    if dataset.files and dataset.layout:
        remedy = "leave one out: files are fetched, what has a layout is brought by the user"
        yield Fault(f"{path}.layout", "files and a layout", remedy)
    for role, file in dataset.files.items():
        yield from _slug(f"{path}.files.{role}", role)
        yield from _file(f"{path}.files.{role}", file, suite)


def _wheel(path: str, pin: str, wheel: Wheel) -> Iterator[Fault]:
    if not is_pin(pin):
        yield Fault(path, f'"{pin}" is not NAME==VERSION', "name the wheel by its exact version")
    try:
        if is_pin(pin) and not parse_wheel(wheel.file).fits(pin):
            yield Fault(f"{path}.file", f'"{wheel.file}" is not of {pin}', "name the same release")
    except AddressError as error:
        yield Fault(f"{path}.file", error.what, error.remedy)
    yield from _sha256(f"{path}.sha256", wheel.sha256)
    if wheel.size_bytes <= 0:
        yield Fault(f"{path}.size_bytes", "not a size", "write the size of the wheel in bytes")


def _file(path: str, file: File, suite: Suite) -> Iterator[Fault]:
    address = _address(file)
    if isinstance(address, AddressError):
        yield Fault(f"{path}.uri", address.what, address.remedy)
        return
    if isinstance(address, InWheel) and address.wheel not in suite.wheels:
        remedy = f'add [wheels."{address.wheel}"] with file, sha256 and size_bytes'
        yield Fault(f"{path}.uri", f'unknown wheel "{address.wheel}"', remedy)
    if isinstance(address, Local) and not Path(suite.folder, address.path).is_file():
        remedy = "check the path; a relative one starts at the folder of the suite"
        yield Fault(f"{path}.uri", f"there is no file {address.path}", remedy)
    if file.folder and not (isinstance(address, OnHub) and file.unpinned):
        remedy = "name an hf: branch with unpinned = true; of other addresses name each file"
        yield Fault(f"{path}.folder", "the rest of the folder has no checksum", remedy)
    if (isinstance(address, OnHub) and not address.is_pinned) or file.unpinned:
        yield from _unpinned(path, file, address)
        return
    pinned = isinstance(address, Local) or (isinstance(address, InWheel) and not address.member)
    if file.sha256 or not pinned:
        yield from _sha256(f"{path}.sha256", file.sha256)


def _unpinned(path: str, file: File, address: Address) -> Iterator[Fault]:
    """Tell of a file that can change without notice, unless the suite says that it knows."""
    if not isinstance(address, OnHub) or address.is_pinned:
        remedy = "leave unpinned out: only hf: with a branch or a tag can be"
        yield Fault(f"{path}.unpinned", "this address is pinned already", remedy)
    elif not file.unpinned:
        remedy = (
            "pin a commit by its 40 hex digits, with sha256; or say unpinned = true: then the "
            "commit is found when it is fetched, and every record tells it"
        )
        yield Fault(f"{path}.uri", f'"{address.revision}" is a branch or a tag: it moves', remedy)
    elif file.sha256:
        remedy = "pin the commit too, or leave sha256 out"
        yield Fault(f"{path}.sha256", "a checksum of what can change", remedy)


def _network(path: str, model: Model, suite: Suite) -> Iterator[Fault]:
    file = model.file
    address = _address(file)
    if isinstance(address, AddressError):
        return
    suffix = PurePosixPath(address.name).suffix.lower()
    if model.converter:
        yield from _conversion(path, model, address.name or file.uri, suffix)
    elif suffix not in (LANGUAGE_FORMATS if is_language(model) else MODEL_FORMATS):
        remedy = (
            "give a GGUF file, or the openvino_model.xml of a folder with its tokenizer"
            if is_language(model)
            else "give an ONNX (.onnx), OpenVINO IR (.xml with its .bin) or TFLite (.tflite) file"
        )
        yield Fault(path, f'"{address.name or file.uri}" is not a model', remedy)
    elif suffix == ".xml" and not isinstance(address, Local):
        if not file.folder and "weights" not in model.files:
            remedy = "add the address of the .bin as the model's file of the role weights; or, of "
            remedy += "a branch on the hub, say folder = true"
            yield Fault(path, "an OpenVINO IR has two files, and this address one", remedy)
    elif suffix == ".xml" and isinstance(address, Local):
        weights = Path(suite.folder, address.path).with_suffix(".bin")
        if not weights.is_file():
            what = f"the weights {weights.name} are not beside {address.name}"
            yield Fault(path, what, "an OpenVINO IR is two files: copy the .bin to the same folder")


def _conversion(path: str, model: Model, name: str, suffix: str) -> Iterator[Fault]:
    """Tell of a conversion that there is not, or that does not fit the model's files."""
    at = path.removesuffix(".file.uri")
    converter = CONVERTERS.get(model.converter)
    if converter is None:
        what = f'unknown converter "{model.converter}"'
        yield Fault(f"{at}.converter", what, f"use one of: {', '.join(CONVERTERS)}")
        return
    if suffix not in converter.suffixes:
        remedy = f"{model.converter} reads {' and '.join(converter.suffixes)} files"
        yield Fault(path, f'"{name}" holds no weights that it reads', remedy)
    for role in converter.files:
        if role not in model.files:
            what = f"{model.converter} needs the model's file of the role {role}"
            yield Fault(f"{at}.files", what, "add its address and checksum")


def _shapes(path: str, shapes: Mapping[str, list[int]]) -> Iterator[Fault]:
    if not shapes:
        yield Fault(
            path, "no shape", "give each input a static shape: { input = [1, 3, 224, 224] }"
        )
    for name, shape in shapes.items():
        at = f'{path}."{name}"'
        yield from _texts(path, **{f'"{name}"': name})
        if any(dimension <= 0 for dimension in shape):
            what = f"{shape} has a dimension that is not positive"
            yield Fault(at, what, "give a static shape: positive whole numbers only")
        elif math.prod(shape) > MAX_ELEMENTS:
            yield Fault(at, f"{shape} is more than 2³¹ elements", "give a smaller shape")


def _slug(path: str, text: str) -> Iterator[Fault]:
    if not _SLUG.fullmatch(text):
        remedy = "use a–z, 0–9, dot and hyphen, at most 64, a letter or digit first"
        yield Fault(path, f'"{text[:80]}" is not a safe name', remedy)


def _texts(path: str, **texts: str) -> Iterator[Fault]:
    """Tell of texts that would disturb a terminal or a page: they are one plain line each."""
    for name, text in texts.items():
        if not text.isprintable() or len(text) > MAX_TEXT:
            what = f"more than one plain line, or more than {MAX_TEXT:,} characters"
            yield Fault(f"{path}.{name}", what, "write one line, without control characters")


def _sha256(path: str, text: str) -> Iterator[Fault]:
    if not text:
        yield Fault(path, "missing checksum", "add the output of sha256sum for this very file")
    elif not is_sha256(text):
        remedy = "write 64 lower-case hex digits, as sha256sum prints them"
        yield Fault(path, f'"{text[:80]}" is not a SHA-256', remedy)


def _homepage(path: str, text: str) -> Iterator[Fault]:
    if text and not (text.startswith(("https://", "http://")) and text.isprintable()):
        yield Fault(path, f'"{text[:80]}" is not a web address', "write https://…, or leave it out")


def _address(file: File) -> Address | AddressError:
    try:
        return parse(file.uri)
    except AddressError as error:
        return error
