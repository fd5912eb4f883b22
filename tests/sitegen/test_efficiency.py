"""Views of energy and memory: where they were measured, and where they were not."""

from __future__ import annotations

import msgspec
import pytest

from ovreport import record as r
from ovreport.stats.comparison import Comparison
from ovreport_sitegen.answer.state import State
from ovreport_sitegen.answer.table import answer
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.pages import efficiency
from ovreport_sitegen.pages.efficiency import energy, memory
from ovreport_sitegen.pages.result import details
from ovreport_sitegen.pages.result import full as result_view
from tests import factories
from tests.factories import a_failed_record, a_record
from tests.sitegen.conftest import a_collection, catalogue, figure_rows

replace = msgspec.structs.replace
ENERGY = State("energy_per_inference_j")


def measured(*records: r.Record) -> Catalogue:
    """Return a catalogue of records whose energy was measured."""
    return catalogue(*(replace(x, energy=factories.energy()) for x in records))


# ---------------------------------------------------------------- energy


def test_energy_that_was_not_measured_is_a_sentence_with_its_remedy() -> None:
    """Once for all results that share the reason; no chart, no table, no zero."""
    section = energy.section(catalogue(a_record(), a_record(model="other", seed=2)))
    (text,) = section.missing
    assert "this machine" in text
    assert "/sys/class/powercap" in text
    assert "intel_rapl_common" in text
    assert (section.card, section.table) == (None, None)


def test_of_several_machines_the_one_without_energy_is_named() -> None:
    """The others have their card and table."""
    here = replace(a_record(), energy=factories.energy())
    there = a_record(machine="another-8c", seed=2)
    there = replace(there, machine=replace(there.machine, cpu="Virtual CPU 1"))
    section = energy.section(catalogue(here, there))
    (text,) = section.missing
    assert "Virtual CPU 1" in text
    assert section.card is not None
    assert len(section.table.rows) == 1


def test_measured_energy_is_ranked_with_its_domain() -> None:
    """Domain and interface stand in the card's conditions and beside each number."""
    low = replace(a_record(model="small"), energy=factories.energy(power_w=20))
    section = energy.section(catalogue(low, replace(a_record(), energy=factories.energy())))
    assert "package (powercap)" in section.card.conditions
    assert [row.label for row in section.card.chart.rows] == ["199 mJ", "449 mJ"]
    assert section.card.better == "Lower is better"
    assert all("package (powercap)" in row.html for row in section.table.rows)
    assert "7,021" in section.table.rows[0].html
    assert not section.missing


def test_two_domains_are_never_in_one_ranking() -> None:
    """A platform's energy next to packages' would compare machines, not models."""
    psys = factories.energy()
    psys = replace(psys, domains=[replace(psys.domains[0], name="psys")])
    records = [a_record(), a_record(model="b", seed=2), a_record(model="c", seed=3)]
    found = [replace(records[0], energy=psys)]
    found += [replace(x, energy=factories.energy()) for x in records[1:]]
    section = energy.section(catalogue(*found))
    assert len(section.card.chart.rows) == 2
    assert len(section.table.rows) == 3


def test_the_efficiency_table_has_energy_or_why_not() -> None:
    """In the row of each result."""
    ((cell,),) = [row.cells for row in answer(measured(a_record()), ENERGY).rows]
    assert cell is not None
    assert cell.text == "449"
    assert "package (powercap)" in cell.ran
    ((cell,),) = [row.cells for row in answer(catalogue(a_record()), ENERGY).rows]
    assert cell is not None
    assert cell.value is None
    assert "no energy counter is readable" in cell.tip


def test_a_result_in_full_shows_each_domain_and_adds_none_up() -> None:
    """Domains with their scope, gross, net, power and idle power."""
    shown = result_view.view(measured(a_record()).results[0])
    package, dram = shown.energy
    assert "every program" in package.html
    assert "45.0" in package.html
    assert "4.50" in dram.html
    (group,) = [g for g in shown.groups if g.title == "Energy"]
    assert "package (powercap)" in group.rows[0].html


def test_a_result_without_energy_has_the_remedy() -> None:
    """The reason is among the metrics, what to do below them."""
    shown = result_view.view(catalogue(a_record()).results[0])
    (group,) = [g for g in shown.groups if g.title == "Energy"]
    assert group.missing.startswith("unsupported: no energy counter")
    assert "intel_rapl_common" in shown.energy_remedy
    assert shown.energy == ()


def test_the_csv_names_the_domain() -> None:
    """A number without its domain could be compared with anything."""
    labels = {(row["label"], row["unit"]) for row in figure_rows(measured(a_record()))}
    assert ("Energy per inference: package (powercap)", "mJ") in labels


# ---------------------------------------------------------------- memory


def test_the_cost_of_the_throughput_mode_is_paired_and_absolute() -> None:
    """153 MiB in latency mode, 240 in throughput mode: 1.57 times."""
    card = memory.mode_card(catalogue(a_record()))
    (row,) = card.chart.rows
    assert row.name.endswith("153 → 240 MiB")
    assert row.label == "1.57×"
    assert "geometric mean" not in card.finding
    assert "1.57×" in card.finding
    assert "153 → 240 MiB" in card.finding


@pytest.mark.parametrize(("mode", "factor"), [("no-mmap", 1.3), ("cached", 0.8)])
def test_ways_to_load_are_compared_with_the_rounds_own_start(
    mode: r.ModeName, factor: float
) -> None:
    """By round, up to the first inference."""
    effect = memory.mode_effect(catalogue(a_record()).results[0], mode)
    assert isinstance(effect, Comparison)
    assert effect.ratio.value == pytest.approx(factor, rel=1e-3)
    assert effect.outcome == "different"


def test_mapping_is_seen_in_anonymous_memory_where_the_peak_stays() -> None:
    """Weights move from file-backed to anonymous memory: the peak alone would show nothing."""
    record = a_record()
    plain = [replace(x, phases=x.phases[:4]) for x in record.memory.rounds]
    unmapped = [
        replace(x, phases=[replace(p, anonymous_bytes=2 * p.anonymous_bytes) for p in x.phases])
        for x in plain
    ]
    modes = {"no-mmap": r.MemoryMode(rounds=unmapped)}
    found = catalogue(replace(record, memory=replace(record.memory, modes=modes)))
    (result,) = found.results
    assert memory.mode_effect(result, "no-mmap").outcome == "no clear difference"
    assert memory.anonymous_effect(result, "no-mmap").ratio.value == pytest.approx(2)
    finding = memory.modes_finding(found)
    assert finding.index("1.00×") < finding.index("2.00×")


def test_a_way_to_load_that_was_not_measured_says_why() -> None:
    """The others are there."""
    record = a_record()
    modes = {**record.memory.modes, "cached": r.Unsupported(reason="no model cache on this device")}
    record = replace(record, memory=replace(record.memory, modes=modes))
    (row,) = memory.modes_table(catalogue(record)).rows
    assert "no model cache on this device" in row.html
    assert "1.30×" in row.html


def test_records_before_the_modes_have_none() -> None:
    """Nothing is claimed of them."""
    record = a_record()
    record = replace(record, memory=replace(record.memory, modes={}))
    found = catalogue(record)
    (row,) = memory.modes_table(found).rows
    assert row.html.count("not measured") == 2
    assert memory.modes_finding(found) == ""


def test_counters_of_others_are_shown_or_why_not() -> None:
    """The control group's peak with where it began; a reason where it is not ours."""
    record = a_record()
    shared = replace(record.memory, unreadable={"GPU.0 x": "not supported"})
    counters = dict(details.memory_counters(catalogue(replace(record, memory=shared)).results[0]))
    assert counters["Control group, peak"] == "260 MiB"
    assert counters["Control group, when the round began"] == "12.0 MiB"
    assert "not supported" in counters["GPU.0 x"]


def test_a_round_that_stopped_early_has_the_phases_it_reached() -> None:
    """There is nothing to compare with the others."""
    record = a_record()
    rounds = [replace(x, phases=x.phases[:5]) for x in record.memory.rounds]
    found = catalogue(replace(record, memory=replace(record.memory, rounds=rounds)))
    assert memory.throughput_cost(found.results[0]) is None


def test_every_table_of_costs_has_as_many_cells_as_columns() -> None:
    """Measured, missing and failed results alike."""
    records = [
        *a_collection(),
        replace(a_record(model="z"), energy=factories.energy()),
        a_record(model="y", memory=r.Unsupported(reason="no /proc"), seed=4),
        a_failed_record(model="x", seed=5),
    ]
    view = efficiency.view(catalogue(*records))
    tables = [
        view.modes,
        view.energy.table,
        *(card.table for card in (*view.cards, view.energy.card)),
    ]
    for table in tables:
        for row in table.rows:
            assert sum(cell.span for cell in row.cells) == len(table.columns), table.id
