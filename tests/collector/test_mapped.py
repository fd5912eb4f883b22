"""Samples and outputs that stay in files: the same values, in memory only while they are used."""

from __future__ import annotations

import mmap
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ovreport_collector.engines.arrays import load_samples, rotated, save_arrays
from ovreport_collector.engines.mapped import SMALL, KeptOutputs, MappedSamples, open_samples

needs_madvise = pytest.mark.skipif(
    not hasattr(mmap, "MADV_DONTNEED"), reason="this system cannot give mapped pages back"
)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Return a file of large samples, with inputs of several types and shapes."""
    rng = np.random.default_rng(3)
    path = tmp_path / "samples.npz"
    images = rng.random((4, 1, 3, 400, 401), dtype=np.float32)
    turned = np.asfortranarray(rng.integers(0, 9, (4, 7, 5)))
    save_arrays(path, {"a/b:0": images, "rate": np.arange(4), "turned": turned})
    return path


@needs_madvise
def test_samples_are_the_same_in_the_same_order(large: Path) -> None:
    mapped, loaded = open_samples(large, 11), rotated(load_samples(large), 11)
    assert isinstance(mapped, MappedSamples)
    assert len(mapped) == len(loaded) == 4
    for one, other in zip(mapped, loaded, strict=True):
        assert one.keys() == other.keys()
        for name in other:
            assert np.array_equal(one[name], other[name])
            assert one[name].dtype == other[name].dtype
            assert one[name].shape == other[name].shape


@needs_madvise
def test_a_sample_that_was_released_can_be_used_again(large: Path) -> None:
    samples = open_samples(large, 1)
    assert isinstance(samples, MappedSamples)
    before = np.array(samples[2]["a/b:0"])
    samples.release(2)
    samples.use(2)
    assert np.array_equal(samples[2]["a/b:0"], before)


def test_small_samples_need_no_file(tmp_path: Path) -> None:
    path = tmp_path / "samples.npz"
    save_arrays(path, {"x": np.zeros((4, 8), np.float32)})
    assert path.stat().st_size < SMALL
    assert not isinstance(open_samples(path, 0), MappedSamples)


_RESIDENT = """
import sys
from pathlib import Path
from ovreport_collector.engines.mapped import open_samples
def resident():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(ln.split()[1]) for ln in lines if ln.startswith("VmRSS")) / 1024
samples = open_samples(Path(sys.argv[1]), 0)
before = resident()
for i in range(len(samples)):
    samples.use(i)
    used = resident() - before
    samples.release(i)
print(used, resident() - before)
"""


@needs_madvise
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="there is no /proc here")
def test_one_sample_is_in_memory_at_a_time(tmp_path: Path) -> None:
    """Of eight of 4 MiB each."""
    path = tmp_path / "samples.npz"
    save_arrays(path, {"x": np.ones((8, 1 << 20), np.float32)})
    command = [sys.executable, "-c", _RESIDENT, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    used, after = map(float, done.stdout.split())
    assert 3 < used < 6
    assert after < 1


def test_outputs_are_kept_as_they_were(tmp_path: Path) -> None:
    kept = KeptOutputs(tmp_path)
    outputs = [[np.full((2, i + 1), i, np.float32), np.array(i)] for i in range(3)]
    for one in outputs:
        kept.append(one)
    assert len(kept) == 3
    for i in (2, 0, 1):
        for now, before in zip(kept[i], outputs[i], strict=True):
            assert np.array_equal(now, before)
            assert now.dtype == before.dtype
