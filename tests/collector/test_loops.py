"""The timed loops, driven by requests of known latency on a clock that only they move."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from msgspec import structs

from ovreport import checks
from ovreport.record import Throughput, Tier
from ovreport_collector.loadgen import drivers, loops
from tests import factories

QUICK = Tier(
    name="quick",
    min_seconds=0.2,
    min_inferences=20,
    max_seconds=2,
    processes=1,
    max_processes=1,
    rounds_per_process=1,
)


class OwnTime(threading.local):
    """A clock in each thread, from 0, that passes only where its thread sleeps.

    Threads that run side by side share no processor.
    """

    now = 0.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


CLOCK = OwnTime()


@pytest.fixture(autouse=True)
def own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the loops read that clock; how fast or busy the machine is does not matter then."""
    CLOCK.now = 0.0
    for module in (drivers, loops):
        monkeypatch.setattr(module, "clock", CLOCK)


class Request:
    """Takes as long as it is asked to, and notes what it was fed."""

    def __init__(self, seconds: float | Callable[[int], float] = 0.002) -> None:
        self.seconds = seconds if callable(seconds) else lambda _: seconds
        self.n = 0
        self.fed: list[int] = []
        self.error_at: int | None = None

    def feed(self, index: int) -> None:
        """Note the sample."""
        self.fed.append(index)

    def infer(self) -> None:
        """Let the time pass."""
        self.n += 1
        if self.n == self.error_at:
            raise RuntimeError("the device is gone")
        CLOCK.sleep(self.seconds(self.n))

    runtime_ms = 1.5

    def outputs(self) -> list[np.ndarray]:
        """Return nothing of interest."""
        return []


class Queue:
    """Finishes so many inferences a second, of so many milliseconds each."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def run(self, stop_at: float) -> list[float]:
        """Wait until then, and tell how many were done."""
        seconds = stop_at - CLOCK()
        CLOCK.sleep(seconds)
        return [1 / self.rate] * max(1, round(self.rate * seconds))


class Compiled:
    """Gives prepared requests."""

    streams = 2

    def __init__(self, requests: Sequence[Request], queue: Queue | None = None) -> None:
        self._requests, self._queue = list(requests), queue
        self.optimal_requests = len(self._requests)
        self.queues = 0

    def request(self, _: object) -> Request:
        """Return the next request."""
        return self._requests.pop(0)

    def queue(self, _: object, __: int) -> Queue | None:
        """Return the queue."""
        self.queues += 1
        return self._queue


def tier(**changes: float) -> Tier:
    """Return a short tier."""
    values = {f: getattr(QUICK, f) for f in QUICK.__struct_fields__}
    return Tier(**{**values, **changes})


def throughput(requests: Sequence[Request], queue: Queue | None = None, **options):
    """Measure requests under load."""
    requested = {"driver": "threads", "index": 0, **options}
    limits = requested.pop("tier", QUICK)
    index, driver = requested.pop("index"), requested.pop("driver")
    compiled = Compiled(requests, queue)
    loop = loops.ThroughputLoop(compiled, [{}] * 4, limits, driver, process=0)
    return loop.round(index, Observer())


def latency(request: Request, samples: int, limits: Tier, *, index: int = 0):
    """Measure one request at a time."""
    return loops.LatencyLoop(request, samples, limits, process=0).round(index, Observer())


# ---------------------------------------------------------------- latency


def test_latency_is_what_the_request_takes() -> None:
    """Median and bounds are those of the request; nothing of the loop is in them."""
    measured = latency(Request(0.004), 4, QUICK, index=3)
    assert measured.round == 3
    assert [measured.min_ms, measured.median_ms, measured.max_ms] == pytest.approx([4] * 3)
    assert measured.runtime_median_ms == 1.5
    assert measured.histogram.total == measured.n
    assert measured.warmup_n >= 9


def test_time_rules_a_fast_request() -> None:
    """The count is soon met; the loop lasts its time all the same."""
    measured = latency(Request(0.001), 4, QUICK, index=0)
    assert 0.2 <= measured.duration_s < 0.202
    assert measured.n in {200, 201}


def test_the_count_rules_a_slow_request() -> None:
    """The time is soon over; the loop goes on to its count."""
    measured = latency(Request(0.03), 4, tier(min_inferences=30), index=0)
    assert measured.n == 30
    assert measured.duration_s == pytest.approx(0.9)


def test_the_cap_rules_a_very_slow_request() -> None:
    """Neither more than one inference beyond the cap, nor none at all."""
    limits = tier(min_inferences=1000, max_seconds=0.5)
    measured = latency(Request(0.1), 4, limits, index=0)
    assert 0.5 <= measured.duration_s < 0.601
    assert measured.n in {5, 6}


def test_one_inference_is_measured_whatever_the_cap() -> None:
    """A request slower than the cap has one sample, not none."""
    limits = tier(min_seconds=0.01, min_inferences=64, max_seconds=0.05)
    measured = latency(Request(0.1), 1, limits, index=0)
    assert measured.n == 1


def test_inputs_are_rotated() -> None:
    """Every sample has its turn, one after the other, from the first."""
    request = Request()
    measured = latency(request, 4, QUICK, index=0)
    timed = request.fed[-measured.n :]
    assert timed == [i % 4 for i in range(measured.n)]


def test_a_slowdown_shows_in_the_thirds() -> None:
    """What heats up within a round is seen in its last third."""
    limits = tier(min_seconds=0.01, min_inferences=300)
    request = Request()
    loop = loops.LatencyLoop(request, 4, limits, process=0)
    warmed_up = request.n
    request.seconds = lambda n: 0.002 if n < warmed_up + 200 else 0.006
    measured = loop.round(0, Observer())
    assert measured.last_third_median_ms > 1.5 * measured.first_third_median_ms


def test_a_request_that_breaks_is_not_hidden() -> None:
    """What an engine raises reaches the caller."""
    request = Request()
    request.error_at = 60
    with pytest.raises(RuntimeError, match="the device is gone"):
        latency(request, 4, tier(min_inferences=100), index=0)


# ---------------------------------------------------------------- warm-up


def test_warm_up_ends_when_three_windows_agree() -> None:
    """The first ones may be anything; inferences are counted in all."""
    medians = iter([5.0, 3.0, 1.04, 1.0, 1.02])
    warm = loops.warm_up(lambda _: (10, next(medians)))
    assert (warm.n, warm.stable) == (50, True)


def test_warm_up_is_not_settled_by_a_trend() -> None:
    """Neighbours may agree while first and third do not."""
    medians = iter([1.1, 1.06, 1.02, 1.0, 1.0])
    assert loops.warm_up(lambda _: (1, next(medians))).n == 5


def test_warm_up_gives_up_at_its_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    """What never settles is measured, and marked."""
    now = iter(float(i) for i in range(1000))
    monkeypatch.setattr(loops, "clock", lambda: next(now))
    monkeypatch.setattr(loops, "WARMUP_CAP_S", 3.0)
    growing = iter(float(2**i) for i in range(100))
    warm = loops.warm_up(lambda _: (1, next(growing)))
    assert not warm.stable
    assert warm.n == 3  # at least three, at one second a look


# ---------------------------------------------------------------- throughput


def test_the_rate_is_that_of_all_requests_together() -> None:
    """Four requests of five milliseconds make 800 a second."""
    measured = throughput([Request(0.005) for _ in range(4)])
    rate = measured.n / measured.duration_s
    assert rate == pytest.approx(800)
    assert measured.requests == 4
    assert measured.streams == 2
    assert measured.histogram.total == measured.n
    assert measured.first_third_ips == pytest.approx(rate, rel=0.1)
    assert measured.last_third_ips == pytest.approx(rate, rel=0.1)


def test_requests_that_always_infer_are_never_idle() -> None:
    """Nothing but feeding is between two inferences."""
    idle_share = throughput([Request(0.005) for _ in range(2)]).idle_share
    assert idle_share == pytest.approx(0, abs=1e-9)


def test_our_own_loop_costs_next_to_nothing() -> None:
    """Of a request of 5 ms less than 3 %, in processor time, which load hardly changes."""
    threads = drivers.ThreadLoad([Request(0.0001), Request(0.0001)], 4)
    began = time.process_time()
    n = len(threads.run(0.2, 0).latencies)
    assert (time.process_time() - began) / n < 0.03 * 0.005


def test_a_loop_that_limits_is_seen() -> None:
    """Feeding that takes as long as inferring is half of the requests' time."""

    class Slow(Request):
        def feed(self, index: int) -> None:
            CLOCK.sleep(0.003)

    threads = drivers.ThreadLoad([Slow(0.003), Slow(0.003)], 4)
    loaded = threads.run(0.3, 0)
    assert loaded.idle_share(2) == pytest.approx(0.5)


def test_unequal_requests_are_not_held_against_the_device() -> None:
    """One that ends late does not make the others' idle end count."""
    measured = throughput([Request(0.002), Request(0.2)], tier=tier(min_inferences=1))
    assert measured.n / measured.duration_s == pytest.approx(505)


def test_a_request_that_stalls_is_no_contradiction() -> None:
    """Its last inference may last long past the end, where the machine is busy: records hold it."""
    measured = throughput([Request(0.002), Request(lambda n: 0.8 if n % 20 == 0 else 0.002)])
    record = factories.a_record()
    assert isinstance(record.throughput, Throughput)
    part = structs.replace(record.throughput, rounds=[measured])
    assert not list(checks.loops.throughput(structs.replace(record, throughput=part)))


def test_time_and_count_are_both_met_under_load() -> None:
    """A fast device runs for its time, a slow one for its count."""
    fast = throughput([Request(0.002), Request(0.002)])
    assert fast.duration_s == pytest.approx(0.2, abs=0.003)
    slow = throughput([Request(0.05), Request(0.05)], tier=tier(min_inferences=24))
    assert slow.n >= 24


def test_the_cap_holds_under_load() -> None:
    """A device that cannot reach the count is stopped when the cap is over."""
    limits = tier(min_inferences=10_000, max_seconds=0.6)
    threads = drivers.ThreadLoad([Request(0.05), Request(0.05)], 4)
    loaded = threads.run(0.3, limits.min_inferences, longest=limits.max_seconds)
    assert 24 <= len(loaded.latencies) <= 26
    assert loaded.finished_s.max() < 0.651


@pytest.mark.parametrize("broken", [0, 1])
def test_an_error_in_a_thread_reaches_the_caller(broken: int) -> None:
    """It neither hangs nor is lost, whichever request it was; no thread stays."""
    requests = [Request(), Request()]
    requests[broken].error_at = 30
    before = threading.active_count()
    with pytest.raises(RuntimeError, match="the device is gone"):
        throughput(requests)
    assert threading.active_count() == before


def test_inputs_are_rotated_under_load() -> None:
    """Every request meets every sample."""
    requests = [Request(0.002), Request(0.002)]
    throughput(requests)
    assert all(set(request.fed) == {0, 1, 2, 3} for request in requests)


DRIVERS = [
    (None, "threads"),
    (100.0, "threads"),
    (1075.0, "threads"),
    (1125.0, "async-queue"),
    (3000.0, "async-queue"),
]


@pytest.mark.parametrize(("rate", "expected"), DRIVERS)
def test_threads_drive_unless_the_queue_clearly_wins(rate: float | None, expected: str) -> None:
    """Two threads make 1,000 a second here; the queue must gain a tenth on that."""
    queue = Queue(rate) if rate else None
    compiled = Compiled([Request(0.002), Request(0.002)], queue)
    assert loops.faster_driver(compiled, [{}] * 4) == expected


def test_a_slow_model_is_inferred_no_more_often_than_it_must() -> None:
    """Three windows of warm-up, one inference before the round, one in it; no driver is tried."""
    slow = Request(8.0)
    assert latency(slow, 4, QUICK).n == 1
    assert slow.n == 5
    both = [Request(8.0), Request(8.0)]
    assert throughput(both).n == 2
    assert max(request.n for request in both) <= 6
    tried = Request(8.0)
    assert loops.faster_driver(Compiled([tried], Queue(1.0)), [{}] * 4) == "threads"
    assert tried.n == 1


def test_a_round_makes_only_what_it_drives() -> None:
    """Requests cost memory: no queue beside threads; the rate is that of what was driven."""
    compiled = Compiled([Request(), Request()], Queue(5000))
    loop = loops.ThroughputLoop(compiled, [{}], QUICK, "threads", process=0)
    measured = loop.round(1, Observer())
    assert (measured.driver, compiled.queues) == ("threads", 0)
    queued = throughput([Request(), Request()], Queue(200), driver="async-queue", index=1)
    assert queued.driver == "async-queue"
    assert queued.n / queued.duration_s == pytest.approx(200, rel=0.02)


# ---------------------------------------------------------------- rounds of one process


class Observer:
    """Notes when it is called, and how many threads there are then."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.threads = 0

    def begin(self) -> None:
        """Note the beginning."""
        self.calls.append("begin")

    def end(self) -> None:
        """Note the end."""
        self.calls.append("end")
        self.threads = threading.active_count()

    @property
    def readings(self) -> dict[str, float]:
        """What a machine would tell."""
        return {"waiting_share": 0.5}


def test_rounds_of_a_process_rest_on_its_warm_up() -> None:
    """Each has its own number and samples; a few inferences before it are not timed."""
    request = Request(0.002)
    loop = loops.LatencyLoop(request, 4, QUICK, process=2)
    rounds = [loop.round(index, Observer()) for index in (8, 9)]
    assert [(r.round, r.process) for r in rounds] == [(8, 2), (9, 2)]
    # Three windows of three at least warm it up, and three inferences are before each round.
    untimed = request.n - sum(r.n for r in rounds)
    assert untimed >= 9 + 2 * 3
    assert min(r.warmup_n for r in rounds) >= 9 + 3


def test_a_round_is_observed_while_its_threads_are_there() -> None:
    """What the kernel counts of a thread is gone with it."""
    for driver in ("threads", "async-queue"):
        observer, before = Observer(), threading.active_count()
        compiled = Compiled([Request(), Request()], Queue(500))
        loop = loops.ThroughputLoop(compiled, [{}] * 4, QUICK, driver, process=0)
        measured = loop.round(0, observer)
        assert observer.calls == ["begin", "end"]
        assert measured.readings == {"waiting_share": 0.5}
        assert observer.threads == before + (2 if driver == "threads" else 0)


def test_processor_time_is_that_of_the_timed_loop() -> None:
    """A request that computes takes processor time, one that waits next to none."""

    class Busy(Request):
        def infer(self) -> None:
            end = time.process_time() + 0.002
            while time.process_time() < end:
                pass
            super().infer()

    busy, idle = latency(Busy(), 4, QUICK), latency(Request(), 4, QUICK)
    assert busy.cpu_s >= busy.n * 0.002
    assert idle.cpu_s < idle.duration_s / 2


def test_samples_of_many_rounds_take_no_more_room_than_those_of_few() -> None:
    """A record's samples stay small: each round has its share of the buckets."""
    request = Request(lambda n: 0.0005 + 0.0001 * (n % 37))
    many = tier(max_processes=10, rounds_per_process=4)
    measured = latency(request, 4, many)
    assert len(measured.histogram.buckets) <= loops.LATENCY_BUCKETS / 40
