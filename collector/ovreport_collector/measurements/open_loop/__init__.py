"""TODO: open_loop."""
