"""TODO: accuracy."""
