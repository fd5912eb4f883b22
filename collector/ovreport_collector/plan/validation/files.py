"""Rules for files: whether they can be fetched, stay the same, and are of a usable format."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ovreport.engines import ENGINES, GENAI, OPENVINO
from ovreport.errors import did_you_mean
from ovreport_collector.models.convert.registry import CONVERTERS
from ovreport_collector.plan.validation import Fault, text
from ovreport_collector.sources import model_files
from ovreport_collector.sources.address import Address, InWheel, Local, OnHub, parse
from ovreport_collector.sources.wheel import AddressError, is_pin, parse_wheel
from ovreport_collector.suite.language import is_language
from ovreport_collector.suite.model import File, Model, Suite, Wheel

MODEL_FORMATS = ENGINES[OPENVINO].suffixes
LANGUAGE_MODEL_FORMATS = ENGINES[GENAI].suffixes
"""A GGUF file, or an OpenVINO IR with its tokenizer in the same folder."""
MODEL_REMEDY = (
    "give an ONNX (.onnx), OpenVINO IR (.xml with its .bin), TFLite (.tflite) or frozen TensorFlow "
    "(.pb) file; convert any other, of PyTorch too, in Python: "
    "openvino.save_model(openvino.convert_model(model), 'model.xml')"
)


def wheel(path: str, pin: str, entry: Wheel) -> Iterator[Fault]:
    """Yield the faults of a wheel: its version, file name, checksum and size must be given."""
    if not is_pin(pin):
        yield Fault(path, f'"{pin}" is not NAME==VERSION', "name one exact version")
    try:
        if is_pin(pin) and not parse_wheel(entry.file).fits(pin):
            what = f'"{entry.file}" is not of {pin}'
            yield Fault(f"{path}.file", what, "name a wheel of that version")
    except AddressError as error:
        yield Fault(f"{path}.file", error.what, error.remedy)
    yield from text.sha256(f"{path}.sha256", entry.sha256)
    if entry.size_bytes <= 0:
        yield Fault(f"{path}.size_bytes", "not a size", "write the size of the wheel in bytes")


def pinned(path: str, file: File, suite: Suite) -> Iterator[Fault]:
    """Yield a fault if a file cannot be found, or can change without notice."""
    address = _address(file)
    if isinstance(address, AddressError):
        yield Fault(f"{path}.uri", address.what, address.remedy)
        return
    yield from _found(path, address, suite)
    if file.folder and not (isinstance(address, OnHub) and file.unpinned):
        what = "only an unpinned hf: file can bring the rest of its folder"
        remedy = "add unpinned = true, or list the other files of the folder by themselves"
        yield Fault(f"{path}.folder", what, remedy)
    if (isinstance(address, OnHub) and not address.is_pinned) or file.unpinned:
        yield from _unpinned(path, file, address)
    elif file.sha256 or not _is_pinned_elsewhere(address):
        yield from text.sha256(f"{path}.sha256", file.sha256)


def _found(path: str, address: Address, suite: Suite) -> Iterator[Fault]:
    """Yield a fault if the address names a wheel or a file that is not there."""
    if isinstance(address, InWheel) and address.wheel not in suite.wheels:
        remedy = f'add [wheels."{address.wheel}"] with file, sha256 and size_bytes'
        yield Fault(f"{path}.uri", f'unknown wheel "{address.wheel}"', remedy)
    if isinstance(address, Local) and not Path(suite.folder, address.path).is_file():
        path_there = Path(suite.folder, address.path)
        names = [one.name for one in path_there.parent.glob("*")]
        remedy = f"{did_you_mean(path_there.name, names)}check the path; a relative one starts at "
        remedy += "the folder of the suite"
        yield Fault(f"{path}.uri", f"there is no file {address.path}", remedy)


def outside(suite: Suite) -> Iterator[Fault]:
    """Yield a fault for each `file:` that lies outside the suite's folder, links followed.

    A suite may be anybody's, and what it names is read. The user may allow more.
    """
    allowed = [Path(place).resolve() for place in (suite.folder, *suite.allowed_outside)]
    for path, file in _named(suite):
        address = _address(file)
        if not isinstance(address, Local):
            continue
        for one in _with_weights(Path(suite.folder, address.path)):
            if not any(one.resolve().is_relative_to(place) for place in allowed):
                remedy = (
                    "put a copy beside the suite; or, if you trust it with this file, add "
                    f"--allow-outside {shlex.quote(str(one.resolve()))}, or a folder above it"
                )
                yield Fault(f"{path}.uri", f"{one} lies outside the folder of the suite", remedy)
                break


def _with_weights(file: Path) -> Iterator[Path]:
    """Yield a file, and the weights of an OpenVINO IR where a link leads to another place."""
    yield file
    weights = file.with_suffix(".bin")
    if file.suffix.lower() == ".xml" and weights.resolve() != file.resolve().with_suffix(".bin"):
        yield weights


def _named(suite: Suite) -> Iterator[tuple[str, File]]:
    """Yield every file that a suite names, with its path in the document."""
    for name, dataset in suite.datasets.items():
        for role, file in dataset.files.items():
            yield f"$.datasets.{name}.files.{role}", file
    for index, model in enumerate(suite.models):
        yield f"$.models[{index}].file", model.file
        for role, file in model.files.items():
            yield f"$.models[{index}].files.{role}", file


def _is_pinned_elsewhere(address: Address) -> bool:
    """Return whether a file needs no checksum: the user's own, or a whole wheel."""
    return isinstance(address, Local) or (isinstance(address, InWheel) and not address.member)


def _unpinned(path: str, file: File, address: Address) -> Iterator[Fault]:
    """Yield a fault unless `unpinned` and the address agree that the file can change."""
    if not isinstance(address, OnHub) or address.is_pinned:
        remedy = "remove unpinned: it is for hf: addresses with a branch or a tag"
        yield Fault(f"{path}.unpinned", "this address is pinned already", remedy)
    elif not file.unpinned:
        what = f'"{address.revision}" is a branch or a tag, whose files can change'
        remedy = (
            "name a commit by its 40 hex digits, and add sha256; or add unpinned = true: every "
            "record then names the commit that was fetched"
        )
        yield Fault(f"{path}.uri", what, remedy)
    elif file.sha256:
        what = "a checksum of a file that can change"
        yield Fault(f"{path}.sha256", what, "name a commit in the address too, or remove sha256")


def model_file(path: str, model: Model, suite: Suite) -> Iterator[Fault]:
    """Yield a fault if neither an engine nor a converter reads the model's file."""
    address = _address(model.file)
    if isinstance(address, AddressError):
        return  # reported by `pinned`
    name = address.name or model.file.uri
    suffix = PurePosixPath(address.name).suffix.lower()
    if model.converter:
        yield from _conversion(path, model, name, suffix)
    elif suffix not in (LANGUAGE_MODEL_FORMATS if is_language(model) else MODEL_FORMATS):
        remedy = (
            "give a GGUF file, or the openvino_model.xml of a folder with its tokenizer"
            if is_language(model)
            else MODEL_REMEDY
        )
        yield Fault(path, f'"{name}" is not a model', remedy)
    elif suffix == ".xml" and not isinstance(address, Local):
        yield from _ir_weights(path, model)
    elif isinstance(address, Local):
        yield from _parts(path, model, Path(suite.folder, address.path))


def _parts(path: str, model: Model, file: Path) -> Iterator[Fault]:
    """Yield a fault if a local model lacks files that it consists of."""
    named = {PurePosixPath(one.uri).name for one in model.files.values()}
    absent = [
        name
        for name in model_files.missing_from(file, language=is_language(model))
        if PurePosixPath(name).name not in named
    ]
    if absent and file.is_file():
        yield Fault(path, model_files.what_is_missing(absent), model_files.REMEDY)


def _ir_weights(path: str, model: Model) -> Iterator[Fault]:
    """Yield a fault if an OpenVINO IR that is fetched has no address of its weights."""
    if not model.file.folder and "weights" not in model.files:
        what = "an OpenVINO IR has two files, and this address names one"
        remedy = (
            "add the .bin file as [models.files.weights]; for an hf: branch, folder = true "
            "fetches the whole folder"
        )
        yield Fault(path, what, remedy)


def _conversion(path: str, model: Model, name: str, suffix: str) -> Iterator[Fault]:
    """Yield a fault if there is no such converter, or it cannot read the model's files."""
    at = path.removesuffix(".file.uri")
    converter = CONVERTERS.get(model.converter)
    if converter is None:
        what = f'unknown converter "{model.converter}"'
        yield Fault(f"{at}.converter", what, f"use one of: {', '.join(CONVERTERS)}")
        return
    if suffix not in converter.suffixes:
        what = f'the converter {model.converter} cannot read "{name}"'
        remedy = f"{model.converter} reads {' and '.join(converter.suffixes)} files"
        yield Fault(path, what, remedy)
    for role in converter.files:
        if role not in model.files:
            what = f"{model.converter} needs the model's file of the role {role}"
            yield Fault(f"{at}.files", what, f"add [models.files.{role}] with uri and sha256")


def _address(file: File) -> Address | AddressError:
    try:
        return parse(file.uri)
    except AddressError as error:
        return error
