"""TODO: openvino."""
