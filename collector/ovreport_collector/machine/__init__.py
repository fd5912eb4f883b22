"""TODO: machine."""
