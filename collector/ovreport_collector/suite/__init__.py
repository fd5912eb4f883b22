"""TODO: suite."""
