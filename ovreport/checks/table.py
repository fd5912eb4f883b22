"""The table of checks: all that hangs together in a record that was measured."""

from __future__ import annotations

from collections.abc import Iterator

from ovreport.checks import (
    accuracy,
    compiled,
    end_to_end,
    figures,
    generation,
    identity,
    load,
    loops,
    machine,
    resources,
    rounds,
    text,
    tiers,
    times,
)
from ovreport.checks.fault import Check, Fault
from ovreport.metrics import MetricValues
from ovreport.record import Record

_ONE_LOOP = "All are of the samples of one timed loop."

CHECKS: tuple[Check, ...] = (
    Check(
        "Mean, extremes, thirds and duration of a latency round are those of its samples.",
        "The loop times every inference; its clock runs from the first to the last one.",
        loops.latency,
    ),
    Check(
        "Latencies under load add up to the time for which the requests were busy.",
        "A request has one inference at a time; idle time is what is left (Little's law).",
        loops.throughput,
    ),
    Check(
        "Requests under load are not far faster than one alone.",
        "Under load a request has fewer threads, and shares memory with others.",
        loops.under_load,
    ),
    Check(
        "An autocorrelation is one that so many samples can have.", _ONE_LOOP, loops.correlations
    ),
    Check("What was timed had inputs.", "They are rotated.", loops.inputs),
    Check(
        "A stable warm-up took place, and the time that its inferences take.",
        "It is stable when windows of inferences agree; they are the same inferences.",
        loops.warm_ups,
    ),
    Check(
        "Processor time fits into the loop, on so many processors.",
        "It is read when the loop begins and ends.",
        loops.processor_time,
    ),
    Check(
        "Collecting a case took as long as its timed loops, at the least.",
        "They are a part of it.",
        loops.measuring_time,
    ),
    Check(
        "No two rounds have the same times or the same samples.",
        "Clocks count nanoseconds, and nothing takes the same time twice.",
        rounds.copies,
    ),
    Check(
        "A round is in the process that its number says.",
        "Rounds are numbered through over processes.",
        rounds.processes,
    ),
    Check(
        "Every process that measured has its evidence about noise, or the reason why not.",
        "The machine is watched whenever a process measures.",
        rounds.evidence,
    ),
    Check(
        "Loops and rounds meet what their tier demands, or say why not.",
        "A loop ends when both demands are met or at its cap; a case has all of its rounds, or "
        "names those that failed.",
        rounds.tier,
    ),
    Check(
        "A verdict has reasons where it is not stable, and several rounds where it is.",
        "It is derived from rounds and reasons.",
        rounds.verdicts,
    ),
    Check(
        "A tier has the demands of its name, or is marked as custom.",
        "Who chooses other numbers is marked.",
        tiers.demands,
    ),
    Check("Points of the curve fit into their time.", _ONE_LOOP, load.curve),
    Check(
        "Random arrivals come at their rate, and the highest rate met the limit.",
        "Times of arrival are drawn from the rate; the search stays below the closed loop's.",
        load.arrivals,
    ),
    Check(
        "Stages, whole and rates of a pipeline are of the same images.",
        "Each image is timed stage by stage and as a whole.",
        end_to_end.end_to_end,
    ),
    Check(
        "Memory fits into the machine, its parts into the whole, and phases are in their order.",
        "The kernel counts pages that lie in memory, phase by phase.",
        resources.memory,
    ),
    Check(
        "Energy is that of the throughput loops.",
        "The meter is read around them.",
        resources.energy,
    ),
    Check(
        "Starts take time, and a cache holds something.",
        "They are timed by a clock of nanoseconds; the cache was loaded.",
        resources.startup,
    ),
    Check(
        "Accuracies lie in their range, are of something, and differ as they say.",
        "A difference to the reference is taken of the same two values.",
        accuracy.accuracy,
    ),
    Check(
        "Perplexity follows from its windows.", "Every token is scored once.", accuracy.perplexity
    ),
    Check(
        "Tokens and answers take the time that they are said to.",
        "All are of the same answers; the number of tokens is fixed.",
        generation.generation,
    ),
    Check("Model, device and engine are the case's.", "Both are of one plan.", identity.names),
    Check(
        "The device's family and what executed are those of its name.",
        "OpenVINO names the devices that execute.",
        identity.device,
    ),
    Check(
        "The executed precision is that of most layers, and there are layers.",
        "It is counted over the layers.",
        identity.execution,
    ),
    Check(
        "Properties were requested for what was measured.",
        "Each measurement compiles with its own hint.",
        identity.settings,
    ),
    Check(
        "A model compiled for the processor has the hint, the precision and the devices requested, "
        "and other engines have no properties of OpenVINO.",
        "The compiled model is asked for its properties; the processor does what is requested.",
        compiled.compiled,
    ),
    Check(
        "Streams are no more than a processor of this size is divided into.",
        "OpenVINO takes at most one a processor.",
        compiled.streams,
    ),
    Check(
        "A model that ran has a checksum and a size.",
        "They are taken of its files, which are listed.",
        identity.checksum,
    ),
    Check(
        "Weights make up the parameters, are what the variant says, and fit into the files.",
        "All are counted in the file that is measured.",
        identity.weights,
    ),
    Check(
        "The files of a model have names of their own in a folder, and are not smaller than it.",
        "They are listed with their sizes, and run as they are where nothing was made of them.",
        identity.files,
    ),
    Check(
        "Shapes are shapes, types are types, and no input is listed twice.",
        "They are read from the model that was compiled.",
        identity.ports,
    ),
    Check(
        "A case that failed as a whole has no times.",
        "It failed because no round was finished.",
        identity.outcome,
    ),
    Check(
        "A machine has processors and memory, which its name tells.",
        "The kernel lists them; the name is made of them.",
        machine.machine,
    ),
    Check(
        "The processor is of the maker that OpenVINO says, and its driver is a property.",
        "Both read what the processor calls itself; plugins report drivers.",
        machine.processor,
    ),
    Check(
        "Versions are versions, and the kernel is the operating system's.",
        "Packages and the kernel say theirs.",
        machine.software,
    ),
    Check(
        "Readings are values that they can have.",
        "They are shares, counts, and sensors.",
        machine.noise,
    ),
    Check("A run's spread is worth something.", "It is of at least two cases.", machine.spread),
    Check(
        "It was measured after its OpenVINO was made, and not in the future.",
        "Of two records of a case the newer one counts.",
        times.measured_at,
    ),
    Check(
        "Processes began one after the other, the last one at the record's time.",
        "A case is measured by one process at a time.",
        times.processes,
    ),
    Check(
        "Links are of web pages, and a local file has no folder.",
        "The site shows them; folders may name somebody.",
        text.links,
    ),
    Check(
        "Repeat commands are what the collector makes of the case.",
        "The site shows them, and readers paste them.",
        text.commands,
    ),
    Check("Figures can be computed and drawn.", "The site shows them.", figures.figures),
)


def faults(record: Record, values: MetricValues | None = None) -> Iterator[Fault]:
    """Yield everything in a record that cannot be so.

    `values`: its metric values, where they are known already: they take long to compute.
    """
    for check in CHECKS:
        if values is not None and check.find is figures.figures:
            yield from figures.undrawable(values)
        else:
            yield from check.find(record)
