"""TODO: end_to_end."""
