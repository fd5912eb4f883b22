"""Every reason that speaks against a number, by its code: what it means, and what to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReasonText:
    """What a reason code means, and what to do about it."""

    title: str
    meaning: str
    remedy: str


REASONS: dict[str, ReasonText] = {
    "wide-interval": ReasonText(
        "Rounds differ",
        "The 95 % interval of the median over rounds is wider than ±3 % (noisy) or ±10 % "
        "(unreliable).",
        "Measure longer (a higher tier), on a quieter machine.",
    ),
    "too-few-rounds": ReasonText(
        "Too few rounds",
        "With fewer than three rounds nothing can be said about how repeatable a number is; with "
        "fewer than ten, of an observed value over rounds that follow each other, too little.",
        "Let a collect that was interrupted finish: the same command resumes it. One that has "
        "finished needs a higher tier, or more `--rounds`.",
    ),
    "too-few-samples": ReasonText(
        "Too few inferences",
        "A round reached its time cap before the number of inferences that its tier asks for.",
        "Use a higher tier, or accept that this model is slow here.",
    ),
    "disturbed": ReasonText(
        "No undisturbed value",
        "Fewer than three processes, or too few of them, had quiet rounds that agree: the value "
        "is the observed one, over all rounds, disturbed ones included.",
        "Close other programs, and measure longer (`--tier standard`).",
    ),
    "drift": ReasonText(
        "Drift within rounds",
        "In half of the rounds or more, the last third ran over 5 % slower or faster than the "
        "first third.",
        "Let the machine reach its steady temperature, and close other programs.",
    ),
    "unstable-warmup": ReasonText(
        "Warm-up did not settle",
        "Three consecutive windows never agreed within 5 % before the cap on warm-up.",
        "Close other programs; on a virtual machine this is often a busy neighbour.",
    ),
    "foreign-load": ReasonText(
        "Other programs ran",
        "Other programs took over 5 % of the machine's processor time while a process measured.",
        "Close other programs and measure again.",
    ),
    "foreign-burst": ReasonText(
        "Other programs ran for a moment",
        "On average they took little, but for about half a second over 25 % of the machine: long "
        "enough for the slowest inferences of a round.",
        "Stop timers and background jobs (`systemctl list-timers`), and measure again.",
    ),
    "pressure": ReasonText(
        "Tasks waited for memory or disks",
        "For over 5 % of the time in which a process measured, some task waited for memory, or "
        "all of them for disks (the kernel's pressure stall information).",
        "Free memory, stop what reads or writes much, and measure again.",
    ),
    "cgroup-throttled": ReasonText(
        "The container's quota ran out",
        "The kernel stopped our processes because their control group had used up its share of "
        "processor time.",
        "Give the container whole processors (`docker run --cpuset-cpus=0-3`), not a quota "
        "(`--cpus`, Kubernetes CPU limits).",
    ),
    "limited-cores": ReasonText(
        "A fraction of a processor",
        "The control group allows a number of processors that is not whole: threads that start "
        "together are stopped in turn, wherever the quota runs out.",
        "Give the container whole processors (`docker run --cpuset-cpus=0-3`).",
    ),
    "frequency-drop": ReasonText(
        "The clock dropped between processes",
        "In a process the processor ran over 10 % slower than in the case's fastest one.",
        "Improve cooling, use the governor `performance`, and keep other programs away.",
    ),
    "cores-apart": ReasonText(
        "Processors moved apart",
        "In some processes a byte took over twice as long from one processor to another as in "
        "others: the host of a virtual machine ran its processors further apart. Threads that "
        "wait for each other get slower, by half and more in small models.",
        "Collect again, or measure where processors are pinned: bare metal, a dedicated instance.",
    ),
    "steal": ReasonText(
        "The hypervisor took time away",
        "Over 2 % of processor time went to other virtual machines while a process measured.",
        "Measure on bare metal or on a dedicated instance.",
    ),
    "swap": ReasonText(
        "The machine swapped",
        "Memory pages moved to or from disk while a process measured.",
        "Free memory, or measure fewer or smaller models.",
    ),
    "throttled": ReasonText(
        "The processor throttled",
        "Thermal throttle counters moved while a process measured.",
        "Improve cooling, and let the machine cool down between runs.",
    ),
    "on-battery": ReasonText(
        "On battery",
        "The machine ran from its battery while a process measured.",
        "Plug the machine in.",
    ),
    "powersave": ReasonText(
        "Power-saving governor",
        "The processor's frequency governor was `powersave` without a hardware-managed mode.",
        "`cpupower frequency-set -g performance`",
    ),
    "failed-rounds": ReasonText(
        "Some rounds failed",
        "A round crashed, hung or gave wrong outputs; the values are of the other rounds.",
        "Look at the failures listed with the result.",
    ),
    "load-generator": ReasonText(
        "The load generator limits",
        "Requests waited for our own loop for over 10 % of their time, or it took over 10 % of "
        "random arrivals up late.",
        "Throughput on this device may be higher than shown.",
    ),
}
