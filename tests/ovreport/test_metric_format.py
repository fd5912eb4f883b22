"""The table of metrics, and how numbers are written."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovreport.metrics import METRICS, significant
from ovreport.record import Record

numbers = st.floats(-1e15, 1e15).filter(lambda x: x == 0 or abs(x) > 1e-12)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (5, "5.00"),
        (0.0712, "0.0712"),
        (9.996, "10.0"),
        (0.09996, "0.100"),
        (99.96, "100"),
        (999.6, "1,000"),
        (1234.5, "1,230"),
        (-1234567, "-1,230,000"),
        (1e-7, "0.000000100"),
        (math.inf, "unbounded"),
        (-math.inf, "unbounded"),
        (math.nan, "not a number"),
    ],
)
def test_three_significant_digits(value, text):
    """Thousands separated, never an exponent, words where there is no number."""
    assert significant(value) == text


@given(numbers)
def test_rounding_loses_less_than_the_third_digit(value):
    """What is shown is within half a unit of the third digit."""
    shown = float(significant(value).replace(",", ""))
    assert shown == pytest.approx(value, rel=5.1e-3)


@given(numbers.filter(bool))
def test_three_digits_are_shown(value):
    """Neither more nor fewer; trailing zeros of large numbers do not count."""
    digits = re.sub(r"[^0-9]", "", significant(value)).lstrip("0")
    assert len(digits) >= 3
    assert not digits[3:].strip("0")
    assert "e" not in significant(value)


@given(numbers, numbers)
def test_a_larger_number_is_never_shown_smaller(one, other):
    """Formatting keeps the order."""
    low, high = sorted((one, other))
    assert float(significant(low).replace(",", "")) <= float(significant(high).replace(",", ""))


def test_every_metric_is_complete_and_names_a_measurement_of_the_record():
    """No metric without label, meaning and the field that it comes from."""
    for key, metric in METRICS.items():
        assert key == metric.key
        assert metric.label
        assert metric.unit
        assert metric.meaning.endswith(".")
        assert metric.measurement in Record.__struct_fields__
        assert metric.direction in metric.better.lower()


def test_labels_are_unique():
    """Two metrics never look alike on a page."""
    labels = [metric.label for metric in METRICS.values()]
    assert len(labels) == len(set(labels))


def test_values_are_shown_in_their_unit():
    """Bytes as MiB, shares as percent, rated metrics say so."""
    assert METRICS["peak_memory_bytes"].format_unit(240 * 1024**2) == "240 MiB"
    assert METRICS["top1"].format_unit(0.974) == "97.4 %"
    assert "rated" in METRICS["throughput_per_watt_rated_ips"].unit
