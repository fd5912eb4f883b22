"""The record: everything measured of one case at one time, as one JSON file.

    Record
    ├── case, tier            what was requested
    ├── run, arm              with which others it was measured by turns
    ├── software, machine, device, model, inputs      what it ran on, and with
    ├── outcome               Completed, or the whole case Failed or Unsupported
    ├── latency, throughput, startup, memory, accuracy…        the measurements (`MEASUREMENTS`)
    ├── noise, failed_rounds  evidence about the machine, round by round, and what went wrong
    ├── measuring_time        how long it took
    ├── verdicts              the collector's (derived again when read)
    └── repeat                the commands that measure it again

A measurement is Measured (its own type), Unsupported, Failed or Skipped, the last three with a
reason; `null` is never used. Samples are kept as sparse histograms with a known relative
resolution, so that every statistic can be derived again when a record is read. Units are in the
names, times are UTC.

Each part is a module of this package, which lists what it offers in `__all__`; everything is
imported from here. Files of records are read and written by `ovreport.store`.
"""

from ovreport.record.accuracy import *
from ovreport.record.arm import *
from ovreport.record.base import *
from ovreport.record.case import *
from ovreport.record.end_to_end import *
from ovreport.record.energy import *
from ovreport.record.generation import *
from ovreport.record.histogram import *
from ovreport.record.load import *
from ovreport.record.machine import *
from ovreport.record.memory import *
from ovreport.record.model import *
from ovreport.record.record import *
from ovreport.record.speed import *
