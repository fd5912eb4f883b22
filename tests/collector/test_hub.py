"""The model hub: a local stand-in, asked by the hub's own client as a user's settings say."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ovreport import paths, store
from ovreport.cli import run
from ovreport.errors import SourceError, SuiteError
from ovreport.record import checksum_of
from ovreport_collector import sources
from ovreport_collector.plan import load_suite
from ovreport_collector.sources import pair
from ovreport_collector.sources.address import OnHub, parse
from ovreport_collector.sources.model_files import files_of
from ovreport_collector.sources.wheel import AddressError
from tests.collector import commands, odd_models
from tests.collector.conftest import FakeChild

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = {"openvino_model.xml": b"<net/>" * 50, "openvino_model.bin": b"weights" * 500}
URI = f"hf:OpenVINO/tiny@{COMMIT}/"


@dataclass
class Hub:
    """What the stand-in serves, and what it was asked."""

    address: str = ""
    token: str = ""
    """Asked for where it is not empty."""
    requests: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=lambda: dict(FILES))
    head: str = COMMIT
    """The commit that the branch main is at."""


@pytest.fixture
def hub() -> Iterator[Hub]:
    """Serve a repository of two files at one commit on the loopback."""
    made = Hub()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _answer(self, *, body: bool) -> None:
            made.requests.append(f"{self.command} {self.path}")
            listed = re.fullmatch(r"/api/models/OpenVINO/tiny/tree/([^/?]+).*", self.path)
            if listed:
                self._list(listed[1])
                return
            owner, _, rest = self.path.partition("/resolve/")
            revision, _, name = rest.partition("/")
            if owner != "/OpenVINO/tiny" or revision not in (COMMIT, made.head, "main"):
                self._refuse(401, "RepoNotFound")
            elif made.token and self.headers["Authorization"] != f"Bearer {made.token}":
                self._refuse(403, "GatedRepo")
            elif name not in made.files:
                self._refuse(404, "EntryNotFound")
            else:
                commit = made.head if revision == "main" else revision
                self._send(made.files[name], commit, body=body)

        def _list(self, revision: str) -> None:
            if revision not in (COMMIT, made.head, "main"):
                self._refuse(404, "RevisionNotFound")
                return
            entries = [
                {"type": "file", "path": path, "size": len(data), "oid": "0" * 40}
                for path, data in made.files.items()
            ]
            self._send(json.dumps(entries).encode(), made.head, body=True)

        def _refuse(self, status: int, code: str) -> None:
            self.send_response(status)
            self.send_header("X-Error-Code", code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _send(self, data: bytes, commit: str, *, body: bool) -> None:
            self.send_response(200)
            self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
            self.send_header("X-Repo-Commit", commit)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if body:
                self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    made.address = f"http://127.0.0.1:{server.server_port}"
    yield made
    server.shutdown()
    server.server_close()


FETCH = """
import sys
from ovreport.errors import SourceError
from ovreport_collector import sources
from ovreport_collector.plan import load_suite
loaded = load_suite.load(sys.argv[1])
try:
    print(sources.resolve(loaded, loaded.models[0]).model)
except SourceError as error:
    print(error)
    sys.exit(1)
"""

IMPATIENT = "import time; time.sleep = lambda _: None"
"""The hub's client tries a server that does not answer six times, and waits 23 s between."""


@pytest.fixture
def fetch(hub: Hub, tmp_path: Path):
    """Return a function that fetches the model in a process of its own, as a user's settings say.

    The hub's client reads them once, when it is imported.
    """

    def run(suite: Path, *, program: str = FETCH, **settings: str) -> tuple[int, str]:
        dropped = ("HF_", "HTTP", "http", "HTTPS", "https", "ALL_PROXY", "all_proxy")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(dropped)}
        env = {
            **kept,
            "HF_ENDPOINT": hub.address,
            "HF_HOME": str(tmp_path / "hf"),
            "HF_HUB_DISABLE_TELEMETRY": "1",
            paths.CACHE: str(tmp_path / "cache"),
            **settings,
        }
        done = subprocess.run(
            [sys.executable, "-c", program, str(suite)],
            env=env,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr[-2000:] * (not done.stdout)

    return run


def a_suite(folder: Path, **changes: str) -> Path:
    """Write a suite whose model is the IR of the stand-in."""
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()} | changes
    path = folder / "hub.toml"
    path.write_text(f"""format = 1
id = "hub"
title = "From the hub"

[[models]]
id = "tiny"
title = "Tiny"
task = "generic"
shapes = {{ x = [1, 8] }}
file = {{ uri = "{URI}openvino_model.xml", sha256 = "{sums["openvino_model.xml"]}" }}
files.weights = {{ uri = "{URI}openvino_model.bin", sha256 = "{sums["openvino_model.bin"]}" }}
""")
    return path


def test_an_ir_is_fetched_whole_and_verified(fetch, hub: Hub, tmp_path: Path):
    """Both files come from the endpoint named, stand beside each other, and are asked for once."""
    suite = a_suite(tmp_path)
    code, said = fetch(suite)
    assert code == 0, said
    network = Path(said.strip())
    assert network.read_bytes() == FILES["openvino_model.xml"]
    assert network.with_suffix(".bin").read_bytes() == FILES["openvino_model.bin"]
    assert any(r.startswith("GET") for r in hub.requests)
    hub.requests.clear()
    assert fetch(suite) == (0, said)
    assert hub.requests == []


def test_what_is_not_what_was_pinned_is_refused(fetch, tmp_path: Path):
    """The commit is not enough: the content is checked."""
    code, said = fetch(a_suite(tmp_path, **{"openvino_model.bin": "a" * 64}))
    assert code == 1
    assert "not what the suite pins" in said


def test_offline_mode_takes_what_the_hubs_own_cache_has(fetch, hub: Hub, tmp_path: Path):
    """Fetched by another tool before: no request. Not there: the remedy."""
    suite = a_suite(tmp_path)
    code, said = fetch(suite, HF_HUB_OFFLINE="1")
    assert (code, hub.requests) == (1, [])
    assert "models fetch" in said
    assert fetch(suite)[0] == 0
    hub.requests.clear()
    code, said = fetch(suite, HF_HUB_OFFLINE="1", **{paths.CACHE: str(tmp_path / "other")})
    assert (code, hub.requests) == (0, []), said


def test_a_gated_model_needs_the_users_token(fetch, hub: Hub, tmp_path: Path):
    """Without it the error says what to do; with it, it is sent."""
    hub.token = "hf_example"  # noqa: S105
    suite = a_suite(tmp_path)
    code, said = fetch(suite)
    assert code == 1
    assert "HF_TOKEN" in said
    assert fetch(suite, HF_TOKEN=hub.token)[0] == 0


def test_an_ir_without_its_weights_is_refused_early(fetch, tmp_path: Path):
    """The .xml alone is no model."""
    suite = a_suite(tmp_path)
    suite.write_text("\n".join(suite.read_text().splitlines()[:-1]))
    with pytest.raises(SuiteError, match=r"models\.files\.weights"):
        load_suite.load(suite)


# ---------------------------------------------------------------- what is not pinned


def unpinned(folder: Path, *, said: str = ", unpinned = true") -> Path:
    """Write a suite whose model is the IR of the stand-in, by its branch."""
    path = a_suite(folder)
    lines = path.read_text().replace(f"@{COMMIT}", "@main").splitlines()
    kept = [re.sub(r', sha256 = "[0-9a-f]*"', said, line) for line in lines]
    path.write_text("\n".join(kept))
    return path


TELL = """
import sys
from ovreport_collector import sources
from ovreport_collector.plan import load_suite
model = load_suite.load(sys.argv[1]).models[0]
for file in (model.file, *model.files.values()):
    found = sources.as_fetched(file)
    print(found.uri, found.sha256, found.unpinned)
"""


def test_a_branch_is_fetched_and_its_commit_is_known(fetch, hub: Hub, tmp_path: Path):
    """Address and checksum of what was fetched are those of a pinned file; asked for once."""
    suite = unpinned(tmp_path)
    code, said = fetch(suite)
    assert code == 0, said
    network = Path(said.strip())
    assert network.with_suffix(".bin").read_bytes() == FILES["openvino_model.bin"]
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()}
    _, told = fetch(suite, program=TELL)
    assert told.split("\n")[:2] == [f"{URI}{name} {sums[name]} False" for name in FILES]
    hub.requests.clear()
    assert fetch(suite) == (0, said)
    assert hub.requests == []


def test_all_files_of_a_branch_are_of_one_commit(fetch, hub: Hub, tmp_path: Path):
    """It moves between the network and its weights, and when the cache was damaged."""
    suite = unpinned(tmp_path)
    whole = suite.read_text()
    suite.write_text(whole.replace("openvino_model.bin", "openvino_model.xml"))
    assert fetch(suite)[0] == 0  # the network alone
    hub.head = "f" * 40
    suite.write_text(whole)
    assert fetch(suite)[0] == 0
    assert [r for r in hub.requests if "main" in r and ".bin" in r] == []
    _, told = fetch(suite, program=TELL)
    assert told.count(COMMIT) == 2


def test_what_else_is_of_the_repository_stands_beside_the_network(
    own_folders: Path, monkeypatch: pytest.MonkeyPatch
):
    """A language model's pipeline looks for the tokenizer there."""

    def fetched(address: OnHub, to: Path) -> str:
        to.write_bytes(address.path.encode())
        return COMMIT

    monkeypatch.setattr(sources.hub, "fetch_and_tell", fetched)
    path = unpinned(own_folders)
    line = 'files.tokenizer = { uri = "hf:OpenVINO/tiny@main/tokenizer.json", unpinned = true }'
    path.write_text(f"{path.read_text()}\n{line}\n")
    loaded = load_suite.load(path)
    network = sources.resolve(loaded, loaded.models[0]).model
    assert (network.parent / "tokenizer.json").read_text() == "tokenizer.json"
    assert network.with_suffix(".bin").is_file()


WHOLE = {
    **FILES,
    "openvino_tokenizer.xml": b"<tokenizer/>",
    "openvino_tokenizer.bin": b"words",
    "config.json": b"{}",
    "README.md": b"about",
    "configuration_tiny.py": b"raise SystemExit",
    "other/config.json": b"[]",
}
USED = {name for name in WHOLE if not name.endswith((".md", ".py")) and "/" not in name}


def whole(folder: Path) -> Path:
    """Write a suite whose model is a folder of the stand-in: a language model's."""
    (folder / "text.txt").write_text("word " * 10_000)
    path = folder / "hub.toml"
    path.write_text("""format = 1
id = "hub"
title = "From the hub"

[[models]]
id = "tiny"
title = "Tiny"
task = "text-generation"
data = "text"
file = { uri = "hf:OpenVINO/tiny@main/openvino_model.xml", unpinned = true, folder = true }

[datasets.text]
title = "A text"
files.text = { uri = "file:text.txt" }
""")
    return path


def test_a_whole_folder_is_fetched_and_its_code_is_not(fetch, hub: Hub, tmp_path: Path):
    """Weights, tokenizer and settings stand beside the network, at one commit; asked for once."""
    hub.files = dict(WHOLE)
    suite = whole(tmp_path)
    code, said = fetch(suite)
    assert code == 0, said
    network = Path(said.strip())
    assert {p.name: p.read_bytes() for p in network.parent.iterdir()} == {n: WHOLE[n] for n in USED}
    assert not [r for r in hub.requests if ".py" in r]
    hub.requests.clear()
    assert fetch(suite) == (0, said)
    assert fetch(suite, HF_HUB_OFFLINE="1") == (0, said)
    assert hub.requests == []


def external(folder: Path, *, name_it: bool, unpinned: bool) -> tuple[Path, dict[str, bytes]]:
    """Write a suite of an ONNX file with external data; return it, and what the hub has of it."""
    net = odd_models.external_onnx(folder / "net.onnx")
    files = {name: (folder / name).read_bytes() for name in ("net.onnx", "net.data")}
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    at = "main" if unpinned else COMMIT

    def entry(name: str) -> str:
        pin = "unpinned = true" if unpinned else f'sha256 = "{sums[name]}"'
        return f'{{ uri = "hf:OpenVINO/tiny@{at}/onnx/{name}", {pin} }}'

    named = f"files.weights = {entry('net.data')}" if name_it else ""
    path = folder / "external.toml"
    path.write_text(f"""format = 1
id = "hub"
title = "From the hub"

[[models]]
id = "net"
title = "Net"
task = "generic"
file = {entry(net.name)}
{named}
""")
    return path, {f"onnx/{name}": data for name, data in files.items()}


@pytest.mark.parametrize("unpinned", [True, False])
def test_external_data_of_an_onnx_file_come_along(unpinned: bool, fetch, hub: Hub, tmp_path: Path):
    """Where the suite names them; of a branch, at the same commit, also where it does not."""
    suite, hub.files = external(tmp_path, name_it=not unpinned, unpinned=unpinned)
    code, said = fetch(suite)
    assert code == 0, said
    network = Path(said.strip())
    assert {p.name: p.read_bytes() for p in network.parent.iterdir()} == {
        name.removeprefix("onnx/"): data for name, data in hub.files.items()
    }
    assert [path.name for path in files_of(network)] == ["net.onnx", "net.data"]


def test_external_data_that_are_pinned_nowhere_are_named(fetch, hub: Hub, tmp_path: Path):
    """Before anything is measured, with what to write."""
    suite, hub.files = external(tmp_path, name_it=False, unpinned=False)
    code, said = fetch(suite)
    assert code == 1
    assert "net.data" in said
    assert "[models.files]" in said


MISSING = """
import sys
from ovreport_collector import sources
from ovreport_collector.plan import load_suite
loaded = load_suite.load(sys.argv[1])
print([one.name for one in sources.missing(loaded, loaded.models)])
"""


def test_of_a_folder_every_file_counts_as_fetched_or_missing(fetch, hub: Hub, tmp_path: Path):
    """Before the first time the network stands for all; a damaged file is named by itself."""
    hub.files = dict(WHOLE)
    suite = whole(tmp_path)
    main = "hf:OpenVINO/tiny@main/openvino_model.xml"
    assert fetch(suite, program=MISSING) == (0, f"{[main]}\n")
    assert fetch(suite)[0] == 0
    assert fetch(suite, program=MISSING) == (0, "[]\n")
    (weights,) = (tmp_path / "cache" / "files").glob("*/openvino_tokenizer.bin")
    weights.unlink()
    assert fetch(suite, program=MISSING) == (0, f"{[f'{URI}openvino_tokenizer.bin']}\n")
    assert fetch(suite)[0] == 0
    assert weights.read_bytes() == WHOLE["openvino_tokenizer.bin"]


def test_offline_a_folder_is_what_the_hubs_own_cache_has(fetch, hub: Hub, tmp_path: Path):
    """Fetched by another tool before: all of it is found without a request."""
    hub.files = dict(WHOLE)
    suite = whole(tmp_path)
    assert fetch(suite)[0] == 0
    hub.requests.clear()
    code, said = fetch(suite, HF_HUB_OFFLINE="1", **{paths.CACHE: str(tmp_path / "other")})
    assert (code, hub.requests) == (0, []), said
    assert {path.name for path in Path(said.strip()).parent.iterdir()} == USED


def test_a_folder_must_be_one_of_a_branch(tmp_path: Path):
    """Elsewhere every file is named with its checksum."""
    path = whole(tmp_path)
    path.write_text(path.read_text().replace("unpinned = true, ", f'sha256 = "{"a" * 64}", '))
    with pytest.raises(SuiteError, match="rest of its folder"):
        load_suite.load(path)


def test_what_is_not_pinned_must_say_so(tmp_path: Path):
    """The check tells both ways to mend it; and that a pinned file is not unpinned."""
    sha256 = f', sha256 = "{"a" * 64}"'
    for said, message in (
        ("", "can change"),
        (sha256, "can change"),
        (f"{sha256}, unpinned = true", "a checksum of a file that can change"),
    ):
        with pytest.raises(SuiteError, match=message):
            load_suite.load(unpinned(tmp_path, said=said))
    path = a_suite(tmp_path)
    path.write_text(path.read_text().replace('" }', '", unpinned = true }'))
    with pytest.raises(SuiteError, match="pinned already"):
        load_suite.load(path)


def test_a_branch_that_is_not_there_says_so(fetch, tmp_path: Path):
    """As with a commit."""
    suite = unpinned(tmp_path)
    suite.write_text(suite.read_text().replace("@main", "@next"))
    code, said = fetch(suite)
    assert code == 1
    assert "@next" in said


def test_what_the_hub_does_not_have_says_so(fetch, tmp_path: Path):
    """A path that is not in the repository, and a server that is not there."""
    suite = a_suite(tmp_path)
    suite.write_text(suite.read_text().replace("openvino_model.bin", "other.bin"))
    code, said = fetch(suite)
    assert code == 1
    assert "other.bin" in said
    code, said = fetch(
        a_suite(tmp_path), program=IMPATIENT + FETCH, HF_ENDPOINT="http://127.0.0.1:9"
    )
    assert code == 1
    assert "→" in said


@pytest.mark.parametrize(
    "rest",
    [
        "OpenVINO/tiny/model.xml",
        "OpenVINO/tiny@-main/model.xml",
        f"tiny@{COMMIT}/model.xml",
        "OpenVINO/tiny@a/../model.xml",
        "OpenVINO/tiny@../model.xml",
        "OpenVINO/tiny@/model.xml",
        f"OpenVINO/tiny@{COMMIT}/../model.xml",
        f"OpenVINO/tiny@{COMMIT}/",
        f"../x@{COMMIT}/a.xml",
        f"OpenVINO/tiny@{COMMIT}//etc/model.xml",
        f"OpenVINO/tiny@{COMMIT}/a\\b.xml",
    ],
)
def test_only_addresses_inside_a_repository_are_taken(rest: str):
    """A path may not leave the repository, nor a revision be an option or a path."""
    with pytest.raises(AddressError):
        parse(f"hf:{rest}")


def test_an_address_is_written_as_it_is_read():
    """Records carry it."""
    address = parse(f"{URI}sub/model.onnx")
    assert address == OnHub("OpenVINO/tiny", COMMIT, "sub/model.onnx")
    assert address.uri == f"{URI}sub/model.onnx"


def test_a_changed_weights_file_takes_the_place_of_the_old_one(tmp_path: Path, monkeypatch):
    """The pair follows the cache: a file that was fetched anew is the one beside the network."""
    monkeypatch.setenv(paths.CACHE, str(tmp_path / "cache"))
    network, weights = tmp_path / "m.xml", tmp_path / "w.bin"
    network.write_text("net")
    weights.write_text("one")
    assert pair.together(network, weights).with_suffix(".bin").read_text() == "one"
    weights.unlink()
    weights.write_text("two")
    assert pair.together(network, weights).with_suffix(".bin").read_text() == "two"


def test_a_record_tells_the_commit_and_the_checksum(
    own_folders: Path, fake_child: FakeChild, monkeypatch: pytest.MonkeyPatch
):
    """Not the branch, which is another thing tomorrow; and a second collect is the same."""

    def fetched(address: OnHub, to: Path) -> str:
        to.write_bytes(FILES[address.name])
        return COMMIT

    monkeypatch.setattr(sources.hub, "fetch_and_tell", fetched)
    out = own_folders / "records"
    command = commands.collect(unpinned(own_folders), out)
    assert run([*command, "--precision", "f32"]) == 0
    (record,) = store.read_all([out]).records
    assert record.model.source == f"{URI}openvino_model.xml"
    assert [one.name for one in record.model.files] == ["openvino_model.xml", "openvino_model.bin"]
    for one in record.model.files:
        assert one.sha256 == hashlib.sha256(FILES[one.name]).hexdigest()
    assert record.model.sha256 == checksum_of(record.model.files)
    assert record.model.size_bytes == sum(map(len, FILES.values()))


def test_a_hub_that_is_out_of_reach_is_said_and_gives_no_record(
    own_folders: Path,
    fake_child: FakeChild,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    """That a file could not be had says nothing of the model: it is listed with the remedy."""

    def unreachable(address: OnHub, to: Path) -> str:
        raise SourceError("no network", where=address.uri, remedy="fetch it elsewhere")

    monkeypatch.setattr(sources.hub, "fetch_and_tell", unreachable)
    out = own_folders / "records"
    command = commands.collect(unpinned(own_folders), out)
    assert run([*command, "--precision", "f32"]) == 1
    assert not store.read_all([out]).records
    said = capsys.readouterr().out
    assert "no network" in said
    assert "fetch it elsewhere" in said
    assert "--model tiny" in said
