"""GPU and NPU memory as the plugins report it, with a stand-in for their core."""

from __future__ import annotations

from ovreport_collector.engines.openvino.devices import device_memory


class Core:
    """Answers as the GPU and NPU plugins do."""

    def get_property(self, device: str, name: str) -> object:
        """Return a property."""
        if name == "NPU_DEVICE_TOTAL_MEM_SIZE":
            raise RuntimeError("Exception from src/x.cpp:1:\nUnsupported configuration key")
        return {"usm_device": 4096, "cl_mem": 10} if device == "GPU.0" else 512


def test_each_device_of_a_string_is_asked() -> None:
    """By kind of memory, under the property's name; what is not reported has its reason."""
    found, missing = device_memory(Core(), "AUTO:NPU,GPU.0,CPU")
    assert found == {
        "GPU.0 GPU_MEMORY_STATISTICS usm_device": 4096,
        "GPU.0 GPU_MEMORY_STATISTICS cl_mem": 10,
        "NPU NPU_DEVICE_ALLOC_MEM_SIZE": 512,
    }
    assert missing == {"NPU NPU_DEVICE_TOTAL_MEM_SIZE": "Unsupported configuration key"}


def test_a_processor_has_no_memory_of_its_own() -> None:
    """Nothing is asked, nothing is missing."""
    assert device_memory(Core(), "CPU") == ({}, {})
