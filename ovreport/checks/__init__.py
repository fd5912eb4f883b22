"""What a record must not contradict itself in: more than its types say.

    faults(record)     yields path, what is wrong, and what to do

A record is evidence that others send: who edits one by hand, or measures with a broken clock, is
found out. `validate` refuses such a record, and `build --strict` fails. `build` shows it with a
warning, or leaves it out where it would do harm to others, as one of the future would: it is the
newest of its case for good. Each check demands what follows from how the collector measures
(`CHECKS` says how), with slack for rounding and for clocks, so that no honest record of a strange
machine is refused. Records of all formats are checked after they were migrated.
"""

from ovreport.checks.fault import Fault
from ovreport.checks.table import CHECKS, faults

__all__ = ["CHECKS", "Fault", "faults"]
