"""The first page: which machine, whose results, and what a newcomer can say after ten seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from ovreport import record as r
from ovreport.store import Loaded, Stored, write
from ovreport_sitegen.build import build
from ovreport_sitegen.config import Config, MachineSettings
from ovreport_sitegen.data.catalogue import Catalogue, make
from ovreport_sitegen.pages import method, overview
from tests.factories import a_failed_record, a_native_record, a_record
from tests.sitegen.conftest import a_collection, a_reference, catalogue
from tests.sitegen.test_answer import eight_machines

replace = msgspec.structs.replace
LATER = "2026-11-30T12:00:00Z"


def on(machine: str, cpu: str, **knobs: object) -> r.Record:
    """Return a record of a machine with that processor."""
    made = a_record(machine=machine, full_name=cpu, **knobs)
    return replace(made, machine=replace(made.machine, cpu=cpu))


def two_machines() -> list[r.Record]:
    """Return two models on an old machine, and one of them on one that was measured later."""
    return [
        on("old-8c", "Old 9"),
        on("old-8c", "Old 9", model="b", title="Model B", seed=2),
        on("new-2c", "New 9", measured_at=LATER, median_ms=7.0, seed=3),
    ]


def of(config: Config, *records: r.Record) -> Catalogue:
    """Return a catalogue of records with a site's settings."""
    return make(config, Loaded([Stored(record, Path("x.json")) for record in records]))


# ---------------------------------------------------------------- which machine


def test_the_page_names_the_machine_that_was_measured_last() -> None:
    """Its name, size, day and tier; others are named beside it, with a link to their page."""
    found = catalogue(*two_machines())
    view = overview.view(found)
    assert view.whose.last == "New 9"
    assert view.whose.href == found.devices[0].href
    assert all(
        word in view.whose.last_words
        for word in ("8 cores (16 threads)", "30 Nov 2026", "standard")
    )
    ((name, href, words),) = view.whose.others
    assert (name, href) == ("Old 9", found.devices[1].href)
    assert "23 Nov 2026" in words


def test_a_tier_that_was_changed_says_so() -> None:
    """`--rounds` and `--time` make other numbers than the tier of that name stands for."""
    record = a_record()
    found = catalogue(replace(record, tier=replace(record.tier, is_custom=True)))
    assert "standard, custom" in overview.view(found).whose.last_words


def test_many_other_machines_are_counted() -> None:
    """A lab's page does not begin with a list."""
    found = catalogue(*(on(f"m-{i}", f"CPU {i}", seed=i) for i in range(12)))
    whose = overview.view(found).whose
    assert len(whose.others) + whose.more == 11
    assert whose.more > 0


def test_a_machine_of_language_models_only_is_not_the_one_that_the_page_opens_with() -> None:
    """The page is of other models; that machine is named without a link."""
    language = on("talk-4c", "Talk 9", engine="openvino-genai", measured_at=LATER)
    found = catalogue(a_record(), language)
    whose = overview.view(found).whose
    assert whose.last == "Example CPU 9000"
    assert [(name, href) for name, href, _ in whose.others] == [("Talk 9", "")]


# ---------------------------------------------------------------- charts


def test_devices_are_ranked_by_one_file_only() -> None:
    """A model whose file changed has one device of each: another model has its chart."""
    changed = on("new-2c", "New 9", measured_at=LATER, seed=3)
    changed = replace(changed, inputs=replace(changed.inputs, seed=99))
    both = [on("old-8c", "Old 9", model="b", title="Model B", seed=2)]
    both.append(on("new-2c", "New 9", model="b", title="Model B", measured_at=LATER, seed=4))
    cards = overview.view(catalogue(on("old-8c", "Old 9"), changed, *both)).cards
    assert [c.title for c in cards if c.id == "devices-latency"] == ["Model B: latency"]


def test_a_speed_that_does_not_count_says_so_in_its_chart() -> None:
    """A fast wrong output is never named fastest without that."""
    bad = a_record(precision="default", executed="bf16", top1=0.5, median_ms=1.0, seed=2)
    cards = overview.view(catalogue(a_reference(), bad)).cards
    (card,) = (c for c in cards if c.id == "latency")
    assert "below 99 % accuracy" in card.finding


def test_no_device_is_fastest_by_a_speed_that_does_not_count() -> None:
    """Of a device that ran bf16 only, which loses accuracy, there is nothing to compare."""
    models = ("a", "b", "c")
    old = [on("old-8c", "Old 9", model=m, title=m, rounds=12, seed=n) for n, m in enumerate(models)]
    knobs = {"precision": "default", "executed": "bf16", "top1": 0.5, "median_ms": 1.0}
    new = [
        on("new-2c", "New 9", model=m, title=m, rounds=12, measured_at=LATER, seed=9 + n, **knobs)
        for n, m in enumerate(models)
    ]
    assert not any("fastest" in topic for topic in topics(*old, *new))


# ---------------------------------------------------------------- whose results


def test_results_without_an_owner_are_those_of_this_folder() -> None:
    """A fresh folder has no settings."""
    whose = overview.view(catalogue(a_record())).whose
    assert "in this folder: 1 machine" in whose.owners


def test_an_owner_is_named_and_a_new_machine_is_not_taken_for_the_owners() -> None:
    """In a clone of somebody's site, only the machines that the settings name are theirs."""
    settings = Config(machines={"old-8c": MachineSettings(owner="Example Corp")})
    whose = overview.view(of(settings, *two_machines())).whose
    assert "in this folder: 1 machine" in whose.owners
    assert "of Example Corp: 1 machine" in whose.owners
    everything = Config(owner="Example Corp")
    whose = overview.view(of(everything, *two_machines())).whose
    assert "of Example Corp: 2 machines" in whose.owners
    assert "folder" not in whose.owners


def test_counts_of_results_agree(tmp_path: Path) -> None:
    """The build's message, the overview and the method page count the same results."""
    records = [*a_collection(), a_native_record(seed=20)]
    for record in records:
        write(record, tmp_path / "site" / "records")
    built = build(tmp_path / "site", [], tmp_path / "out")
    found = catalogue(*records)
    assert built.results == len(found.everything) == 9
    assert overview.view(found).whose.counts.startswith("9 results: 8 of OpenVINO")
    assert sum(n for _, n in method.view(found).tiers) == 9


# ---------------------------------------------------------------- what can be said


def topics(*records: r.Record) -> dict[str, overview.Takeaway]:
    """Return the takeaways of some records by their topic."""
    view = overview.view(catalogue(*records))
    return {t.topic: t for t in (*view.takeaways, *view.further)}


def test_what_is_fast_right_and_sure() -> None:
    """Each has a number, and a link to its page."""
    found = topics(a_reference(), a_record(precision="default", top1=0.84, seed=2))
    assert list(found) == ["How fast", "How right", "How sure"]
    assert found["How fast"].value.endswith(" ms")
    assert found["How right"].value == "0 of 1"
    assert found["How sure"].value == "1 of 1"  # as many as the table has rows
    assert all(takeaway.href for takeaway in found.values())


def test_the_fastest_of_many_devices_is_named() -> None:
    """Though the table of the page has no column for it, nor that of the one measured last."""
    (first, *_) = overview.view(catalogue(*eight_machines())).takeaways
    assert first.value.startswith("Processor 0")


def test_only_what_the_interval_shows_is_said_to_keep_its_accuracy() -> None:
    """An estimate within 1 % does not count where samples are too few to tell."""
    made = a_record(precision="default", seed=2)
    assert isinstance(made.accuracy, r.Accuracy)
    for low, high, kept in ((-0.03, 0.03, "0 of 1"), (-0.001, 0.001, "1 of 1")):
        reference = r.AccuracyReference(value=0.97, delta=0, delta_low=low, delta_high=high)
        accuracy = replace(made.accuracy, value=0.97, reference=reference)
        right = topics(a_reference(), replace(made, accuracy=accuracy))["How right"]
        assert right.value == kept
        assert ("too few samples" in right.text) == (kept == "0 of 1")


def test_the_mean_speedup_has_its_interval() -> None:
    """As on the page of ratios."""
    found = topics(a_reference(), a_record(precision="default", median_ms=2.5, seed=2))
    assert "interval" in found["How fast"].text
    slow = topics(a_reference(), a_record(precision="default", median_ms=7.5, seed=2))
    assert "slower" in slow["How fast"].text
    assert "interval" in slow["How fast"].text


def test_unreliable_results_tell_the_order_of_magnitude() -> None:
    """With ≈, and without a word on which model is the fastest."""
    records = [a_record(model=m, title=m, noise=0.6, seed=i) for i, m in enumerate("ab")]
    found = topics(*records)
    assert found["How fast"].value.startswith("≈")
    assert found["How fast"].value.count("≈") == 1
    assert found["How sure"].value == "0 of 2"


def test_a_machine_that_ran_f32_only_lost_nothing() -> None:
    """There is no lower precision to lose accuracy by."""
    assert topics(a_reference())["How right"].value == "1 of 1"


def test_f32_is_what_ran_not_what_was_requested() -> None:
    """A default that ran in bf16 and has no accuracy gave something up, nobody knows how much."""
    unknown = r.Unsupported(reason="no labelled inputs")
    bf16 = a_record(precision="default", executed="bf16", accuracy=unknown, seed=2)
    assert "How right" not in topics(a_record(accuracy=unknown), bf16)


def test_models_without_a_result_are_counted_where_all_others_ran_in_f32() -> None:
    """A model that failed is no model that kept its accuracy."""
    failed = a_failed_record(model="b", title="B", seed=2)
    right = topics(a_reference(), failed)["How right"]
    assert right.value == "1 of 2"
    assert "1 failed" in right.text


def test_charts_name_the_precisions_that_were_requested() -> None:
    """Where only f32 was measured, nothing is of the default precision."""
    default = a_record(precision="default", model="b", title="B", seed=2)
    for records, named in (
        ([a_reference()], "f32"),
        ([default], "default precision"),
        ([a_reference(), default], "default precision and f32"),
    ):
        card = next(c for c in overview.view(catalogue(*records)).cards if c.id == "latency")
        assert card.conditions.endswith(f" · {named}")


def test_variants_are_judged_where_the_published_files_ran_in_f32() -> None:
    """What INT8 costs is worth knowing too."""
    int8 = a_record(variant="int8", executed="i8", top1=0.9, seed=2)
    assert topics(a_reference(), int8)["How right"].value == "0 of 1"


def test_a_folder_of_failures_says_what_happened(
    build_of: Callable[[Sequence[r.Record]], Path],
) -> None:
    """No empty charts and no zeros: how many failed, the most frequent reason, and a row each."""
    records = [a_failed_record(model=m, title=m, seed=i) for i, m in enumerate("abc")]
    view = overview.view(catalogue(*records))
    (happened,) = view.takeaways
    assert happened.value == "3 of 3"
    assert "SIGSEGV" in happened.text
    assert not view.cards
    cells = [cell for row in view.section.answer.rows for cell in row.cells]
    assert all(cell and "SIGSEGV" in cell.tip for cell in cells)
    assert "SIGSEGV" in (build_of(records) / "index.html").read_text()


@pytest.mark.parametrize("noise", [0.01, 0.6])
def test_one_result_is_enough_for_a_site(
    noise: float, build_of: Callable[[Sequence[r.Record]], Path]
) -> None:
    """Stable or not, its first page has its row."""
    page = (build_of([a_record(noise=noise)]) / "index.html").read_text()
    assert 'id="answer"' in page
    assert "Magika v3.3" in page
