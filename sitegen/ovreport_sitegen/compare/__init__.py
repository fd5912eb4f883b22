"""TODO: compare."""
