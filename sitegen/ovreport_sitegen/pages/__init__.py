"""TODO: pages."""
