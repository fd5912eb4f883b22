"""The measuring process: what runs in it, and nothing of what starts it."""
