"""Model files that a user names on the command line: the suite that they are.

    ovreport collect model.onnx --shape x=1,3,640,640 --input image=photo.npy --input sr=16000

Inputs, types and static shapes are read from the files. What does not fit them is refused here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ovreport.errors import InputError, SuiteError, did_you_mean, forbidden
from ovreport.store import slug
from ovreport_collector.models.inspect.description import (
    Description,
    Inspected,
    PortDescription,
    listed,
)
from ovreport_collector.models.inspect.job import Wanted, inspect
from ovreport_collector.plan import load_suite
from ovreport_collector.plan.model_inputs import faults_of
from ovreport_collector.plan.validation import Fault, raise_all, semantics
from ovreport_collector.plan.validation.files import MODEL_FORMATS, MODEL_REMEDY
from ovreport_collector.sources import model_files
from ovreport_collector.suite.model import File, Model, Suite
from ovreport_collector.tasks.generic import Generic, stored_shape

NAME = "own models"
"""What stands where the name of a suite does."""
_DATA_SUFFIX = ".npy"


@dataclass(frozen=True)
class OwnModels:
    """Model files, and what is said of their inputs."""

    files: Sequence[str]
    shapes: Mapping[str, list[int]] = field(default_factory=dict)
    """Input name → static shape."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Input name → path of a NumPy file, or a number that fills the input."""


@dataclass(frozen=True)
class OwnSuite:
    """The suite of model files, and how to name each of them again."""

    suite: Suite
    arguments: Mapping[str, Sequence[str]]
    """Model id → the arguments of the command line that are about it, without folders."""
    refused: Sequence[Fault] = ()
    """Why files are left out of it, each by its name."""


def suite_of(own: OwnModels) -> OwnSuite:
    """Return the suite of model files, without those that cannot be used.

    InputError or SuiteError if none can, or if an option names no input.
    """
    data = {name: _data_file(name, value) for name, value in own.inputs.items()}
    paths, refused = _checked_all(own.files)
    found = inspect({str(path): Wanted(file=str(path)) for path in paths})
    _check_names(own, found)
    misfits = _misfits(*_models(paths, found, own, data))
    refused += [fault for faults in misfits.values() for fault in faults]
    usable = [path for path in paths if path not in misfits]
    if not usable:
        raise_all(refused, where="collect")
    suite, bare = _models(usable, found, own, data)
    models = suite.models
    arguments = {model.id: _arguments(model, models, bare, own) for model in models}
    return OwnSuite(suite, arguments, refused)


def _checked_all(files: Sequence[str]) -> tuple[list[Path], list[Fault]]:
    """Return the full paths of the model files, and why others are none."""
    paths, refused = [], []
    for file in dict.fromkeys(files):
        try:
            paths.append(_checked(file))
        except InputError as error:
            refused.append(Fault(Path(file).name, error.what, error.remedy))
        except PermissionError as error:
            why = forbidden(error)
            refused.append(Fault(file, why.what, why.remedy))
    return list(dict.fromkeys(paths)), refused


def _models(
    paths: Sequence[Path],
    found: Mapping[str, Inspected],
    own: OwnModels,
    data: Mapping[str, Path | None],
) -> tuple[Suite, dict[str, Inspected]]:
    """Return the suite of files, and what each of its models is, by id."""
    ids = dict(zip(_ids(paths), paths, strict=True))
    bare = {one: found[str(path)] for one, path in ids.items()}
    models = [_model(one, path, bare[one], own, data) for one, path in ids.items()]
    title = "Models named on the command line"
    return Suite(format=1, id="own-models", title=title, models=models), bare


def _checked(file: str) -> Path:
    """Return the full path of a model file; InputError if there is none, or it is none."""
    path = Path(file)
    if path.suffix.lower() == ".toml":
        raise InputError(f"{file} is a suite, not a model", remedy=f"use --suite {file}")
    if path.is_dir():
        raise InputError(f"{file} is a folder", remedy="name the model files in it")
    if not path.is_file():
        names = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        remedy = f"{did_you_mean(path.name, names)}check the path"
        if file in load_suite.builtin():
            remedy = f"for the built-in suite: --suite {file}"
        raise InputError(f"there is no file {file}", remedy=remedy)
    if path.suffix.lower() not in MODEL_FORMATS:
        has_xml = path.with_suffix(".xml").is_file()
        remedy = "name the .xml file beside it" if has_xml else MODEL_REMEDY
        raise InputError(f"{file} is not a model file", remedy=remedy)
    if absent := model_files.missing_from(path):
        raise InputError(model_files.what_is_missing(absent), remedy=model_files.REMEDY)
    return path.resolve()


def _ids(paths: Sequence[Path]) -> Iterator[str]:
    """Yield an id for each file after its name; with its format, or a number, where two agree."""
    used: set[str] = set()
    for path in paths:
        stem = slug(path.stem)
        numbered = (f"{stem}-{number}" for number in range(2, len(paths) + 2))
        candidates = (stem, f"{stem}-{path.suffix.lower()[1:]}", *numbered)
        chosen = next(one for one in candidates if one not in used)
        used.add(chosen)
        yield chosen


# ---------------------------------------------------------------- inputs


def _data_file(name: str, value: str) -> Path | None:
    """Return the full path of an input's NumPy file; None where its value is a number."""
    number = _number(value)
    if isinstance(number, float) and not math.isfinite(number):
        raise InputError(
            f"{value} is not a finite number",
            where=f"--input {name}",
            remedy=f"give one that the input can hold: --input {name}=0.5",
        )
    if number is not None:
        return None
    path = Path(value)
    if path.suffix.lower() != _DATA_SUFFIX or not path.is_file():
        what = f"there is no file {value}" if path.suffix else f'"{value}" is no number'
        if path.is_file():
            what = f"{value} is not a NumPy file"
        raise InputError(
            what,
            where=f"--input {name}",
            remedy="give the path of a .npy file (numpy.save), or a number: --input sr=16000",
        )
    stored_shape(path)
    return path.resolve()


def _number(value: str) -> int | float | bool | None:
    if value in ("true", "false"):
        return value == "true"
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return None


def _check_names(own: OwnModels, found: Mapping[str, Inspected]) -> None:
    """Raise InputError if an option names an input that no model has."""
    described = [one for one in found.values() if isinstance(one, Description)]
    known = [name for one in described for port in one.inputs for name in port.names]
    for option, names in (("--shape", own.shapes), ("--input", own.inputs)):
        for name in names:
            if name not in known and described:
                ports = [port for one in described for port in one.inputs]
                raise InputError(
                    f'no model here has an input "{name}"',
                    where=option,
                    remedy=f"{did_you_mean(name, known)}the inputs are {listed(ports)}",
                )


def _model(
    model_id: str, path: Path, found: Inspected, own: OwnModels, data: Mapping[str, Path | None]
) -> Model:
    """Return a model with the shapes, types and data of its inputs."""
    shapes: dict[str, list[int]] = {}
    options: dict[str, str | int | float | bool | list[float]] = {}
    files: dict[str, File] = {}
    for port in found.inputs if isinstance(found, Description) else ():
        sized = {name: own.shapes[name] for name in port.names if name in own.shapes}
        given = next((name for name in port.names if name in data), None)
        name = next(iter(sized), given or port.name)
        stored = data[given] if given is not None else None
        if stored is not None:
            role = f"input-{len(files) + 1}"
            files[role] = File(uri=f"file:{stored}")
            options[f"data.{name}"] = role
            sized = sized or {name: _shape_of_data(port, stored)}
        elif given is not None and (value := _number(own.inputs[given])) is not None:
            options[f"value.{name}"] = value
        shapes |= sized
    return Model(
        id=model_id,
        title=path.stem,
        task=Generic.name,
        file=File(uri=f"file:{path}"),
        shapes=shapes,
        variant=found.variant if isinstance(found, Description) else "fp32",
        files=files,
        options=options,
    )


def _shape_of_data(port: PortDescription, path: Path) -> list[int]:
    """Return the shape of one sample.

    That is of the whole array, or of its parts where it has one axis more than the input.
    """
    stored = list(stored_shape(path))
    several = port.shape is not None and len(stored) == len(port.shape) + 1
    shape = stored[1:] if several else stored
    if port.is_static and shape != port.sizes:
        raise SuiteError(
            f"the array has the shape {stored}, the input {port.name} {port.shape_text}",
            where=path.name,
            remedy=f"store an array of the shape {port.shape_text}, or of several along a new "
            "first axis",
        )
    return shape


# ---------------------------------------------------------------- what does not fit, and repeats


def _misfits(suite: Suite, bare: Mapping[str, Inspected]) -> dict[Path, list[Fault]]:
    """Return why files cannot be measured, with the shapes that they are given."""
    paths = {m.id: Path(m.file.uri.removeprefix("file:")) for m in suite.models}
    given = {m.id: Wanted(file=str(paths[m.id]), shapes=m.shapes) for m in suite.models if m.shapes}
    found = {**bare, **inspect(given)}
    faults: dict[Path, list[Fault]] = {}
    for model in suite.models:
        path = paths[model.id]
        alone = msgspec.structs.replace(suite, models=[model])
        own = [*semantics.faults(alone), *_of_file(model, found[model.id])]
        if own:
            faults[path] = [Fault(path.name, fault.what, fault.remedy) for fault in own]
    return faults


def _of_file(model: Model, found: Inspected) -> Iterator[Fault]:
    """Yield why OpenVINO cannot read a file, or what does not fit it."""
    if isinstance(found, Description):
        yield from faults_of("", model, found, _by_option)
    elif not found.unsupported:  # a result of the model, which its record says
        yield Fault(
            "",
            f"cannot be read as a model: {found.reason}",
            "export it again, or copy it whole; an .xml file needs its .bin file beside it",
        )


def _by_option(port: PortDescription) -> str:
    sizes = ",".join(map(str, port.example_shape))
    return f"give them: --shape {port.name}={sizes}"


def _arguments(
    model: Model, models: Sequence[Model], bare: Mapping[str, Inspected], own: OwnModels
) -> list[str]:
    """Return the arguments that name a model and its inputs again.

    One whose id is not that of its file alone owes it to the others, which are named too.
    """
    is_alone = model.id == slug(model.title)
    named = [model] if is_alone else models
    read = [one for m in named if isinstance(one := bare[m.id], Description)]
    known = {name for one in read for port in one.inputs for name in port.names}
    words = [one.file.name for one in named] + ([] if is_alone else ["--model", model.id])
    for name, shape in own.shapes.items():
        if name in known:
            words += ["--shape", f"{name}={','.join(map(str, shape))}"]
    for name, value in own.inputs.items():
        if name in known:
            shown = value if _number(value) is not None else Path(value).name
            words += ["--input", f"{name}={shown}"]
    return words
