"""End-to-end pipelines with OpenVINO: preprocessing inside the model, and asynchronous requests."""

from __future__ import annotations

from typing import Any

from ovreport_collector.engines.arrays import Array
from ovreport_collector.engines.image_pipeline import ImagePipeline
from ovreport_collector.engines.runtime import openvino as ov

_ANTIALIASED = {
    "bilinear": ov.preprocess.ResizeAlgorithm.RESIZE_BILINEAR_PILLOW,
    "bicubic": ov.preprocess.ResizeAlgorithm.RESIZE_BICUBIC_PILLOW,
}
_PLAIN = {
    "bilinear": ov.preprocess.ResizeAlgorithm.RESIZE_LINEAR,
    "bicubic": ov.preprocess.ResizeAlgorithm.RESIZE_CUBIC,
}


def preprocessed(model: Any, pipeline: ImagePipeline, *, antialias: bool) -> Any:
    """Return a copy of the model that takes the pixels of an image: u8 [1, height, width, 3].

    Converted before it is resized: Pillow rounds to whole pixel values after a resize, but on a
    CPU the resize of f32 takes three quarters of the time of that of u8. What is left of the
    difference is below one pixel value, with bicubic a few where it overshoots.
    """
    changed = ov.preprocess.PrePostProcessor(model.clone())
    image = changed.input()
    image.tensor().set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC")).set_shape(
        [1, pipeline.source_height, pipeline.source_width, 3]
    ).set_color_format(ov.preprocess.ColorFormat.RGB)
    image.model().set_layout(ov.Layout(pipeline.layout))
    steps = image.preprocess()
    steps.convert_element_type(ov.Type.f32)
    steps.resize((_ANTIALIASED if antialias else _PLAIN)[pipeline.resize])
    if pipeline.channels == "BGR":
        steps.convert_color(ov.preprocess.ColorFormat.BGR)
    steps.mean(list(pipeline.mean)).scale(list(pipeline.scale))
    return changed.build()


class OpenVinoStagedRequest:
    """An infer request with an input tensor of its own, in memory that the plugin chose."""

    def __init__(self, compiled: Any) -> None:
        self._request = compiled.create_infer_request()
        self._input = self._request.get_input_tensor().data

    def put(self, array: Array) -> None:
        """Copy the only input into the request's own tensor."""
        self._input[...] = array

    def infer(self) -> None:
        """Run one inference and block until it is done; the GIL is released meanwhile."""
        self._request.infer(None, share_inputs=True, share_outputs=True)

    def start(self) -> None:
        """Begin an inference; return at once."""
        self._request.start_async(None, share_inputs=True)

    def wait(self) -> None:
        """Block until the inference that was begun is done; the GIL is released meanwhile."""
        self._request.wait()

    def outputs(self) -> list[Array]:
        """Return views of the last outputs: they hold until the next inference."""
        return [tensor.data for tensor in self._request.output_tensors]
