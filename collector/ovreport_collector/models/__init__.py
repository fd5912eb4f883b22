"""Models that are not measured as published: weights converted, models optimized.

    cache        files that were built, kept by the recipe that decides them
    variants     which variants of a model are measured, with which settings
    convert/     weights that no engine reads → an OpenVINO IR
    optimize/    a published model → the file of a variant

In both, `build` is what a collect calls: it takes a file from the cache, or has a child process
`run` it, since that needs memory and heavy packages (nncf).
"""
