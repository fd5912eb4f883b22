"""Trees of /proc and /sys as the kernel writes them, made on the spot."""

from __future__ import annotations

from pathlib import Path

CPU = "sys/devices/system/cpu"

STAT = (
    "cpu  100 20 30 1000 5 6 7 8 3 0\ncpu0 100 20 30 1000 5 6 7 8 3 0\nintr 77 0 0\nctxt 4321\n"
    "btime 1700000000\nprocesses 99\n"
)

LAPTOP = {
    "proc/stat": STAT,
    "proc/vmstat": "pgpgin 4\npswpin 3\npswpout 4\npgfault 8\n",
    "proc/loadavg": "0.52 0.58 0.59 1/345 6789\n",
    "proc/meminfo": "MemTotal:       16000000 kB\nMemFree:  900 kB\nMemAvailable:    8000000 kB\n"
    "SwapTotal:       2000000 kB\nSwapFree:        1900000 kB\nHugePages_Total:       0\n",
    "proc/pressure/cpu": "some avg10=0.00 avg60=0.00 avg300=0.00 total=1500000\n"
    "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
    "proc/pressure/io": "some avg10=1.00 avg60=0.00 avg300=0.00 total=9000\n"
    "full avg10=0.00 avg60=0.00 avg300=0.00 total=4000\n",
    "proc/pressure/memory": "some avg10=0.00 avg60=0.00 avg300=0.00 total=70\n"
    "full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n",
    "proc/self/cgroup": "0::/user.slice/session\n",
    "proc/self/status": "Name:\tpython\nCpus_allowed:\tff\nCpus_allowed_list:\t0-127\n",
    "proc/cpuinfo": "processor\t: 0\nmodel name\t: Example CPU\nflags\t\t: fpu avx2\n",
    "proc/sys/kernel/perf_event_paranoid": "2\n",
    f"{CPU}/online": "0-3\n",
    f"{CPU}/smt/active": "1\n",
    f"{CPU}/intel_pstate/no_turbo": "0\n",
    f"{CPU}/cpufreq/policy0/scaling_governor": "powersave\n",
    f"{CPU}/cpufreq/policy0/scaling_driver": "intel_pstate\n",
    f"{CPU}/cpufreq/policy0/scaling_cur_freq": "3000000\n",
    f"{CPU}/cpufreq/policy1/scaling_governor": "powersave\n",
    f"{CPU}/cpufreq/policy1/scaling_cur_freq": "2000000\n",
    f"{CPU}/cpu0/thermal_throttle/core_throttle_count": "2\n",
    f"{CPU}/cpu1/thermal_throttle/package_throttle_count": "3\n",
    "sys/class/hwmon/hwmon0/name": "nvme\n",
    "sys/class/hwmon/hwmon0/temp1_input": "90000\n",
    "sys/class/hwmon/hwmon1/name": "coretemp\n",
    "sys/class/hwmon/hwmon1/temp1_input": "61000\n",
    "sys/class/hwmon/hwmon1/temp2_input": "64500\n",
    "sys/class/power_supply/AC/type": "Mains\n",
    "sys/class/power_supply/AC/online": "1\n",
    "sys/class/power_supply/BAT0/type": "Battery\n",
    "sys/class/power_supply/BAT0/status": "Full\n",
    "sys/class/power_supply/mouse/type": "Battery\n",
    "sys/class/power_supply/mouse/scope": "Device\n",
    "sys/class/power_supply/mouse/status": "Discharging\n",
    "sys/class/powercap/intel-rapl:0/energy_uj": "123456789\n",
    "sys/bus/event_source/devices/power/type": "12\n",
    "sys/fs/cgroup/cgroup.controllers": "cpu memory\n",
}
"""A bare laptop with everything in order, but for perf's events."""


def plant(root: Path, *texts: dict[str, str]) -> Path:
    """Write files below a root; return the root."""
    for name, text in {k: v for part in texts for k, v in part.items()}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def process_stat(
    pid: int,
    parent: int,
    name: str = "python",
    *,
    ticks: int = 0,
    waited: int = 0,
    started: int = 7,
) -> str:
    """Return a process's stat file, as in proc(5)."""
    times = f"{ticks} 0 {waited} 0"
    return f"{pid} ({name}) S {parent} 1 1 0 -1 4194560 9 8 7 6 {times} 20 0 1 0 {started} 1 2 3\n"
