"""TODO: session."""
