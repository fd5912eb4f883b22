"""Models that are made here: published weights converted, published models optimized.

`cache` keeps what was made, by what it was made of. The making itself happens in processes of
its own: it needs memory, and heavy packages (nncf).

    converters      the conversions that a suite can name; imports none of them
    converted       asks for one: from the cache, or made in a child process
    conversion      does one, in that process
    tensors         safe readers of files of weights
    bert, efficientnet      the networks, built of weights with OpenVINO's operations
    variants        the variants of a model, and their settings
    make            asks for one: from the cache, or made in a child process
    optimize        makes one, in that process
    quantizing, language_model      what it calls: INT8 in several ways; a pipeline's network
    apart, validating       data to optimize with, and none that is evaluated
"""
