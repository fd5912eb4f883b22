"""TODO: curve."""
