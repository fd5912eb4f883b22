"""Reading weights: what was written comes back, and nothing of a file is ever executed."""

from __future__ import annotations

import io
import json
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from ovreport_collector.models.convert.weights import read_safetensors, read_torch
from tests.collector.weights_fixtures import MAGIC, SYSTEM, Stored, write_safetensors, write_torch

SHAPES = st.lists(st.lists(st.integers(0, 4), max_size=3).map(tuple), max_size=4)
READERS = {"safetensors": (write_safetensors, read_safetensors), "torch": (write_torch, read_torch)}
same_folder = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def tensors_of(shapes: list[tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Return a tensor of each shape."""
    rng = np.random.default_rng(0)
    return {f"t.{i}": rng.standard_normal(s).astype(np.float32) for i, s in enumerate(shapes)}


@pytest.mark.parametrize("kind", READERS)
class TestBothFormats:
    """Hold for both readers."""

    @given(shapes=SHAPES)
    @same_folder
    def test_what_was_written_comes_back(self, kind: str, shapes, tmp_path: Path):
        """Of every shape, empty ones and single numbers too."""
        write, read = READERS[kind]
        expected = tensors_of(shapes)
        found = read(write(tmp_path / "w", expected))
        assert list(found) == list(expected)
        for name, tensor in expected.items():
            assert_array_equal(found[name], tensor)

    @given(share=st.floats(0, 1, exclude_max=True))
    @same_folder
    def test_a_file_cut_short_is_refused(self, kind: str, share: float, tmp_path: Path):
        """Wherever it is cut."""
        write, read = READERS[kind]
        path = write(tmp_path / "w", tensors_of([(2, 3), (4,)]))
        whole = path.read_bytes()
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(ValueError, match=r".+"):
            read(path)

    @given(content=st.binary(max_size=80))
    @same_folder
    def test_a_file_of_anything_is_refused(self, kind: str, content: bytes, tmp_path: Path):
        """With words, not with an error of a library; empty tables aside."""
        path = tmp_path / "w"
        path.write_bytes(content)
        try:
            found = READERS[kind][1](path)
        except ValueError:
            return
        assert found == {}


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}, "do not fit its shape"),
        ({"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}, "do not fit its shape"),
        ({"dtype": "BF16", "shape": [4], "data_offsets": [0, 8]}, "numpy has no BF16"),
        ({"dtype": "F32", "shape": [-2], "data_offsets": [8, 0]}, "no safetensors file"),
        ({"dtype": "F32"}, "no safetensors file"),
    ],
)
def test_a_table_that_does_not_fit_the_numbers_is_refused(entry, reason: str, tmp_path: Path):
    """Eight bytes of numbers follow this table."""
    header = json.dumps({"t": entry}).encode()
    path = tmp_path / "w"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))
    with pytest.raises(ValueError, match=reason):
        read_safetensors(path)


def test_whole_numbers_of_torch_come_back(tmp_path: Path):
    """Such as the counters of batch normalisations."""
    found = read_torch(write_torch(tmp_path / "w", {"n": np.array(7), "x": np.ones((2, 2))}))
    assert found["n"].dtype == np.int64
    assert found["n"] == 7


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"x": "text"}, "x is no tensor"),
        ({"x": Stored("0", np.ones((2, 3)), strides=(4, 1))}, "beyond its storage"),
        ({"x": Stored("0", np.ones((2, 3)), offset=1)}, "beyond its storage"),
        ({"x": Stored("0", np.ones(2), shape=(1 << 40, 1 << 20), strides=(0, 0))}, "beyond its st"),
        ({"x": Stored("0", np.ones((2, 3)), offset=-1)}, "odd shape"),
        ({"x": Stored("0", np.ones(6), numel=7)}, "not the 7 numbers"),
    ],
    ids=["no tensor", "strides beyond", "offset beyond", "repeated", "before", "too few numbers"],
)
def test_odd_tensors_of_torch_are_refused(state, reason: str, tmp_path: Path):
    """With the name of what is odd."""
    with pytest.raises(ValueError, match=reason):
        read_torch(write_torch(tmp_path / "w", state))


def test_tensors_in_another_order_than_their_numbers_are_put_in_order(tmp_path: Path):
    """As a transposed tensor is stored; its numbers are those that torch would give."""
    values = np.arange(6.0).reshape(2, 3)
    state = {"x": Stored("0", values, shape=(3, 2), strides=(1, 3))}
    assert_array_equal(read_torch(write_torch(tmp_path / "w", state))["x"], values.T)


def test_another_byte_order_is_refused(tmp_path: Path):
    """Its numbers would be others."""
    path = write_torch(tmp_path / "w", {}, system={**SYSTEM, "little_endian": False})
    with pytest.raises(ValueError, match="byte order"):
        read_torch(path)


# ---------------------------------------------------------------- attacks


class Call:
    """Pickled, it calls something when it is read."""

    def __init__(self, what: Any, *given: Any) -> None:
        self.call = (what, given)

    def __reduce__(self) -> tuple[Any, ...]:
        """Return the call."""
        return self.call


@pytest.mark.parametrize("place", range(4), ids=["magic", "protocol", "system", "state"])
@pytest.mark.parametrize("what", [exec, eval, Path.touch, getattr, __import__, open])
def test_a_pickle_that_calls_anything_is_refused_and_nothing_is_called(
    what: Any, place: int, tmp_path: Path
):
    """Wherever in the file it stands."""
    trace = tmp_path / "executed"
    code = f"open({str(trace)!r}, 'w')"
    given = {exec: (code,), eval: (code,), Path.touch: (trace,), open: (str(trace), "w")}
    evil = Call(what, *given.get(what, ("os", "system")))
    parts: list[Any] = [MAGIC, 1001, SYSTEM, OrderedDict(), []]
    parts[place] = evil
    path = tmp_path / "w"
    with path.open("wb") as stream:
        for part in parts:
            pickle.dump(part, stream, protocol=2)
    with pytest.raises(ValueError, match="is no part of a tensor"):
        read_torch(path)
    assert not trace.exists()


@pytest.mark.parametrize(
    "opcodes",
    [
        b"ctorch._utils\n_rebuild_tensor_v2\n(Nd}X\x01\x00\x00\x00aNs\x86b.",
        b"ccollections\nOrderedDict\n}X\x04\x00\x00\x00itemsNsb.",
        b"ctorch\nFloatStorage\n}X\x01\x00\x00\x00aNsb.",
        b"ctorch\nFloatStorage\n)R.",
    ],
    ids=["function", "ordered dict", "storage", "called"],
)
def test_what_a_pickle_can_name_cannot_be_changed(opcodes: bytes, tmp_path: Path):
    """Opcodes that set attributes of the four known names, or call the kind of a storage."""
    start = io.BytesIO()
    for about in (MAGIC, 1001, SYSTEM):
        pickle.dump(about, start, protocol=2)
    path = tmp_path / "w"
    path.write_bytes(start.getvalue() + b"\x80\x02" + opcodes + b"\x80\x02]\x2e")
    with pytest.raises(ValueError, match="no state dict of torch"):
        read_torch(path)
    assert read_torch(write_torch(tmp_path / "v", {"x": np.ones(2)}))["x"].tolist() == [1, 1]


@pytest.mark.slow
def test_torchs_own_files_are_read(tmp_path: Path):
    """As torch writes them, bit by bit."""
    torch = pytest.importorskip("torch")
    state = {"a": torch.randn(3, 4), "n": torch.tensor(5), "b": torch.randn(2)}
    path = tmp_path / "w.pth"
    torch.save(state, path, _use_new_zipfile_serialization=False)
    for name, tensor in read_torch(path).items():
        assert_array_equal(tensor, state[name].numpy())
