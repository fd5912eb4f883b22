"""Statistics: against known truth, exact arithmetic, published values and simulation."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ovreport.stats import intervals as s
from ovreport.stats.percentile_bounds import pooled_rank, rounds_factor, tail_rank
from ovreport.stats.samples import autocorrelation, log_buckets
from ovreport.stats.spread import EXACT, PROCESSES, Prior, effective_n

times = st.floats(1e-3, 1e5)
rounds = st.lists(times, min_size=1, max_size=12)


@given(rounds)
def test_an_interval_holds_its_value(values):
    """Bounds are in order, and the value is the median."""
    interval = s.median_interval(values)
    assert interval.low <= interval.value * (1 + 1e-12)
    assert interval.value <= interval.high * (1 + 1e-12)
    assert min(values) * (1 - 1e-9) <= interval.value <= max(values) * (1 + 1e-9)


@given(rounds, st.floats(1e-3, 1e3))
def test_an_interval_scales_with_its_values(values, factor):
    """Milliseconds or seconds: the relative width is the same."""
    one, other = s.median_interval(values), s.median_interval([v * factor for v in values])
    assert other.value == pytest.approx(one.value * factor)
    if len(values) > 1:
        assert other.low == pytest.approx(one.low * factor, rel=1e-6, abs=1e-300)


@given(rounds.filter(lambda v: len(v) > 1), st.randoms())
def test_an_interval_does_not_depend_on_the_order_of_rounds(values, random):
    """The estimate is of all rounds alike; only what they tell of correlation has an order."""
    shuffled = values[:]
    random.shuffle(shuffled)
    assert s.median_interval(values).value == s.median_interval(shuffled).value


@given(st.lists(times, min_size=2, max_size=12, unique=True))
def test_more_confidence_needs_a_wider_interval(values):
    """99 % holds 95 %."""
    narrow, wide = s.median_interval(values), s.median_interval(values, 0.99)
    assert wide.low <= narrow.low
    assert narrow.high <= wide.high


def test_one_round_says_nothing_about_the_spread():
    """The interval is unbounded, and so is its relative width."""
    interval = s.median_interval([5.0])
    assert (interval.value, interval.low, interval.high) == (pytest.approx(5.0), 0.0, math.inf)
    assert interval.half_width == math.inf


def test_equal_rounds_have_no_spread():
    """Where nothing else is known, as of sizes: identical values, an interval without width."""
    assert s.median_interval([5.0] * 7, prior=EXACT).half_width == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("n", [3, 5])
def test_a_few_rounds_that_agree_are_no_proof(n):
    """Times that happen to be equal still have the spread of an ordinary machine."""
    assert s.median_interval([5.0] * n).half_width > 0.02


@given(st.lists(st.floats(0.9, 1.1), min_size=2, max_size=12))
def test_correlated_rounds_say_less(values):
    """The more rounds are alike their neighbours, the wider the interval."""
    widths = [
        s.median_interval(values, prior=Prior(0.02, 10, rho)).half_width for rho in (0.1, 0.4, 0.7)
    ]
    assert widths == sorted(widths)


def test_half_width_is_relative():
    """±10 around 100 is 10 %."""
    assert s.Interval(100, 90, 110).half_width == pytest.approx(0.1)
    assert s.Interval(0, -1, 1).half_width == math.inf


@pytest.mark.parametrize("n", [3, 5, 7, 11])
@pytest.mark.parametrize("spread", [0.01, 0.2])
def test_the_interval_covers_what_it_says(n, spread):
    """Of 2,000 simulated collects at least 93 % of the intervals hold the true median."""
    samples = np.exp(np.random.default_rng(n).normal(0, spread, (2000, n)))
    intervals = [s.median_interval(row, prior=PROCESSES) for row in samples.tolist()]
    assert sum(i.low <= 1 <= i.high for i in intervals) / len(intervals) >= 0.93


def test_student_t_quantiles():
    """Textbook values, and nothing below one degree of freedom."""
    assert s.t_quantile(1) == pytest.approx(12.706)
    assert s.t_quantile(6) == pytest.approx(2.447)
    assert s.t_quantile(6, 0.99) == pytest.approx(3.707)
    assert s.t_quantile(1000) == pytest.approx(1.962, abs=0.001)
    assert s.t_quantile(60) == pytest.approx(2.000, abs=0.002)
    assert 2.447 > s.t_quantile(6.5) > s.t_quantile(7) == pytest.approx(2.365)
    assert s.t_quantile(0) == math.inf


@given(st.lists(st.tuples(times, times), min_size=2, max_size=12))
def test_a_ratio_is_inverted_with_its_interval(pairs):
    """Which case is the baseline makes no difference."""
    first, second = zip(*pairs, strict=True)
    one, other = s.ratio_interval(first, second), s.ratio_interval(second, first)
    assert one.low <= one.value * (1 + 1e-12) <= one.high * (1 + 1e-9)
    assert other.value == pytest.approx(1 / one.value, rel=1e-6)
    if math.isfinite(one.high):
        assert other.low == pytest.approx(1 / one.high, rel=1e-6, abs=1e-300)


@given(st.lists(st.tuples(times, times), min_size=2, max_size=12), st.lists(times, min_size=12))
def test_what_both_cases_share_is_not_in_their_ratio(pairs, machine):
    """A machine that slows both in a round changes nothing."""
    first, second = zip(*pairs, strict=True)
    slowed = [[a * m for a, m in zip(case, machine, strict=False)] for case in (first, second)]
    alone, shared = s.ratio_interval(first, second), s.ratio_interval(*slowed)
    assert shared.value == pytest.approx(alone.value, rel=1e-6)


def test_a_ratio_has_the_interval_of_students_paired_t():
    """Logarithms 0, 0.1, 0.2: mean 0.1, standard error 0.1/√3, t(2) = 4.303."""
    found = s.ratio_interval([math.exp(x) for x in (0.0, 0.1, 0.2)], [1.0] * 3, prior=EXACT)
    assert math.log(found.value) == pytest.approx(0.1)
    assert math.log(found.high) == pytest.approx(0.1 + 4.303 * 0.1 / math.sqrt(3))


@given(rounds.filter(lambda v: len(v) > 1), st.floats(1e-3, 1e3))
def test_spread_has_no_unit(values, factor):
    """Milliseconds or seconds; none where all are equal."""
    assert s.relative_deviation([v * factor for v in values]) == pytest.approx(
        s.relative_deviation(values), abs=1e-6
    )
    assert s.relative_deviation([values[0]] * 5) == pytest.approx(0, abs=1e-9)


def test_spread_of_known_values():
    """Near the coefficient of variation, and unknown of one round."""
    assert s.relative_deviation([98, 100, 102]) == pytest.approx(0.02, rel=1e-3)
    assert s.relative_deviation([5.0]) == math.inf


def test_drift_is_relative_to_the_beginning():
    """Slower is above zero for a time; nothing comes of nothing."""
    assert s.drift(5.0, 5.5) == pytest.approx(0.1)
    assert s.drift(5.0, 4.5) == pytest.approx(-0.1)
    assert s.drift(0.0, 1.0) == 0


@given(st.lists(st.floats(0.1, 10), min_size=1, max_size=10))
def test_geometric_mean(ratios):
    """Between the extremes, and the inverse of ratios has the inverse mean."""
    mean = s.geometric_mean(ratios)
    assert min(ratios) * (1 - 1e-9) <= mean <= max(ratios) * (1 + 1e-9)
    assert s.geometric_mean([1 / r for r in ratios]) == pytest.approx(1 / mean)


# ---------------------------------------------------------------- percentiles


@pytest.mark.parametrize(("p", "n"), [(0.9, 64), (0.95, 130), (0.99, 662), (0.999, 6636)])
def test_a_percentile_needs_as_many_samples_as_mlperf_says(p, n):
    """One sample fewer, and there is no bound."""
    assert tail_rank(n - 1, p) == 0
    assert tail_rank(n, p) == 1


def exact_rank(n: int, p: Fraction) -> int:
    """Return the largest t with BinomCDF(t; n, 1-p) ≤ 1 %, in exact arithmetic."""
    cdf, t = Fraction(0), -1
    for k in range(n + 1):
        cdf += math.comb(n, k) * (1 - p) ** k * p ** (n - k)
        if cdf > Fraction(1, 100):
            break
        t = k
    return max(t, 0)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 400), st.sampled_from(["1/2", "9/10", "19/20", "99/100"]))
def test_the_rank_is_that_of_the_exact_binomial(n, p):
    """Floating point in logarithms gives what fractions give."""
    assert tail_rank(n, float(Fraction(p))) == exact_rank(n, Fraction(p))


def test_the_rank_is_exact_for_large_n_too():
    """Where the sum starts in the middle of the distribution."""
    assert tail_rank(4000, 0.9) == exact_rank(4000, Fraction(9, 10))


@given(st.integers(1, 10**9), st.sampled_from([0.9, 0.99, 0.999]))
@settings(deadline=None, max_examples=50)
def test_the_bound_lies_beyond_the_percentile_and_tends_to_it(n, p):
    """The share of samples above the bound is below 1-p, and close to it for many samples."""
    rank = tail_rank(n, p)
    assert rank <= n * (1 - p)
    if n * (1 - p) > 1e5:
        assert rank >= 0.98 * n * (1 - p)


@given(st.integers(0, 10**9), st.floats(-1, 1))
def test_correlated_samples_are_never_worth_more_than_they_are(n, rho):
    """Effective n lies between 0 and n, and negative correlation is no gift."""
    assert 0 <= effective_n(n, rho) <= n
    if rho <= 0:
        assert effective_n(n, rho) == n


@given(st.integers(0, 10**6), st.floats(0, 1), st.sampled_from([0.9, 0.95, 0.99]))
def test_correlated_samples_keep_the_share_above_the_bound(n, share, p):
    """The rank among n is that among the independent ones they are worth, scaled."""
    n_effective = int(n * share)
    rank, pooled = (tail_rank(n_effective, p), pooled_rank(n, n_effective, p))
    assert (rank == 0) == (pooled == 0)
    if rank:
        assert 1 <= pooled <= n
        assert pooled / n <= rank / n_effective + 1e-12


@given(
    st.lists(st.floats(0.5, 2), min_size=2, max_size=12),
    st.floats(1e-3, 1e3),
    st.floats(1, 3),
    st.sampled_from([0.5, 0.9, 0.99]),
)
def test_rounds_only_ever_raise_a_bound(medians, scale, above, percentile):
    """By nothing if they agree, and by the same in any unit."""
    bound = max(medians) * above
    factor = rounds_factor(medians, percentile, bound)
    assert factor >= 1
    scaled = rounds_factor([m * scale for m in medians], percentile, bound * scale)
    assert scaled == pytest.approx(factor, rel=1e-6)
    agreed = rounds_factor([medians[0]] * len(medians), percentile, bound)
    assert agreed == pytest.approx(1, abs=1e-9)


def test_one_round_raises_a_bound_beyond_all_bounds():
    """It says nothing about another."""
    assert rounds_factor([5.0], 0.9, 6.0) == math.inf


def test_effective_n_of_known_correlation():
    """n(1-ρ)/(1+ρ)."""
    assert effective_n(900, 0.8) == pytest.approx(100, abs=1)
    assert effective_n(100, 1.0) == 0


def test_autocorrelation_finds_the_parameter_of_an_ar1_process():
    """Simulated with known ρ."""
    rng = np.random.default_rng(0)
    x = [0.0]
    for e in rng.normal(size=20_000):
        x.append(0.6 * x[-1] + e)
    assert autocorrelation(x) == pytest.approx(0.6, abs=0.02)
    assert autocorrelation(rng.normal(size=20_000)) == pytest.approx(0, abs=0.02)
    assert autocorrelation([1, -1] * 500) == pytest.approx(-1, abs=0.01)


@pytest.mark.parametrize("samples", [[], [1.0], [1.0, 2.0], [3.0] * 50])
def test_autocorrelation_is_zero_where_it_is_not_defined(samples):
    """Too few samples, or constant ones."""
    assert autocorrelation(samples) == 0.0


# ---------------------------------------------------------------- buckets


@given(st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=300), st.sampled_from([48, 96]))
def test_buckets_hold_every_sample_within_their_growth(samples, limit):
    """Sorted samples against sorted bucket bounds: never too small, at most growth too large."""
    growth, buckets = log_buckets(samples, limit)
    assert len(buckets) <= limit
    assert sum(count for _, count in buckets) == len(samples)
    assert [i for i, _ in buckets] == sorted({i for i, _ in buckets})
    bounds = [growth**index for index, count in buckets for _ in range(count)]
    for sample, bound in zip(sorted(samples), bounds, strict=True):
        assert sample <= bound * (1 + 1e-8)
        assert bound <= sample * growth * (1 + 1e-8)


def test_the_finest_resolution_that_fits_is_taken():
    """Few distinct values keep 0.1 %; a wide spread has to give some of it up."""
    assert log_buckets([5.0, 5.5, 6.0], 48)[0] == 1.001
    assert log_buckets(np.geomspace(1, 50, 5000), 60)[0] == 1.07
