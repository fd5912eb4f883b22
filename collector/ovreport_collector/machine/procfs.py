"""What Linux reports of the machine in /proc and /sys: one function for each fact.

Where a file is missing, denied or garbled the result is empty, never made up. `root` stands for
`/`, so that a test can bring a tree of its own. The files are described in proc(5) and the
kernel's admin guide (accounting/psi, ABI/testing/sysfs-*).
"""

from __future__ import annotations

import math
import os
import re
from pathlib import Path
from typing import Literal

ROOT = Path("/")
TICKS_PER_S = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100

_CPU = "sys/devices/system/cpu"
_MAX_POLICIES = 16
"""Frequencies read at one look: on hundreds of processors a sample of them has to do."""
_PROCESSOR_SENSORS = frozenset({"coretemp", "k10temp", "zenpower", "cpu_thermal"})
_STALLS = {"cpu": "some", "io": "full", "memory": "some"}
"""`some`: a task waited. For disks `full`, all waited: reading a model's file is no pressure."""


def read_text(path: Path) -> str:
    """Return a small file's text, stripped; empty where it cannot be read."""
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError, ValueError):
        return ""


def matching(folder: Path, pattern: str) -> list[Path]:
    """Return the paths of a pattern, in order; none where the folder went away meanwhile."""
    try:
        return sorted(folder.glob(pattern))
    except OSError:
        return []


def cpuinfo(root: Path = ROOT) -> dict[str, str]:
    """Return the first processor's lines of /proc/cpuinfo."""
    found: dict[str, str] = {}
    for line in read_text(root / "proc/cpuinfo").splitlines():
        key, _, value = line.partition(":")
        found.setdefault(key.strip(), value.strip())
    if "Features" in found:  # what x86 calls flags, Arm calls features
        found["flags"] = found["Features"]
    return found


def processor_times(root: Path = ROOT) -> dict[str, float]:
    """Return the seconds for which processors were busy, and for which the hypervisor took them."""
    for line in read_text(root / "proc/stat").splitlines():
        fields = line.split()
        if fields[:1] == ["cpu"] and len(fields) > 8 and all(map(_is_count, fields[1:9])):
            # user nice system idle iowait irq softirq steal; guests are within user
            user, nice, system, _, _, irq, softirq, steal = (
                int(ticks) / TICKS_PER_S for ticks in fields[1:9]
            )
            return {"busy_s": user + nice + system + irq + softirq, "steal_s": steal}
    return {}


def waiting_s(root: Path = ROOT) -> dict[str, float]:
    """Return the seconds for which this process's threads were ready and waited for a processor.

    Of the threads that there are now; nothing where the kernel does not count it.
    """
    texts = [read_text(file) for file in matching(root / "proc/self/task", "*/schedstat")]
    fields = [text.split() for text in texts]
    # on the processor, waiting for one (both in ns), times that it got one
    waited = [int(each[1]) for each in fields if len(each) == 3 and _is_count(each[1])]
    return {"waiting_s": sum(waited) / 1e9} if waited else {}


def context_switches(root: Path = ROOT) -> dict[str, float]:
    """Return the context switches of all processes since boot."""
    found = re.search(r"^ctxt (\d+)$", read_text(root / "proc/stat"), re.ASCII | re.MULTILINE)
    return {"context_switches": float(found[1])} if found else {}


def swap_pages(root: Path = ROOT) -> dict[str, float]:
    """Return the pages swapped in and out since boot."""
    found = re.findall(
        r"^pswp(?:in|out) (\d+)$", read_text(root / "proc/vmstat"), re.ASCII | re.MULTILINE
    )
    return {"swap_pages": float(sum(map(int, found)))} if found else {}


def throttle_events(root: Path = ROOT) -> dict[str, float]:
    """Return the thermal throttle events of all processors since boot."""
    counts = _numbers(root / _CPU, "cpu[0-9]*/thermal_throttle/*_throttle_count")
    return {"throttle_events": float(sum(counts))} if counts else {}


def pressure(root: Path = ROOT) -> dict[str, float]:
    """Return the microseconds in which tasks stalled for a processor, for disks, for memory."""
    found = {}
    for resource, kind in _STALLS.items():
        text = read_text(root / "proc/pressure" / resource)
        total = re.search(rf"^{kind} .*\btotal=(\d+)$", text, re.ASCII | re.MULTILINE)
        if total:
            found[f"pressure_{resource}_us"] = float(total[1])
    return found


def load_average(root: Path = ROOT) -> dict[str, float]:
    """Return the load average of the last minute."""
    found = re.match(r"\d+\.\d+(?= )", read_text(root / "proc/loadavg"), re.ASCII)
    return {"load_average_1m": float(found[0])} if found else {}


def frequency_mhz(root: Path = ROOT) -> dict[str, float]:
    """Return the mean frequency of the processors now."""
    paths = matching(root / _CPU, "cpufreq/policy*/scaling_cur_freq")
    step = math.ceil(len(paths) / _MAX_POLICIES) or 1
    mhz = [int(text) / 1000 for path in paths[::step] if _is_count(text := read_text(path))]
    return {"frequency_mhz": sum(mhz) / len(mhz)} if mhz else {}


def temperature_c(root: Path = ROOT) -> dict[str, float]:
    """Return the highest temperature that a processor's sensor reads now."""
    celsius = []
    for name in matching(root / "sys/class/hwmon", "hwmon*/name"):
        if read_text(name) in _PROCESSOR_SENSORS:
            celsius += [value / 1000 for value in _numbers(name.parent, "temp*_input")]
    return {"temperature_c": max(celsius)} if celsius else {}


def memory_bytes(root: Path = ROOT) -> dict[str, int]:
    """Return the sizes of /proc/meminfo by name."""
    lines = re.findall(
        r"^(\w+): +(\d+) kB$", read_text(root / "proc/meminfo"), re.ASCII | re.MULTILINE
    )
    return {name: int(size) * 1024 for name, size in lines}


def allowed_processors(root: Path = ROOT) -> int:
    """Return on how many processors this process may run; 0 where it cannot be read."""
    found = re.search(
        r"^Cpus_allowed_list:\s*(\S+)$", read_text(root / "proc/self/status"), re.MULTILINE
    )
    allowed = processor_list(found[1]) if found else set()
    online = processor_list(read_text(root / _CPU / "online"))
    # The mask may name processors that the machine could have, and has not.
    return len(allowed & online if online else allowed)


def online_processors(root: Path = ROOT) -> int:
    """Return how many processors the machine has in use; 0 where it cannot be read."""
    return len(processor_list(read_text(root / _CPU / "online")))


def processor_list(text: str) -> set[int]:
    """Return the numbers that the kernel writes as `0-3,8`; none where it is no such list."""
    found: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", part, re.ASCII)
        if match is None:
            return set()
        found |= set(range(int(match[1]), int(match[2] or match[1]) + 1))
    return found


def smt(root: Path = ROOT) -> Literal["on", "off", "unknown"]:
    """Return whether two threads share a core (hyper-threading)."""
    active = read_text(root / _CPU / "smt/active")
    return "on" if active == "1" else "off" if active == "0" else "unknown"


def turbo(root: Path = ROOT) -> Literal["on", "off", "unknown"]:
    """Return whether processors may run above their base frequency."""
    no_turbo = read_text(root / _CPU / "intel_pstate/no_turbo")
    if no_turbo:
        return "off" if no_turbo == "1" else "on"
    boost = read_text(root / _CPU / "cpufreq/boost")
    return ("on" if boost == "1" else "off") if boost else "unknown"


def governor(root: Path = ROOT) -> str:
    """Return the frequency governors in force; empty where there are none."""
    policies = {read_text(p) for p in matching(root / _CPU, "cpufreq/policy*/scaling_governor")}
    driver = read_text(root / _CPU / "cpufreq/policy0/scaling_driver")
    names = ", ".join(sorted(policies - {""}))
    # intel_pstate and amd-pstate-epp choose frequencies in hardware: their `powersave` is not slow.
    managed = names and driver in {"intel_pstate", "amd-pstate-epp"}
    return f"{names} ({driver}, hardware-managed)" if managed else names


def power_source(root: Path = ROOT) -> Literal["mains", "battery", "unknown"]:
    """Return what the machine runs from; batteries of mice and keyboards do not count."""
    supplies = [p for p in matching(root / "sys/class/power_supply", "*") if not _is_a_gadget(p)]
    if any(read_text(supply / "online") == "1" for supply in supplies):
        return "mains"
    states = {read_text(s / "status") for s in supplies if read_text(s / "type") == "Battery"}
    if "Discharging" in states:
        return "battery"
    return "mains" if states & {"Charging", "Full", "Not charging"} else "unknown"


def _is_a_gadget(supply: Path) -> bool:
    return read_text(supply / "scope") == "Device"


def _numbers(folder: Path, pattern: str) -> list[int]:
    return [int(text) for path in matching(folder, pattern) if _is_count(text := read_text(path))]


def _is_count(text: str) -> bool:
    """Return whether a text is a plain number that a counter may hold."""
    return text.isascii() and text.isdigit() and len(text) <= 20
