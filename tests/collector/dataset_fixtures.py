"""Small datasets in the layouts that users have, drawn on the spot."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

COLOURS = {"blue": (0, 0, 250), "green": (0, 250, 0), "red": (250, 0, 0)}
"""Class → colour; sorted, their places are the channels of BGR."""
Colour = tuple[int, int, int]


def an_image(path: Path, colour: Colour, size: tuple[int, int] = (60, 40)) -> Path:
    """Write an image of one colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return path


def foldered(root: Path, counts: Mapping[str, int] | None = None) -> Path:
    """Write val/<class>/*.JPEG: images of the colour that their class is called."""
    for name, count in (counts or dict.fromkeys(COLOURS, 2)).items():
        for i in range(count):
            an_image(root / "val" / name / f"{name}_{i}.JPEG", COLOURS[name])
    return root


def flat(root: Path, labels: Sequence[str], table: str = "val.txt") -> Path:
    """Write ILSVRC2012_val_000xxxxx.JPEG in one folder, and their labels, a line each."""
    names = [f"ILSVRC2012_val_{i:08d}.JPEG" for i in range(1, len(labels) + 1)]
    for name in names:
        an_image(root / name, COLOURS["red"])
    lines = [f"{name} {label}" for name, label in zip(names, labels, strict=True)]
    (root / table).write_text("\n".join(lines) + "\n")
    return root


BOX = (20, 10, 40, 20)
"""Left, top, width, height of the object in each image of `coco`, of 80×40 pixels."""
CATEGORIES = (3, 7)


def coco(root: Path, *, count: int = 4, elsewhere: int = 0, **changes: Any) -> Path:
    """Write val2017/*.jpg and annotations/instances_val2017.json: an object an image.

    Images of even number hold category 3, others 7; in the last `elsewhere` images the object is
    in the corner, where no detector of these tests looks. Each is darker than the one before.
    """
    entries, boxes = [], []
    for i in range(count):
        box = BOX if i < count - elsewhere else (0, 0, 6, 6)
        picture = Image.new("RGB", (80, 40), (40, 40, 40))
        left, top, width, height = box
        bright = (250 - 20 * i,) * 3
        ImageDraw.Draw(picture).rectangle((left, top, left + width, top + height), bright)
        path = root / "val2017" / f"{i:012d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path)
        entries.append({"id": 100 + i, "file_name": path.name, "width": 80, "height": 40})
        boxes.append(
            {
                "id": i,
                "image_id": 100 + i,
                "category_id": CATEGORIES[i % 2],
                "bbox": box,
                "area": width * height,
                "iscrowd": 0,
                "segmentation": [],
            }
        )
    document = {
        "images": entries,
        "annotations": boxes,
        "categories": [{"id": id_, "name": f"thing {id_}"} for id_ in CATEGORIES],
        **changes,
    }
    annotations = root / "annotations" / "instances_val2017.json"
    annotations.parent.mkdir(parents=True, exist_ok=True)
    annotations.write_text(json.dumps(document))
    return root


def glue(root: Path, rows: Sequence[tuple[str, int]], name: str = "dev.tsv") -> Path:
    """Write a table as SST-2 has it."""
    root.mkdir(parents=True, exist_ok=True)
    lines = ["sentence\tlabel", *(f"{text}\t{label}" for text, label in rows)]
    (root / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root
