"""Turns records into a static website."""
