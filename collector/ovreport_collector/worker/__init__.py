"""TODO: worker."""
