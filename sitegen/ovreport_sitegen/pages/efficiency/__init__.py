"""TODO: efficiency."""
