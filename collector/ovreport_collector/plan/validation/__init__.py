"""Why a suite is refused: every rule that a suite must follow, and the error that reports faults.

    schema      fields and types: can the document be read as a suite at all?
    semantics   ids, tasks, datasets, variants, shapes: can its models be measured?
    files       addresses, checksums, file formats: can its files be fetched, and stay the same?
    text        names and texts: are they safe to print, and to put on a page?

A rule is a function that yields a `Fault` for everything that breaks it; `semantics.faults` calls
them all, so that a user sees all faults at once. To add a rule, write one and call it there.
"""
