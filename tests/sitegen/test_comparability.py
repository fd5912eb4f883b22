"""What may be compared with what: runs apart, fewer processors, equal cards, and who failed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from ovreport import record as r
from ovreport.history import newest
from ovreport.store import Stored
from ovreport_sitegen.components import speedups
from ovreport_sitegen.components.marks import MARKS, key_of
from ovreport_sitegen.components.ranking import comparable, preferred, ranking_card
from ovreport_sitegen.components.ratio_card import left_out_words
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.pages import models, overview
from ovreport_sitegen.pages.accuracy import loss_card, sentences
from tests.factories import a_failed_record, a_made_record, a_record
from tests.sitegen.conftest import a_reference, catalogue, figure_rows

SECOND_DAY = "2026-11-24T12:00:00Z"
GPU = {"full_name": "Example Card 7", "family": "dGPU"}


def next_day(record: r.Record) -> r.Record:
    """Return a record that was measured a day later."""
    noise = [msgspec.structs.replace(n, started_at=SECOND_DAY) for n in record.noise]
    return msgspec.structs.replace(record, measured_at=SECOND_DAY, noise=noise)


def limited(record: r.Record, processors: float) -> r.Record:
    """Return a record of a run that could use so many of its machine's 16 processors."""
    machine = msgspec.structs.replace(record.machine, cores_available=processors)
    return msgspec.structs.replace(record, machine=machine)


def speed_words(found: Catalogue) -> str:
    """Return what the overview says of speed."""
    return next(t.text for t in overview.view(found).takeaways if t.topic == "How fast")


# ---------------------------------------------------------------- three outcomes


def test_each_outcome_without_an_answer_has_a_mark() -> None:
    """The words of a cell open what they mean."""
    for words in ("no comparison", "insufficient data", "no clear difference", "runs apart"):
        assert MARKS[key_of(words)].title == words


def test_runs_of_separate_days_are_no_comparison() -> None:
    """Neither alike nor too few rounds: nothing was paired, on the overview and in each cell."""
    default = next_day(a_record(seed=2, precision="default", median_ms=2.5, top1=0.841))
    found = catalogue(a_reference(), default)
    assert found.speedups == ()
    (result,) = (r for r in found.results if r.requested == "default")
    assert speedups.speedup_cell(found, result).text == "no comparison"
    (effect,) = sentences.effects(found, found.results)
    for text in (speed_words(found), sentences.sentence(effect)):
        assert "no comparison" in text
        assert "no clear difference" not in text
    assert "No comparison" in speedups.speedup_finding(found, [result], "latency")


def test_runs_apart_show_the_ratio_of_their_undisturbed_values() -> None:
    """With the interval that follows from the two, as unpaired; nothing rests on it."""
    found = catalogue(a_reference(), next_day(a_record(seed=2, precision="default", median_ms=2.5)))
    (pair,) = (s for result in found.results if (s := found.speedup(result)))
    apart = speedups.runs_apart(pair, "latency")
    assert apart is not None
    assert apart.low < 2 < apart.high
    values = [r.metric_value("latency_ms") for r in (pair.baseline, pair.candidate)]
    widest = max((v.high - v.low) / v.value for v in values if v)
    assert (apart.high - apart.low) / apart.value > widest
    assert speedups.speedup_cell(found, pair.candidate).note == "runs apart"
    assert pair.usable("latency") is None


def test_runs_of_another_release_show_no_ratio() -> None:
    """It would be of two releases, not of two precisions."""
    default = next_day(a_record(seed=2, precision="default"))
    software = msgspec.structs.replace(default.software, openvino="2026.3.0-1-other")
    found = catalogue(a_reference(), msgspec.structs.replace(default, software=software))
    (pair,) = (s for result in found.results if (s := found.speedup(result)))
    assert speedups.runs_apart(pair, "latency") is None
    assert speedups.speedup_cell(found, pair.candidate).note == ""


@pytest.mark.parametrize(
    ("rounds", "ms", "words"),
    [(3, 2.5, "insufficient data"), (7, 5.0, "no clear difference"), (7, 2.5, "2.00×")],
)
def test_the_overview_says_which_outcome_it_is(rounds: int, ms: float, words: str) -> None:
    """Of rounds that alternated."""
    default = a_record(seed=2, precision="default", rounds=rounds, median_ms=ms)
    assert words in speed_words(catalogue(a_reference(rounds=rounds), default))


# ---------------------------------------------------------------- processors available


@pytest.mark.parametrize("processors", [2, 1.5])
def test_a_limited_run_is_another_case(processors: float) -> None:
    """It replaces nothing, joins no history, is compared with nothing, and is marked."""
    f32, default = a_reference(), a_record(seed=2, precision="default")
    fewer = limited(next_day(a_record(seed=3, median_ms=20)), processors)
    stored = [Stored(record, Path("x.json")) for record in (f32, default, fewer)]
    current, older, _ = newest(stored)
    assert (len(current), len(older)) == (3, 0)
    found = catalogue(f32, default, fewer)
    assert len(found.machines) == 1
    whole, part = sorted(found.devices, key=lambda device: device.limit)
    assert part.limit == f"{processors:g} of 16 processors"
    assert part.limit in part.label
    assert whole.limit == ""
    assert found.main_device == whole
    (marked,) = (result for result in found.results if result.marks)
    assert marked.device == part
    assert key_of(marked.marks[0]) in MARKS
    assert found.baseline(marked) is marked
    assert len({result.href for result in found.results}) == 3
    cells = [row.html for row in models.view(found).devices.rows]
    assert sum("of 16" in html for html in cells) == 1


def test_a_limited_run_alone_keeps_the_size_of_its_machine() -> None:
    """The machine is what it is; what a run had of it stands at the device."""
    whole, part = catalogue(a_record()), catalogue(limited(a_record(), 2))
    assert whole.machines[0].size == part.machines[0].size


def test_downloads_have_the_processors() -> None:
    """For who compares rows of their own."""
    found = catalogue(a_record(), limited(a_record(), 1.5))
    rows = {(row["processors_available"], row["processors"]) for row in figure_rows(found)}
    assert {(float(a), int(b)) for a, b in rows} == {(16.0, 16), (1.5, 16)}


# ---------------------------------------------------------------- equal cards


def test_two_equal_cards_are_two_devices() -> None:
    """In labels, bars, counts, addresses and downloads; the processor keeps its plain name."""
    found = catalogue(
        a_reference(),
        a_record(device="GPU.0", seed=2, **GPU),
        a_record(device="GPU.1", seed=3, median_ms=6, **GPU),
    )
    labels = [device.label for device in found.devices]
    assert labels[0] == "Example CPU 9000"
    assert [unit for unit in ("GPU.0", "GPU.1") for label in labels if unit in label] == [
        "GPU.0",
        "GPU.1",
    ]
    assert len({device.href for device in found.devices}) == 3
    card = ranking_card(
        preferred(found.results),
        "latency_ms",
        id_="devices",
        title="Devices",
        axis="ms",
        conditions="",
        naming=lambda result: result.device.label,
        log=False,
    )
    assert card.chart is not None
    assert len({row.name for row in card.chart.rows}) == 3


def test_one_card_needs_no_number() -> None:
    """Called GPU in one run and GPU.0 in another, it is one device, and its label is its name."""
    found = catalogue(
        a_record(device="GPU", **GPU), a_record(device="GPU.0", precision="default", **GPU)
    )
    (device,) = found.devices
    assert device.label == "Example Card 7"


# ---------------------------------------------------------------- means over survivors


def results_of(found: Catalogue) -> list[Result]:
    """Return the results in the default precision."""
    return [result for result in found.results if result.requested == "default"]


def test_means_say_in_their_sentence_who_is_left_out() -> None:
    """Two models were compared, one failed, and of one there is no f32."""
    records = [
        record
        for i, name in enumerate(("a", "b"))
        for record in (
            a_reference(model=name, title=name, seed=i),
            a_record(model=name, title=name, seed=i + 9, precision="default", median_ms=2.5),
        )
    ]
    records += [
        a_failed_record(model="c", title="c", precision="default"),
        a_record(model="d", title="d", precision="default"),
    ]
    found = catalogue(*records)
    finding = speedups.speedup_finding(found, found.default_results(), "latency")
    (sentence,) = (s for s in finding.split(". ") if "geometric mean" in s)
    for text in (sentence, speed_words(found)):
        assert "1 failed" in text
        assert "1 without comparison" in text


def test_nothing_is_left_out_where_all_were_counted() -> None:
    """Then the sentence says no more."""
    found = results_of(catalogue(a_reference(), a_record(seed=2, precision="default")))
    assert left_out_words(found, found, "latency") == ""


def test_a_measurement_that_failed_is_named_as_such() -> None:
    """Though its case ran."""
    failed = r.Failed(reason="out of memory", cause="error")
    found = results_of(
        catalogue(a_reference(), a_record(seed=2, precision="default", throughput=failed))
    )
    assert left_out_words(found, [], "throughput") == "; left out: 1 failed"
    assert left_out_words(found, [], "latency") == "; left out: 1 without comparison"


def test_limited_runs_are_ranked_only_where_the_whole_machine_was_not_measured() -> None:
    """No device is the fastest or slowest of a chart because of a quota."""
    fewer = limited(a_record(seed=3, median_ms=20), 2)
    both = catalogue(a_record(), fewer).results
    assert [result.device.limit for result in comparable(both)] == [""]
    elsewhere = catalogue(a_record(machine="another-4c", full_name="Another CPU"), fewer).results
    assert len(comparable(elsewhere)) == 2
    alone = catalogue(fewer, limited(a_record(seed=4), 1.5)).results
    assert len(comparable(alone)) == 2


@pytest.mark.parametrize("apart", [True, False])
def test_no_choice_is_called_faster_only_where_some_were_compared(apart: bool) -> None:
    """Nothing that was compared is another thing than nothing that is faster."""
    others = [a_record(seed=2, precision="default"), a_made_record("int8", seed=3)]
    found = catalogue(a_reference(), *(next_day(one) if apart else one for one in others))
    text = sentences.card_finding(sentences.effects(found, found.results))
    assert ("No comparison of speed" in text) is apart
    assert ("significantly faster" in text) is not apart


def test_counts_of_accuracies_say_how_many_failed() -> None:
    """Those that kept theirs are survivors too."""
    crashed = a_failed_record(model="c", title="c", precision="default")
    found = catalogue(a_reference(), a_record(seed=2, precision="default"), crashed)
    right = next(t.text for t in overview.view(found).takeaways if t.topic == "How right")
    for text in (right, loss_card(found, "").finding, sentences.page_findings(found)[0]):
        assert "left out: 1 failed" in text
