"""Timed loops, and what they need: drivers of requests, checks of outputs, memory."""
