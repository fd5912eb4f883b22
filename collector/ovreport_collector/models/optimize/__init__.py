"""TODO: optimize."""
