"""A collect: every case of a plan measured, step by step, into records."""
