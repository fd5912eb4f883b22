"""TODO: components."""
