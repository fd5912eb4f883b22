"""OpenVINO: devices, models, and what of them really runs."""
