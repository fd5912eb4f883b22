"""Energy of a process's throughput loops, with an idle baseline; what fails here stops no loop."""

from __future__ import annotations

import time
from collections import defaultdict
from types import TracebackType
from typing import Self

from ovreport.record import Energy, EnergyDomain, EnergyRound, Failed, NotMeasured, Unsupported
from ovreport_collector.machine.energy.counters import CounterError, Domain, Meter, Watch
from ovreport_collector.process.timing import measuring

sleep = time.sleep
SETTLE_S = 0.1
"""Compiling is over, but its threads may spin a moment longer."""
_FAULTS = (OSError, ValueError, CounterError)


class Measurement:
    """Watches while it is entered, again and again; sums up the loops that count.

    It never raises: `result` says what went wrong.
    """

    def __init__(self, found: Meter | Unsupported, idle_s: float) -> None:
        self._meter = found if isinstance(found, Meter) else None
        self._why_not: NotMeasured | None = None if isinstance(found, Meter) else found
        self._idle_s = idle_s
        self._idle: Watch | None = None
        self._run: Watch | None = None
        self._energy_j: dict[str, float] = defaultdict(float)
        self._seconds, self._inferences = 0.0, 0

    def idle(self) -> None:
        """Measure the baseline: sleep, where there is a meter, and note what was taken."""
        watch = self._watch()
        if watch is None:
            return
        try:
            with measuring():
                sleep(SETTLE_S)
                with watch:
                    sleep(self._idle_s)
            self._idle = watch
        except _FAULTS as error:
            self._note(error)

    def __enter__(self) -> Self:
        self._run = self._watch()
        try:
            if self._run is not None:
                self._run.__enter__()
        except _FAULTS as error:
            self._note(error)
            self._run = None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._run is not None:
                self._run.__exit__(kind, error, trace)
        except _FAULTS as fault:
            self._note(fault)

    def count(self, inferences: int) -> None:
        """Add the loop that was watched last, of so many inferences, to the sum."""
        if self._run is None or self._why_not is not None:
            return
        for name, energy_j in self._run.energy_j.items():
            self._energy_j[name] += energy_j
        self._seconds += self._run.seconds
        self._inferences += inferences

    def result(self, index: int) -> Energy | NotMeasured:
        """Return what all loops that count took, or why it is not known."""
        if self._why_not is not None:
            return self._why_not
        if self._meter is None or self._idle is None or not self._inferences:
            return Failed(reason="there was no throughput run to measure", cause="error")
        if not self._energy_j[self._meter.domains[0].name]:
            return Unsupported(
                reason=f"the counter of the {self._meter.domains[0].name} can be read but stands "
                "still, as some hypervisors show it",
                remedy="Measure on bare metal.",
            )
        return Energy(
            method=self._meter.method,
            domains=[
                self._domain(domain, index, self._idle)
                for domain in self._meter.domains
                if self._energy_j[domain.name]
            ],
        )

    def _domain(self, domain: Domain, index: int, idle: Watch) -> EnergyDomain:
        taken = EnergyRound(
            round=index,
            duration_s=self._seconds,
            inferences=self._inferences,
            energy_j=self._energy_j[domain.name],
            idle_s=idle.seconds,
            idle_w=idle.energy_j[domain.name] / idle.seconds,
        )
        return EnergyDomain(name=domain.name, scope=domain.scope, rounds=[taken])

    def _watch(self) -> Watch | None:
        return Watch(self._meter.domains) if self._meter and self._why_not is None else None

    def _note(self, error: Exception) -> None:
        self._why_not = Failed(reason=f"reading the energy counters: {error}", cause="error")
