"""Files of a suite: whether they are pinned, and whether a model's are what an engine reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ovreport.engines import ENGINES, GENAI, OPENVINO
from ovreport_collector.models.convert.registry import CONVERTERS
from ovreport_collector.plan.validation import text
from ovreport_collector.plan.validation.fault import Fault
from ovreport_collector.sources.address import (
    Address,
    AddressError,
    InWheel,
    Local,
    OnHub,
    is_pin,
    parse,
    parse_wheel,
)
from ovreport_collector.suite.language import is_language
from ovreport_collector.suite.model import File, Model, Suite, Wheel

MODEL_FORMATS = ENGINES[OPENVINO].suffixes
LANGUAGE_FORMATS = ENGINES[GENAI].suffixes
"""Of a language model: a GGUF file, or an OpenVINO IR with its tokenizer in the same folder."""


def wheel(path: str, pin: str, entry: Wheel) -> Iterator[Fault]:
    """Tell of a wheel that is not pinned by itself."""
    if not is_pin(pin):
        yield Fault(path, f'"{pin}" is not NAME==VERSION', "name the wheel by its exact version")
    try:
        if is_pin(pin) and not parse_wheel(entry.file).fits(pin):
            yield Fault(f"{path}.file", f'"{entry.file}" is not of {pin}', "name the same release")
    except AddressError as error:
        yield Fault(f"{path}.file", error.what, error.remedy)
    yield from text.sha256(f"{path}.sha256", entry.sha256)
    if entry.size_bytes <= 0:
        yield Fault(f"{path}.size_bytes", "not a size", "write the size of the wheel in bytes")


def pinned(path: str, file: File, suite: Suite) -> Iterator[Fault]:
    """Tell of a file that cannot be found, or that can change without notice."""
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
    by_itself = isinstance(address, Local) or (isinstance(address, InWheel) and not address.member)
    if file.sha256 or not by_itself:
        yield from text.sha256(f"{path}.sha256", file.sha256)


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


def network(path: str, model: Model, suite: Suite) -> Iterator[Fault]:
    """Tell of a file that no engine reads, and no converter."""
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


def _address(file: File) -> Address | AddressError:
    try:
        return parse(file.uri)
    except AddressError as error:
        return error
