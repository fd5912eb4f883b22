"""What a suite is: the types of its parts, and the suites that come with ovreport.

    model      Suite, Model, Dataset, File: what a TOML file can say
    language   which of its models are language models
    options    how a model's options are read
    builtin/   the built-in suites, a TOML file each; a suite is added by adding a file

Nothing is loaded, checked or fetched here: see `plan.load_suite`, `plan.validation`, `sources`.
"""
