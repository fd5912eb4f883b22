"""From records to views: what a page says, as data."""

from __future__ import annotations

import msgspec
import pytest

from ovreport import record as r
from ovreport.metrics.percentiles import TOO_FEW
from ovreport_sitegen import downloads
from ovreport_sitegen.answer.state import State
from ovreport_sitegen.answer.table import answer
from ovreport_sitegen.compare import same_run
from ovreport_sitegen.components import accuracy_cells, ranked
from ovreport_sitegen.components.result_tables import whole_devices
from ovreport_sitegen.pages import (
    accuracy,
    efficiency,
    end_to_end,
    latency,
    model,
    models,
    throughput,
)
from ovreport_sitegen.pages.page import warning
from ovreport_sitegen.pages.result import full as result_view
from ovreport_sitegen.text import clean, release, safe_url, short_name, unique_slugs
from tests.factories import QUICK, a_failed_record, a_record
from tests.sitegen.conftest import a_collection, catalogue, figure_rows


def pair(**knobs: object) -> tuple[r.Record, r.Record]:
    """Return f32 and default of one model, the default twice as fast."""
    return (
        a_record(**{"seed": 1, **knobs}),
        a_record(**{"seed": 2, "precision": "default", "median_ms": 2.5, "top1": 0.841, **knobs}),
    )


# ---------------------------------------------------------------- which records are shown


def test_a_case_on_another_machine_is_another_case() -> None:
    """Two machines with the same device have two results, and two names."""
    both = catalogue(a_record(), a_record(machine="another-8c", seed=2))
    assert len(both.results) == 2
    assert len({d.label for d in both.devices}) == 2


# ---------------------------------------------------------------- speedups


def test_interleaved_rounds_are_compared() -> None:
    """The default's speedup is the ratio over shared rounds, with an interval."""
    (speedup,) = catalogue(*pair()).speedups
    assert speedup.latency is not None
    assert speedup.latency.outcome == "different"
    assert speedup.latency.ratio.low < 2 < speedup.latency.ratio.high
    assert speedup.latency.pairs == 7


def test_rounds_of_different_hours_are_not_compared() -> None:
    """Two measurements that did not alternate give no speedup."""
    f32, default = pair()
    later = [msgspec.structs.replace(n, started_at="2026-11-23T15:00:00Z") for n in default.noise]
    assert same_run(f32, default)
    moved = msgspec.structs.replace(default, noise=later)
    assert not same_run(f32, moved)
    assert not catalogue(f32, moved).speedups


def test_rounds_that_follow_each_other_are_compared() -> None:
    """A B A B… by the clock is one session; A A B B is not."""
    f32, default = pair()

    def at(record: r.Record, minutes: list[int]) -> r.Record:
        noise = [
            msgspec.structs.replace(n, started_at=f"2026-11-23T12:{m:02}:00Z")
            for n, m in zip(record.noise, minutes, strict=True)
        ]
        return msgspec.structs.replace(record, noise=noise)

    even, odd = [2 * i for i in range(7)], [2 * i + 1 for i in range(7)]
    assert same_run(at(f32, even), at(default, odd))
    assert not same_run(at(f32, list(range(7))), at(default, list(range(7, 14))))


def test_another_tier_is_not_compared() -> None:
    """Loops of another length are another measurement."""
    f32, default = pair()
    shorter = msgspec.structs.replace(default.tier, min_seconds=2)
    assert not same_run(f32, msgspec.structs.replace(default, tier=shorter))


def test_speedup_and_loss_are_in_one_finding() -> None:
    """Those of the default precision, from the data."""
    card = accuracy.speedup_card(catalogue(*pair()))
    assert "bf16" in card.finding
    assert "2.00×" in card.finding
    assert "loses 12.9 points" in card.finding


def test_equal_speeds_are_not_called_different() -> None:
    """A ratio whose interval holds 1 has no clear difference, and is drawn as an outline."""
    found = catalogue(a_record(seed=1), a_record(seed=2, precision="default", top1=0.97))
    assert "no clear difference for 1" in latency.view(found).cards[1].finding
    chart = latency.view(found).cards[1].chart
    assert chart is not None
    assert all(row.faint for row in chart.rows)


# ---------------------------------------------------------------- tables of details


def test_tables_of_details_hold_whole_devices() -> None:
    """With many results they show the device with most models, and say so; few are all shown."""
    found = catalogue(*a_collection())
    chosen = whole_devices(found, found.results, most=2)
    assert {r.device for r in chosen.results} == {found.main_device}
    assert len(chosen.results) == len(found.of_device(found.main_device)) == 7
    assert "7 of 8" in chosen.note
    every = whole_devices(found, found.results, most=8)
    assert (every.results, every.note) == (found.results, "")


def test_a_large_site_has_details_of_one_machine() -> None:
    """Of the one that was measured last, and says so."""
    sizes = {"example-8c": 70, "other-4c": 60}
    many = [
        a_record(model=f"m{i}", title=f"M {i}", machine=machine, rounds=1, seed=i)
        for machine, n in sizes.items()
        for i in range(n)
    ]
    table = end_to_end.view(catalogue(*many)).table
    assert len(table.rows) == 60
    assert "60 of 130" in table.note


# ---------------------------------------------------------------- verdicts


def test_charts_show_the_machine_that_was_measured_last() -> None:
    """It has fewer models than another, and is shown for all that it has values of."""
    old, new = ({"machine": "old-1", "full_name": "Old"}, {"machine": "new-1", "full_name": "New"})
    later = "2026-11-24T12:00:00Z"
    both = [
        *pair(model="a", **old),
        *pair(model="b", **old),
        *(a_record(model=model, measured_at=later, **new) for model in ("a", "b")),
    ]
    found = catalogue(*both)
    assert found.main_device.label == "New"
    assert found.device_with("latency_ms").label == "New"
    assert found.speedup_device.label == "Old"
    fewer = catalogue(*both[:-1])
    assert fewer.main_device.label == "New"
    assert [d.label for d in fewer.devices] == ["New", "Old"]
    assert [machine.id for machine in fewer.machines] == ["new-1", "old-1"]


def test_unreliable_results_are_ranked_as_outlines() -> None:
    """An unreliable result is in the chart, marked as approximate, and so is it in the table."""
    found = catalogue(a_record(), a_record(model="shaky", title="Shaky", noise=0.5, seed=3))
    view = latency.view(found)
    chart = view.cards[0].chart
    assert chart is not None
    drawn = {row.name.partition(" ")[0]: row for row in chart.rows}
    assert set(drawn) == {"Magika", "Shaky"}
    assert (drawn["Shaky"].faint, drawn["Shaky"].is_approximate) == (True, True)
    assert drawn["Shaky"].label.startswith("≈")
    assert (drawn["Magika"].faint, drawn["Magika"].is_approximate) == (False, False)
    levels = {row.model.title: row.cells[0].level for row in view.section.answer.rows}  # type: ignore[union-attr]
    assert levels["Shaky"] == "unreliable"
    assert {"hollow", "unreliable"} <= set(view.cards[0].marks)


def test_an_order_that_intervals_do_not_bear_is_not_claimed() -> None:
    """Stable values far apart have a fastest and a slowest; with one unreliable there is none."""
    slow = a_record(model="slow", title="Slow", median_ms=50.0, seed=4)
    sure = latency.view(catalogue(a_record(), slow)).cards[0].finding
    assert "Fastest" in sure
    unsure = latency.view(catalogue(a_record(noise=0.5), slow)).cards[0].finding
    assert "Fastest" not in unsure
    assert "≈" in unsure
    # The intervals lie apart all the same, and nobody says that they overlap.
    assert "overlap" not in unsure


def test_only_the_end_whose_intervals_overlap_is_called_uncertain() -> None:
    """Two equally fast models and a slow one: the slowest is known, the fastest is not."""
    fast = [a_record(seed=1), a_record(model="twin", title="Twin", seed=2)]
    slow = a_record(model="slow", title="Slow", median_ms=50.0, seed=4)
    finding = latency.view(catalogue(*fast, slow)).cards[0].finding
    assert "overlap" in finding
    assert "first place" in finding
    assert "last place" not in finding


def test_a_card_shows_the_verdict_and_rounds_of_the_metric_that_it_draws() -> None:
    """A start-up of two rounds is not as stable as the throughput of seven."""
    record = a_record()
    assert isinstance(record.startup, r.Startup)
    startup = msgspec.structs.replace(record.startup, rounds=record.startup.rounds[:2])
    found = catalogue(msgspec.structs.replace(record, startup=startup))
    start = found.results[0].metric_value("startup_ms")
    speed = found.results[0].metric_value("throughput_ips")
    assert start is not None
    assert speed is not None
    assert start.verdict.level != speed.verdict.level
    card = latency.view(found).start
    assert card.table is not None
    assert f"{start.rounds} round" in card.footer
    assert start.verdict.level in card.footer
    assert speed.verdict.level not in card.footer
    assert f"badge {start.verdict.level}" in card.table.rows[0].html


def test_a_card_of_nothing_but_unreliable_results_tells_the_order_of_magnitude() -> None:
    """A chart of outlines, and a sentence with ≈ and the interval."""
    found = catalogue(a_record(noise=0.5))
    card = latency.view(found).cards[0]
    assert card.chart is not None
    assert all(row.faint for row in card.chart.rows)
    assert "≈" in card.finding
    assert "interval" in card.finding
    assert card.table is not None
    assert "unreliable" in card.table.rows[0].html


def test_a_ratio_of_two_values_needs_both() -> None:
    """The sentence on both is of those that have both."""
    value = catalogue(a_record()).results[0].metric_value("latency_ms")
    assert value is not None
    only = ranked.Ranked("A", value, None, "CPU")
    both = ranked.Ranked("B", value, value, "CPU")
    assert "1.00×" in ranked.pair_finding([only, both], "It takes {}×")


def test_a_page_of_noisy_results_says_so_at_its_top() -> None:
    """With no stable result the warning counts reasons."""
    record = a_record()
    saving = msgspec.structs.replace(record.machine, governor="powersave")
    noisy = catalogue(msgspec.structs.replace(record, machine=saving))
    assert noisy.results[0].verdict("latency").level == "noisy"
    assert "noisy" in warning(noisy.results, "latency")
    assert not warning(catalogue(a_record()).results, "latency")


def test_verdicts_are_computed_again() -> None:
    """What a record says of itself is not taken."""
    shaky = a_record(noise=0.5)
    boast = {"latency": r.Verdict(level="stable", reasons=[])}
    found = catalogue(msgspec.structs.replace(shaky, verdicts=boast))
    assert found.results[0].verdict("latency").level == "unreliable"


# ---------------------------------------------------------------- what is not there


def test_failures_are_shown_as_failures() -> None:
    """A failed case has a row with its reason, no zero, and its stderr on the model's page."""
    found = catalogue(a_failed_record(), a_record(model="other", seed=2))
    for page in (latency, throughput, efficiency):
        rows = page.view(found).section.answer.rows
        (cell,) = [cell for row in rows for cell in row.cells if cell and cell.value is None]
        assert cell.text == "failed"
        assert "SIGSEGV" in cell.tip
    shown = result_view.view(found.results[0])
    assert shown.failure.startswith("failed: ")
    assert "Segmentation fault" in shown.stderr
    assert not shown.groups


def test_a_measurement_that_is_missing_says_why() -> None:
    """An unsupported measurement of a case that ran is shown as unsupported, with the reason."""
    record = a_record(throughput=r.Unsupported(reason="one request only"))
    ((cell,),) = [row.cells for row in throughput.view(catalogue(record)).section.answer.rows]
    assert cell is not None
    assert cell.text == "unsupported"
    assert "one request only" in cell.tip


def test_too_few_samples_for_a_percentile_say_so() -> None:
    """p99.9 of a short run is not a number."""
    rounds = a_record(rounds=3).latency.rounds
    record = a_record()
    few = msgspec.structs.replace(record.latency, rounds=rounds)
    found = catalogue(msgspec.structs.replace(record, latency=few))
    ((cell,),) = [row.cells for row in answer(found, State("latency_p999_ms")).rows]
    assert cell is not None
    assert cell.text == TOO_FEW


def test_the_label_never_says_more_than_what_ran() -> None:
    """Requested and executed precision are both shown; unread ones are unverified."""
    ran = catalogue(*pair()).results
    assert [result.precision for result in ran] == ["f32", "default → bf16"]
    lying = catalogue(a_record(executed="f16"))
    assert lying.results[0].precision == "f32 → f16"
    unread = catalogue(a_record(execution=r.Unsupported(reason="no runtime model")))
    assert unread.results[0].precision == "f32, unverified"


def test_architecture_only_models_have_no_accuracy_and_are_marked() -> None:
    """The mark is in every chart; accuracy is unsupported, not a number."""
    found = catalogue(a_record(architecture_only=True), a_record(model="b", seed=2))
    chart = latency.view(found).cards[0].chart
    assert chart is not None
    assert any("architecture only" in row.name for row in chart.rows)
    assert len(accuracy.view(found).section.answer.rows) == 1


def test_quick_results_are_marked() -> None:
    """Beside the numbers of the quick tier; where all are of it, once."""
    found = catalogue(*a_collection())
    rows = answer(found, State(precision="default")).rows
    ran = [cell.ran for row in rows for cell in row.cells if cell]
    assert sum("quick" in words for words in ran) == 1
    table = answer(catalogue(a_record(tier=QUICK)))
    assert "quick" in table.counts
    assert table.rows[0].cells[0] is not None
    assert "quick" not in table.rows[0].cells[0].ran


# ---------------------------------------------------------------- accuracy


def test_eligibility_is_99_per_cent_of_the_reference() -> None:
    """0.97 × 0.99 is the limit."""
    good = catalogue(a_record(top1=0.961)).results[0]
    bad = catalogue(a_record(top1=0.960)).results[0]
    assert accuracy_cells.eligible(good) is True
    assert accuracy_cells.eligible(bad) is False
    assert accuracy_cells.eligible_cell(bad).text == "not eligible"


def test_every_accuracy_has_a_row_with_its_data_and_verdict() -> None:
    """On the model's page, where two of one metric have different names."""
    found = catalogue(*pair(further=True))
    table = model.view(found, found.models[0]).accuracies
    assert table is not None
    assert len(table.rows) == 6
    rows = [[cell.text for cell in row.cells] for row in table.rows]
    for name, n in (("WordSim-353", "353"), ("SimLex-999", "999")):
        named = [texts for texts in rows if name in texts]
        assert len(named) == 2
        assert all(n in texts for texts in named)
    assert sum("worse" in texts for texts in rows) == 3


def test_a_converted_model_says_what_made_it() -> None:
    """The source is of weights then, and the file that ran is another one."""
    record = a_record()
    how = r.Converted(
        converter="bert-encoder", software={"numpy": "2.4.6"}, seconds=1.0, peak_bytes=10
    )
    made = msgspec.structs.replace(record, model=msgspec.structs.replace(record.model, origin=how))
    found = catalogue(made)
    facts = dict(model.view(found, found.models[0]).about.facts)
    assert "bert-encoder (numpy 2.4.6)" in facts["Converted"]
    plain = catalogue(record)
    assert "Converted" not in dict(model.view(plain, plain.models[0]).about.facts)


def test_a_model_with_one_accuracy_has_no_table_of_all() -> None:
    """Its results say it already."""
    found = catalogue(*pair())
    assert model.view(found, found.models[0]).accuracies is None


def test_a_further_accuracy_that_could_not_be_had_says_why() -> None:
    """In its row, as text."""
    why = {"simlex-999": r.Failed(reason="<b>no</b> such word", cause="wrong-output")}
    found = catalogue(a_record(additional_accuracy_missing=why))
    table = model.view(found, found.models[0]).accuracies
    assert table is not None
    assert "simlex-999" in table.rows[1].html
    assert "&lt;b&gt;no&lt;/b&gt; such word" in table.rows[1].html
    assert "<b>no" not in table.rows[1].html


def test_what_is_worth_a_second_look_is_listed_with_its_reason() -> None:
    """Lower precision that scores higher is one; a page without any has no rows."""
    sound = accuracy.view(catalogue(*pair()))
    assert not sound.anomalies.rows
    better = accuracy.view(catalogue(a_record(), a_record(precision="default", top1=0.995)))
    (row,) = better.anomalies.rows
    assert [cell.text for cell in row.cells][3] == "Better than f32"
    assert (
        accuracy_cells.tolerance_cell(catalogue(a_record(top1=0.995)).results[0]).text == "better"
    )


def test_points_have_a_sign_and_no_false_precision() -> None:
    """Differences are signed with a true minus."""
    assert accuracy_cells.points(-0.129 * 100) == "−12.9"
    assert accuracy_cells.points(0.4) == "+0.40"
    assert accuracy_cells.points(0.0) == "0"


# ---------------------------------------------------------------- pages of one thing


def test_a_models_page_lists_every_result() -> None:
    """What is behind each is on its page, with both commands."""
    found = catalogue(*pair())
    view = model.view(found, found.models[0])
    assert [shown.result.href for shown in view.results] == [r.href for r in found.results]
    full = result_view.view(found.results[0])
    assert full.repeat.startswith("ovreport collect")
    titles = [title for title, _ in full.nearest]
    assert ["latency" in titles[0], "throughput" in titles[1]] == [True, True]
    advice, finding = view.findings
    assert "f32 on Example CPU 9000" in advice
    assert "bf16, the default on Example CPU 9000" in finding
    assert "2.00×" in finding
    assert "12.9" in finding


def test_a_full_result_has_the_verdict_of_each_value() -> None:
    """Of each its own; an accuracy has no rounds that could disagree, but its n."""
    (result,) = catalogue(a_record(noise=0.5)).results
    groups = {group.title: group for group in result_view.view(result).groups}
    assert "badge unreliable" in groups["Latency"].rows[0].html
    assert "badge stable" in groups["Memory"].rows[0].html
    (accuracy,) = groups["Accuracy"].rows
    assert "Top-1" in accuracy.html
    assert "badge" not in accuracy.html
    for group in groups.values():
        assert {sum(cell.span for cell in row.cells) for row in group.rows} <= {5}


def test_a_full_result_without_accuracy_says_why() -> None:
    """Once, among the metrics."""
    (result,) = catalogue(a_record(architecture_only=True)).results
    (group,) = [g for g in result_view.view(result).groups if g.title == "Accuracy"]
    assert "constant weights" in group.missing


def test_a_property_has_one_row_for_all_modes() -> None:
    """What was in force, and what was requested, mode by mode."""
    (result,) = catalogue(a_record()).results
    settings = result_view.view(result).settings
    assert settings.modes == ("Latency", "Throughput")
    names = [row.cells[0].text for row in settings.rows]
    assert len(names) == len(set(names))
    (hint,) = [row for row in settings.rows if row.cells[0].text == "PERFORMANCE_HINT"]
    assert [cell.text for cell in hint.cells[1:]] == ["LATENCY", "THROUGHPUT"]
    assert "requested" in hint.cells[1].sub


def test_all_tables_have_as_many_cells_as_columns() -> None:
    """Spans included: a row that is too short would shift numbers under wrong heads."""
    found = catalogue(*a_collection())
    tables = [
        efficiency.view(found).modes,
        accuracy.view(found).agreement,
        models.view(found).models,
        models.view(found).devices,
    ]
    for table in tables:
        for row in table.rows:
            assert sum(cell.span for cell in row.cells) == len(table.columns), table.id


# ---------------------------------------------------------------- text and downloads


@pytest.mark.parametrize(
    "text",
    [
        *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1"),
        *("\uff1d1", "\uff0b1", "\uff0d1", "\uff20A1", "\u200b=1", "\ufeff\uff1d1", "\u3164+1"),
    ],
)
def test_csv_fields_are_no_formulas(text: str) -> None:
    """A spreadsheet takes such a field for text."""
    assert downloads.guarded(text).startswith("'")


def test_the_csv_has_a_row_for_each_value() -> None:
    """Names, numbers and reasons survive commas, quotes and line ends; formulas do not."""
    nasty = '=cmd|"/c calc"!A0,\n"x"'
    found = catalogue(a_record(full_name=nasty), a_failed_record(model="b"))
    rows = figure_rows(found)
    assert {row["device_full_name"][0] for row in rows if row["model"] != "b"} == {"'"}
    (row,) = [r for r in rows if r["metric"] == "latency_ms" and r["model"] != "b"]
    assert float(row["low"]) < float(row["value"]) < float(row["high"])
    assert (row["rounds"], row["verdict"]) == ("7", "stable")
    failed = [r for r in rows if r["model"] == "b"]
    assert failed
    assert all(r["value"] == "" and "SIGSEGV" in r["missing"] for r in failed)


def test_marks_that_turn_text_are_dropped() -> None:
    """Controls and bidirectional marks never reach a page; letters of any script do."""
    assert clean("a\u202eb\u2066c\x00d\x1b[31m") == "abcd[31m"
    assert clean("مرحبا שלום 日本 é") == "مرحبا שלום 日本 é"


def test_characters_that_nobody_sees_are_dropped() -> None:
    """Zero-width characters, tags, fillers and variation selectors."""
    tags = "".join(chr(0xE0000 + ord(c)) for c in "evil")
    assert clean(f"A\u200bM\u2060D\u00ad{tags}\ufe0f\u3164\u034f\U000e0101\u180e 9") == "AMD 9"
    assert not clean(tags)


@pytest.mark.parametrize(
    ("build", "shown"),
    [
        ("2026.4.1-21919-f0f15a26be8-releases/2026/4", "2026.4.1"),
        ("2026.4", "2026.4"),
        ("\u0662\u0660.\u0661", "\u0662\u0660.\u0661"),
        ("9" * 5_000 + ".1", "9" * 29 + "…"),
        ("<b>latest</b>", "<b>latest</b>"),
        ("\u200b", "unknown"),
    ],
)
def test_nonsense_is_no_release(build: str, shown: str) -> None:
    """Only two or three numbers are; of anything else its beginning is shown."""
    assert release(build) == shown


@pytest.mark.parametrize(
    "imitation",
    [
        *("Example\u200b CPU 9000", "Examp1e CPU 9OOO", "EXAMPLE  CPU 9000"),
        *("Example \u0421PU 9000", "\uff25xample CPU 9000", "Ex\u0430mple CPU 9000"),
    ],
)
def test_a_device_that_imitates_another_is_told_apart(imitation: str) -> None:
    """It has its machine beside its name, in lists of devices and of machines."""
    other = a_record(full_name=imitation, machine="other-8c-abc123", seed=2)
    machine = msgspec.structs.replace(other.machine, cpu=imitation)
    found = catalogue(a_record(), msgspec.structs.replace(other, machine=machine))
    (device,) = (one for one in found.devices if one.key.machine == machine.id)
    (host,) = (one for one in found.machines if one.id == machine.id)
    assert device.label.endswith("(abc123)")
    assert host.label.endswith("(abc123)")
    assert len({one.slug for one in found.devices}) == 2


def test_device_names_lose_trade_marks_only() -> None:
    """What makers add to a name goes, what distinguishes devices stays."""
    assert short_name("Intel(R) Core(TM) Ultra 7 268V") == "Intel Core Ultra 7 268V"
    assert short_name("Intel(R) Xeon(R) CPU @ 2.20GHz") == "Intel Xeon"
    assert short_name("AMD EPYC 9V74 80-Core Processor") == "AMD EPYC 9V74 80-Core"


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("https://example.org/a?b=c", True),
        ("http://x", True),
        ("javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("data:text/html,x", False),
        ("//evil.example", False),
        ("https://", False),
        ('https://x/" onclick="', False),
        ("ftp://x", False),
        ("", False),
        ("http://[", False),
    ],
)
def test_only_web_addresses_become_links(text: str, good: bool) -> None:
    """Http and https with a host, nothing else."""
    assert (safe_url(text) is not None) is good


def test_slugs_never_collide() -> None:
    """Not even with a name made to look like a marked slug."""
    first = unique_slugs(["a b", "a-b"], str)
    trap = unique_slugs(["a b", "a-b", *first.values()], str)
    assert len(set(trap.values())) == 4
