"""Prepares models for measuring: their files, inputs on disk, and encoded images."""
