"""What the site takes from the registries: all that is in them, and nothing beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from ovreport.engines import ENGINES, of_kind
from ovreport.metrics import METRICS
from ovreport.record import Record
from ovreport.variants import VARIANTS
from ovreport_sitegen.build import Built
from tests.factories import a_native_record, a_record
from tests.language_factories import a_language_record

Build = Callable[[Sequence[Record]], Path]


def test_the_glossary_has_every_metric(built: Built) -> None:
    """Each once, with its meaning, whether or not a record of the site has a value of it."""
    page = (built.out / "method.html").read_text()
    assert sorted(re.findall(r'id="metric-([^"]+)"', page)) == sorted(METRICS)


def test_every_engine_has_a_place(build_of: Build) -> None:
    """Native frameworks beside OpenVINO, under their titles; language models on their own page."""
    native = [a_native_record(engine.id) for engine in of_kind("native")]
    language = [a_language_record(engine=engine.id) for engine in of_kind("generation")]
    assert len(native) + len(language) + len(of_kind("openvino")) == len(ENGINES)
    site = build_of([a_record(), *native, *language])
    frameworks = (site / "frameworks.html").read_text()
    assert all(engine.title in frameworks for engine in of_kind("native"))
    assert (site / "language-models.html").is_file()


def test_every_variant_has_its_label(build_of: Build) -> None:
    """On the page of the model."""
    records = [a_record(variant=name, title="Magika", model="magika") for name in VARIANTS]
    page = (build_of(records) / "model-magika.html").read_text()
    assert all(variant.label in page for variant in VARIANTS.values())
