"""Mutation test of what users write: suites and a site's settings never make a traceback.

    python tests/benchmarks/mutate_settings.py                  300 suites, 300 settings
    python tests/benchmarks/mutate_settings.py --each 2

Each kind of slip and of malice is tried on a line, a value, a key or the whole file. A changed
suite is listed, and planned where it still can be used (`ovreport models`, `ovreport collect
--dry-run`); of changed settings a site is built. Each command either works or refuses the file: the
exit code is 1 where one did anything else.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import random
import re
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ovreport import cli, paths, store

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a script, it sees only its own folder
from tests.collector import models
from tests.factories import a_record

SUITE = """\
format = 1
id = "mine"
title = "My models"

[wheels."tiny==1.0"]
file = "tiny-1.0-py3-none-any.whl"
sha256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
size_bytes = 10

[datasets.stuff]
title = "Stuff"
files = { all = { uri = "pypi:tiny==1.0/" } }

[datasets.mine]
title = "Images"
layout = "imagenet"

[[models]]
id = "classifier"
title = "A classifier"
task = "generic"
shapes = { x = [1, 64] }
licence = "MIT"
homepage = "https://example.org/classifier"
why = "It is small."
variants = []
inference_ms = 0.1
options = { "high.x" = 2 }

[models.file]
uri = "file:classifier.xml"

[[models.published]]
metric = "top1"
value = 0.5
variant = "fp32"
source = "A card"
url = "https://example.org/card"
"""
SETTINGS = """\
title = "Our benchmarks"
site_url = "https://example.org/bench/"
repository = "https://example.org/repository"
accent = "#005b9f"
owner = "Somebody"

[machines.example-machine]
owner = "Somebody else"

[devices."Example CPU 9000"]
tdp_w = 100
price = 500
currency = "EUR"
source = "https://example.org/data-sheet"
"""
VALUES = (
    *(
        "true",
        "-1",
        "0",
        "1e400",
        "nan",
        "inf",
        "9" * 30,
        "0x1p3",
        "1979-05-27T07:32:00Z",
        "07:32:00",
    ),
    *(
        '""',
        '"x"',
        '"\\u202e"',
        '"\\u0000"',
        '"<script>"',
        '"../../etc/passwd"',
        '"file:/etc/passwd"',
    ),
    *(
        '"javascript:alert(1)"',
        '"https://[::1"',
        '"{{ 7*7 }}"',
        "[]",
        "[[]]",
        "{}",
        "[1, 2]",
        "{ a = 1 }",
    ),
    *("[1, 'a']", f'"{"x" * 9000}"', "'''", '"\\ud800"', "[9999999999, 9999999999]", "[[1]]"),
)
"""What somebody may write in the place of a value."""
KEYS = (
    "id",
    "title",
    "folder",
    "user_datasets",
    "models",
    "x",
    '"\\u0000"',
    "a.b.c",
    "__class__",
    "''",
)
Change = Callable[[str, random.Random], str]
KINDS: dict[str, Change] = {}
"""Kind → a function that returns a changed text."""


def kind(name: str) -> Callable[[Change], Change]:
    """Register a kind of change."""

    def register(change: Change) -> Change:
        KINDS[name] = change
        return change

    return register


def _on_line(change: Callable[[str, random.Random], str], having: str = "=") -> Change:
    """Return a change of one line that has some character."""

    def changed(text: str, rng: random.Random) -> str:
        lines = text.split("\n")
        chosen = rng.choice([i for i, line in enumerate(lines) if having in line])
        lines[chosen] = change(lines[chosen], rng)
        return "\n".join(lines)

    return changed


KINDS["a value is another"] = _on_line(
    lambda line, rng: f"{line.partition('=')[0]}= {rng.choice(VALUES)}"
)
KINDS["a key is another"] = _on_line(
    lambda line, rng: f"{rng.choice(KEYS)} ={line.partition('=')[2]}"
)
KINDS["a key is mistyped"] = _on_line(lambda line, rng: line[:1] + line[2:])
KINDS["a key is there twice"] = _on_line(lambda line, rng: f"{line}\n{line}")
KINDS["a line is missing"] = _on_line(lambda line, rng: "")
KINDS["a line is a word"] = _on_line(lambda line, rng: "what is this")
KINDS["a quote is missing"] = _on_line(lambda line, rng: line.replace('"', "", 1), '"')
KINDS["a table is another"] = _on_line(
    lambda line, rng: rng.choice(("[[models]]", "[models]", "[a.b]", "[[a]]", "[]", "[models")), "["
)
KINDS["a number is another"] = _on_line(
    lambda line, rng: re.sub(r"\d+(?=\D*$)", lambda _: rng.choice(("-7", "1e309", "0", "x")), line)
)


@kind("two lines are swapped")
def _swapped(text: str, rng: random.Random) -> str:
    lines = text.split("\n")
    one, other = rng.sample(range(len(lines)), 2)
    lines[one], lines[other] = lines[other], lines[one]
    return "\n".join(lines)


@kind("it is cut short")
def _cut(text: str, rng: random.Random) -> str:
    return text[: rng.randrange(len(text))]


@kind("some characters are others")
def _scrambled(text: str, rng: random.Random) -> str:
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(text))
        text = text[:at] + rng.choice("\x00\x1b\u202e\ud800\t\n[]{}=\"'#,.é") + text[at + 1 :]
    return text


@kind("a part is there many times")
def _many(text: str, rng: random.Random) -> str:
    parts = text.split("\n\n")
    return "\n\n".join([*parts, *[rng.choice(parts)] * rng.choice((1, 50))])


@kind("it is nested without end")
def _nested(text: str, rng: random.Random) -> str:
    depth = rng.choice((10, 500, 100_000))
    return f"{text}\n{rng.choice(('x', 'shapes', 'title'))} = {'[' * depth}{']' * depth}\n"


@kind("it is another file")
def _another(text: str, rng: random.Random) -> str:
    return rng.choice(("", "\x7fELF\x00", "{}", "<html>", "a = 1", "\ufeff" + text, text * 300))


@dataclass
class Outcome:
    """What came of the changes so far."""

    tried: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    """Tracebacks, each after its kind."""


def prepare(folder: Path) -> None:
    """Make what both kinds of files are about: a model, and a few records."""
    models.save(models.classifier(), folder / "classifier.xml")
    for precision in ("f32", "default"):
        store.write(a_record(precision=precision), folder / "records")


def run(outcome: Outcome, name: str, arguments: list[str]) -> bool:
    """Run a command in this process; return whether it worked."""
    silent = io.StringIO()
    try:
        with contextlib.redirect_stdout(silent), contextlib.redirect_stderr(silent):
            code = cli.run(arguments)
    except BaseException:  # what this script looks for
        outcome.broken.append(f"{name}: {traceback.format_exc()[-2000:]}")
        return False
    if code not in (0, 1, 2) or "Traceback" in silent.getvalue():
        outcome.broken.append(f"{name}: exit code {code}, {silent.getvalue()[-2000:]}")
    return code == 0


def change_suites(outcome: Outcome, folder: Path, each: int, *, plan: bool = True) -> None:
    """Change a suite so many times by each kind; `plan`: those that can be listed are planned."""
    rng, path = random.Random(3), folder / "suite.toml"
    for name, change in KINDS.items():
        for _ in range(each):
            _write(path, change(SUITE, rng))
            outcome.tried[name] += 1
            works = run(outcome, name, ["models", "list", "--json", "--suite", str(path)])
            if works and plan:
                arguments = ["collect", "--dry-run", "--json", "--device", "CPU"]
                works = run(outcome, name, [*arguments, "--suite", str(path)])
            outcome.refused[name] += not works


def change_settings(outcome: Outcome, folder: Path, each: int) -> None:
    """Change a site's settings so many times by each kind, and build the site."""
    rng, site = random.Random(5), folder / "site"
    site.mkdir()
    (folder / "records").rename(site / "records")
    for name, change in KINDS.items():
        for _ in range(each):
            _write(site / "ovreport.toml", change(SETTINGS, rng))
            outcome.tried[name] += 1
            arguments = ["build", "--site", str(site), "--out", str(folder / "out")]
            outcome.refused[name] += not run(outcome, name, arguments)


def _write(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8", "surrogatepass"))


def table(title: str, outcome: Outcome) -> Iterator[str]:
    """Yield the table: kind, tried, refused, accepted, tracebacks."""
    yield f"{title:36} {'tried':>6} {'refused':>8} {'worked':>7} {'traceback':>10}"
    broken = Counter(text.partition(":")[0] for text in outcome.broken)
    for name in KINDS:
        tried, refused = outcome.tried[name], outcome.refused[name]
        yield f"{name:36} {tried:6} {refused:8} {tried - refused:7} {broken[name]:10}"
    total, refused = outcome.tried.total(), outcome.refused.total()
    yield f"{'all':36} {total:6} {refused:8} {total - refused:7} {len(outcome.broken):10}"


def main() -> int:
    """Run, print the tables, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--each", type=int, default=-(-300 // len(KINDS)), help="of each kind")
    chosen = parser.parse_args()
    suites, settings = Outcome(), Outcome()
    with tempfile.TemporaryDirectory() as name:
        os.environ[paths.CACHE] = os.environ[paths.STATE] = f"{name}/own"
        prepare(Path(name))
        change_suites(suites, Path(name), chosen.each)
        change_settings(settings, Path(name), chosen.each)
    print(*table("suites", suites), "", *table("settings of a site", settings), sep="\n")
    print(*suites.broken[:3], *settings.broken[:3], sep="\n")
    return int(bool(suites.broken or settings.broken))


if __name__ == "__main__":
    sys.exit(main())
