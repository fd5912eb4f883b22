"""Language models on a site: a page of their own, and a place on no other."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ovreport import record as r
from ovreport_sitegen.components.about import port_text
from ovreport_sitegen.pages import language_model
from tests.factories import STANDARD, a_native_record, a_record
from tests.language_factories import (
    a_failed_language_record,
    a_language_record,
    a_made_language_record,
    language_records,
)
from tests.sitegen.conftest import a_collection, catalogue

TITLE = "SmolLM2-135M-Instruct"
CLASSIC = ("latency", "throughput", "accuracy", "efficiency", "end-to-end", "frameworks")
BuildOf = Callable[[list[r.Record]], Path]


def test_the_lede_is_the_speed(build_of: BuildOf) -> None:
    """Lede, charts, every length, quality, failure and commands."""
    out = build_of([*a_collection(), *language_records()])
    page = (out / "language-models.html").read_text()
    lede = re.search(r'class="lede">(.*?)<', page)
    assert lede
    assert lede[1].startswith(f"{TITLE}, int4 weights")
    assert "128 tokens" in lede[1]
    assert "tokens/s" in lede[1]
    assert "default precision" in lede[1]
    assert page.count('class="chart"') == 2
    lengths = next(out.glob("result-smollm2-135m-instruct-*.html")).read_text()
    assert len(re.findall("<tr", lengths.partition('id="lengths-table"')[2])) >= 6
    assert "9 of 12" in page
    assert "significantly worse" in page
    assert "Gemma 3 270M" in page
    assert "SIGSEGV" in page
    assert "--model smollm2-135m-instruct" in page


def test_an_unreliable_speed_heads_no_page(build_of: BuildOf) -> None:
    """The overview then shows the token agreement; the page leads with what noise spares."""
    steady = (build_of([a_record(), a_language_record()]) / "index.html").read_text()
    assert re.search(r"<strong>[\d.]+ tokens/s</strong>", steady)
    out = build_of([a_record(), a_language_record(noise=0.5)])
    home = (out / "index.html").read_text()
    assert not re.search(r"<strong>[\d.]+ tokens/s</strong>", home)
    assert "<strong>9 of 12</strong>" in home
    page = (out / "language-models.html").read_text()
    lede = re.search(r'class="lede">(.*?)<', page)
    assert lede
    assert lede[1].index("perplexity") < lede[1].index("rounds differ") < lede[1].index("≈")
    assert page.count('class="chart"') == 2


def test_what_noise_does_not_touch_looks_as_ever(build_of: BuildOf) -> None:
    """Times that disagree are unreliable; perplexity is as it was."""
    out = build_of([a_record(), a_language_record(noise=0.5)])
    page = (out / "language-models.html").read_text()
    (row,) = re.findall(r"<tr.*", page.partition('id="language-table"')[2])[1:2]
    assert re.search(r'class="num unreliable".*?≈', row)
    assert re.search(r'class="num">', row)


def test_tokens_are_on_no_page_of_inferences(build_of: BuildOf) -> None:
    """Classic pages are the same with and without language models, but for the navigation."""
    out = build_of([*a_collection(), a_native_record(), *language_records()])
    for name in CLASSIC:
        main = (out / f"{name}.html").read_text().partition("<main")[2]
        assert TITLE not in main, name
        assert "Gemma" not in main, name
    home = (out / "index.html").read_text()
    assert 'href="language-models.html"' in home.partition("<main")[2]
    assert TITLE in (out / "models.html").read_text()


def test_a_model_has_a_page(build_of: BuildOf) -> None:
    """Its lengths, its text, its memory by phase, its settings and its evidence."""
    out = build_of([*a_collection(), *language_records()])
    page = (out / "model-smollm2-135m-instruct.html").read_text()
    for words in ("512 tokens", "Time per output token"):
        assert words in page, words
    results = "".join(path.read_text() for path in out.glob("result-smollm2-135m-instruct-*.html"))
    for words in (
        'id="concurrency"',
        "one request at a time",
        "KV_CACHE_PRECISION",
        "Time per output token",
    ):
        assert words in results, words


def test_without_language_models_there_is_no_page(build_of: BuildOf) -> None:
    """Nor an entry of the navigation."""
    out = build_of(a_collection())
    assert not (out / "language-models.html").exists()
    assert "Language models" not in (out / "index.html").read_text()


def test_a_site_of_language_models_alone(build_of: BuildOf) -> None:
    """`collect --suite llm`, then `build`: the page is the first one, and no link is dead."""
    out = build_of(language_records())
    assert TITLE in (out / "index.html").read_text()
    assert not (out / "latency.html").exists()
    assert "latency.html" not in (out / "index.html").read_text()


ONE_ROUND = msgspec.structs.replace(STANDARD, processes=1, is_custom=True)


def with_variants() -> list[r.Record]:
    """Return the published weights in both precisions, and what was made of them."""
    usual: dict[str, Any] = {"precision": "default"}
    lost = [r.FailedRound(round=i, reason="out of memory", cause="killed") for i in (3, 4)]
    return [
        a_language_record(precision="f32", time_per_output_token_ms=25.0),
        a_language_record(**usual),
        a_made_language_record(time_per_output_token_ms=18.0, **usual),
        a_made_language_record(
            "int4-weights", time_per_output_token_ms=9.0, rounds=3, failed_rounds=lost, **usual
        ),
    ]


def test_variants_stand_beside_the_published_file(build_of: BuildOf) -> None:
    """The headline stays the published file's; speed, size and perplexity of each are findings."""
    page = (build_of(with_variants()) / "index.html").read_text()
    lede = re.search(r'class="lede">(.*?)<', page)
    assert lede
    assert f"{TITLE}, int4 weights" in lede[1]
    for words in (
        "INT8 weight compression",
        "1.5×",
        "INT4 weight compression",
        "insufficient data",
        "24.4 (+",
        "significantly worse",
        "135 MB",
        "int8 weights only",
        "int4 weights only",
    ):
        assert words in page, words
    table = page.partition('id="weights-table"')[2].partition("</table")[0]
    assert table.count("<tr") == 5
    assert "540" in table


def test_a_page_has_how_each_variant_was_optimized(build_of: BuildOf) -> None:
    """Method, size, and that its weights had few bits before; beside the published ones."""
    out = build_of([*a_collection(), *with_variants()])
    page = (out / "model-smollm2-135m-instruct.html").read_text()
    assert 'id="optimization"' in page
    assert "8.00 s" in page
    assert "INT8 weight compression of" in page
    assert "weights compressed to" not in page


def test_a_variant_by_itself_is_named_as_one(build_of: BuildOf) -> None:
    """With what its perplexity is compared, though the published file was not measured."""
    page = (build_of([a_made_language_record()]) / "model-smollm2-135m-instruct.html").read_text()
    assert 'id="optimization"' in page
    assert f"{TITLE}, weights compressed to int8" in page
    assert "published weights" in page


def test_a_converted_file_is_compared_with_the_published_one(build_of: BuildOf) -> None:
    """As published, as converted, and made of it: a row each; and what conversion costs."""
    out = build_of(with_variants())
    for name in ("index.html", "model-smollm2-135m-instruct.html"):
        page = (out / name).read_text()
        table = page.partition('id="conversion-table"')[2].partition("</table")[0]
        assert table.count("<tr") == 6, name
        for words in ("as published", "as converted", "Q4_1", "gguf 0.19.0", "int8 weights only"):
            assert words in table, (name, words)
        assert "by conversion" in page.partition('class="findings"')[2].partition("</ul")[0], name


def test_a_published_file_that_nobody_measured_is_said_so(build_of: BuildOf) -> None:
    """Records of before: no value, and no claim that f32 is the reference."""
    record = a_language_record(precision="f32")
    unknown = msgspec.structs.replace(record.generation.perplexity, published=r.PUBLISHED_UNKNOWN)
    older = msgspec.structs.replace(record.generation, perplexity=unknown)
    page = (
        build_of([a_language_record(precision="f32", generation=older)]) / "index.html"
    ).read_text()
    table = page.partition('id="conversion-table"')[2].partition("</table")[0]
    assert r.PUBLISHED_UNKNOWN.reason in table
    assert "by conversion" not in page


def test_a_network_that_runs_as_published_is_not_converted(build_of: BuildOf) -> None:
    """An OpenVINO network is its own reference."""
    record = a_language_record()
    model = msgspec.structs.replace(record.model, source="hf:OpenVINO/m@abc/openvino_model.xml")
    page = (build_of([msgspec.structs.replace(record, model=model)]) / "index.html").read_text()
    assert "conversion-table" not in page
    assert "of the published file in f32" in page


def test_settings_that_the_pipeline_does_not_tell_are_unknown(build_of: BuildOf) -> None:
    """What was requested is not what was in force."""
    record = a_language_record()
    requested = {"KV_CACHE_PRECISION": "u8"}
    silent = msgspec.structs.replace(
        record.generation,
        settings=r.Settings(requested=requested, effective={}),
        settings_of="pipeline",
    )
    out = build_of([a_language_record(generation=silent)])
    (path,) = out.glob("result-smollm2-135m-instruct-*.html")
    row = path.read_text().partition("KV_CACHE_PRECISION")[2].partition("</tr")[0]
    assert "not readable" in row
    assert "requested: u8" in row


def test_without_variants_there_is_no_table_of_weights(build_of: BuildOf) -> None:
    """One file has nothing beside it."""
    page = (build_of(language_records()) / "index.html").read_text()
    assert "weights-table" not in page


@pytest.mark.parametrize(
    "record",
    [
        a_language_record(rounds=1, tier=ONE_ROUND),
        a_language_record(noise=0.5),
        a_failed_language_record(),
        a_made_language_record(),
        a_made_language_record(generation=r.Skipped(reason="left out")),
        a_language_record(generation=r.Skipped(reason="left out")),
        a_language_record(model="magika-v3.3", title="Magika v3.3"),
    ],
    ids=[
        "one round",
        "unreliable",
        "failed",
        "made alone",
        "made and skipped",
        "skipped",
        "shared id",
    ],
)
def test_odd_records_break_nothing(build_of: BuildOf, record: r.Record) -> None:
    """Whatever a record holds, the site is built and sound."""
    assert (build_of([a_record(), record]) / "index.html").exists()


def test_markup_in_a_record_stays_text(build_of: BuildOf) -> None:
    """Names and texts of a record are shown, not run."""
    attack = "<script>alert(1)</script>"
    record = a_language_record(title=attack)
    out = build_of([record])
    for page in out.glob("*.html"):
        assert attack not in page.read_text(), page.name


def test_a_language_model_is_described_as_any_other() -> None:
    """Inputs and outputs too; a size that is free is no number."""
    found = catalogue(a_language_record())
    (model,) = found.language_models
    about = language_model.view(found, model).about
    assert any(name == "Licence" for name, _ in about.facts)
    assert all("-1" not in text for text in (*about.inputs, *about.outputs))
    assert port_text(r.Port(name="ids", dtype="i64", shape=[-1, 4])) == "ids: i64, any × 4"
    said = {
        known: port_text(r.Port(name="v", dtype="f32", shape=[], sized_by_data=known))
        for known in (True, False, None)
    }
    assert said[False] == "v: f32, scalar"
    assert len(set(said.values())) == 3
