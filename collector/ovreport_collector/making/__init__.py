"""Models that are made here: published weights converted, published models optimised.

`cache` keeps what was made, by what it was made of. The making itself needs heavy packages
(torch, nncf), and happens in processes of its own.
"""
