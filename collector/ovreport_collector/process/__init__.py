"""Starting a measuring process, and getting its result back: jobs, limits, redaction, time."""
