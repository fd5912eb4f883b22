"""TODO: frameworks."""
