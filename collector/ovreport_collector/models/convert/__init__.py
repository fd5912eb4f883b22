"""TODO: convert."""
