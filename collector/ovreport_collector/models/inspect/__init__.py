"""What a model file says of itself: inputs, outputs, types, shapes, weights.

description   what is told of a model, and of its inputs
job           reading files in a fresh process: a damaged file may crash what reads it
read          the reading itself, by OpenVINO
entry         a suite's entry for a model, as TOML
source        fetching what an address names, and the pins of it
"""
