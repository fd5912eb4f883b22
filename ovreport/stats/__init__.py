"""TODO: stats."""
