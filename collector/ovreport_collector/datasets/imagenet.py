"""ImageNet-1k validation, or any images in its layouts: a folder a class, or a table of labels.

    val/<class>/*.JPEG                       a folder a class; `val/` may be left out
    val/ILSVRC2012_val_00000001.JPEG …       all in one folder, and a file of labels:
        val.txt, val_map.txt, labels.txt     a line an image: its name, then a number or a class
        LOC_val_solution.csv                 as Kaggle has it
        imagenet_2012_validation_synset_labels.txt   a class a line, in the order of the names

A class's number is its place in the order of the file classes.txt, LOC_synset_mapping.txt or
synset_words.txt, the first word of each line, where one is there; else among the names of all
classes, sorted: of ImageNet's 1,000 WordNet ids that is the order that models are trained with.
Numbers in a file of labels count from 0 in that order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ovreport.errors import InputError, one_line
from ovreport_collector.datasets.files import checksum, first_of, images_in, text_of

ORDERS = ("classes.txt", "LOC_synset_mapping.txt", "synset_words.txt")
TABLES = (
    "val.txt",
    "val_map.txt",
    "labels.txt",
    "LOC_val_solution.csv",
    "imagenet_2012_validation_synset_labels.txt",
)
_WORDNET = re.compile(r"n\d{8}", re.ASCII)
_ALL = 1_000
_DEVKIT = "ILSVRC2012_validation_ground_truth.txt"


@dataclass(frozen=True)
class LabelledImage:
    """An image file, and the number of its class."""

    path: Path
    label: int


@dataclass(frozen=True)
class Contents:
    """All images of a folder, sorted by class and name."""

    images: tuple[LabelledImage, ...]
    classes: int
    """How many there are; 0 where numbers alone tell them, and nobody says how many."""
    checksum: str
    guessed_order: tuple[str, ...] = ()
    """Classes as they were numbered by their names, where nothing says in which order."""

    @property
    def n(self) -> int:
        """How many images there are."""
        return len(self.images)

    @property
    def warning(self) -> str:
        """That the order of classes was guessed; empty where it was not."""
        if not self.guessed_order:
            return ""
        first, last = self.guessed_order[0], self.guessed_order[-1]
        return (
            f"the order of its {len(self.guessed_order):,} classes was guessed from their names, "
            f"sorted: {one_line(first, 40)} is 0, {one_line(last, 40)} is "
            f"{len(self.guessed_order) - 1:,}. If the model numbers them otherwise, accuracies are "
            f"wrong: put {ORDERS[0]} beside the images, a class a line, in the order of the "
            "model's output"
        )


def read(folder: Path) -> Contents:
    """Return what a folder holds; InputError with the place and the remedy where it is unusable.

    No image is opened yet.
    """
    base = folder / "val" if (folder / "val").is_dir() else folder
    order = _order(folder, base)
    classes = sorted(e.name for e in base.iterdir() if e.is_dir() and e.name[0] not in "._")
    flat = images_in(base)
    if flat and classes:
        raise InputError(
            f"{len(flat):,} images lie beside the folders {first_of(classes)}",
            where=base.name,
            remedy="put them all into folders, one a class, or all into one folder",
        )
    if not flat and not classes:
        raise InputError(
            "no images and no folders of images",
            where=base.name,
            remedy="name the folder that holds val/, a folder a class, or the images and val.txt",
        )
    if flat:
        return _tabled(folder, base, flat, order)
    return _foldered(base, classes, order)


def _order(folder: Path, base: Path) -> list[str]:
    """Return the classes in their order, as a file beside the images says; empty without one."""
    path = _first(ORDERS, folder, base)
    if path is None:
        return []
    order = [line.split()[0].rstrip(",") for line in text_of(path).splitlines() if line.strip()]
    if len(set(order)) < len(order):
        twice = first_of({name for name in order if order.count(name) > 1})
        raise InputError(f"{twice} twice", where=path.name, remedy="name each class once")
    return order


def _guess(order: list[str], classes: Iterable[str]) -> tuple[str, ...]:
    """Return classes in the order of their names, if it is a guess that this is the right one."""
    names = sorted(classes)
    return () if order or all(map(_WORDNET.fullmatch, names)) else tuple(names)


def _foldered(base: Path, classes: list[str], order: list[str]) -> Contents:
    guessed = _guess(order, classes)
    order = order or _all_of(classes, base.name)
    unknown = set(classes) - set(order)
    if unknown:
        raise InputError(
            f"folders of classes that the order of classes does not know: {first_of(unknown)}",
            where=base.name,
            remedy=f"add them to {' or '.join(ORDERS)}, or take the folders away",
        )
    numbers = {name: number for number, name in enumerate(order)}
    found: list[LabelledImage] = []
    rows: list[tuple[object, ...]] = []
    for name in classes:
        inside = images_in(base / name)
        if not inside:
            raise InputError(
                "no image in the folder of this class",
                where=name,
                remedy="unpack it again; classes are numbered by their folders, so none may lack",
            )
        found += [LabelledImage(base / name / image, numbers[name]) for image in inside]
        rows += [(f"{name}/{image}", size, numbers[name]) for image, size in inside.items()]
    return Contents(tuple(found), len(order), checksum(rows), guessed)


def _tabled(folder: Path, base: Path, flat: dict[str, int], order: list[str]) -> Contents:
    table = _first(TABLES, base, folder)
    if table is None:
        raise _no_table(folder, base)
    listed = _rows(table, sorted(flat))
    missing = [name for name in flat if Path(name).stem not in listed]
    if missing:
        raise InputError(
            f"no label for {first_of(missing)} ({len(missing):,} of {len(flat):,} images)",
            where=table.name,
            remedy="take the table that belongs to these images",
        )
    words = {name: listed[Path(name).stem] for name in flat}
    labels, classes = _numbered(words, listed, order, table)
    rows = [(name, size, labels[name]) for name, size in flat.items()]
    images = tuple(LabelledImage(base / name, labels[name]) for name in flat)
    guessed = () if _are_numbers(words) else _guess(order, set(listed.values()))
    return Contents(images, classes, checksum(rows), guessed)


def _no_table(folder: Path, base: Path) -> InputError:
    if _first((_DEVKIT,), folder, base):
        return InputError(
            f"{_DEVKIT} numbers the classes in an order of its own",
            where=base.name,
            remedy="use val.txt of Caffe's ilsvrc12 files or LOC_val_solution.csv of Kaggle",
        )
    return InputError(
        "images in one folder, and no file that says their classes",
        where=base.name,
        remedy=f"put one of {', '.join(TABLES)} beside them, or sort them into a folder a class",
    )


def _rows(table: Path, names: list[str]) -> dict[str, str]:
    """Return image name without extension → label as written."""
    lines = [re.split(r"[\s,]+", line.strip()) for line in text_of(table).splitlines()]
    lines = [words for words in lines if words != [""] and words[0] != "ImageId"]
    if lines and all(len(words) == 1 for words in lines):
        if len(lines) != len(names):
            raise InputError(
                f"{len(lines):,} labels for {len(names):,} images",
                where=table.name,
                remedy="a table without names needs a line for every image, in their order",
            )
        return {Path(name).stem: words[0] for name, words in zip(names, lines, strict=True)}
    short = next((n for n, words in enumerate(lines, 1) if len(words) < 2), None)
    if short is not None or not lines:
        raise InputError(
            f"row {short} has no label" if short else "it is empty",
            where=table.name,
            remedy="write a line an image: its name, a space, its class",
        )
    return {Path(words[0]).stem: words[1] for words in lines}


def _numbered(
    words: dict[str, str], listed: dict[str, str], order: list[str], table: Path
) -> tuple[dict[str, int], int]:
    """Return image → number of its class, and how many classes there are."""
    if _are_numbers(words):
        labels = {name: int(word) for name, word in words.items()}
        beyond = max(labels.values())
        if order and beyond >= len(order):
            raise InputError(
                f"class {beyond}, and there are {len(order)}, counted from 0",
                where=table.name,
                remedy="count from 0, in the order of the sorted WordNet ids",
            )
        return labels, len(order)
    order = order or _all_of(sorted(set(listed.values())), table.name)
    numbers = {name: number for number, name in enumerate(order)}
    unknown = set(words.values()) - set(numbers)
    if unknown:
        raise InputError(
            f"classes that the order of classes does not know: {first_of(unknown)}",
            where=table.name,
            remedy=f"name every class in {' or '.join(ORDERS)}",
        )
    return {name: numbers[word] for name, word in words.items()}, len(order)


def _are_numbers(words: Mapping[str, str]) -> bool:
    return all(word.isascii() and word.isdigit() for word in words.values())


def _all_of(classes: list[str], where: str) -> list[str]:
    """Return classes as their own order; InputError where they are a part of ImageNet's."""
    if all(map(_WORDNET.fullmatch, classes)) and len(classes) != _ALL:
        raise InputError(
            f"{len(classes):,} of ImageNet's {_ALL:,} classes: their numbers cannot be known",
            where=where,
            remedy=f"put {ORDERS[1]} beside them, which names all classes in their order",
        )
    return classes


def _first(names: tuple[str, ...], *folders: Path) -> Path | None:
    places = (folder / name for name in names for folder in folders)
    return next((path for path in places if path.is_file()), None)
