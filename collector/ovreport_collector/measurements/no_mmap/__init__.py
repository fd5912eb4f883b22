"""A start whose weights are read, not mapped."""
