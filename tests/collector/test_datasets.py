"""The users' own data: read in their layouts, or refused whole with place and remedy."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ovreport.errors import InputError, SuiteError
from ovreport_collector import datasets
from ovreport_collector.datasets import coco, glue, imagenet, selection
from ovreport_collector.plan import load_suite
from ovreport_collector.suite import model as suite
from ovreport_collector.suite.model import Dataset, Suite
from tests.collector import dataset_fixtures as made
from tests.collector.suite_fixtures import document, model_table, write_suite
from tests.collector.task_fixtures import a_model

WORDNET = ("n01440764", "n01443537", "n02110341")


def refused(read: Callable[[Path], object], folder: Path) -> str:
    """Return the message with which a folder is refused; it has a place and a remedy."""
    with pytest.raises(InputError) as caught:
        read(folder)
    assert caught.value.where
    assert caught.value.remedy
    assert str(folder) not in str(caught.value), "a message can end in a record"
    return str(caught.value)


class TestImageNet:
    """A folder a class, or all in one folder with a table of labels."""

    def labels(self, folder: Path) -> list[tuple[str, int]]:
        """Return name and class number of every image."""
        return [(image.path.name, image.label) for image in imagenet.read(folder).images]

    def test_classes_are_numbered_by_the_sorted_names_of_their_folders(self, tmp_path: Path):
        """Whatever the order in which they were written."""
        found = self.labels(made.foldered(tmp_path, {"red": 1, "blue": 2, "green": 1}))
        assert found == [
            ("blue_0.JPEG", 0),
            ("blue_1.JPEG", 0),
            ("green_0.JPEG", 1),
            ("red_0.JPEG", 2),
        ]

    def test_it_is_said_where_the_order_of_classes_is_a_guess(self, tmp_path: Path):
        """Not where a file says it, where labels are numbers, or where it is ImageNet's own."""
        folder = made.foldered(tmp_path / "a", {"red": 1, "blue": 2, "green": 1})
        warning = imagenet.read(folder).warning
        assert "blue" in warning
        assert "classes.txt" in warning
        (folder / "classes.txt").write_text("red\ngreen\nblue\n")
        assert imagenet.read(folder).warning == ""

    def test_val_may_be_left_out(self, tmp_path: Path):
        """The folder of classes itself can be named."""
        made.foldered(tmp_path)
        assert self.labels(tmp_path / "val") == self.labels(tmp_path)

    def test_a_file_of_all_classes_numbers_a_part_of_them(self, tmp_path: Path):
        """Kaggle's mapping has a class a line, its name after it."""
        made.an_image(tmp_path / "val" / WORDNET[2] / "dog.JPEG", (9, 9, 9))
        refusal = refused(imagenet.read, tmp_path)
        assert "1 of ImageNet's 1,000 classes" in refusal
        lines = [f"{name} some words, more words" for name in WORDNET]
        (tmp_path / "LOC_synset_mapping.txt").write_text("\n".join(lines))
        assert self.labels(tmp_path) == [("dog.JPEG", 2)]
        assert imagenet.read(tmp_path).classes == 3

    @pytest.mark.parametrize("table", ["val.txt", "val_map.txt", "labels.txt"])
    def test_a_table_of_numbers_labels_images_in_one_folder(self, tmp_path: Path, table: str):
        """As Caffe's val.txt has it: name and number; rows of further images are no fault."""
        made.flat(tmp_path, ["65", "970", "0"], table)
        with (tmp_path / table).open("a") as more:
            more.write("ILSVRC2012_val_00050000.JPEG 7\n")
        assert [label for _, label in self.labels(tmp_path)] == [65, 970, 0]

    def test_a_table_of_classes_is_numbered_in_their_order(self, tmp_path: Path):
        """Kaggle's LOC_val_solution.csv, which names the class first and boxes after it."""
        made.flat(tmp_path, ["0", "0"])
        (tmp_path / "val.txt").unlink()
        (tmp_path / "LOC_val_solution.csv").write_text(
            f"ImageId,PredictionString\nILSVRC2012_val_00000002,{WORDNET[0]} 85 1 499 272\n"
            f"ILSVRC2012_val_00000001,{WORDNET[2]} 1 2 3 4 {WORDNET[2]} 5 6 7 8\n"
        )
        (tmp_path / "synset_words.txt").write_text("\n".join(WORDNET))
        assert [label for _, label in self.labels(tmp_path)] == [2, 0]

    def test_a_table_without_names_goes_by_their_order(self, tmp_path: Path):
        """As TensorFlow's has it: a class a line, and a line for every image."""
        made.flat(tmp_path, ["0", "0", "0"])
        (tmp_path / "val.txt").unlink()
        table = tmp_path / "imagenet_2012_validation_synset_labels.txt"
        (tmp_path / "classes.txt").write_text("\n".join(WORDNET))
        table.write_text("\n".join([WORDNET[1], WORDNET[0], WORDNET[1]]))
        assert [label for _, label in self.labels(tmp_path)] == [1, 0, 1]
        table.write_text(WORDNET[1])
        assert "1 labels for 3 images" in refused(imagenet.read, tmp_path)

    def test_what_it_is_does_not_depend_on_where_it_lies(self, tmp_path: Path):
        """The checksum follows names, sizes and labels."""
        one, other = made.foldered(tmp_path / "a"), made.foldered(tmp_path / "b" / "c")
        assert imagenet.read(one).checksum == imagenet.read(other).checksum
        made.an_image(other / "val" / "red" / "red_0.JPEG", (1, 2, 3), (90, 90))
        assert imagenet.read(one).checksum != imagenet.read(other).checksum

    def spoil(self, root: Path, how: str) -> Path:
        """Return a folder that cannot be used."""
        match how:
            case "empty":
                root.mkdir()
            case "no image in a class":
                made.foldered(root)
                (root / "val" / "yellow").mkdir()
            case "both":
                made.foldered(root)
                made.an_image(root / "val" / "lost.JPEG", (0, 0, 0))
            case "no table":
                (made.flat(root, ["1"]) / "val.txt").unlink()
            case "devkit":
                (made.flat(root, ["1"]) / "val.txt").unlink()
                (root / "ILSVRC2012_validation_ground_truth.txt").write_text("490\n")
            case "no label":
                made.an_image(made.flat(root, ["1"]) / "ILSVRC2012_val_00000009.JPEG", (0, 0, 0))
            case "half a row":
                made.flat(root, ["1", "2"])
                (root / "val.txt").write_text("a.JPEG 1\nb.JPEG\n")
            case "cut off":
                (made.foldered(root) / "val" / "red" / "red_0.JPEG").write_bytes(b"")
            case "counted from 1":
                made.flat(root, ["3"])
                (root / "classes.txt").write_text("a\nb\nc\n")
            case "class twice":
                made.flat(root, ["1"])
                (root / "classes.txt").write_text("a\na\n")
            case "not text":
                (made.flat(root, ["1"]) / "val.txt").write_bytes(b"\xff\xfe\x00")
        return root

    @pytest.mark.parametrize(
        ("how", "told"),
        [
            ("empty", "no images and no folders"),
            ("no image in a class", "yellow: no image"),
            ("both", "1 images lie beside the folders"),
            ("no table", "no file that says their classes"),
            ("devkit", "an order of its own"),
            ("no label", "no label for ILSVRC2012_val_00000009.JPEG (1 of 2 images)"),
            ("half a row", "row 2 has no label"),
            ("cut off", "first red_0.JPEG"),
            ("counted from 1", "class 3, and there are 3"),
            ("class twice", "a twice"),
            ("not text", "not UTF-8"),
        ],
    )
    def test_a_bad_folder_is_refused_with_the_place_and_the_remedy(
        self, tmp_path: Path, how: str, told: str
    ):
        """What is wrong, where, and what to do; never the user's path."""
        assert told in refused(imagenet.read, self.spoil(tmp_path / "data", how))


class TestCoco:
    """Images and instances_*.json."""

    def test_images_boxes_and_categories_are_read(self, tmp_path: Path):
        """Sorted by id; categories are numbered by their sorted ids."""
        contents = coco.read(made.coco(tmp_path))
        assert [image.id for image in contents.images] == [100, 101, 102, 103]
        assert contents.categories == made.CATEGORIES
        assert contents.boxes[0].bbox == made.BOX
        assert contents.folder == tmp_path / "val2017"

    @pytest.mark.parametrize("place", ["images", "images/val2017", "."])
    def test_images_may_lie_in_usual_places(self, tmp_path: Path, place: str):
        """Not only in the folder that is named like the annotations."""
        made.coco(tmp_path)
        (tmp_path / place).parent.mkdir(exist_ok=True)
        if place == ".":
            for image in (tmp_path / "val2017").iterdir():
                image.rename(tmp_path / image.name)
        else:
            (tmp_path / "val2017").rename(tmp_path / place)
        assert coco.read(tmp_path).n == 4

    def test_of_several_splits_the_validation_is_taken(self, tmp_path: Path):
        """Beside instances_train2017.json, as COCO's own archive has it."""
        made.coco(tmp_path)
        (tmp_path / "annotations" / "instances_train2017.json").write_text("{}")
        assert coco.read(tmp_path).n == 4
        (tmp_path / "annotations" / "instances_val2014.json").write_text("{}")
        assert "which annotations are meant" in refused(coco.read, tmp_path)

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"images": []}, "names no images"),
            ({"categories": []}, "names no categories"),
            ({"categories": [{"id": 3, "name": "a"}, {"id": 3, "name": "b"}]}, "the same id"),
            ({"categories": [{"id": 3, "name": "a"}]}, "annotations[1] names"),
            ({"images": "none"}, "not annotations of instances"),
            (
                {
                    "images": [{"id": 1, "file_name": "../x.jpg", "width": 1, "height": 1}],
                    "annotations": [],
                },
                "leaves the folder",
            ),
        ],
    )
    def test_annotations_that_do_not_fit_are_refused(self, tmp_path: Path, changes, told: str):
        """The fault is named."""
        assert told in refused(coco.read, made.coco(tmp_path / "data", **changes))

    def test_missing_images_are_counted(self, tmp_path: Path):
        """Half an archive is refused before anything is measured."""
        (made.coco(tmp_path) / "val2017" / f"{2:012d}.jpg").unlink()
        assert "1 of 4 images are not there: 000000000002.jpg" in refused(coco.read, tmp_path)


class TestGlue:
    """Tab-separated sentences and labels."""

    def test_sentences_and_labels_are_read_in_order(self, tmp_path: Path):
        """The table of the folder, or the file itself; nothing is unquoted."""
        rows = [('it \'s "good" .', 1), ("it is not", 0)]
        folder = made.glue(tmp_path, rows)
        for place in (folder, folder / "dev.tsv"):
            assert [(s.text, s.label) for s in glue.read(place).sentences] == rows

    def test_columns_are_found_by_their_names(self, tmp_path: Path):
        """In any order, among others; with the line ends of another system."""
        (tmp_path / "x.tsv").write_bytes(b"idx\tlabel\tsentence\r\n0\t2\ta b\r\n")
        assert [(s.text, s.label) for s in glue.read(tmp_path).sentences] == [("a b", 2)]

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("index\tsentence\n0\tno labels\n", 'no column "label"'),
            ("sentence\tlabel\n", "no sentence"),
            ("", 'no column "sentence"'),
            ("sentence\tlabel\ngood\t1\nbad\n", "dev.tsv, line 3: 1 columns"),
            ("sentence\tlabel\ngood\tyes\n", "dev.tsv, line 2: the label"),
            ("sentence\tlabel\ngood\t-1\n", "the label is not"),
        ],
    )
    def test_a_bad_table_is_refused_with_its_line(self, tmp_path: Path, text: str, told: str):
        """What is wrong, in which line."""
        (tmp_path / "dev.tsv").write_text(text)
        assert told in refused(glue.read, tmp_path)

    def test_several_tables_are_ambiguous(self, tmp_path: Path):
        """One must be meant."""
        made.glue(tmp_path, [("a", 1)], "a.tsv")
        made.glue(tmp_path, [("a", 1)], "b.tsv")
        assert "a.tsv, b.tsv" in refused(glue.read, tmp_path)

    @settings(max_examples=50)
    @given(
        rows=st.lists(
            st.tuples(
                st.text(
                    st.characters(blacklist_characters="\t\n\r", blacklist_categories=["Cs"])
                ).filter(str.strip),
                st.integers(0, 9),
            ),
            min_size=1,
        )
    )
    def test_any_sentences_survive(self, tmp_path_factory: pytest.TempPathFactory, rows):
        """Line separators of Unicode, quotes and all."""
        folder = made.glue(tmp_path_factory.mktemp("glue"), rows)
        assert [(s.text, s.label) for s in glue.read(folder).sentences] == rows


# ---------------------------------------------------------------- brought to a suite


def a_suite(layout: str = "imagenet") -> Suite:
    """Return a suite whose model is bound to a dataset that users bring."""
    return Suite(
        format=1,
        id="mine",
        title="Mine",
        models=[a_model("image-classification", {"x": [1, 3, 8, 8]}, data="pictures")],
        datasets={
            "pictures": Dataset(title="Pictures", layout=layout),
            "fetched": Dataset(title="F"),
        },
    )


def test_a_users_folder_takes_the_datasets_place(tmp_path: Path):
    """The suite is the same thing wherever the folder lies; its contents tell another apart."""
    first = datasets.with_user_datasets(a_suite(), {"pictures": str(made.foldered(tmp_path / "a"))})
    second = datasets.with_user_datasets(
        a_suite(), {"pictures": str(made.foldered(tmp_path / "b"))}
    )
    third = datasets.with_user_datasets(
        a_suite(), {"pictures": str(made.foldered(tmp_path / "c", {"red": 9}))}
    )
    assert first.user_datasets["pictures"].n == 6
    assert first.identity == second.identity != third.identity
    assert str(tmp_path) not in msgspec.json.encode(first.identity).decode()
    (facts,) = datasets.recorded(first, first.models[0])
    assert (facts.title, facts.layout, facts.n) == ("Pictures", "imagenet", 6)


def test_the_limit_of_samples_is_an_option_of_the_models_bound_to_it(tmp_path: Path):
    """So it is in the plan's key; a suite can say it too."""
    user_datasets = datasets.with_user_datasets(
        a_suite(), {"pictures": str(made.foldered(tmp_path))}, samples=3
    )
    assert user_datasets.models[0].options == {"samples": 3}


@pytest.mark.parametrize(
    ("name", "told"),
    [("other", "no dataset of the suite"), ("fetched", "is fetched by the suite itself")],
)
def test_a_name_that_users_do_not_bring_is_refused_with_those_they_do(name: str, told: str):
    """The names are listed."""
    with pytest.raises(InputError, match=told) as caught:
        datasets.with_user_datasets(a_suite(), {name: "."})
    assert "pictures" in caught.value.remedy


def test_a_bad_folder_is_reported_with_the_option(tmp_path: Path):
    """--dataset, its name, and the place inside."""
    with pytest.raises(InputError) as caught:
        datasets.with_user_datasets(a_suite(), {"pictures": str(tmp_path)})
    assert caught.value.where.startswith("--dataset pictures: ")
    with pytest.raises(InputError, match="there is no"):
        datasets.with_user_datasets(a_suite(), {"pictures": str(tmp_path / "gone")})
    with pytest.raises(InputError, match="not a folder"):
        datasets.with_user_datasets(
            a_suite(), {"pictures": str(made.an_image(tmp_path / "a.png", (0, 0, 0)))}
        )


def test_coco_without_its_evaluation_says_what_to_install(tmp_path: Path, monkeypatch):
    """Before anything is measured."""
    monkeypatch.setattr(datasets.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"ovreport\[coco\]"):
        datasets.with_user_datasets(a_suite("coco"), {"pictures": str(made.coco(tmp_path))})


@given(n=st.integers(1, 400), most=st.integers(1, 400), seed=st.integers(0, 9))
def test_the_samples_are_a_subset_that_the_seed_draws(n: int, most: int, seed: int):
    """Each at most once, in order, the same for the same seed."""
    model = a_model("image-classification", {"x": [1, 3, 8, 8]}, options={"samples": most})
    one, other = (
        list(selection.evaluated(n, model, np.random.default_rng(seed), 768)) for _ in range(2)
    )
    assert one == other == sorted(set(one))
    assert len(one) == min(n, most)
    assert set(one) <= set(range(n))


def test_without_a_limit_memory_is_bounded():
    """Large inputs are fewer."""
    model = a_model("object-detection", {"x": [1, 3, 640, 640]})
    few = selection.evaluated(5_000, model, np.random.default_rng(0), 640 * 640 * 12)
    assert len(few) == selection.MAX_BYTES // (640 * 640 * 12)


# ---------------------------------------------------------------- in a suite file


@pytest.mark.parametrize(
    ("dataset", "told"),
    [
        ({"title": "T"}, "no file"),
        ({"title": "T", "layout": "voc"}, 'unknown layout "voc"'),
        (
            {"title": "T", "layout": "coco", "files": {"a": {"uri": "pypi:tiny==1.0/"}}},
            "files and a layout",
        ),
    ],
)
def test_a_suite_says_files_or_a_layout(tmp_path: Path, dataset, told: str):
    """One of both, and a layout that is known."""
    path = write_suite(tmp_path / "my.toml", document(datasets={"stuff": dataset}))
    with pytest.raises(InputError, match=told):
        load_suite.load(path)


def test_a_suite_cannot_name_a_users_folder(tmp_path: Path):
    """Only the option does."""
    user_datasets = {"stuff": {"folder": "/", "n": 1, "checksum": ""}}
    path = write_suite(tmp_path / "my.toml", document(user_datasets=user_datasets))
    with pytest.raises(InputError, match="user_datasets"):
        load_suite.load(path)


def test_the_layouts_of_a_suite_are_those_that_are_read(tmp_path: Path):
    """Every word of the type has its reader."""
    made.foldered(tmp_path / "imagenet")
    made.coco(tmp_path / "coco")
    made.glue(tmp_path / "glue-tsv", [("a", 0)])
    table = model_table(data="mine")
    for layout in ("imagenet", "coco", "glue-tsv"):
        path = write_suite(
            tmp_path / "my.toml",
            document(models=[table], datasets={"mine": {"title": "T", "layout": layout}}),
        )
        user_datasets = datasets.with_user_datasets(
            load_suite.load(path), {"mine": str(tmp_path / layout)}
        )
        assert user_datasets.user_datasets["mine"].n >= 1
        assert len(json.dumps(user_datasets.user_datasets["mine"].checksum)) == 66


# ---------------------------------------------------------------- held out


@given(st.integers(0, 2_000), st.integers(0, 300), st.integers(0, 9), st.integers(1, 400))
def test_what_is_held_out_is_never_judged(n: int, held: int, seed: int, most: int):
    """Whatever the seed and the limit of a run; all the rest is judged where no limit says less."""
    limited = a_model("generic", {"x": [1]}, options={"held_out": held, "samples": most})
    mine = selection.held_out(n, limited)
    judged = selection.evaluated(n, limited, np.random.default_rng(seed), 8)
    assert len(mine) == min(n, held) == len(set(mine))
    assert not set(mine) & set(judged)
    assert len(judged) == min(most, n - len(mine))
    assert selection.held_out(n, limited) == mine


@pytest.mark.parametrize(("n", "held"), [(4, 0), (10, 2), (5_000, 300)])
def test_a_fifth_is_held_out_where_a_model_is_calibrated(n: int, held: int, tmp_path: Path):
    """At most 300; nothing of other models and of data that nobody gave."""
    any_model = a_model("generic", {"x": [1]})
    models = [
        msgspec.structs.replace(any_model, id=name, data=data)
        for name, data in (("one", "mine"), ("two", "mine"), ("three", ""))
    ]
    user_datasets = {"mine": suite.LocalDataset(folder="f", n=n, checksum="c")}
    own = Suite(format=1, id="s", title="S", models=models, user_datasets=user_datasets)
    found = selection.hold_out(own, {"one", "three"}).models
    assert [model.options.get("held_out") for model in found] == [held, None, None]


def test_too_few_samples_to_hold_some_out_are_reported():
    """With the remedy."""
    model = a_model("generic", {"x": [1]}, options={"held_out": 0})
    with pytest.raises(SuiteError, match="4 samples are too few"):
        selection.calibration(4, model, 10)
