"""Whether models fit their files: names, ranks and shapes of inputs; and what the files add.

A suite says no more of a model's inputs than its file does not: static shapes and types are taken
from there. What does not fit is found here, before anything is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from ovreport.errors import did_you_mean
from ovreport_collector.models.inspect.description import (
    Description,
    Inspected,
    PortDescription,
    Unreadable,
    listed,
)
from ovreport_collector.models.inspect.job import Wanted, inspect
from ovreport_collector.models.inspect.names import key
from ovreport_collector.plan.validation import Fault, raise_all
from ovreport_collector.process.job import JobFailed
from ovreport_collector.sources import Fetched
from ovreport_collector.suite.language import is_language
from ovreport_collector.suite.model import Model, Suite
from ovreport_collector.tasks.generic import TYPE_NAMES, Generic, dtype_of, fitting

GiveShape = Callable[[PortDescription], str]
"""Says how a user gives an input a shape."""


def fitted(
    suite: Suite, models: Sequence[Model], fetched: Mapping[str, Fetched], work: Path, *, where: str
) -> dict[str, Model | JobFailed]:
    """Return each model with what its file says of its inputs, or why it cannot be measured.

    SuiteError, with every fault, if a model's shapes are not of its file's inputs. `where` names
    the suite, `work` is a folder for files of this run. Models that were not fetched, that are
    converted first, and language models are returned as they are.
    """
    described = inspect(_wanted(models, fetched), work)
    indices = {model.id: index for index, model in enumerate(suite.models)}
    faults = [
        fault
        for model in models
        if isinstance(found := described.get(model.id), Description)
        for fault in faults_of(f"$.models[{indices[model.id]}]", model, found, _in_suite)
    ]
    raise_all(faults, where=where)
    return {model.id: _filled(model, described.get(model.id)) for model in models}


def _wanted(models: Sequence[Model], fetched: Mapping[str, Fetched]) -> dict[str, Wanted]:
    return {
        model.id: Wanted(file=str(files.model), shapes=model.shapes)
        for model in models
        if not isinstance(files := fetched[model.id], Exception)
        and not model.converter
        and not is_language(model)
    }


def _filled(model: Model, found: Inspected | None) -> Model | JobFailed:
    """Return a model with what its file says; an engine other than OpenVINO may read more."""
    if isinstance(found, Description):
        return completed(model, found)
    if isinstance(found, Unreadable) and not model.shapes:
        what = found.reason if found.unsupported else f"the file cannot be read: {found.reason}"
        return JobFailed(reason=what, cause="error", unsupported=found.unsupported)
    return model


# ---------------------------------------------------------------- what does not fit


def faults_of(
    path: str, model: Model, found: Description, give_shape: GiveShape
) -> Iterator[Fault]:
    """Yield what is wrong with the shapes of a model, at a path into its suite."""
    at, inputs = f"{path}.shapes", listed(found.inputs)
    named: dict[str, str] = {}
    sound = True
    for name, shape in model.shapes.items():
        port = found.input(name)
        if port is None:
            sound = False
            known = [name for port in found.inputs for name in port.names]
            remedy = f"{did_you_mean(name, known)}the model's inputs are {inputs}"
            yield Fault(f"{at}.{key(name)}", f'the model has no input "{name}"', remedy)
            continue
        if port.name in named:
            sound = False
            what = f'"{named[port.name]}" and "{name}" are the same input'
            yield Fault(f"{at}.{key(name)}", what, "give each input one shape")
        named[port.name] = name
        if port.shape is not None and len(port.shape) != len(shape):
            sound = False
            what = f"{shape} has {_dimensions(len(shape))}, the input {len(port.shape)}"
            yield Fault(f"{at}.{key(name)}", what, f"in the file it is {port}")
    for port in found.inputs:
        if port.name not in named and not port.is_static:
            sound = False
            yield Fault(at, f"the input {port} has dimensions without a size", give_shape(port))
    if sound and found.misfit:
        yield Fault(at, found.misfit, f"in the file the inputs are {inputs}")
    yield from _option_faults(path, model, found)
    if model.variant != found.variant:
        stored = f"most weights in the file are {found.variant}"
        what = f"{model.variant}, and {stored if found.weights else 'the file has no weights'}"
        yield Fault(f"{path}.variant", what, f'write variant = "{found.variant}"')


def _option_faults(path: str, model: Model, found: Description) -> Iterator[Fault]:
    """Yield options of inputs that the model does not have, or whose values they cannot hold."""
    if model.task != Generic.name:
        return
    for option, value in model.options.items():
        prefix, of_input, name = option.partition(".")
        port = found.input(name)
        at = f"{path}.options.{key(option)}"
        if of_input and port is None:
            known = [f"{prefix}.{name}" for one in found.inputs for name in one.names]
            remedy = f"{did_you_mean(option, known)}the model's inputs are {listed(found.inputs)}"
            yield Fault(at, f'the model has no input "{name}"', remedy)
        elif prefix == "dtype" and value not in TYPE_NAMES:
            yield Fault(at, f"{value!r} is not a type", f"use one of: {', '.join(TYPE_NAMES)}")
        elif prefix == "high" and (type(value) is not int or value < 1):
            yield Fault(at, f"{option} is {value!r}", "give a whole number from 1")
        elif prefix == "value" and port is not None:
            dtype = model.options.get(f"dtype.{name}", dtype_of(port.dtype))
            takes = fitting(value, str(dtype)) if dtype in TYPE_NAMES else ""
            if takes:
                yield Fault(at, f"the input {port} cannot hold {value!r}", f"give it {takes}")


def _dimensions(count: int) -> str:
    return "1 dimension" if count == 1 else f"{count} dimensions"


def _in_suite(port: PortDescription) -> str:
    return f"give it a size: shapes = {{ {key(port.name)} = {port.example_shape} }}"


# ---------------------------------------------------------------- what the file adds


def completed(model: Model, found: Description) -> Model | JobFailed:
    """Return a model with the shapes that its file gives, and their types for random inputs.

    A JobFailed that says "unsupported" where an input is of a type that no array has.
    """
    given = {port.name: _given_name(model, port) for port in found.inputs}
    # Other engines know names alone: what is given by its position gets the name that it has.
    names = {name: name if _is_position(used) else used for name, used in given.items()}
    shapes = {
        names[port.name]: list(model.shapes.get(given[port.name], port.sizes))
        for port in found.inputs
    }
    if model.task != Generic.name:
        return msgspec.structs.replace(model, shapes=shapes)
    options = {_renamed(key, found): value for key, value in model.options.items()}
    for port in found.inputs:
        dtype, name = dtype_of(port.dtype), names[port.name]
        if dtype is None:
            return JobFailed(
                reason=f"the input {port} takes {_what(port.dtype)}, which cannot be fed: measure "
                "the part of the model that comes after it",
                cause="error",
                unsupported=True,
            )
        options.setdefault(f"dtype.{name}", dtype)
        if port.rows and "high" not in options:
            options.setdefault(f"high.{name}", port.rows)
    return msgspec.structs.replace(model, shapes=shapes, options=options)


def _is_position(name: str) -> bool:
    return name.startswith("#") and name[1:].isdecimal()


def _renamed(option: str, found: Description) -> str:
    """Return the key of an option with the name of the input that it gives the position of."""
    prefix, _, name = option.partition(".")
    port = found.input(name) if _is_position(name) else None
    return f"{prefix}.{port.name}" if port is not None else option


def _given_name(model: Model, port: PortDescription) -> str:
    """Return the name that a suite uses for an input, in shapes or options; else the usual one."""
    in_options = {key.partition(".")[2] for key in model.options}
    named = [name for names in (model.shapes, in_options) for name in port.names if name in names]
    return named[0] if named else port.name


def _what(dtype: str) -> str:
    return "text (string tensors)" if dtype == "string" else f"values of type {dtype}"
