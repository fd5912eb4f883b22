"""TODO: method."""
