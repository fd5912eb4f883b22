"""What a record keeps of the machine and of whom it belongs to: told before, and in the guide."""

from __future__ import annotations

from collections.abc import Mapping

KEPT: Mapping[str, tuple[str, ...]] = {
    "the processor: name, architecture, instruction sets, sockets, cores, and those available": (
        *("machine.id", "machine.cpu", "machine.architecture", "machine.cpu_flags"),
        *("machine.sockets", "machine.cores_physical", "machine.cores_logical"),
        *("machine.cores_available", "machine.smt"),
    ),
    "the size of its memory, and which hypervisor it runs under": (
        *("machine.memory_bytes", "machine.virtualised"),
    ),
    "its power settings: governor, turbo, mains or battery": (
        *("machine.governor", "machine.turbo", "machine.power_source"),
    ),
    "versions: operating system, kernel, drivers, Python, OpenVINO, engines, packages": (
        *("software.os", "software.kernel", "software.python", "software.openvino"),
        *("software.ovreport", "software.packages", "device.driver"),
    ),
    "the device: its name and its properties, as OpenVINO tells them": (
        *("device.name", "device.full_name", "device.family"),
        *("device.capabilities", "device.properties"),
    ),
    "when it measured, and what else the machine did meanwhile: load, temperature, frequency": (
        *("measured_at", "noise", "noise_unreadable"),
    ),
    "of what failed: the messages, without the names and folders below": (
        *("outcome", "failed_rounds"),
    ),
    "the model: title, licence, name, size and SHA-256 of each file; the command that repeats it": (
        *("model", "repeat", "run"),
    ),
    "of data of your own: title, number of samples, and a SHA-256 of names, sizes and labels": (
        "inputs.user_datasets",
    ),
}
"""What is kept, in words → the fields of a record that hold it."""

NEVER_KEPT = (
    "the names of the machine and of its user",
    "folders: home, the working folder, that of a model or of data",
    "serial numbers, UUIDs, and addresses in the network",
    "tokens and passwords of the environment",
    "the weights of a model, or data of your own",
    "which other programs run",
)
"""What no record has. Names are taken out of messages too; of three letters or fewer, and such as
`root` and `ubuntu`, they tell nobody apart, and stay words."""
