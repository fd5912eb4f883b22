"""Converts published weights to OpenVINO IR: `registry` lists the converters of suites."""
