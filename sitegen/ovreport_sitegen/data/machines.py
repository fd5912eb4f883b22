"""The machines of a site, the one that was measured last first, and whose results they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ovreport.engines import ENGINES
from ovreport.metrics import significant
from ovreport.record import Record
from ovreport.words import plural
from ovreport_sitegen.config import Config
from ovreport_sitegen.data.names import grouped, short_ids
from ovreport_sitegen.data.result import DeviceKey, DeviceRef
from ovreport_sitegen.text import alike, is_plain, line, short_name

_GIB = 1024**3


@dataclass(frozen=True)
class MachineRef:
    """A machine as pages name it."""

    id: str
    label: str
    """Its processor; with the id where two machines have the same."""
    size: str
    """Its cores and memory, whatever part of them a run could use."""
    owner: str
    """Who measured it, from the site's settings; empty: not said there."""
    measured_at: str
    """Of its newest record."""
    devices: tuple[DeviceRef, ...]

    @property
    def records_href(self) -> str:
        """Address of the download with its records, those of history included."""
        return f"data/records-{self.id}.jsonl.gz"

    @property
    def figures_href(self) -> str:
        """Address of the download with their metric values."""
        return f"data/figures-{self.id}.csv.gz"


def machines(
    records: Sequence[Record], devices: Mapping[DeviceKey, DeviceRef], config: Config
) -> tuple[MachineRef, ...]:
    """Return the machines of the newest records, the one that was measured last first.

    Where OpenVINO ran a model that is not a language model counts first: those are on the pages
    that begin with a machine.
    """
    by_id = grouped((record.machine.id, record) for record in records)
    short = {id_: short_name(_newest(of_one).machine.cpu) for id_, of_one in by_id.items()}
    looks = Counter(map(alike, short.values()))
    is_clear = {name: is_plain(name) and looks[alike(name)] == 1 for name in short.values()}
    ids = short_ids(by_id)
    ordered = sorted(by_id, key=lambda id_: (*_age(by_id[id_]), id_), reverse=True)
    return tuple(
        MachineRef(
            id=id_,
            label=short[id_] if is_clear[short[id_]] else f"{short[id_]} ({ids[id_]})",
            size=_size(_newest(by_id[id_])),
            owner=line(config.owner_of(id_)),
            measured_at=_newest(by_id[id_]).measured_at,
            devices=tuple(
                sorted(
                    (device for key, device in devices.items() if key.machine == id_), key=_place
                )
            ),
        )
        for id_ in ordered
    )


def _place(device: DeviceRef) -> tuple[bool, bool, str, DeviceKey]:
    """Return what a machine's devices are ordered by: the processor first, whole before limited."""
    return device.family != "CPU", bool(device.limit), device.label.lower(), device.key


def _newest(records: Sequence[Record]) -> Record:
    return max(records, key=lambda record: record.measured_at)


def _age(records: Sequence[Record]) -> tuple[str, str]:
    """Return when OpenVINO last ran a model that is not a language model, and when anything ran."""
    first = (r.measured_at for r in records if ENGINES[r.case.engine].kind == "openvino")
    return max(first, default=""), _newest(records).measured_at


def _size(record: Record) -> str:
    machine = record.machine
    memory = significant(machine.memory_bytes / _GIB, 2)
    cores = plural(machine.cores_physical, "core")
    if machine.cores_logical != machine.cores_physical:
        cores += f" ({plural(machine.cores_logical, 'thread')})"
    return f"{cores}, {memory} GiB"
