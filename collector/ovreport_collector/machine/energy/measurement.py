"""One throughput run's energy, with an idle baseline; whatever fails here, the run goes on."""

from __future__ import annotations

import time
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
    """Counts while it is entered. It never raises: `result` says what went wrong."""

    def __init__(self, found: Meter | Unsupported, idle_s: float) -> None:
        self._meter = found if isinstance(found, Meter) else None
        self._why_not: NotMeasured | None = None if isinstance(found, Meter) else found
        self._idle_s = idle_s
        self._idle: Watch | None = None
        self._run: Watch | None = None

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

    def result(self, index: int, inferences: int) -> Energy | NotMeasured:
        """Return what the run took for so many inferences, or why it is not known."""
        if self._why_not is not None:
            return self._why_not
        if self._meter is None or self._idle is None or self._run is None or not inferences:
            return Failed(reason="there was no throughput run to measure", cause="error")
        if not self._run.energy_j[self._meter.domains[0].name]:
            return Unsupported(
                reason=f"the counter of the {self._meter.domains[0].name} can be read but stands "
                "still, as some hypervisors show it",
                remedy="Measure on bare metal.",
            )
        return Energy(
            method=self._meter.method,
            domains=[
                _domain(domain, index, inferences, self._idle, self._run)
                for domain in self._meter.domains
                if self._run.energy_j[domain.name]
            ],
        )

    def _watch(self) -> Watch | None:
        return Watch(self._meter.domains) if self._meter and self._why_not is None else None

    def _note(self, error: Exception) -> None:
        self._why_not = Failed(reason=f"reading the energy counters: {error}", cause="error")


def _domain(domain: Domain, index: int, inferences: int, idle: Watch, run: Watch) -> EnergyDomain:
    taken = EnergyRound(
        round=index,
        duration_s=run.seconds,
        inferences=inferences,
        energy_j=run.energy_j[domain.name],
        idle_s=idle.seconds,
        idle_w=idle.energy_j[domain.name] / idle.seconds,
    )
    return EnergyDomain(name=domain.name, scope=domain.scope, rounds=[taken])
