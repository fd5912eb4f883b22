"""TODO: prepare."""
