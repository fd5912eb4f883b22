"""A toy of each kind that CONTRIBUTING.md says how to add."""
