"""Requests that arrive at random."""
