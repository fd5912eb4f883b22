"""The command `compare`."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence

import click
from rich.console import Console

from ovreport import changes_text as text
from ovreport.change import Change, Run
from ovreport.changes import CaseChanges, Changes, changes, speed_of
from ovreport.changes_data import data
from ovreport.errors import IncompleteError, InputError
from ovreport.selection import parse, read_both
from ovreport.words import plural

_WIDTH_OF_A_FILE = 160
"""Columns of a table that is not for a terminal."""
_EXAMPLES = """
\b
Examples:
  ovreport compare before/records after/records
  ovreport compare site/records@2026.3 @2026.4             two releases, in one folder
  ovreport compare site/records@2026-11-24 @2026-11-28     two days
  ovreport compare site/records@2026.3 @2026.3-again       one release twice: no alarm is expected
  ovreport compare main.json branch.json                   two records
  ovreport compare old new --markdown > comment.md
  ovreport compare old new --fail-if-slower 5%             in CI
"""


def _share(_: click.Context, _parameter: click.Parameter, value: str | None) -> float | None:
    """Return the share that a percentage is: 0.05 of `5%`."""
    if value is None:
        return None
    try:
        share = float(value.strip().removesuffix("%")) / 100
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        raise click.BadParameter(f"{value!r} is no percentage from 0% to 99%, such as 5%.")
    return share


@click.command(epilog=_EXAMPLES, short_help="Say what is faster or slower in other records.")
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option("--json", "form", flag_value="json", help="Print everything as JSON.")
@click.option("--markdown", "form", flag_value="markdown", help="Print tables in Markdown.")
@click.option(
    "--fail-if-slower",
    callback=_share,
    metavar="PERCENT",
    help="Exit with 1 if a latency, throughput or start-up is clearly worse by this or more.",
)
@click.option(
    "--fail-if-less-accurate",
    callback=_share,
    metavar="PERCENT",
    help="Exit with 1 if an accuracy is clearly lower, by this share of it or more.",
)
def compare(
    before: str,
    after: str,
    form: str | None,
    fail_if_slower: float | None,
    fail_if_less_accurate: float | None,
) -> None:
    """Say what is faster, slower, larger or less accurate in B than in A.

    A and B are files or folders of records. FOLDER@2026.4 takes those of an OpenVINO release,
    FOLDER@2026-11-24 (or @2026-11-24T18:05) those of a day or time, FOLDER@NAME those of an arm of
    a run; without a folder, B's is A's. Of a case that one run measured in turn for A and B, that
    run counts, and its rounds are compared in pairs; else the newest record of each.

    Only the same case is compared: machine, processors, device, model file, variant, precision and
    inputs. Ratios are above 1 where B is better, with 95 % intervals; ≈ is no clear difference.
    What is called different is chosen among all comparisons together (Benjamini–Hochberg), so that
    on average at most one in twenty is chance, and is off by 2 % at least.

    Exits with 0; with 1 where a --fail-if-… holds, or with one of them where a case that ran in A
    failed in B; with 2 for bad input, or where nothing can be compared that a limit is for. Only a
    clear difference breaks a limit. What may be beyond it, but is not known well enough (≈, too
    little data, only in A), is listed on stderr and leaves the exit code as it is.
    """
    first = parse(before)
    second = parse(after, default=first.path)
    earlier, later, faults = read_both(first, second)
    if earlier == later:
        raise InputError(
            "A and B are the same records", where=f"{first}, {second}", remedy="Name two sets."
        )
    for fault in faults:
        click.echo(f"problem: {fault}", err=True)
    found = changes(map(Run.of, earlier), map(Run.of, later))
    if form == "json":
        click.echo(json.dumps(data(found), indent=1))
    elif form == "markdown":
        click.echo(text.markdown(found), nl=False)
    else:
        width = None if sys.stdout.isatty() else _WIDTH_OF_A_FILE
        Console(highlight=False, width=width).print(text.terminal(found))
    limits = fail_if_slower, fail_if_less_accurate
    if limits != (None, None):
        _judge(found, *limits)


def _judge(found: Changes, slower: float | None, less_accurate: float | None) -> None:
    """Raise IncompleteError where something is worse than a limit allows, as far as can be told.

    What cannot be told is listed on stderr. InputError where a limit has nothing to judge.
    """
    judged = [
        (case, change, limit)
        for case, change in found.every
        if (limit := _limit(case, change, slower, less_accurate)) is not None
    ]
    if not found.newly_failed and not any(change.effect for _, change, _ in judged):
        raise InputError(
            "nothing can be compared that the limit is for",
            remedy="Measure the same cases on the same machine, in three processes and five "
            "rounds or more.",
        )
    _tell_undecided(found, judged)
    worse = [
        f"{text.case_name(record)} on {text.place_name(record)}: failed"
        for record in found.newly_failed
    ]
    worse += [
        _line(case, change)
        for case, change, limit in judged
        if change.is_worse and change.loss >= limit
    ]
    if worse:
        raise IncompleteError(
            "worse than the limit:\n  " + "\n  ".join(worse),
            remedy="Measure both again, alternately, before anything is concluded.",
        )


def _tell_undecided(found: Changes, judged: Sequence[tuple[CaseChanges, Change, float]]) -> None:
    """Print, to stderr, what may be worse than its limit and is not known well enough to say so."""
    lines = [
        _line(case, change)
        for case, change, limit in judged
        if not (change.is_worse or change.is_better) and change.most_loss >= limit
    ]
    failed = set(map(id, found.newly_failed))
    whole = Counter(why for record, why in found.not_compared if id(record) not in failed)
    whole["only in A"] += len(found.only_before)
    lines += [f"{plural(n, 'case')}: {why}" for why, n in whole.items() if n]
    if lines:
        click.echo("It cannot be told whether these are within the limit:", err=True)
    for line in lines:
        click.echo(f"  {line}", err=True)


def _line(case: CaseChanges, change: Change) -> str:
    name, place = text.case_name(case.after), text.place_name(case.after)
    said, interval = text.words(change)
    more = f" ({interval or change.why})" if interval or change.why else ""
    return f"{name} on {place}: {change.metric.label.lower()} {said}{more}"


def _limit(
    case: CaseChanges, change: Change, slower: float | None, less_accurate: float | None
) -> float | None:
    """Return the share that a metric may lose; None: any."""
    if change.is_difference:
        return less_accurate
    return slower if change.metric.key in speed_of(case.after) else None
