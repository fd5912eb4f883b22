"""Measures models on OpenVINO devices and writes records."""
