"""Images with boxes, annotated as COCO does it.

    annotations/instances_val2017.json    or beside the images; the only instances_*.json, or the
                                          only one with "val" in its name
    val2017/*.jpg                         the folder that the name says, or images/, or right there

The evaluation itself is the makers' own, the package `pycocotools` of the extra `coco`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from ovreport.errors import InputError
from ovreport_collector.datasets.files import checksum, first_of

MAX_BYTES = 2 << 30
PREFIX = "instances_"

Whole = Annotated[int, Meta(ge=0, le=2**53)]


class ImageEntry(Struct, frozen=True):
    """An image, as the annotations tell of it."""

    id: Whole
    file_name: str
    width: Annotated[int, Meta(ge=1, le=1 << 20)]
    height: Annotated[int, Meta(ge=1, le=1 << 20)]


class Box(Struct, frozen=True):
    """An object in an image."""

    id: Whole
    image_id: Whole
    category_id: Whole
    bbox: tuple[float, float, float, float]
    """Left, top, width, height, in pixels."""
    area: float
    iscrowd: int = 0


class Category(Struct, frozen=True):
    """What an object can be."""

    id: Whole
    name: str


class Annotations(Struct, frozen=True):
    """The parts of a file of annotations that boxes need."""

    images: list[ImageEntry]
    annotations: list[Box]
    categories: list[Category]


@dataclass(frozen=True)
class Contents:
    """All images, their boxes, and the categories."""

    folder: Path
    """Of the images."""
    images: tuple[ImageEntry, ...]
    """Sorted by id."""
    boxes: tuple[Box, ...]
    categories: tuple[int, ...]
    """Ids, sorted: the order in which networks with consecutive classes number them."""
    checksum: str
    warning: str = ""
    """Nothing is guessed."""

    @property
    def n(self) -> int:
        """How many images there are."""
        return len(self.images)


def read(folder: Path) -> Contents:
    """Return what a folder holds; InputError with the place and the remedy where it is unusable.

    No image is opened yet.
    """
    path = _file(folder)
    document = _decoded(path)
    images = tuple(sorted(document.images, key=lambda image: image.id))
    _check(document, path.name)
    place = _images(folder, path, images[0].file_name)
    missing = [image.file_name for image in images if not (place / image.file_name).is_file()]
    if missing:
        raise InputError(
            f"{len(missing):,} of {len(images):,} images are not there: {first_of(missing)}",
            where=place.name,
            remedy=f"unpack all images that {path.name} names",
        )
    categories = tuple(sorted(category.id for category in document.categories))
    rows = [
        *((i.id, i.file_name, i.width, i.height) for i in images),
        *((b.image_id, b.category_id, *b.bbox, b.iscrowd) for b in document.annotations),
    ]
    return Contents(place, images, tuple(document.annotations), categories, checksum(rows))


def _file(folder: Path) -> Path:
    places = (folder / "annotations", folder)
    found = [path for place in places for path in sorted(place.glob(f"{PREFIX}*.json"))]
    validation = [path for path in found if "val" in path.name]
    chosen = found if len(found) == 1 else validation
    if len(chosen) != 1:
        raise InputError(
            f"which annotations are meant? ({first_of(p.name for p in found) or 'there are none'})",
            where=folder.name,
            remedy=f"keep one {PREFIX}*.json in the folder or in annotations/ below it",
        )
    return chosen[0]


def _decoded(path: Path) -> Annotations:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(
                f"larger than {MAX_BYTES >> 30} GiB", where=path.name, remedy="use a smaller split"
            )
        return msgspec.json.decode(path.read_bytes(), type=Annotations)
    except msgspec.MsgspecError as error:
        raise InputError(
            f"not annotations of instances: {error}",
            where=path.name,
            remedy="use COCO's instances_*.json, with images, annotations and categories",
        ) from None
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", where=path.name, remedy="check its rights"
        ) from None


def _check(document: Annotations, name: str) -> None:
    """Raise InputError where the parts do not fit each other."""

    def refuse(what: str) -> InputError:
        return InputError(what, where=name, remedy="use the file as it was published")

    for part, ids in (
        ("images", [image.id for image in document.images]),
        ("categories", [category.id for category in document.categories]),
    ):
        if not ids:
            raise refuse(f"it names no {part}")
        if len(set(ids)) < len(ids):
            raise refuse(f"two {part} have the same id")
    images = {image.id for image in document.images}
    categories = {category.id for category in document.categories}
    for number, box in enumerate(document.annotations):
        if box.image_id not in images or box.category_id not in categories:
            raise refuse(f"annotations[{number}] names an image or a category that is not there")
    for number, image in enumerate(document.images):
        parts = PurePosixPath(image.file_name).parts
        if "\\" in image.file_name or image.file_name.startswith("/") or ".." in parts or not parts:
            raise refuse(f"the file name of images[{number}] leaves the folder of images")


def _images(folder: Path, annotations: Path, example: str) -> Path:
    """Return the folder of the images: the one where the first of them is."""
    split = annotations.stem.removeprefix(PREFIX)
    places = [
        folder / split,
        folder / "images" / split,
        folder / "images",
        annotations.parent / split,
        annotations.parent,
        folder,
    ]
    found = next((place for place in places if (place / example).is_file()), None)
    if found is None:
        raise InputError(
            f"there are no images: {example} is neither in {split}/ nor in images/",
            where=folder.name,
            remedy=f"put the images into the folder {split} beside {annotations.parent.name}/",
        )
    return found
